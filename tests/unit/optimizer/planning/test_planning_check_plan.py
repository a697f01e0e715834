"""Every way to falsify a plan's document is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Leg, Plan, ReasonCode, Stop, StopKind, Tour, Unserved
from optimizer.domain.request import DayRequest
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports

Forge = Callable[[Plan], Plan]


@pytest.fixture
def plan(request_for_day: DayRequest, ports: Ports) -> Plan:
    request = replace(request_for_day, policy="all")
    return plan_day(request, ports, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


def with_tour(plan: Plan, change: Callable[[Tour], Tour]) -> Plan:
    return replace(plan, tours=(change(plan.tours[0]), *plan.tours[1:]))


def with_stop(plan: Plan, kind: StopKind, change: Callable[[Stop], Stop]) -> Plan:
    def on_tour(tour: Tour) -> Tour:
        at = next(index for index, stop in enumerate(tour.stops) if stop.kind is kind)
        return replace(tour, stops=(*tour.stops[:at], change(tour.stops[at]), *tour.stops[at + 1 :]))

    return with_tour(plan, on_tour)


def lose_stop(plan: Plan) -> Plan:
    return with_tour(plan, lambda tour: replace(tour, stops=(tour.stops[0], *tour.stops[2:])))


def lose_tips(plan: Plan) -> Plan:
    def on_tour(tour: Tour) -> Tour:
        return replace(tour, stops=tuple(stop for stop in tour.stops if stop.kind is not StopKind.TIP))

    return with_tour(plan, on_tour)


def arrive_early(plan: Plan) -> Plan:
    return with_stop(
        plan, StopKind.COLLECT, lambda stop: replace(stop, arrives_at=stop.arrives_at - timedelta(minutes=5))
    )


def shorten_service(plan: Plan) -> Plan:
    return with_stop(plan, StopKind.COLLECT, lambda stop: replace(stop, departs_at=stop.starts_at))


def overload(plan: Plan) -> Plan:
    def heavy(stop: Stop) -> Stop:
        return replace(stop, collections=tuple(replace(one, expected_kg=7_000.0) for one in stop.collections))

    return with_stop(plan, StopKind.COLLECT, heavy)


def cheat_on_metres(plan: Plan) -> Plan:
    return with_stop(
        plan,
        StopKind.COLLECT,
        lambda stop: replace(stop, leg=Leg(duration_s=stop.leg.duration_s, distance_m=1)) if stop.leg else stop,
    )


def cheat_on_totals(plan: Plan) -> Plan:
    return with_tour(plan, lambda tour: replace(tour, totals=replace(tour.totals, distance_m=1)))


def count_twice(plan: Plan) -> Plan:
    container_id = plan.tours[0].stops[1].collections[0].container_id
    twice = Unserved(
        container_id=container_id,
        is_due=False,
        reason=ReasonCode.LOW_RISK,
        message="",
        what_would_change_it="",
        expected_fraction=0.0,
        overflow_probability=0.0,
        cost_of_waiting_eur=0.0,
    )
    return replace(plan, unserved=(*plan.unserved, twice))


def unknown_vehicle(plan: Plan) -> Plan:
    return with_tour(plan, lambda tour: replace(tour, vehicle_id="ghost"))


def no_stops(plan: Plan) -> Plan:
    return with_tour(plan, lambda tour: replace(tour, stops=()))


def work_on_sunday(plan: Plan) -> Plan:
    return replace(plan, day=plan.day + timedelta(days=5))


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (lose_stop, "wrong_arrival"),
        (lose_tips, "not_empty"),
        (arrive_early, "wrong_arrival"),
        (shorten_service, "wrong_service"),
        (overload, "exceeds_vehicle"),
        (cheat_on_metres, "wrong_distance"),
        (cheat_on_totals, "wrong_total"),
        (count_twice, "counted_twice"),
        (unknown_vehicle, "unknown_vehicle"),
        (no_stops, "malformed_tour"),
        (work_on_sunday, "no_vehicle"),
    ],
)
def test_forged_plan_is_found(plan: Plan, request_for_day: DayRequest, ports: Ports, forge: Forge, code: str) -> None:
    found = check_plan(forge(plan), request_for_day.town, ports.router)
    assert code in {one.code for one in found}
    assert all(one.sentence for one in found)


def test_honest_plan_passes(plan: Plan, request_for_day: DayRequest, ports: Ports) -> None:
    assert check_plan(plan, request_for_day.town, ports.router) == ()
