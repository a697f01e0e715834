"""Facts beat plans: whatever crews report, the new plan keeps it, and keeps the rules for the rest."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Plan, ReasonCode, StopKind, Tour
from optimizer.domain.tour_event import EventKind, ExceptionCode, TourEvent
from optimizer.domain.town import Town
from optimizer.planning.driven_plan import driven_plan
from optimizer.planning.replan import replan_day
from optimizer.planning.tour_progress import fold_events
from tests.unit.optimizer.planning.running_days import LIMITS, at, running_plan, running_ports, running_town
from tests.unit.optimizer.planning.told_days import progress_of, told_day

PORTS = running_ports()
N_TOWNS = 4


@cache
def day(seed: int) -> tuple[Town, Plan]:
    town = running_town(seed)
    return town, running_plan(town, PORTS)


def replanned(town: Town, plan: Plan, events: list[TourEvent], now: datetime) -> tuple[Plan, Plan]:
    driven, state = driven_plan(plan, progress_of(events), town, PORTS.router, now=now)
    made = replan_day(
        driven,
        town,
        state,
        PORTS,
        LIMITS,
        plan_id="after",
        generated_at=datetime(2026, 3, 3, tzinfo=UTC),
        solver="greedy",
    )
    return driven, made.plan


def containers_in(plan: Plan) -> Counter[str]:
    emptied = [one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections]
    return Counter([*emptied, *(one.container_id for one in plan.unserved)])


def tour_of(plan: Plan, vehicle_id: str) -> Tour:
    return next(one for one in plan.tours if one.vehicle_id == vehicle_id)


def event(number: int, kind: EventKind, clock: str, container: str | None = None, **more: object) -> TourEvent:
    vehicle_id = str(more.pop("vehicle_id", "T-1"))
    return TourEvent(
        event_id=f"{vehicle_id}-{number}",
        vehicle_id=vehicle_id,
        sequence=number,
        device_at=at(clock),
        kind=kind,
        container_id=container,
        **more,  # type: ignore[arg-type]  # the tests name fields of the event
    )


instants = st.integers(6 * 60, 16 * 60).map(lambda minutes: at(f"{minutes // 60:02d}:{minutes % 60:02d}"))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, N_TOWNS - 1), instants, st.integers(0, 10**6))
def test_driven_plan_keeps_every_fact_and_loses_no_container(seed: int, now: datetime, chance: int) -> None:
    town, plan = day(seed)
    events = told_day(plan, now, Random(chance))
    driven, state = driven_plan(plan, progress_of(events), town, PORTS.router, now=now)
    progress = progress_of(events)
    emptied = {name for one in progress.values() for name in one.emptied}
    settled = {
        name
        for one in progress.values()
        for name, told in one.not_emptied.items()
        if told.code is ExceptionCode.ALREADY_EMPTIED
    }
    counts = containers_in(driven)
    assert not {name for name, times in counts.items() if times > 1}
    assert set(counts) | settled == set(containers_in(plan)) | emptied | settled
    done = {
        one.container_id
        for tour in driven.tours
        if tour.vehicle_id in progress
        for stop in tour.stops[: tour.done_stops]
        for one in stop.collections
    }
    assert done == emptied
    to_come = {
        one.container_id for tour in driven.tours for stop in tour.stops[tour.done_stops :] for one in stop.collections
    }
    assert not to_come & (emptied | settled | state.blocked)
    for tour in driven.tours:
        assert all(
            one.departs_at <= two.arrives_at <= two.starts_at <= two.departs_at
            for one, two in pairwise(tour.stops)
            if tour.vehicle_id in progress
        )
        assert all(stop.departs_at <= now for stop in tour.stops[: tour.done_stops] if tour.vehicle_id in progress)
        assert [stop.sequence for stop in tour.stops] == list(range(len(tour.stops)))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, N_TOWNS - 1), instants, st.integers(0, 10**6))
def test_new_plan_from_what_was_driven_is_lawful(seed: int, now: datetime, chance: int) -> None:
    town, plan = day(seed)
    events = told_day(plan, now, Random(chance))
    driven, new = replanned(town, plan, events, now)
    assert [str(one) for one in check_plan(new, town, PORTS.router)] == []
    assert set(containers_in(new)) == set(containers_in(driven))
    for tour in driven.tours:
        if tour.vehicle_id in progress_of(events) and tour.done_stops:
            facts = [
                (stop.kind, stop.place_id, stop.departs_at, stop.collections) for stop in tour.stops[: tour.done_stops]
            ]
            after = tour_of(new, tour.vehicle_id).stops[: tour.done_stops]
            assert [(stop.kind, stop.place_id, stop.departs_at, stop.collections) for stop in after] == facts


@settings(max_examples=5, deadline=None)
@given(st.integers(0, N_TOWNS - 1), st.integers(7 * 60, 11 * 60), st.integers(0, 10**6))
def test_a_driven_day_may_be_planned_anew_again_and_again(seed: int, minute: int, chance: int) -> None:
    town, plan = day(seed)
    first_at = at(f"{minute // 60:02d}:{minute % 60:02d}")
    later_at = first_at + timedelta(minutes=70)
    _, once = replanned(town, plan, told_day(plan, first_at, Random(chance)), first_at)
    # The crews go on as they would have; what they report is the whole day each time.
    events = told_day(plan, later_at, Random(chance))
    _, twice = replanned(town, once, events, later_at)
    assert [str(one) for one in check_plan(twice, town, PORTS.router)] == []


def test_driven_plan_leaves_a_day_without_reports_as_planned() -> None:
    town, plan = day(1)
    driven, state = driven_plan(plan, {}, town, PORTS.router, now=at("09:00"))
    assert driven.tours == plan.tours
    assert driven.unserved == plan.unserved
    assert state.vehicles == ()


def test_measured_weights_replace_expected_ones() -> None:
    town, plan = day(1)
    tour = tour_of(plan, "T-1")
    first, second = [stop for stop in tour.stops if stop.kind is StopKind.COLLECT][:2]
    weighed, other = first.collections[0].container_id, second.collections[0].container_id
    events = [
        event(0, EventKind.STARTED, "06:05"),
        event(1, EventKind.EMPTIED, "06:30", weighed, weight_kg=77.0),
        event(2, EventKind.EMPTIED, "06:50", other),
    ]
    driven, _ = driven_plan(plan, {"T-1": fold_events("T-1", events)}, town, PORTS.router, now=at("07:00"))
    stops = tour_of(driven, "T-1").stops
    assert stops[1].load_kg == 77.0
    assert stops[2].load_kg == pytest.approx(77.0 + second.collections[0].expected_kg, abs=0.2)
    assert [stop.departs_at for stop in stops[:3]] == [at("06:05"), at("06:30"), at("06:50")]
    tipped = [*events, event(3, EventKind.TIPPED, "07:30", disposal_site_id="tip-1", weight_kg=1_000.0)]
    driven, _ = driven_plan(plan, {"T-1": fold_events("T-1", tipped)}, town, PORTS.router, now=at("08:00"))
    stops = tour_of(driven, "T-1").stops
    assert stops[2].load_kg == pytest.approx(1_000.0, abs=0.5)
    assert (stops[3].kind, stops[3].place_id, stops[3].load_kg) == (StopKind.TIP, "tip-1", 0.0)


def test_container_emptied_by_another_vehicle_leaves_the_rest_of_its_own() -> None:
    town, plan = day(1)
    theirs = next(stop for stop in tour_of(plan, "T-2").stops[-8:] if stop.kind is StopKind.COLLECT)
    name = theirs.collections[0].container_id
    events = [event(0, EventKind.STARTED, "06:05"), event(1, EventKind.EMPTIED, "06:40", name)]
    driven, _ = driven_plan(plan, {"T-1": fold_events("T-1", events)}, town, PORTS.router, now=at("07:00"))
    left = {one.container_id for stop in tour_of(driven, "T-2").stops for one in stop.collections}
    assert name not in left
    assert name in {one.container_id for one in tour_of(driven, "T-1").stops[1].collections}


def test_refused_container_is_blocked_and_says_why_in_both_languages() -> None:
    town, plan = day(1)
    stop = next(one for one in tour_of(plan, "T-1").stops if one.kind is StopKind.COLLECT)
    name = stop.collections[0].container_id
    events = [
        event(0, EventKind.STARTED, "06:05"),
        event(1, EventKind.NOT_EMPTIED, "06:30", name, code=ExceptionCode.BLOCKED_BY_CAR),
    ]
    driven, state = driven_plan(plan, {"T-1": fold_events("T-1", events)}, town, PORTS.router, now=at("07:00"))
    assert state.blocked == {name}
    told = next(one for one in driven.unserved if one.container_id == name)
    assert told.reason is ReasonCode.EXCLUDED
    assert "blocked by a car" in told.message
    assert "Zugeparkt" in told.message_de


def test_two_vehicles_that_claim_one_container_are_named_and_the_first_counts() -> None:
    town, plan = day(1)
    name = next(stop for stop in tour_of(plan, "T-1").stops if stop.collections).collections[0].container_id
    ours = [event(0, EventKind.STARTED, "06:05"), event(1, EventKind.EMPTIED, "06:30", name)]
    theirs = [
        event(0, EventKind.STARTED, "06:05", vehicle_id="T-2"),
        event(1, EventKind.EMPTIED, "06:20", name, vehicle_id="T-2"),
    ]
    heard = {one: fold_events(one, [*ours, *theirs]) for one in ("T-1", "T-2")}
    driven, _ = driven_plan(plan, heard, town, PORTS.router, now=at("07:00"))
    assert containers_in(driven)[name] == 1
    assert any(one.container_id == name for stop in tour_of(driven, "T-2").stops for one in stop.collections)
    assert any(one.startswith("emptied_twice") and name in one for one in driven.warnings)


def test_vehicle_that_came_home_early_leaves_its_rest_to_others() -> None:
    town, plan = day(1)
    events = [event(0, EventKind.STARTED, "06:05"), event(1, EventKind.RETURNED, "07:00")]
    driven, new = replanned(town, plan, events, at("07:30"))
    left = {one.container_id for one in driven.unserved}
    assert {one.container_id for stop in tour_of(plan, "T-1").stops for one in stop.collections} <= left
    assert tour_of(driven, "T-1").stops[-1].kind is StopKind.END
    assert tour_of(new, "T-1").stops == tour_of(driven, "T-1").stops


def test_full_and_broken_down_vehicles_are_so_in_the_state() -> None:
    town, plan = day(1)
    events = [
        event(0, EventKind.STARTED, "06:05"),
        event(1, EventKind.FULL, "07:00"),
        event(0, EventKind.STARTED, "06:05", vehicle_id="T-2"),
        event(1, EventKind.BROKEN_DOWN, "07:00", vehicle_id="T-2"),
    ]
    heard = {one: fold_events(one, events) for one in ("T-1", "T-2")}
    _, state = driven_plan(plan, heard, town, PORTS.router, now=at("07:30"))
    found = {one.vehicle_id: (one.is_full, one.is_out_of_service, one.is_heading_to_next) for one in state.vehicles}
    assert found == {"T-1": (True, False, False), "T-2": (False, True, False)}
