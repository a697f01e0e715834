"""Tablets against a real server: what they take along, what they report, and what a second report changes (nothing)."""

import base64
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.identity.access_keys import mint_key
from api.store.tenant_ports import Role
from api.tablet.signature import is_signed_by
from optimizer.domain.plan import Plan
from optimizer.planning.tour_progress import TourProgress, fold_events
from tests.flow.http_samples import NOW, key_for, served, services_in, store_of
from tests.flow.tablet_days import DAY, busiest, event, release, released_plan, shift_of_events, small_plan

TEN = NOW + timedelta(hours=6)
LATER = NOW + timedelta(days=1)
CONTAINERS = [f"P-{number:03d}" for number in range(12)]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = services_in(tmp_path_factory.mktemp("tablet"), has_keys=True)
    object.__setattr__(made, "now", lambda: LATER)
    return made


@pytest.fixture(scope="module")
def plan(services: Services) -> Plan:
    return released_plan(services)


@pytest.fixture(scope="module")
def client(services: Services, plan: Plan) -> Iterator[httpx.Client]:
    del plan
    with served(create_app(services)) as opened:
        opened.headers["authorization"] = f"Bearer {key_for(services, Role.DRIVER)}"
        yield opened


def send(
    client: httpx.Client,
    events: list[dict[str, object]],
    *,
    vehicle: str = "LUE-1",
    day: str = "2026-03-02",
    **more: object,
) -> httpx.Response:
    return client.post(f"/v1/tours/{vehicle}/events", json={"day": day, "events": events, **more})


def results_of(answer: httpx.Response) -> dict[str, tuple[str, str]]:
    assert answer.status_code == 207, answer.text
    return {one["event_id"]: (one["status"], one["code"]) for one in answer.json()["results"]}


def state_of(services: Services, day: str, vehicle: str = "LUE-1") -> tuple[TourProgress, object]:
    store = store_of(services)
    when = datetime.fromisoformat(day).date()
    progress = fold_events(vehicle, store.tour_events.of_day(when).get(vehicle, []))
    history = store.readings.history(as_of=LATER + timedelta(days=400), days=4000)
    levels = {
        name: (one.glanced_at_s.tolist(), one.glance_fraction.tolist(), one.emptied_at_s.tolist())
        for name, one in history.items()
    }
    return progress, levels


def shifted(events: list[dict[str, object]], days: int, prefix: str) -> list[dict[str, object]]:
    """The same shift on another day, so that tests do not meet."""
    return [
        one
        | {
            "event_id": f"{prefix}{one['event_id']}",
            "at": (datetime.fromisoformat(str(one["at"])) - timedelta(days=days)).isoformat(),
        }
        for one in events
    ]


def test_bundle_holds_the_whole_tour_and_its_signature_fits(client: httpx.Client, plan: Plan) -> None:
    vehicle = busiest(plan)
    answer = client.get(f"/v1/tours/{vehicle}/bundle", params={"date": "2026-03-02"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    tour = next(one for one in plan.tours if one.vehicle_id == vehicle)
    assert [stop["place_id"] for stop in document["stops"]] == [stop.place_id for stop in tour.stops]
    told = [one["container_id"] for stop in document["stops"] for one in stop["containers"]]
    assert told == [one.container_id for stop in tour.stops for one in stop.collections]
    assert {"code": "blocked_by_car", "en": "Blocked by a car", "de": "Zugeparkt"} in document["exceptions"]
    assert [one["disposal_site_id"] for one in document["disposal_sites"]] == ["plant"]
    assert document["links"]["sheet"].endswith("sheet.pdf?version=1")
    key = client.get("/v1/signing-key").json()
    assert answer.headers["x-fuhre-signing-key"] == key["key_id"]
    signature = answer.headers["x-fuhre-signature"]
    assert is_signed_by(key["public_key"], answer.content, signature)
    for at in range(0, len(answer.content), 97):
        changed = bytearray(answer.content)
        changed[at] ^= 1
        assert not is_signed_by(key["public_key"], bytes(changed), signature)
    assert not is_signed_by(key["public_key"], answer.content[:-1], signature)
    assert not is_signed_by(base64.b64encode(bytes(32)).decode(), answer.content, signature)


def test_bundle_is_confirmed_without_a_body_until_something_changes(
    client: httpx.Client, services: Services, plan: Plan
) -> None:
    address = f"/v1/tours/{busiest(plan)}/bundle?date=2026-03-02"
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address).content == first.content
    store = store_of(services).town
    stored = store.container("P-003")
    assert stored is not None
    store.put_container(replace(stored.container, address="Lange Straße 1"), if_match=stored.etag)
    changed = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert "Lange Straße 1" in changed.text


def test_tablet_gets_its_own_vehicle_only(client: httpx.Client, services: Services, plan: Plan) -> None:
    vehicle = busiest(plan)
    headers = {"authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id='LUE-9')}"}
    assert client.get(f"/v1/tours/{vehicle}/bundle?date=2026-03-02", headers=headers).status_code == 404
    assert client.get(f"/v1/tours/{vehicle}/changes?date=2026-03-02&since=1", headers=headers).status_code == 404
    body = {"day": "2026-03-02", "events": [event(1, "started")]}
    refused = client.post(f"/v1/tours/{vehicle}/events", json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    foreign = send(client, [event(77, "full", minute=1, prefix="own") | {"vehicle_id": "LUE-9"}], day="2026-02-20")
    assert results_of(foreign) == {"own-77": ("rejected", "foreign_vehicle")}


def test_shift_sent_twice_and_in_other_batches_changes_nothing(client: httpx.Client, services: Services) -> None:
    events = shifted(shift_of_events(CONTAINERS), 10, "twice-")
    day = "2026-02-20"
    began_s = time.monotonic()
    first = results_of(send(client, events, day=day))
    took_s = time.monotonic() - began_s
    state = state_of(services, day)
    assert results_of(send(client, events, day=day)) == first
    for start in range(0, len(events), 37):
        part = events[start : start + 37]
        assert results_of(send(client, part, day=day)) == {
            str(one["event_id"]): first[str(one["event_id"])] for one in part
        }
    assert state_of(services, day) == state
    assert len(first) == 300
    assert took_s <= 2.0
    assert len(state[0].emptied) == len(CONTAINERS)


def test_answer_that_was_lost_leaves_the_same_state_as_one_that_arrived(
    client: httpx.Client, services: Services
) -> None:
    events = shifted(shift_of_events(CONTAINERS, count=60), 12, "lost-")
    day = "2026-02-18"
    # The body is sent and committed; the answer is never read.
    with (
        httpx.Client(base_url=client.base_url, headers=client.headers, timeout=20) as dropped,
        dropped.stream("POST", "/v1/tours/LUE-1/events", json={"day": day, "events": events}),
    ):
        pass
    state = state_of(services, day)
    results = results_of(send(client, events, day=day))
    assert state_of(services, day) == state
    assert set(results) == {one["event_id"] for one in events}


def test_events_in_any_order_and_any_batches_give_one_state(client: httpx.Client, services: Services) -> None:
    base = shift_of_events(CONTAINERS, count=80)
    chance = random.Random(5)
    states = []
    for turn in range(20):
        vehicle, days = ("LUE-1", "LUE-2")[turn % 2], 20 + turn // 2
        events = shifted(base, days, f"{turn}-")
        chance.shuffle(events)
        day = (DAY - timedelta(days=days)).isoformat()
        size = chance.randint(5, 80)
        for start in range(0, len(events), size):
            results_of(send(client, events[start : start + size], vehicle=vehicle, day=day))
        progress, _ = state_of(services, day, vehicle)
        states.append(
            (
                [(one.container_id, one.kind, one.happened_at + timedelta(days=days)) for one in progress.facts],
                [(one.starts_at + timedelta(days=days), one.ends_at + timedelta(days=days)) for one in progress.breaks],
                progress.is_full,
            )
        )
    assert all(one == states[0] for one in states)


def test_readings_of_a_tour_are_the_same_in_any_order_of_arrival(client: httpx.Client, services: Services) -> None:
    """A button pressed twice, told in the wrong order: the first emptying counts, and only that is kept."""
    late = event(2, "emptied", minute=20, prefix="order", container_id="P-005", fill_seen="50")
    early = event(1, "emptied", minute=10, prefix="order", container_id="P-005", fill_seen="100")
    days = 60
    day = (DAY - timedelta(days=days)).isoformat()
    late, early = shifted([late, early], days, "")
    assert results_of(send(client, [late], day=day)) == {"order-2": ("accepted", "")}
    assert results_of(send(client, [early], day=day)) == {"order-1": ("accepted", "")}
    assert results_of(send(client, [late], day=day)) == {"order-2": ("accepted", "")}
    at_s = int(datetime.fromisoformat(str(early["at"])).timestamp())
    end = datetime.fromisoformat(f"{day}T23:59:00+00:00")
    series = store_of(services).readings.history(as_of=end, days=1)["P-005"]
    assert series.emptied_at_s.tolist() == [at_s]
    assert (series.glanced_at_s.tolist(), series.glance_fraction.tolist()) == ([at_s], [1.0])


def test_poison_among_three_hundred_loses_none_of_the_others(client: httpx.Client, services: Services) -> None:
    events = shifted(shift_of_events(CONTAINERS), 30, "poison-")
    day = (DAY - timedelta(days=30)).isoformat()
    events[150] = events[150] | {"kind": "emptied", "container_id": "nobody", "code": None, "disposal_site_id": None}
    events[151] = events[151] | {"kind": "exploded"}
    events[152] = {"what": "is this"}
    answer = send(client, events, day=day)
    results = results_of(answer)
    body = answer.json()
    assert body["rejected"] == 3
    assert body["accepted"] + body["duplicate"] + body["superseded"] == 297
    assert results[str(events[150]["event_id"])] == ("rejected", "unknown_container")
    assert results[str(events[151]["event_id"])] == ("rejected", "enum")
    assert results_of(send(client, events, day=day)) == results
    kept = [one for one in store_of(services).quarantine.all(limit=100) if one.source == "tablet"]
    bodies = [json.loads(one.body) for one in kept]
    assert {"withheld": []} in bodies, "that something came, though nothing of it may be kept"
    assert sum(one.get("container_id") == "nobody" for one in bodies) == 1


def test_unknown_container_is_taken_once_the_town_has_it(client: httpx.Client, services: Services) -> None:
    day = (DAY - timedelta(days=40)).isoformat()
    [late] = shifted([event(1, "emptied", prefix="new", container_id="P-900")], 40, "")
    assert results_of(send(client, [late], day=day)) == {"new-1": ("rejected", "unknown_container")}
    store = store_of(services).town
    like = store.container("P-001")
    assert like is not None
    store.put_container(replace(like.container, container_id="P-900"), if_match=None)
    assert results_of(send(client, [late], day=day)) == {"new-1": ("accepted", "")}
    assert "P-900" in state_of(services, day)[0].emptied


def test_other_content_under_a_known_id_is_refused_and_the_first_stays(
    client: httpx.Client, services: Services
) -> None:
    day = (DAY - timedelta(days=41)).isoformat()
    first, other = shifted(
        [
            event(1, "emptied", prefix="same", container_id="P-001"),
            event(1, "emptied", prefix="same", container_id="P-002"),
        ],
        41,
        "",
    )
    assert results_of(send(client, [first], day=day)) == {"same-1": ("accepted", "")}
    assert results_of(send(client, [other], day=day)) == {"same-1": ("rejected", "event_id_taken")}
    assert results_of(send(client, [first], day=day)) == {"same-1": ("accepted", "")}
    assert set(state_of(services, day)[0].emptied) == {"P-001"}


@pytest.mark.parametrize("wrong_by", [timedelta(hours=3), timedelta(days=-1), timedelta(days=-9500)])
def test_clock_that_is_wrong_is_put_right_by_when_it_sent(
    client: httpx.Client, services: Services, wrong_by: timedelta
) -> None:
    day = (DAY - timedelta(days=50)).isoformat()
    prefix = f"clock{wrong_by.total_seconds():.0f}"
    true_at = LATER - timedelta(hours=2)
    sent = event(1, "started", prefix=prefix) | {"at": (true_at + wrong_by).isoformat()}
    answer = send(client, [sent], vehicle="LUE-2", day=day, sent_at=(LATER + wrong_by).isoformat())
    assert results_of(answer) == {f"{prefix}-1": ("accepted", "")}
    known = {one.event_id: one for one in store_of(services).tour_events.of_day(DAY - timedelta(days=50))["LUE-2"]}
    one = known[f"{prefix}-1"]
    assert one.happened_at == true_at
    assert one.device_at == true_at + wrong_by


def test_event_from_the_future_happened_when_it_was_told_at_the_latest(
    client: httpx.Client, services: Services
) -> None:
    day = (DAY - timedelta(days=51)).isoformat()
    sent = event(1, "started", prefix="future") | {"at": (LATER + timedelta(hours=3)).isoformat()}
    assert results_of(send(client, [sent], day=day)) == {"future-1": ("accepted", "")}
    assert state_of(services, day)[0].started_at == LATER


def test_two_tablets_on_one_tour_lose_nothing_and_agree(client: httpx.Client, services: Services) -> None:
    day = (DAY - timedelta(days=52)).isoformat()
    base = shift_of_events(CONTAINERS, count=40)
    ours, theirs = shifted(base, 52, "one-"), shifted(base[20:], 52, "two-")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda part: results_of(send(client, part, day=day)), (ours, theirs)))
    assert sum(map(len, answers)) == 60
    events = store_of(services).tour_events.of_day(DAY - timedelta(days=52))["LUE-1"]
    assert len(events) == 60
    assert set(state_of(services, day)[0].emptied) == {
        str(one["container_id"]) for one in base if one["kind"] == "emptied"
    }


def test_expired_key_is_refused_and_the_upload_works_after_a_new_one(client: httpx.Client, services: Services) -> None:
    day = (DAY - timedelta(days=53)).isoformat()
    key, text = mint_key(
        tenant_id="lue", role=Role.DRIVER, label="old", now=NOW - timedelta(days=9), valid_days=1, subject_id="LUE-1"
    )
    services.stores.keys.add(key)
    events = shifted(shift_of_events(CONTAINERS, count=30), 53, "expired-")
    body = {"day": day, "events": events}
    headers = {"authorization": f"Bearer {text}"}
    assert client.post("/v1/tours/LUE-1/events", json=body, headers=headers).status_code == 401
    assert store_of(services).tour_events.of_day(DAY - timedelta(days=53)) == {}
    fresh = {"authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id='LUE-1')}"}
    answer = client.post("/v1/tours/LUE-1/events", json=body, headers=fresh)
    assert len(results_of(answer)) == 30


def test_revoked_key_fetches_nothing_and_reports_nothing(client: httpx.Client, services: Services, plan: Plan) -> None:
    day = DAY - timedelta(days=54)
    key, text = mint_key(tenant_id="lue", role=Role.DRIVER, label="stolen", now=NOW, subject_id=busiest(plan))
    services.stores.keys.add(key)
    headers = {"authorization": f"Bearer {text}"}
    address = f"/v1/tours/{busiest(plan)}"
    assert client.get(f"{address}/bundle?date=2026-03-02", headers=headers).status_code == 200
    services.stores.keys.revoke(key.key_id, at=NOW)
    ends_s = time.monotonic() + 60
    while client.get(f"{address}/bundle?date=2026-03-02", headers=headers).status_code != 401:
        assert time.monotonic() < ends_s
        time.sleep(0.1)
    body = {"day": day.isoformat(), "events": [event(1, "started", prefix="stolen")]}
    assert client.post(f"{address}/events", json=body, headers=headers).status_code == 401
    assert store_of(services).tour_events.of_day(day) == {}


def test_batches_that_are_too_large_or_for_no_vehicle_are_refused(client: httpx.Client) -> None:
    many = [event(number, "full", minute=number, prefix="many") for number in range(501)]
    assert send(client, many).status_code == 422
    assert send(client, many[:1], vehicle="LUE-7").status_code == 404
    assert send(client, []).status_code == 422


def test_newer_tablet_with_fields_of_its_own_is_understood(client: httpx.Client) -> None:
    day = (DAY - timedelta(days=55)).isoformat()
    [sent] = shifted([event(1, "started", prefix="newer") | {"mood": "good", "photo_ref": "x"}], 55, "")
    assert results_of(send(client, [sent], day=day, app_version="9.1")) == {"newer-1": ("accepted", "")}


def test_changes_after_a_new_release_are_told_and_what_is_done_is_pinned(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    plan = released_plan(services)
    vehicle = busiest(plan)
    tour = next(one for one in plan.tours if one.vehicle_id == vehicle)
    first, *_, last = [stop for stop in tour.stops if stop.collections]
    with served(create_app(services)) as client:
        address = f"/v1/tours/{vehicle}/changes?date=2026-03-02&since=1"
        assert client.get(address).json()["is_unchanged"]
        done = first.collections[0].container_id
        send(client, [event(1, "started"), event(2, "emptied", minute=9, container_id=done)], vehicle=vehicle)
        shorter = small_plan("b" * 32)
        kept = tuple(
            replace(
                one, stops=tuple(stop for stop in one.stops if stop.place_id not in {first.place_id, last.place_id})
            )
            if one.vehicle_id == vehicle
            else one
            for one in shorter.tours
        )
        second = release(store_of(services), replace(shorter, tours=kept))
        told = client.get(address).json()
    assert told["release"] == second
    assert not told["is_unchanged"]
    assert [one["stop"] for one in told["removed"]] == [last.place_id]
    assert done in told["pinned_container_ids"]
    assert not any(one["stop"] == first.place_id for one in told["removed"])


@pytest.mark.parametrize("batches", [[[0, 1, 2, 3, 4, 5]], [[5], [3, 4], [0, 1], [2]], [[4, 5], [0, 1, 2, 3]]])
def test_tour_that_is_over_leaves_the_same_lesson_in_whatever_order_it_is_told(
    batches: list[list[int]], client: httpx.Client, services: Services
) -> None:
    days = 70 + len(batches)
    day = DAY - timedelta(days=days)
    base = [
        event(0, "started"),
        *(event(n, "emptied", minute=5 * n, container_id=f"P-{2 * n:03d}", fill_seen="50") for n in (1, 2, 3)),
        event(4, "tipped", minute=40, disposal_site_id="plant", weight_kg=450),
        event(5, "returned", minute=60),
    ]
    for batch in batches:
        told = [base[number] for number in batch]
        results_of(send(client, shifted(told, days, f"lesson-{len(batches)}-"), day=day.isoformat()))
    [lesson] = store_of(services).tour_events.lessons(since=day, until=day + timedelta(days=1))
    assert json.loads(lesson)["loads"] == [{"stream": "paper", "kg": 450.0, "litres": 4500.0}]
