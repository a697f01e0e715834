"""A joint day is released by both towns, driven by tablets, and counted once on each side."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.sharing.joint_document import load_part
from api.tablet.signature import is_signed_by
from benchmarks.sharing.neighbour_towns import DAY
from optimizer.domain.reading import FillSeries, Source
from tests.flow.http_samples import NOW, served, store_of, wait_until_ready
from tests.flow.joint_towns import (
    KALLETAL,
    LEMGO,
    STRANGER,
    TOWNS,
    Office,
    agree_to_share,
    border_services,
    office_of,
    tablet_of,
)

BOTH = (LEMGO, KALLETAL)


@dataclass
class Driven:
    """The day as it was driven: what the test knows to have happened, and how often each town was told."""

    plan_id: str
    agreement_id: str
    bundles: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    events: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    emptied: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in BOTH})
    blocked: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in BOTH})


EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def clock() -> list[datetime]:
    """The service's instant: the morning, until the tablets tell their day."""
    return [NOW]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, clock: list[datetime]) -> Services:
    return replace(border_services(tmp_path_factory.mktemp("driven")), now=lambda: clock[0])


@pytest.fixture(scope="module")
def opened(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="module")
def offices(opened: httpx.Client, services: Services) -> dict[str, Office]:
    return {name: office_of(opened, services, name) for name in (*BOTH, STRANGER)}


@pytest.fixture(scope="module")
def driven(opened: httpx.Client, services: Services, offices: dict[str, Office], clock: list[datetime]) -> Driven:
    """Released step by step, fetched, driven, and told in the evening by every tablet twice and in disorder."""
    agreement_id = agree_to_share(offices[LEMGO], offices[KALLETAL])
    planned = offices[LEMGO].plan(partners=[KALLETAL])
    plan_id = str(planned["plan_id"])
    alone = opened.post(
        f"/v1/plans/{plan_id}/release",
        headers={**offices[LEMGO].headers, "If-Match": f'"{planned["etag"]}"'},
    )
    assert (alone.status_code, alone.json()["code"]) == (409, "joint_plan")
    path = f"/v1/joint-days/{plan_id}/release"
    assert offices[STRANGER].post(path).status_code == 404
    first = offices[LEMGO].post(path).raise_for_status().json()
    assert (first["is_released"], first["agreed_by"], first["waits_for"]) == (False, [LEMGO], [KALLETAL])
    for name in BOTH:
        for vehicle in TOWNS[name].town.vehicles:
            assert fetch(opened, services, name, vehicle.vehicle_id).status_code == 404
    second = offices[KALLETAL].post(path).raise_for_status().json()
    assert (second["is_released"], second["waits_for"], second["left_by"]) == (True, [], [])
    again = offices[LEMGO].post(path).raise_for_status().json()
    assert again["is_released"]
    assert again == offices[LEMGO].post(path).json()
    day = Driven(plan_id=plan_id, agreement_id=agreement_id)
    for name in BOTH:
        for vehicle in TOWNS[name].town.vehicles:
            answer = fetch(opened, services, name, vehicle.vehicle_id)
            if answer.status_code == 200:
                key = offices[name].get("/v1/signing-key").json()["public_key"]
                assert is_signed_by(key, answer.content, answer.headers["x-fuhre-signature"])
                day.bundles[name, vehicle.vehicle_id] = answer.json()
                day.texts[name, vehicle.vehicle_id] = answer.text
    drive(day, services)
    clock[0] = EVENING
    rng = random.Random(5)
    for (name, vehicle_id), events in day.events.items():
        for _ in range(2):
            shuffled = rng.sample(events, len(events))
            for start in range(0, len(shuffled), 7):
                results = send(opened, services, name, vehicle_id, shuffled[start : start + 7])["results"]
                assert {one["status"] for one in results} == {"accepted"}
    return day


def fetch(client: httpx.Client, services: Services, name: str, vehicle_id: str) -> httpx.Response:
    return tablet_of(client, services, name, vehicle_id).get(f"/v1/tours/{vehicle_id}/bundle?date={DAY}")


def send(
    client: httpx.Client, services: Services, name: str, vehicle_id: str, events: list[dict[str, Any]]
) -> dict[str, Any]:
    body = {"day": DAY.isoformat(), "events": events}
    answer = tablet_of(client, services, name, vehicle_id).post(f"/v1/tours/{vehicle_id}/events", body)
    assert answer.status_code == 207, answer.text
    return dict(answer.json())


def owned(services: Services, day: Driven, name: str, reference: str) -> tuple[str, str]:
    """Whose a container on a tour is, and what its owner calls it: looked up in the owner's own part."""
    for owner in BOTH:
        if owner == name:
            continue
        record = services.stores.joint_days.get(day.plan_id, owner)
        assert record is not None
        for one in load_part(record.document).entrusted:
            if reference in one.container_ids:
                return owner, one.container_ids[reference]
    return name, reference


def drive(day: Driven, services: Services) -> None:
    number = 0
    for (name, vehicle_id), bundle in day.bundles.items():
        events = day.events.setdefault((name, vehicle_id), [])
        for stop in bundle["stops"]:
            at = datetime.fromisoformat(stop["starts_at"])
            told: list[dict[str, Any]] = []
            if stop["kind"] == "start":
                told.append({"kind": "started"})
            elif stop["kind"] == "end":
                told.append({"kind": "returned"})
            elif stop["kind"] == "tip":
                told.append({"kind": "tipped", "disposal_site_id": stop["place_id"], "weight_kg": 1_500.0})
            for offset, one in enumerate(stop["containers"]):
                owner, own_id = owned(services, day, name, one["container_id"])
                instant = at + timedelta(seconds=offset)
                number += 1
                if number % 9 == 0:
                    day.blocked[owner].add(own_id)
                    told.append({"kind": "not_emptied", "container_id": one["container_id"], "code": "blocked_by_car"})
                else:
                    day.emptied[owner][own_id] = int(instant.timestamp())
                    told.append({"kind": "emptied", "container_id": one["container_id"], "fill_seen": "75"})
            for offset, fields in enumerate(told):
                events.append(
                    {
                        "event_id": f"{vehicle_id}-{len(events)}",
                        "sequence": len(events),
                        "at": (at + timedelta(seconds=offset)).isoformat(),
                        **fields,
                    }
                )


def kept_by(services: Services, name: str) -> dict[str, FillSeries]:
    until = datetime.fromisoformat(f"{DAY}T23:59:00+01:00")
    return dict(store_of(services, name).readings.history(as_of=until, days=2))


def test_every_emptying_of_a_joint_day_is_counted_once_by_its_owner(services: Services, driven: Driven) -> None:
    begins_s = datetime.fromisoformat(f"{DAY}T00:00:00+01:00").timestamp()
    crossings = 0
    for name in BOTH:
        kept = {
            one: [at_s for at_s in series.emptied_at_s.tolist() if at_s >= begins_s]
            for one, series in kept_by(services, name).items()
        }
        assert {one: told for one, told in kept.items() if told} == {
            one: [at_s] for one, at_s in driven.emptied[name].items()
        }
        abroad = [key for key, bundle in driven.bundles.items() if key[0] != name and f'"{name}"' in str(bundle)]
        crossings += len(abroad)
        on_own = {
            one["container_id"]
            for key, bundle in driven.bundles.items()
            if key[0] == name
            for stop in bundle["stops"]
            for one in stop["containers"]
        }
        crossings += len(driven.emptied[name].keys() - on_own)
    assert crossings > 0, "nobody crossed the border: the test proves nothing"


def test_levels_that_a_neighbours_crew_saw_are_in_the_owners_series(services: Services, driven: Driven) -> None:
    for name in BOTH:
        latest = store_of(services, name).readings.latest(list(driven.emptied[name]))
        assert latest.keys() == driven.emptied[name].keys()
        for container_id, at_s in driven.emptied[name].items():
            told = latest[container_id]
            assert (told.source, told.fill_fraction) == (Source.DRIVER, pytest.approx(0.75, abs=1e-6))
            assert told.observed_at.timestamp() == at_s


def test_tablet_is_told_what_driving_needs_of_a_neighbours_container_and_no_level(driven: Driven) -> None:
    foreign = 0
    for (name, _), text in driven.texts.items():
        other = KALLETAL if name == LEMGO else LEMGO
        town = TOWNS[other].town
        bundle = driven.bundles[name, next(v for n, v in driven.texts if n == name and driven.texts[n, v] == text)]
        hidden = {one.container_id for one in town.containers} | {one.site_id for one in town.containers}
        hidden |= {one.vehicle_id for one in town.vehicles}
        assert not [one for one in hidden if f'"{one}"' in text]
        for stop in bundle["stops"]:
            for one in stop["containers"]:
                if one.get("owner_id") != other:
                    assert "expected_fraction" in one
                    continue
                foreign += 1
                assert set(one) == {
                    "container_id", "owner_id", "stream", "capacity_l", "system", "side", "address", "hours", "location"
                }  # fmt: skip
                place = (one["location"]["lon_deg"], one["location"]["lat_deg"])
                assert place in {(each.location.lon_deg, each.location.lat_deg) for each in town.containers}
    assert foreign > 0


def test_each_town_has_its_own_part_settled_and_the_driven_shares_pay_the_driven_day(
    offices: dict[str, Office], driven: Driven
) -> None:
    bills = {
        name: offices[name].get(f"/v1/joint-days/{driven.plan_id}/settlement").raise_for_status().json()
        for name in BOTH
    }
    paid = sum(
        one["driven"][key]
        for one in bills.values()
        for key in ("share_micro_eur", "extra_micro_eur", "beyond_micro_eur")
    )
    assert {one["joint_driven_micro_eur"] for one in bills.values()} == {paid}
    for name, bill in bills.items():
        assert bill["planned"]["party_id"] == name
        assert bill["driven"]["emptied"] == len(driven.emptied[name])
        assert bill["driven"]["not_emptied"] == len(driven.blocked[name])
        assert bill["planned_lifts"] == len(driven.emptied[name]) + len(driven.blocked[name])
        assert bill["driven"]["share_micro_eur"] <= bill["planned"]["alone_micro_eur"]
        assert bill["tours_without_report"] == 0
    planned = sum(one["planned"]["share_micro_eur"] + one["planned"]["extra_micro_eur"] for one in bills.values())
    # Cents are lost where a tour's cost is written down.
    assert bills[LEMGO]["joint_planned_micro_eur"] == pytest.approx(planned, abs=20_000 * bills[LEMGO]["tours"])
    tips = sum(event["kind"] == "tipped" for events in driven.events.values() for event in events)
    total_kg = sum(one["driven"]["kg"] for one in bills.values())
    assert total_kg == pytest.approx(1_500 * tips, rel=0.01)
    assert offices[STRANGER].get(f"/v1/joint-days/{driven.plan_id}/settlement").status_code == 404


@pytest.mark.usefixtures("driven")
def test_event_about_a_neighbours_container_is_refused_outside_the_joint_tour(
    opened: httpx.Client, services: Services, driven: Driven
) -> None:
    (name, vehicle_id), bundle = next(
        (key, one)
        for key, one in driven.bundles.items()
        if any(each.get("owner_id", key[0]) != key[0] for stop in one["stops"] for each in stop["containers"])
    )
    reference = next(
        one["container_id"]
        for stop in bundle["stops"]
        for one in stop["containers"]
        if one.get("owner_id", name) != name
    )
    other = KALLETAL if name == LEMGO else LEMGO
    own_name = owned(services, driven, name, reference)[1]
    at = f"{DAY}T10:00:00+01:00"
    strange = [
        {"event_id": "x-1", "sequence": 1, "at": at, "kind": "emptied", "container_id": own_name},
        {"event_id": "x-2", "sequence": 2, "at": at, "kind": "emptied", "container_id": f"{driven.plan_id}:9999"},
        {"event_id": "x-3", "sequence": 3, "at": at, "kind": "emptied", "container_id": f"{'0' * 32}:1"},
    ]
    told = send(opened, services, name, vehicle_id, strange)
    assert [one["code"] for one in told["results"]] == ["unknown_container"] * 3
    theirs = TOWNS[other].town.vehicles[0].vehicle_id
    crossed = [{"event_id": "x-4", "sequence": 1, "at": at, "kind": "emptied", "container_id": reference}]
    assert send(opened, services, other, theirs, crossed)["results"][0]["code"] == "unknown_container"
    assert reference not in str(kept_by(services, other).keys())


def test_no_operation_tells_a_town_what_its_neighbour_calls_its_things(
    opened: httpx.Client, offices: dict[str, Office], driven: Driven
) -> None:
    paths = [
        path.replace("{plan_id}", driven.plan_id).replace("{day}", DAY.isoformat())
        for path, item in opened.get("/openapi.json", headers=offices[LEMGO].headers).json()["paths"].items()
        if "get" in item and "events" not in path and "{" not in path.replace("{plan_id}", "")
    ]
    assert f"/v1/joint-days/{driven.plan_id}/settlement" in paths
    looked_at = 0
    for name, other in ((LEMGO, KALLETAL), (KALLETAL, LEMGO)):
        town = TOWNS[other].town
        names = {one.container_id for one in town.containers} | {one.site_id for one in town.containers}
        names |= {one.vehicle_id for one in town.vehicles} | {one.depot_id for one in town.depots}
        tours = [
            f"/v1/tours/{vehicle}{rest}"
            for vehicle in (one.vehicle_id for one in (*TOWNS[name].town.vehicles, *town.vehicles))
            for rest in (f"?date={DAY}", f"/bundle?date={DAY}", f"/state?date={DAY}", f"/changes?date={DAY}&since=0")
        ]
        own_tours = [f"/v1/plans/{driven.plan_id}/tours/{one.vehicle_id}" for one in TOWNS[name].town.vehicles]
        foreign = [f"/v1/containers/{one.container_id}" for one in town.containers[:3]]
        for path in (*paths, *tours, *own_tours, *foreign):
            answer = offices[name].get(path)
            assert answer.status_code < 500, path
            text = answer.text
            # What was asked for may be named in a refusal; nothing else of the neighbour's may.
            assert not [one for one in names if one in text and one not in path], path
            looked_at += 1
    assert looked_at > 40


def test_what_a_town_cannot_do_alone_with_a_joint_plan_is_refused_with_what_to_do(
    opened: httpx.Client, offices: dict[str, Office], driven: Driven
) -> None:
    for name in BOTH:
        office, path = offices[name], f"/v1/plans/{driven.plan_id}"
        etag = office.get(path).json()["etag"]
        edit = {"edits": [{"op": "exclude", "container_id": f"{name}-000"}]}
        what_if = {"name": "x", "base_plan_id": driven.plan_id, "changes": [{"op": "demand.scale", "factor": 2}]}
        answers = [
            opened.patch(path, json=edit, headers={**office.headers, "If-Match": f'"{etag}"'}),
            office.get(f"{path}/explain?container={name}-000"),
            office.post("/v1/scenarios", what_if),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (409, "joint_plan"), answer.text
            assert "without partners" in answer.json()["detail"]
        sheets = office.get(f"{path}/compliance").json()["tours"]
        own = {vehicle for town, vehicle in driven.bundles if town == name}
        assert {one["vehicle_id"] for one in sheets} == own


def test_incident_on_a_joint_tour_is_kept_and_says_what_to_do(
    opened: httpx.Client, services: Services, offices: dict[str, Office], driven: Driven
) -> None:
    (name, vehicle_id) = next(iter(driven.bundles))
    place = {"lon_deg": 8.9, "lat_deg": 52.03}
    tablet = tablet_of(opened, services, name, vehicle_id)
    for body in ({"kind": "breakdown"}, {"kind": "road_closed", "location": place}):
        answer = tablet.post("/v1/incidents", {"day": DAY.isoformat(), "vehicle_id": vehicle_id, **body})
        assert answer.status_code == 202, answer.text
        told = answer.json()
        assert told["proposal"] is None
        assert "without partners" in told["notice"]["en"]
        assert "ohne Partner" in told["notice"]["de"]
        kept = offices[name].get(f"/v1/incidents/{told['incident_id']}").json()
        assert (kept["state"], kept["notice"]) == ("open", told["notice"])
        accepted = offices[name].post(f"/v1/incidents/{told['incident_id']}/accept").json()
        assert (accepted["state"], accepted["notice"]) == ("accepted", None)
    closed = {one["closure_id"] for one in offices[name].get("/v1/closures").json()["closures"]}
    assert told["closure_id"] in closed


def test_joint_day_whose_agreement_ended_is_not_released(offices: dict[str, Office], driven: Driven) -> None:
    lemgo, kalletal = offices[LEMGO], offices[KALLETAL]
    plan = lemgo.plan(partners=[KALLETAL])
    path = f"/v1/joint-days/{plan['plan_id']}/release"
    assert lemgo.post(path).status_code == 200
    kalletal.post(f"/v1/agreements/{driven.agreement_id}/withdraw").raise_for_status()
    refused = kalletal.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "agreement_unusable")
    assert offices[KALLETAL].get(f"/v1/joint-days/{driven.plan_id}").json()["release"]["is_released"]


def test_town_that_releases_another_plan_has_left_the_joint_day(
    opened: httpx.Client, offices: dict[str, Office], driven: Driven
) -> None:
    own = offices[KALLETAL].plan(policy="all")
    opened.post(
        f"/v1/plans/{own['plan_id']}/release",
        headers={**offices[KALLETAL].headers, "If-Match": f'"{own["etag"]}"'},
    ).raise_for_status()
    told = offices[LEMGO].get(f"/v1/joint-days/{driven.plan_id}").json()["release"]
    assert told["left_by"] == [KALLETAL]
    refused = offices[LEMGO].post(f"/v1/joint-days/{driven.plan_id}/release")
    assert (refused.status_code, refused.json()["code"]) == (409, "joint_plan")
    assert KALLETAL in refused.json()["detail"]
