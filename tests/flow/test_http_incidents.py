"""Incidents against a real server and a real worker: a report becomes a plan within seconds, and a person decides."""

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.files.plan_json import load_plan
from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.planning_parts import export_tours
from api.jobs.town_folders import open_tenant_store
from api.store.tenant_ports import Role
from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Plan, StopKind
from routing.crow_flight import CrowFlightRouter
from tests.flow.http_samples import (
    NOW,
    key_for,
    open_straight_line_ports,
    served,
    services_in,
    small_town,
    store_of,
    wait_until_ready,
)
from tests.flow.tablet_days import busiest, event, released_plan

TEN = NOW + timedelta(hours=5)
"""Ten o'clock at the depot: the tours of the small day are out."""

ANSWER_WITHIN_S = 5.0


def opener_of(folder: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id),
        open_ports=open_straight_line_ports,
        export_tours=export_tours,
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder: Path = tmp_path_factory.mktemp("incidents")
    made = services_in(folder, OpenTenantRunner(opener_of=partial(opener_of, folder)), has_keys=True)
    object.__setattr__(made, "now", lambda: TEN)
    return made


@pytest.fixture(scope="module")
def plan(services: Services) -> Plan:
    return released_plan(services)


@pytest.fixture(scope="module")
def client(services: Services, plan: Plan) -> Iterator[httpx.Client]:
    del plan
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        opened.headers["authorization"] = f"Bearer {key_for(services, Role.DISPATCHER)}"
        yield opened


def report(client: httpx.Client, **body: object) -> str:
    answer = client.post("/v1/incidents", json={"day": "2026-03-02", **body})
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def proposed(client: httpx.Client, location: str) -> dict[str, Any]:
    ends_s = time.monotonic() + 20
    while True:
        answer: dict[str, Any] = client.get(location).raise_for_status().json()
        if answer["proposal"]["status"] not in {"queued", "running"}:
            return answer
        assert time.monotonic() < ends_s
        time.sleep(0.03)


def content(services: Services, plan_id: str, version: int) -> Plan:
    store = store_of(services)
    made = store.versions.get(plan_id, version)
    assert made is not None
    record = store.plans.plan(made.content_id)
    assert record is not None
    return load_plan(record.document, source="test")


def vehicle_of(plan: Plan) -> dict[str, str]:
    return {one.container_id: tour.vehicle_id for tour in plan.tours for stop in tour.stops for one in stop.collections}


def test_breakdown_becomes_a_lawful_proposal_in_seconds_and_a_release_when_accepted(
    client: httpx.Client, services: Services, plan: Plan
) -> None:
    broken = busiest(plan)
    tour = next(one for one in plan.tours if one.vehicle_id == broken)
    first = next(stop for stop in tour.stops if stop.collections)
    done = [one.container_id for one in first.collections]
    events = [
        event(0, "started"),
        *(event(1 + at, "emptied", minute=20, container_id=one) for at, one in enumerate(done)),
    ]
    told = client.post(f"/v1/tours/{broken}/events", json={"day": "2026-03-02", "events": events})
    assert told.json()["accepted"] == len(events)
    began_s = time.monotonic()
    location = report(client, kind="breakdown", vehicle_id=broken, note="engine")
    answer = proposed(client, location)
    took_s = time.monotonic() - began_s
    proposal = answer["proposal"]
    assert proposal["status"] == "succeeded", proposal
    assert took_s <= ANSWER_WITHIN_S
    new = content(services, proposal["plan_id"], proposal["version"])
    town = small_town()
    assert [str(one) for one in check_plan(new, town, CrowFlightRouter())] == []
    cut = next(one for one in new.tours if one.vehicle_id == broken)
    assert cut.is_cut_short
    assert [one.container_id for stop in cut.stops for one in stop.collections] == done
    assert set(vehicle_of(new)) | {one.container_id for one in new.unserved} >= set(vehicle_of(plan))
    assert proposal["changes"]["sentences"]
    # Tablets keep what they have until a dispatcher says yes.
    before = client.get(f"/v1/tours/{broken}/bundle?date=2026-03-02").json()
    assert before["version"] == 1
    accepted = client.post(f"{location}/accept")
    assert accepted.json()["state"] == "accepted", accepted.text
    after = client.get(f"/v1/tours/{broken}/bundle?date=2026-03-02").json()
    assert (after["version"], after["release"] > before["release"]) == (proposal["version"], True)
    assert client.post(f"{location}/accept").json()["code"] == "already_finished"
    assert client.post(f"{location}/reject").json()["code"] == "already_finished"


def test_blocked_container_is_left_out_of_the_proposal_until_rejected(
    client: httpx.Client, services: Services, plan: Plan
) -> None:
    other = next(one for one in plan.tours if one.vehicle_id != busiest(plan)) if len(plan.tours) > 1 else plan.tours[0]
    target = [one.container_id for stop in other.stops for one in stop.collections][-1]
    location = report(client, kind="blocked", container_id=target, code="no_access")
    answer = proposed(client, location)
    assert answer["proposal"]["status"] == "succeeded", answer
    new = content(services, answer["proposal"]["plan_id"], answer["proposal"]["version"])
    done = {
        one.container_id for tour in new.tours for stop in tour.stops[: tour.done_stops] for one in stop.collections
    }
    if target not in done:
        assert target not in vehicle_of(new)
        assert target in {one.container_id for one in new.unserved}
    release_before = client.get("/v1/incidents?date=2026-03-02").json()["incidents"]
    assert {one["kind"] for one in release_before} >= {"blocked"}
    assert client.post(f"{location}/reject").json()["state"] == "rejected"
    assert client.post(f"{location}/accept").json()["code"] == "already_finished"


def test_rejected_proposal_is_not_what_the_next_change_starts_from(
    client: httpx.Client, services: Services, plan: Plan
) -> None:
    before = store_of(services).versions.latest(plan.plan_id)
    assert before is not None
    target = [one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections][-1]
    location = report(client, kind="blocked", container_id=target, code="no_access", note="second look")
    proposal = proposed(client, location)["proposal"]
    assert proposal["version"] > before.version
    latest = store_of(services).versions.latest(plan.plan_id)
    assert latest is not None
    assert latest.version == proposal["version"]
    assert client.post(f"{location}/reject").json()["state"] == "rejected"
    after = store_of(services).versions.latest(plan.plan_id)
    assert after == before
    listed = store_of(services).versions.all(plan.plan_id)
    assert listed[-1].is_withdrawn
    # Whoever read the plan before the incident may change it after the rejection.
    again = report(client, kind="blocked", container_id=target, code="no_access", note="third look")
    assert proposed(client, again)["proposal"]["version"] == proposal["version"] + 1
    assert client.post(f"{again}/reject").json()["state"] == "rejected"


def test_closed_road_of_a_driver_waits_for_the_dispatcher_and_holds_meanwhile(
    client: httpx.Client, services: Services, plan: Plan
) -> None:
    vehicle = busiest(plan)
    driver = {"authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id=vehicle)}"}
    body = {
        "kind": "road_closed",
        "day": "2026-03-02",
        "location": {"lon_deg": 7.53, "lat_deg": 51.612},
        "note": "Wasserrohrbruch",
    }
    made = client.post("/v1/incidents", json=body, headers=driver)
    assert made.status_code == 202, made.text
    closure_id = made.json()["closure_id"]
    found = {one["closure_id"]: one for one in client.get("/v1/closures").json()["closures"]}
    assert (found[closure_id]["is_confirmed"], found[closure_id]["is_withdrawn"]) == (False, False)
    assert found[closure_id]["valid_until_at"] == "2026-03-03T00:00:00+01:00"
    assert proposed(client, made.headers["location"])["proposal"]["status"] == "succeeded"
    assert client.post(f"{made.headers['location']}/accept", headers=driver).status_code == 403
    assert client.post(f"{made.headers['location']}/accept").json()["state"] == "accepted"
    [closure] = [one for one in client.get("/v1/closures").json()["closures"] if one["closure_id"] == closure_id]
    assert closure["is_confirmed"]


def test_closures_are_added_confirmed_and_withdrawn(client: httpx.Client) -> None:
    body = {"line": [{"lon_deg": 7.52, "lat_deg": 51.61}, {"lon_deg": 7.523, "lat_deg": 51.611}], "reason": "Markt"}
    made = client.post("/v1/closures", json=body)
    assert (made.status_code, made.json()["is_confirmed"]) == (201, True)
    location = made.headers["location"]
    assert client.delete(location).json()["is_withdrawn"]
    assert client.delete(location).status_code == 404
    assert client.post(f"{location}/confirm").status_code == 404
    assert client.post("/v1/closures", json=body | {"valid_until_at": "2020-01-01T00:00:00Z"}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "breakdown"},
        {"kind": "full"},
        {"kind": "blocked", "vehicle_id": "LUE-1"},
        {"kind": "road_closed", "vehicle_id": "LUE-1"},
        {"kind": "breakdown", "vehicle_id": "LUE-1", "location": {"lon_deg": 7, "lat_deg": 51}},
        {"kind": "earthquake", "vehicle_id": "LUE-1"},
    ],
)
def test_incident_that_does_not_say_what_is_needed_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert client.post("/v1/incidents", json=body).status_code == 422


def test_driver_reports_of_its_own_vehicle_only(client: httpx.Client, services: Services) -> None:
    headers = {"authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id='LUE-2')}"}
    body = {"kind": "breakdown", "vehicle_id": "LUE-1"}
    assert client.post("/v1/incidents", json=body, headers=headers).status_code == 403
    assert client.get("/v1/incidents", headers=headers).status_code == 403
    assert client.post("/v1/incidents", json=body | {"vehicle_id": "LUE-9"}).status_code == 404


def test_incident_without_tours_on_the_road_has_no_proposal(client: httpx.Client) -> None:
    answer = client.post("/v1/incidents", json={"kind": "full", "vehicle_id": "LUE-1", "day": "2026-04-01"})
    assert answer.json()["proposal"] is None
    assert client.post(f"{answer.headers['location']}/accept").json()["state"] == "accepted"


def test_full_truck_tips_before_it_collects_more(client: httpx.Client, services: Services) -> None:
    vehicle = "LUE-1"
    location = report(client, kind="full", vehicle_id=vehicle)
    proposal = proposed(client, location)["proposal"]
    assert proposal["status"] == "succeeded", proposal
    new = content(services, proposal["plan_id"], proposal["version"])
    for tour in new.tours:
        rest = [stop.kind for stop in tour.stops[tour.done_stops :]]
        if tour.vehicle_id == vehicle and StopKind.COLLECT in rest and tour.stops[tour.done_stops - 1].load_l > 0:
            assert rest.index(StopKind.TIP) < rest.index(StopKind.COLLECT)
