"""Two towns on one service: the other's things are as unknown as things that never were."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.jobs.job import JobKind, JobRequest
from api.store.tenant_ports import Device, QuarantinedMessage, Role
from tests.flow.http_samples import NOW, key_for, services_in, small_container, store_of
from tests.flow.scripted_runners import short_plan
from tests.security.direct_client import DirectClient

OURS, THEIRS = "lue", "neighbour"
MESSAGE, NO_MESSAGE = "00064c1f0a5e8b00-0000-5b1c9f0e", "00064c1f0a5e8b00-0000-5b1c9f0f"
THEIR_PLAN, THEIR_SCENARIO, NO_JOB = "a" * 32, "b" * 32, "f" * 32


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = services_in(tmp_path_factory.mktemp("isolation"), tenant_ids=(OURS, THEIRS), has_keys=True)
    theirs = store_of(made, THEIRS)
    for job_id, kind in ((THEIR_PLAN, JobKind.PLAN), (THEIR_SCENARIO, JobKind.SCENARIO)):
        request = JobRequest(job_id=job_id, kind=kind, document=b"{}", request_digest="d", idempotency_key=job_id)
        theirs.jobs.add(request, at=NOW)
        theirs.jobs.begin(job_id, at=NOW)
    theirs.jobs.succeed(THEIR_PLAN, short_plan(THEIR_PLAN), at=NOW)
    theirs.versions.release(THEIR_PLAN, if_match=short_plan(THEIR_PLAN).etag, at=NOW, actor="test")
    theirs.town.put_container(small_container(900), if_match=None)
    theirs.devices.put(
        Device(
            device_id="A84041000181C061", decoder="", container_id="P-900", empty_mm=None, full_mm=None, shape="box",
            registered_at=NOW,
        )
    )  # fmt: skip
    theirs.quarantine.add(
        QuarantinedMessage(
            message_id=MESSAGE, received_at=NOW, source="things_stack", reason="unknown_device", detail="x",
            content_type="application/json", body=b"their secret",
        )
    )  # fmt: skip
    yield made
    made.stores.close()


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[DirectClient]:
    with DirectClient(create_app(services)).opened() as opened:
        yield opened


ADDRESSES = [
    ("GET", "/v1/plans/{}", THEIR_PLAN, NO_JOB),
    ("POST", "/v1/plans/{}/cancel", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/tours/LUE-1", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/tours/LUE-1?format=gpx", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/tours/LUE-1/sheet.pdf", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/versions", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/compliance", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/compliance.pdf", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/plans/{}/explain?container=P-001", THEIR_PLAN, NO_JOB),
    ("GET", f"/v1/plans/{THEIR_PLAN}/diff/{{}}", THEIR_PLAN, NO_JOB),
    ("POST", "/v1/plans/{}/release", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/jobs/{}", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/jobs/{}/events", THEIR_PLAN, NO_JOB),
    ("POST", "/v1/jobs/{}/cancel", THEIR_PLAN, NO_JOB),
    ("GET", "/v1/scenarios/{}", THEIR_SCENARIO, NO_JOB),
    ("POST", "/v1/scenarios/{}/cancel", THEIR_SCENARIO, NO_JOB),
    ("GET", "/v1/containers/{}", "P-900", "P-901"),
    ("GET", "/v1/devices/{}", "A84041000181C061", "A84041000181C062"),
    ("GET", "/v1/quarantine/{}", MESSAGE, NO_MESSAGE),
    ("POST", "/v1/quarantine/{}/replay", MESSAGE, NO_MESSAGE),
]


@pytest.mark.parametrize(("method", "address", "theirs", "nobodys"), ADDRESSES, ids=lambda one: str(one)[:40])
def test_other_towns_things_answer_like_unknown_ones(
    client: DirectClient, services: Services, method: str, address: str, theirs: str, nobodys: str
) -> None:
    key = key_for(services, Role.ADMIN, tenant_id=OURS)
    foreign, unknown = (client.request(method, address.format(thing), key=key) for thing in (theirs, nobodys))
    assert foreign.status_code == unknown.status_code == 404
    assert without_trace(foreign) == without_trace(unknown)
    assert sorted(foreign.headers) == sorted(unknown.headers)
    own = client.request(method, address.format(theirs), key=key_for(services, Role.ADMIN, tenant_id=THEIRS))
    assert own.status_code != 404, own.text  # or the comparison above would say nothing


def without_trace(answer: httpx.Response) -> dict[str, object]:
    return {name: value for name, value in answer.json().items() if name != "trace_id"}


def test_lists_hold_nothing_of_other_towns(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.ADMIN, tenant_id=OURS)
    for path in ("/v1/plans", "/v1/containers?limit=500", "/v1/devices", "/v1/quarantine", "/v1/alerts"):
        answer = client.request("GET", path, key=key)
        assert answer.status_code == 200, answer.text
        assert not any(word in answer.text for word in (THEIR_PLAN, "P-900", "A84041000181C061", "their secret"))


def test_ids_of_other_towns_in_bodies_are_unknown(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.ADMIN, tenant_id=OURS)
    changes = [{"op": "vehicle.remove", "vehicle_id": "LUE-2"}]
    answers = [
        client.request("POST", "/v1/scenarios", key=key, json={"name": "x", "base_plan_id": one, "changes": changes})
        for one in (THEIR_PLAN, NO_JOB)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert without_trace(answers[0]) == without_trace(answers[1])
    excluded = client.request("POST", "/v1/plans", key=key, json={"day": "2026-03-02", "exclude": ["P-900"]})
    assert (excluded.status_code, excluded.json()["code"]) == (422, "invalid_request")
    reading = {"container_id": "P-900", "observed_at": "2026-03-02T03:00:00Z", "fill_fraction": 0.5}
    told = client.request("POST", "/v1/readings", key=key, json={"readings": [reading]}).json()
    assert told["results"][0]["code"] == "unknown_container"


def test_idempotency_key_of_another_town_is_free(client: DirectClient, services: Services) -> None:
    sent = {"Idempotency-Key": THEIR_PLAN}
    key = key_for(services, Role.DISPATCHER, tenant_id=OURS)
    answer = client.request("POST", "/v1/plans", key=key, json={"day": "2026-03-02"}, headers=sent)
    assert answer.status_code == 202
    assert answer.json()["plan_id"] != THEIR_PLAN


def test_tablet_sees_its_own_vehicle_only(client: DirectClient, services: Services) -> None:
    own, other = (key_for(services, Role.DRIVER, tenant_id=THEIRS, subject_id=one) for one in ("LUE-1", "LUE-2"))
    address = f"/v1/plans/{THEIR_PLAN}/tours/LUE-1"
    assert client.request("GET", address, key=own).status_code == 200
    refused = client.request("GET", address, key=other)
    unknown = client.request("GET", f"/v1/plans/{THEIR_PLAN}/tours/LUE-9", key=other)
    assert refused.status_code == unknown.status_code == 404
    assert without_trace(refused) == without_trace(unknown)


def test_device_speaks_of_its_own_container_only(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.SENSOR, tenant_id=THEIRS, subject_id="A84041000181C061")
    readings = [
        {"container_id": one, "observed_at": "2026-03-02T03:00:00Z", "fill_fraction": 0.5} for one in ("P-900", "P-001")
    ]
    told = client.request("POST", "/v1/readings", key=key, json={"readings": readings}).json()
    assert [one["status"] for one in told["results"]] == ["accepted", "rejected"]
    assert told["results"][1]["code"] == "not_your_container"


def test_interleaved_requests_of_two_towns_are_never_mixed(tmp_path: Path) -> None:
    services = services_in(tmp_path, tenant_ids=(OURS, THEIRS), has_keys=True)
    for tenant_id, capacity_l in ((OURS, 1_000.0), (THEIRS, 2_000.0)):
        container = small_container(500)
        store_of(services, tenant_id).town.put_container(
            type(container)(
                container_id="P-500", site_id="s", location=container.location, stream="paper", capacity_l=capacity_l
            ),
            if_match=None,
        )
    keys = {one: key_for(services, Role.ADMIN, tenant_id=one) for one in (OURS, THEIRS)}
    with DirectClient(create_app(services)).opened() as client:

        def ask(number: int) -> bool:
            tenant_id = OURS if number % 2 else THEIRS
            if number % 7 == 0:
                assert client.request("PUT", "/v1/containers/P-500", key=keys[tenant_id], content=b"{").is_error
                return True
            answer = client.request("GET", "/v1/containers/P-500", key=keys[tenant_id])
            found: float = json.loads(answer.text)["container"]["capacity_l"]
            return found == (1_000.0 if tenant_id == OURS else 2_000.0)

        with ThreadPoolExecutor(20) as pool:
            assert all(pool.map(ask, range(600)))
    services.stores.close()


def test_town_of_a_request_is_not_what_its_body_or_headers_say(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.ADMIN, tenant_id=OURS)
    for headers in ({"X-Tenant": THEIRS}, {"X-Tenant-Id": THEIRS}, {"Fiware-Service": THEIRS}, {"Cookie": THEIRS}):
        assert client.request("GET", "/v1/containers/P-900", key=key, headers=headers).status_code == 404
    for where in ("tenant_id", "tenant", "town_id"):
        answer = client.request("POST", "/v1/plans", key=key, json={"day": "2026-03-02", where: THEIRS})
        assert answer.status_code == 422
    assert client.request("GET", f"/v1/plans?tenant_id={THEIRS}", key=key).text.count(THEIR_PLAN) == 0
