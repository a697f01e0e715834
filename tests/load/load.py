"""Twenty minutes of a working service: sensors, tablets, a neighbour, and a plan every minute; what it cost.

    python tests/load/load.py                                  # 20 minutes
    python tests/load/load.py --minutes 1 --out load.md
    python tests/load/load.py --flood-per-s 3000               # one town floods, the neighbour must not notice
    python tests/load/load.py --postgresql                     # on a PostgreSQL of its own

A real service in a process of its own, on SQLite files or with --database-url on a PostgreSQL. Every request is due at
an instant, and its time counts from there. At the end the service is stopped, and what it had acknowledged is looked
for in its databases. The exit code is 1 when anything was lost, or an answer was a fault of the service.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from api.simulate.own_service import KeyHolder, OwnService, own_service
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role
from tests.load.drive import Tally, send_at_rate
from tests.load.memory import open_files, resident_mb
from tests.load.towns import load_town
from tests.postgres import running_postgres

TOWN, NEIGHBOUR = "luenen", "werne"
VEHICLES = ("LUE-1", "LUE-2", "LUE-3")
_DISPATCHER = KeyHolder(tenant_id=TOWN, role=Role.DISPATCHER)
_SENSORS = KeyHolder(tenant_id=TOWN, role=Role.SENSOR)
_NEIGHBOUR = KeyHolder(tenant_id=NEIGHBOUR, role=Role.SENSOR)
_TABLETS = [KeyHolder(tenant_id=TOWN, role=Role.DRIVER, subject_id=one) for one in VEHICLES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is sent."""

    seconds: float = 1_200.0
    containers: int = 300
    sensors_per_s: float = 20.0
    neighbour_per_s: float = 5.0
    tablets_per_s: float = 4.0
    batch_every_s: float = 30.0
    batch_size: int = 500
    plan_every_s: float = 60.0
    plan_time_limit_s: float = 10.0
    flood_per_s: float = 0.0
    ingest_limit_per_s: float = 2_000.0


@dataclass(slots=True)
class Findings:
    """What a run came to.

    Attributes
    ----------
    lost
        Readings that were acknowledged and are not there.
    plan_ends
        Plans by their last state.
    started_mb
        Memory of all processes when the service was ready, before any request.
    resident_mb
        The same every few seconds, from the first finished plan on.
    """

    tallies: dict[str, Tally]
    plan_ends: dict[str, int] = field(default_factory=dict)
    plan_s: list[float] = field(default_factory=list)
    started_mb: float = 0.0
    resident_mb: list[float] = field(default_factory=list)
    open_files: list[int] = field(default_factory=list)
    acknowledged: int = 0
    lost: int = 0

    @property
    def errors(self) -> int:
        """Faults of the service, whoever met them."""
        return sum(one.errors for one in self.tallies.values())

    @property
    def grown_mb(self) -> float:
        """Memory at the end (mean of the last five looks) above that at the start (mean of the first five)."""
        seen = self.resident_mb
        return 0.0 if not seen else sum(seen[-5:]) / len(seen[-5:]) - sum(seen[:5]) / len(seen[:5])


class Run:
    """One run against a service."""

    def __init__(self, load: Load, service: OwnService) -> None:
        self._load, self._service = load, service
        kinds = ("sensor", "batch", "neighbour", "tablet", "plan accepted", "health", "flood")
        self.findings = Findings({kind: Tally(kind) for kind in kinds})
        self.sent: dict[str, set[tuple[str, int]]] = {TOWN: set(), NEIGHBOUR: set()}
        """Readings that were acknowledged: container and second."""
        self._begun_at = datetime.now(UTC).replace(microsecond=0)
        self._numbers = itertools.count()
        self._day = ""
        self._driving: tuple[str, ...] = ()
        self._etags: dict[str, str] = {}

    async def drive(self) -> Findings:
        """Send everything, until the time is over and the last plan has ended."""
        load, tallies = self._load, self.findings.tallies
        async with (
            self._client(_DISPATCHER) as office,
            self._client(_SENSORS) as sensors,
            self._client(_NEIGHBOUR) as neighbour,
            self._tablets() as tablets,
        ):
            self.findings.started_mb = resident_mb(self._service.pid)
            await self._plan(office)  # the first one opens everything that stays open
            self.findings.plan_s.clear()
            until_s = time.perf_counter() + load.seconds
            streams = [
                send_at_rate(
                    tallies["sensor"], self._reading(sensors, TOWN), per_s=load.sensors_per_s, until_s=until_s
                ),
                send_at_rate(tallies["batch"], self._batch(sensors), per_s=1 / load.batch_every_s, until_s=until_s),
                send_at_rate(
                    tallies["neighbour"],
                    self._reading(neighbour, NEIGHBOUR),
                    per_s=load.neighbour_per_s,
                    until_s=until_s,
                ),
                send_at_rate(tallies["tablet"], self._tour(tablets), per_s=load.tablets_per_s, until_s=until_s),
                send_at_rate(tallies["health"], lambda _: office.get("/v1/health/ready"), per_s=1.0, until_s=until_s),
                self._plans(office, until_s),
                self._watch(until_s),
            ]
            if load.flood_per_s:
                # A sender that floods opens many connections and heeds no advice.
                flood = self._reading(sensors, TOWN)
                streams.append(send_at_rate(tallies["flood"], flood, per_s=load.flood_per_s, until_s=until_s))
            await asyncio.gather(*streams)
        return self.findings

    @asynccontextmanager
    async def _client(self, holder: KeyHolder) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"authorization": f"Bearer {self._service.keys[holder]}"}
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
        async with httpx.AsyncClient(
            base_url=self._service.base_url, headers=headers, timeout=30, limits=limits
        ) as client:
            yield client

    @asynccontextmanager
    async def _tablets(self) -> AsyncIterator[list[httpx.AsyncClient]]:
        async with self._client(_TABLETS[0]) as one, self._client(_TABLETS[1]) as two, self._client(_TABLETS[2]) as tri:
            yield [one, two, tri]

    def _reading(self, client: httpx.AsyncClient, tenant_id: str):  # noqa: ANN202 - a sender
        async def send(_number: int) -> httpx.Response:
            (body,) = self._fresh(1)
            answer = await client.post("/v1/readings", json={"readings": [body]})
            self._note(tenant_id, [body], answer)
            return answer

        return send

    def _batch(self, client: httpx.AsyncClient):  # noqa: ANN202 - a sender
        async def send(_number: int) -> httpx.Response:
            bodies = self._fresh(self._load.batch_size)
            answer = await client.post("/v1/readings", json={"readings": bodies})
            self._note(TOWN, bodies, answer)
            return answer

        return send

    def _tour(self, tablets: Sequence[httpx.AsyncClient]):  # noqa: ANN202 - a sender
        async def send(number: int) -> httpx.Response:
            vehicle_id = self._driving[number % len(self._driving)]
            address = f"/v1/tours/{vehicle_id}?date={self._day}"
            known = {"if-none-match": self._etags[address]} if address in self._etags else {}
            answer = await tablets[VEHICLES.index(vehicle_id)].get(address, headers=known)
            if answer.status_code == 200:
                self._etags[address] = answer.headers["etag"]
            return answer

        return send

    def _fresh(self, count: int) -> list[dict[str, object]]:
        """Readings that nobody has sent: a second of their own for each container."""
        made = []
        for number in itertools.islice(self._numbers, count):
            turn, container = divmod(number, self._load.containers)
            at = self._begun_at - timedelta(hours=1, seconds=1 + turn)
            made.append(
                {
                    "container_id": f"P-{container:04d}",
                    "observed_at": at.isoformat(),
                    "fill_fraction": round(number % 997 / 1000, 3),
                }
            )
        return made

    def _note(self, tenant_id: str, bodies: Sequence[dict[str, object]], answer: httpx.Response) -> None:
        if not answer.is_success:
            return
        for body, result in zip(bodies, answer.json()["results"], strict=True):
            if result["status"] == "accepted":
                at = int(datetime.fromisoformat(str(body["observed_at"])).timestamp())
                self.sent[tenant_id].add((str(body["container_id"]), at))

    async def _plans(self, office: httpx.AsyncClient, until_s: float) -> None:
        while time.perf_counter() < until_s:
            next_s = time.perf_counter() + self._load.plan_every_s
            await self._plan(office)
            await asyncio.sleep(max(0.0, min(next_s, until_s) - time.perf_counter()))

    async def _plan(self, office: httpx.AsyncClient) -> None:
        begun_s = time.perf_counter()
        tally = self.findings.tallies["plan accepted"]
        answer = await office.post("/v1/plans", json={"limits": {"time_limit_s": self._load.plan_time_limit_s}})
        tally.outcomes[str(answer.status_code)] += 1
        tally.seconds.append(time.perf_counter() - begun_s)
        if answer.status_code != 202:
            return
        address = answer.headers["location"]
        done = await _final(office, address)
        state = done["status"]
        self.findings.plan_ends[state] = self.findings.plan_ends.get(state, 0) + 1
        self.findings.plan_s.append(time.perf_counter() - begun_s)
        if state == "succeeded" and done["plan"]["tours"]:
            # Tablets get what was released, and nothing else; where nothing was due, they go on with what they had.
            etag = (await office.get(address)).headers["etag"]
            (await office.post(f"{address}/release", headers={"if-match": etag})).raise_for_status()
            self._day = done["plan"]["day"]
            self._driving = tuple(one["vehicle_id"] for one in done["plan"]["tours"])

    async def _watch(self, until_s: float) -> None:
        while time.perf_counter() < until_s:
            self.findings.resident_mb.append(resident_mb(self._service.pid))
            self.findings.open_files.append(open_files(self._service.pid))
            await asyncio.sleep(min(5.0, max(0.0, until_s - time.perf_counter())))


async def _final(office: httpx.AsyncClient, address: str) -> dict[str, Any]:
    while True:
        answer: dict[str, Any] = (await office.get(address)).raise_for_status().json()
        if answer["status"] not in {"queued", "running"}:
            return answer
        await asyncio.sleep(0.25)


def run_load(load: Load, folder: Path, *, database_url: str | None = None) -> Findings:
    """Start a service, load it, stop it, and look for what it had acknowledged."""
    towns = {
        TOWN: load_town(load.containers),
        NEIGHBOUR: load_town(load.containers, name="Werne"),
    }
    settings = {"FUHRE_INGEST_REQUESTS_PER_S": str(load.ingest_limit_per_s)}
    holders = [_DISPATCHER, _SENSORS, _NEIGHBOUR, *_TABLETS]
    with own_service(folder, towns, holders, settings=settings, database_url=database_url) as service:
        run = Run(load, service)
        findings = asyncio.run(run.drive())
    stores = open_tenant_stores(database_url or str(folder))
    try:
        for tenant_id, sent in run.sent.items():
            history = stores.store(tenant_id).readings.history(as_of=datetime.now(UTC), days=30)
            stored = {(name, at) for name, series in history.items() for at in series.observed_at_s.tolist()}
            findings.acknowledged += len(sent)
            findings.lost += len(sent - stored)
    finally:
        stores.close()
    return findings


def report_of(load: Load, findings: Findings) -> str:
    """The run as Markdown."""
    lines = [
        f"# {load.seconds / 60:g} minutes of load",
        "",
        f"{load.containers} containers, {load.sensors_per_s:g} readings/s, {load.neighbour_per_s:g} a second from a "
        f"neighbour, {load.tablets_per_s:g} tour fetches/s, a plan of {load.plan_time_limit_s:g} s every "
        f"{load.plan_every_s:g} s, a batch of {load.batch_size} every {load.batch_every_s:g} s"
        + (f", a flood of {load.flood_per_s:g}/s" if load.flood_per_s else "")
        + ".",
        "",
        *_answers_table(findings),
        "",
        "| memory of all processes | MB |",
        "|---|---:|",
    ]
    seen, files = findings.resident_mb or [0.0], findings.open_files or [0]
    lines += [
        f"| service ready | {findings.started_mb:.0f} |",
        f"| after the first plan | {seen[0]:.0f} |",
        f"| at the end | {seen[-1]:.0f} |",
        f"| at most | {max(seen):.0f} |",
        f"| grown (mean of the last five looks above the first five) | {findings.grown_mb:.0f} |",
    ]
    spent = sorted(findings.plan_s) or [0.0]
    ends = ", ".join(f"{number} {state}" for state, number in sorted(findings.plan_ends.items()))
    faults = [
        f"{tally.kind}: {number} x {status}" for tally in findings.tallies.values() for status, number in tally.faults()
    ]
    lines += [
        "",
        f"- faults of the service: {', '.join(faults) or 'none'}",
        f"- acknowledged readings: {findings.acknowledged}, of these lost: {findings.lost}",
        f"- plans: {ends}; from asking to the end {spent[len(spent) // 2]:.1f} s (median), {spent[-1]:.1f} s (most)",
        f"- open descriptors: {files[0]} at the start, {files[-1]} at the end",
        "",
    ]
    return "\n".join(lines)


def _answers_table(findings: Findings) -> list[str]:
    lines = [
        "| sender | answered | p50 ms | p99 ms | largest ms | by status | faults |",
        "|---|---:|---:|---:|---:|---|---:|",
    ]
    for tally in findings.tallies.values():
        if not tally.outcomes:
            continue
        by_status = ", ".join(f"{status}: {number}" for status, number in sorted(tally.outcomes.items()))
        lines.append(
            f"| {tally.kind} | {len(tally.seconds)} | {tally.percentile_ms(0.5):.0f} | {tally.percentile_ms(0.99):.0f} "
            f"| {tally.percentile_ms(1.0):.0f} | {by_status} | {tally.errors} |"
        )
    return lines


def main() -> int:
    """Run as the command line says."""
    usual = Load()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=usual.seconds / 60)
    parser.add_argument("--containers", type=int, default=usual.containers)
    parser.add_argument("--sensors-per-s", type=float, default=usual.sensors_per_s)
    parser.add_argument("--tablets-per-s", type=float, default=usual.tablets_per_s)
    parser.add_argument("--plan-time-limit-s", type=float, default=usual.plan_time_limit_s)
    parser.add_argument("--flood-per-s", type=float, default=usual.flood_per_s)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--database-url", help="an empty database of PostgreSQL; SQLite files without it")
    place.add_argument("--postgresql", action="store_true", help="start a PostgreSQL for the run")
    parser.add_argument("--out", type=Path, help="write the report to this file too")
    asked = parser.parse_args()
    load = Load(
        seconds=asked.minutes * 60,
        containers=asked.containers,
        sensors_per_s=asked.sensors_per_s,
        tablets_per_s=asked.tablets_per_s,
        plan_time_limit_s=asked.plan_time_limit_s,
        flood_per_s=asked.flood_per_s,
    )
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fuhre-load-"))
        url = asked.database_url
        if asked.postgresql:
            url = stack.enter_context(running_postgres(is_on_disk=True)).make_database()
        findings = run_load(load, Path(folder), database_url=url)
    report = report_of(load, findings)
    print(report)  # noqa: T201 - a script talks
    if asked.out is not None:
        asked.out.write_text(report, encoding="utf-8")
    return 0 if findings.errors == 0 and findings.lost == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
