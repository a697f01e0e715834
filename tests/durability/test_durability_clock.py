"""The machine's clock is set back an hour and ahead a day while the service runs: nothing is doubled, lost or negative.

Needs libfaketime, which stands between a process and its clock: ``pip install libfaketime`` (needs a C compiler), or
its path in ``FAKETIME_LIBRARY``. Skipped where there is none; the monotonic clock is left alone, as by a real change.
"""

import importlib.util
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.identity.access_keys import digest_of, mint_key
from api.identity.webhook_signature import sign
from api.jobs.job import JobKind, JobRequest
from api.simulate.own_service import KeyHolder, OwnService, own_service
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role, Tenant
from tests.flow.http_samples import NOW
from tests.load.towns import load_town
from tests.postgres import postgres

__all__ = ["postgres"]

TENANT_ID = "luenen"
OFFICE, SENSOR = (KeyHolder(tenant_id=TENANT_ID, role=role) for role in (Role.DISPATCHER, Role.SENSOR))
STEPS = {"as it is": 0, "an hour back": -3_600, "right again": 0, "a day ahead": 86_400, "right at last": 0}


def library() -> Path | None:
    """The library, where there is one."""
    if named := os.environ.get("FAKETIME_LIBRARY"):
        return Path(named)
    found = importlib.util.find_spec("libfaketime")
    if found is None or found.origin is None:
        return None
    built = Path(found.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    return built if built.is_file() else None


class MachineClock:
    """What the service's processes take for the machine's clock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(0)

    def set(self, offset_s: int) -> None:
        """So many seconds off."""
        self._path.write_text(f"{offset_s:+d}\n", encoding="ascii")

    def settings(self) -> dict[str, str]:
        """For the service's environment."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


class Caller:
    """Talks to the service, and knows the time."""

    def __init__(self, service: OwnService, clock: MachineClock) -> None:
        self.clock = clock
        self.keys = service.keys
        self.http = httpx.Client(
            base_url=service.base_url, headers={"authorization": f"Bearer {service.keys[OFFICE]}"}, timeout=30
        )

    def plan(self, *, key: str = "", offset_s: int | None = None) -> dict[str, Any]:
        """A finished plan; the clock changes as soon as it is asked for, where an offset is given."""
        headers = {"Idempotency-Key": key} if key else {}
        body = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "limits": {"time_limit_s": 1}}
        asked = self.http.post("/v1/plans", json=body, headers=headers)
        assert asked.status_code in {200, 202}, asked.text
        if offset_s is not None:
            self.clock.set(offset_s)
        end_s = time.monotonic() + 60
        while (answer := self.http.get(asked.headers["location"]).json())["status"] in {"queued", "running"}:
            assert time.monotonic() < end_s, answer
            time.sleep(0.1)
        assert answer["status"] == "succeeded", answer
        found: dict[str, Any] = answer
        return found

    def read(self, step: int) -> int:
        """Send a reading of the last day; how many were taken."""
        at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=5, minutes=20 * step)
        reading = {"container_id": "P-0003", "observed_at": at.isoformat(), "fill_fraction": 0.4}
        answer = self.http.post("/v1/readings", json={"readings": [reading]})
        assert answer.status_code == 207, answer.text
        return int(answer.json()["accepted"])

    def signed(self, stamp_s: int) -> int:
        """Send a message that was signed at this second by a right clock; the status."""
        _, key_id, secret = self.keys[SENSOR].split("_", 2)
        at = datetime.fromtimestamp(stamp_s, UTC) - timedelta(hours=30)
        reading = {"container_id": "P-0004", "observed_at": at.isoformat(), "fill_fraction": 0.4}
        body = json.dumps({"readings": [reading]}).encode()
        headers = {
            "authorization": "",
            "content-type": "application/json",
            "x-fuhre-key-id": key_id,
            "x-fuhre-timestamp": str(stamp_s),
            "x-fuhre-signature": sign(digest_of(secret), timestamp=str(stamp_s), body=body),
        }
        return self.http.post("/v1/readings", content=body, headers=headers).status_code


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    if library() is None:
        pytest.skip("no libfaketime: pip install libfaketime, or name its path in FAKETIME_LIBRARY")
    clock = MachineClock(tmp_path / "machine-clock")
    holders = [OFFICE, SENSOR]
    town = load_town(12)
    with own_service(tmp_path / "data", {TENANT_ID: town}, holders, settings=clock.settings()) as service:
        made = Caller(service, clock)
        yield made
        made.http.close()


@pytest.mark.slow
def test_clock_that_is_set_back_and_ahead_doubles_and_loses_nothing(caller: Caller, tmp_path: Path) -> None:
    stores = open_tenant_stores(tmp_path / "data")
    short, short_text = mint_key(
        tenant_id=TENANT_ID,
        role=Role.PLANNER,
        label="for a day",
        now=datetime.now(UTC) - timedelta(hours=20),
        valid_days=1,
    )
    stores.keys.add(short)
    stamp_s = int(time.time())
    replayed: list[int] = []
    plan_ids: list[str] = []
    daily: set[str] = set()
    short_key: list[int] = []
    fresh: list[int] = []
    for step, offset_s in enumerate(STEPS.values()):
        caller.clock.set(offset_s)
        time.sleep(1.5)  # keys are looked up again after a second
        assert caller.read(step) == 1
        plan_ids.append(caller.plan()["plan_id"])
        daily.add(caller.plan(key="the-day")["plan_id"])
        short_key.append(caller.http.get("/v1/vehicles", headers={"authorization": f"Bearer {short_text}"}).status_code)
        fresh.append(caller.signed(int(time.time())))
        replayed.append(caller.signed(stamp_s))
        assert caller.http.get("/v1/health/ready").status_code == 200
    # A job that the clock changes under neither fails nor takes a negative time.
    plan_ids += [caller.plan(offset_s=offset_s)["plan_id"] for offset_s in (86_400, 0, -3_600, 0)]
    assert len(set(plan_ids)) == len(plan_ids)
    assert len(daily) == 1
    assert short_key == [200, 200, 200, 401, 200]
    assert fresh == [207, 401, 207, 401, 207]
    assert replayed == [207, 401, 401, 401, 401]
    store = stores.store(TENANT_ID)
    jobs = [job for one in plan_ids if (job := store.jobs.get(one)) is not None]
    assert len(jobs) == len(plan_ids)
    for job in jobs:
        assert job.started_at is not None
        assert job.finished_at is not None
        assert job.created_at <= job.started_at <= job.finished_at, job
    assert store.audit.first_broken() is None
    sent = store.readings.history(as_of=datetime.now(UTC), days=1)["P-0003"]
    assert len(set(sent.observed_at_s.tolist())) == len(sent.observed_at_s)
    stores.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_job_whose_clock_is_set_back_takes_no_negative_time(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = tmp_path if kind == "sqlite" else request.getfixturevalue("postgres").make_database()
    stores = open_tenant_stores(place)
    stores.add_tenant(Tenant(tenant_id="t", name="T", created_at=NOW))
    jobs = stores.store("t").jobs
    for number, (began, ended) in enumerate([(-1, -2), (1, -1), (-1, 1), (1, 2)]):
        job_id = f"{number:032d}"
        jobs.add(JobRequest(job_id=job_id, kind=JobKind.PLAN, document=b"{}", request_digest="0" * 64), at=NOW)
        begun = jobs.begin(job_id, at=NOW + timedelta(hours=began))
        assert begun is not None
        assert begun.started_at == NOW + timedelta(hours=max(0, began))
        jobs.cancel(job_id, at=NOW + timedelta(hours=ended))
        done = jobs.get(job_id)
        assert done is not None
        assert done.finished_at == NOW + timedelta(hours=max(0, began, ended))
    stores.close()
