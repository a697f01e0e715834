"""Days cut at any instant: the new plan keeps every rule and every fact, and changes little."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.checking.check_plan import check_plan
from optimizer.domain.day_state import BreakTaken, DayState, VehicleState, state_on_plan
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan, ReasonCode, Stop, StopKind
from optimizer.domain.request import SolveLimits
from optimizer.domain.town import Town
from optimizer.planning.replan import Replan, replan_day
from optimizer.problem.under_way import under_way
from optimizer.search.sisr import SisrSolver
from routing.location import Location
from tests.unit.optimizer.planning.running_days import LIMITS, at, running_plan, running_ports, running_town

PORTS = running_ports()
N_TOWNS = 4


@cache
def day(seed: int) -> tuple[Town, Plan]:
    town = running_town(seed)
    plan = running_plan(town, PORTS)
    assert check_plan(plan, town, PORTS.router) == ()
    return town, plan


def replanned(town: Town, plan: Plan, state: DayState) -> Replan:
    return replan_day(
        plan,
        town,
        state,
        PORTS,
        LIMITS,
        plan_id="after",
        generated_at=datetime(2026, 3, 3, tzinfo=UTC),
        solver="greedy",
    )


def emptied_by(plan: Plan) -> dict[str, str]:
    return {one.container_id: tour.vehicle_id for tour in plan.tours for stop in tour.stops for one in stop.collections}


def all_containers(plan: Plan) -> list[str]:
    return sorted([*emptied_by(plan), *(one.container_id for one in plan.unserved)])


def done(plan: Plan, vehicle_id: str, now: datetime) -> list[Stop]:
    tour = next(one for one in plan.tours if one.vehicle_id == vehicle_id)
    return list(tour.stops[: sum(stop.departs_at <= now for stop in tour.stops)])


def lawful(town: Town, new: Plan) -> None:
    assert [str(one) for one in check_plan(new, town, PORTS.router)] == []


instants = st.integers(5 * 60, 15 * 60).map(lambda minutes: at(f"{minutes // 60:02d}:{minutes % 60:02d}"))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, N_TOWNS - 1), instants, st.randoms(use_true_random=False))
def test_new_plan_is_lawful_and_keeps_facts_pins_and_exclusions(seed: int, now: datetime, chance: object) -> None:
    town, plan = day(seed)
    rest = sorted(
        one.container_id
        for tour in plan.tours
        for stop in tour.stops
        if stop.arrives_at > now + timedelta(hours=1)
        for one in stop.collections
    )
    chosen = chance.sample(rest, min(6, len(rest)))  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    pins = {one: chance.choice(town.vehicles).vehicle_id for one in chosen[:2]}  # type: ignore[attr-defined]  # as above
    if len({one.rsplit("-", 1)[0] for one in pins}) < len(pins):
        pins = dict([*pins.items()][:1])  # containers of one site may be one stop, which has one vehicle
    state = DayState(now=now, pins=pins, blocked=frozenset(chosen[2:4]), excluded=frozenset(chosen[4:]))
    new = replanned(town, plan, state).plan
    lawful(town, new)
    assert all_containers(new) == all_containers(plan)
    before, after = emptied_by(plan), emptied_by(new)
    assert not set(after) & (state.blocked | state.excluded)
    assert all(after[one] == vehicle_id for one, vehicle_id in pins.items() if one in after)
    for tour in plan.tours:
        facts = done(plan, tour.vehicle_id, now)
        if facts[1:]:
            assert (
                list(next(one for one in new.tours if one.vehicle_id == tour.vehicle_id).stops[: len(facts)]) == facts
            )
    assert all(stop.arrives_at >= now for tour in new.tours for stop in tour.stops[tour.done_stops :])
    assert before.keys() >= after.keys()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, N_TOWNS - 1), instants, st.integers(0, 2))
def test_breakdown_at_any_instant_leaves_a_lawful_plan(seed: int, now: datetime, which: int) -> None:
    town, plan = day(seed)
    tour = plan.tours[which % len(plan.tours)]
    new = replanned(town, plan, DayState(now=now, vehicles=(state_on_plan(tour, now, is_out_of_service=True),))).plan
    lawful(town, new)
    assert all_containers(new) == all_containers(plan)
    facts = done(plan, tour.vehicle_id, now)
    broken = [one for one in new.tours if one.vehicle_id == tour.vehicle_id]
    assert [list(one.stops[: len(facts)]) for one in broken] == ([facts] if facts else [])
    # Nothing follows but where it stands, unless it was home already.
    assert all({stop.kind for stop in one.stops[len(facts) :]} <= {StopKind.POSITION} for one in broken)
    assert all(one.is_cut_short != (one.stops[-1].kind is StopKind.END) for one in broken)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, N_TOWNS - 1), st.integers(7 * 60, 10 * 60), st.integers(15, 120))
def test_a_day_may_be_planned_anew_again_and_again(seed: int, minute: int, later: int) -> None:
    town, plan = day(seed)
    first_at = at(f"{minute // 60:02d}:{minute % 60:02d}")
    broken = state_on_plan(plan.tours[0], first_at, is_out_of_service=True)
    once = replanned(town, plan, DayState(now=first_at, vehicles=(broken,))).plan
    twice = replanned(town, once, DayState(now=first_at + timedelta(minutes=later))).plan
    lawful(town, twice)
    assert all_containers(twice) == all_containers(plan)


def test_breakdown_gives_its_stops_to_others_and_moves_few_more() -> None:
    town, plan = day(1)
    now = at("08:30")
    broken = state_on_plan(plan.tours[0], now, is_out_of_service=True)
    replan = replanned(town, plan, DayState(now=now, vehicles=(broken,)))
    lawful(town, replan.plan)
    vehicle_id = plan.tours[0].vehicle_id
    assert {one.from_vehicle_id for one in replan.diff.moved} >= {vehicle_id}
    assert replan.moved_by_choice_fraction <= 0.15
    cut = next(one for one in replan.plan.tours if one.vehicle_id == vehicle_id)
    assert cut.is_cut_short
    assert cut.stops[-1].load_kg > 0
    assert any(one.startswith(f"breakdown: {vehicle_id}") for one in replan.plan.warnings)
    assert replan.diff.difference.distance_m == replan.plan.totals.distance_m - plan.totals.distance_m


@pytest.mark.parametrize("most_moved_fraction", [0.0, 0.1])
def test_no_more_move_than_allowed_however_cheap_it_is(most_moved_fraction: float) -> None:
    town, plan = day(2)
    now = at("08:30")
    broken = state_on_plan(plan.tours[2], now, is_out_of_service=True)
    state = DayState(now=now, vehicles=(broken,), change_cost_eur=0.0, most_moved_fraction=1.0)
    ports, limits = running_ports(SisrSolver()), SolveLimits(time_limit_s=None, iteration_limit=3_000)
    free, held = (
        replan_day(plan, town, one, ports, limits, plan_id="b", generated_at=datetime(2026, 3, 3, tzinfo=UTC))
        for one in (state, replace(state, most_moved_fraction=most_moved_fraction))
    )
    lawful(town, held.plan)
    assert free.moved_by_choice_fraction > 0.3, "the day says nothing"
    assert held.moved_by_choice_fraction <= most_moved_fraction
    assert len(held.plan.unserved) <= len(free.plan.unserved)


def test_nothing_new_changes_nothing_much() -> None:
    town, plan = day(2)
    replan = replanned(town, plan, DayState(now=at("09:00"), change_cost_eur=100))
    lawful(town, replan.plan)
    assert replan.diff.moved == ()
    assert replan.diff.dropped == ()
    assert replan.plan.totals.cost_eur <= plan.totals.cost_eur + 1


def test_full_vehicle_tips_before_it_collects_again() -> None:
    town, plan = day(1)
    now = at("08:00")
    tour = next(
        one for one in plan.tours if any(stop.kind is StopKind.COLLECT for stop in done(plan, one.vehicle_id, now)[-1:])
    )
    told = replace(state_on_plan(tour, now), is_heading_to_next=False, is_full=True)
    new = replanned(town, plan, DayState(now=now, vehicles=(told,))).plan
    lawful(town, new)
    rest = next(one for one in new.tours if one.vehicle_id == tour.vehicle_id)
    halts = [stop.kind for stop in rest.stops[rest.done_stops :] if stop.kind is not StopKind.BREAK]
    assert halts[0] is StopKind.TIP


@pytest.mark.parametrize("minute", [7 * 60, 9 * 60, 11 * 60])
def test_limit_of_a_day_counts_what_was_collected_before(minute: int) -> None:
    town, plan = day(1)
    now = at(f"{minute // 60:02d}:{minute % 60:02d}")
    kg_of = {
        tour.vehicle_id: sum(ceil(one.expected_kg) for stop in tour.stops for one in stop.collections)
        for tour in plan.tours
    }
    least = min(kg_of, key=lambda vehicle_id: kg_of[vehicle_id])
    limited = replace(town, vehicles=tuple(replace(one, max_day_kg=kg_of[least]) for one in town.vehicles))
    before = next(one for one in plan.tours if one.vehicle_id == least)
    gone = done(plan, least, now) or list(before.stops[:1])
    way = under_way(gone, limited, vehicle_id=least, midnight_at=at("00:00"))
    collected_kg = sum(one.expected_kg for stop in gone for one in stop.collections)
    assert way.collected_kg == pytest.approx(collected_kg, abs=1 + 0.1 * len(gone))
    others = replace(plan, tours=(before,))
    assert "too_much_in_a_day" not in {one.code for one in check_plan(others, limited, PORTS.router)}
    assert "too_much_in_a_day" in {one.code for one in check_plan(plan, limited, PORTS.router)}
    new = replanned(limited, plan, DayState(now=now)).plan
    lawful(limited, new)
    for tour in new.tours:
        whole_kg = sum(one.expected_kg for stop in tour.stops for one in stop.collections)
        past_kg = sum(one.expected_kg for stop in tour.stops[: tour.done_stops] for one in stop.collections)
        assert whole_kg <= max(kg_of[least], past_kg) + 0.1 * len(tour.stops)


def test_vehicle_seen_elsewhere_goes_on_from_there() -> None:
    town, plan = day(3)
    now = at("09:00")
    tour = plan.tours[0]
    seen = Location(lon_deg=7.53, lat_deg=51.60)
    told = replace(state_on_plan(tour, now), is_heading_to_next=False, position=seen)
    new = replanned(town, plan, DayState(now=now, vehicles=(told,))).plan
    lawful(town, new)
    rest = next(one for one in new.tours if one.vehicle_id == tour.vehicle_id)
    last = rest.stops[rest.done_stops - 1]
    assert (last.kind, last.location) == (StopKind.POSITION, seen)
    assert last.leg is not None
    assert last.leg.distance_m > 0


def test_late_vehicle_starts_from_now_and_says_what_it_cannot_do() -> None:
    town, plan = day(0)
    tour = plan.tours[0]
    now = at("14:30")
    new = replanned(
        town, plan, DayState(now=now, vehicles=(VehicleState(vehicle_id=tour.vehicle_id, done_stops=3),))
    ).plan
    rest = next(one for one in new.tours if one.vehicle_id == tour.vehicle_id)
    assert all(stop.arrives_at >= now for stop in rest.stops[rest.done_stops :])
    assert not any(stop.kind is StopKind.COLLECT for stop in rest.stops[rest.done_stops :])
    assert StopKind.TIP in {stop.kind for stop in rest.stops[rest.done_stops :]}
    assert any(one.reason is ReasonCode.TIME for one in new.unserved)
    if not any(one.startswith("overtime") for one in new.warnings):
        lawful(town, new)


def test_break_taken_early_is_not_taken_again() -> None:
    town, plan = day(1)
    tour = max(plan.tours, key=lambda one: one.totals.working_s)
    assert tour.totals.break_s > 0
    now = at("09:00")
    taken = BreakTaken(starts_at=at("08:00"), ends_at=at("08:45"))
    told = replace(state_on_plan(tour, now), breaks=(taken,))
    new = replanned(town, plan, DayState(now=now, vehicles=(told,))).plan
    lawful(town, new)
    rest = next(one for one in new.tours if one.vehicle_id == tour.vehicle_id)
    pauses = [stop for stop in rest.stops if stop.kind is StopKind.BREAK]
    assert pauses[0].starts_at == taken.starts_at
    assert rest.totals.break_s >= 45 * 60


def test_urgent_container_is_served_whatever_was_planned() -> None:
    town, plan = day(1)
    blocked = replanned(town, plan, DayState(now=at("06:00"), blocked=frozenset({"C-005-0"}))).plan
    assert next(one for one in blocked.unserved if one.container_id == "C-005-0").reason is ReasonCode.EXCLUDED
    again = replanned(town, blocked, DayState(now=at("06:30"), urgent=frozenset({"C-005-0"}))).plan
    lawful(town, again)
    assert "C-005-0" in emptied_by(again)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (VehicleState(vehicle_id="ghost"), "unknown_vehicle"),
        (VehicleState(vehicle_id="T-1", done_stops=500), "done_stops"),
        (VehicleState(vehicle_id="T-1", is_full=True), "not_out"),
    ],
)
def test_state_that_does_not_fit_is_refused(state: VehicleState, code: str) -> None:
    town, plan = day(1)
    with pytest.raises(InvalidInputError) as raised:
        replanned(town, plan, DayState(now=at("09:00"), vehicles=(state,)))
    assert {one.code for one in raised.value.issues} == {code}


def test_plan_of_another_town_is_refused() -> None:
    town, plan = day(1)
    smaller = replace(town, vehicles=town.vehicles[1:], containers=town.containers[1:])
    with pytest.raises(InvalidInputError) as raised:
        replanned(smaller, plan, DayState(now=at("09:00")))
    assert {one.code for one in raised.value.issues} == {"other_town"}


def test_contradicting_state_is_refused() -> None:
    with pytest.raises(InvalidInputError) as raised:
        DayState(now=at("09:00"), urgent=frozenset({"C"}), blocked=frozenset({"C"}))
    assert raised.value.issues[0].code == "contradiction"
