"""Tolls in a plan: asked for where a vehicle pays them, part of its cost, and found when they are falsified."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Leg, Plan, Tour
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.town import Town
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from optimizer.problem.fleet import tolled_profiles
from routing.crow_flight import CrowFlightRouter
from routing.location import Waypoint
from routing.matrix import PlacedTravel
from routing.ports import ProgressCallback
from tests.unit.optimizer.planning.test_planning_check_plan import with_tour

RATE_EUR_PER_KM = 0.4


@dataclass(frozen=True)
class TollRouter(CrowFlightRouter):
    """Straight lines of which every second metre is tolled."""

    def serving(self, waypoints: list[Waypoint]) -> "TollRouter":  # type: ignore[override]  # ours are lists
        assert waypoints
        return self

    def travel(  # type: ignore[override]  # as above
        self,
        waypoints: list[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,
        progress: ProgressCallback | None = None,
        at: datetime | None = None,
        with_tolls: bool = False,
    ) -> PlacedTravel:
        placed = CrowFlightRouter.travel(
            self, waypoints, profile=profile, anchor_index=anchor_index, progress=progress, at=at
        )
        if not with_tolls:
            return placed
        return replace(placed, matrix=replace(placed.matrix, toll_m=placed.matrix.distance_m // 2))


@pytest.fixture
def tolled(request_for_day: DayRequest) -> DayRequest:
    vehicles = tuple(replace(one, toll_eur_per_km=RATE_EUR_PER_KM) for one in request_for_day.town.vehicles)
    quick = SolveLimits(time_limit_s=None, iteration_limit=1)
    return replace(request_for_day, town=replace(request_for_day.town, vehicles=vehicles), policy="all", limits=quick)


def _planned(request: DayRequest, ports: Ports) -> Plan:
    busy = replace(ports, router=TollRouter())
    return plan_day(request, busy, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


def _codes(plan: Plan, town: Town) -> set[str]:
    return {one.code for one in check_plan(plan, town, TollRouter())}


def _with_leg(tour: Tour, leg: Leg) -> Tour:
    return replace(tour, stops=(tour.stops[0], replace(tour.stops[1], leg=leg), *tour.stops[2:]))


def test_plan_pays_tolls_and_shows_them(tolled: DayRequest, ports: Ports) -> None:
    plan = _planned(tolled, ports)
    assert tolled_profiles(tolled.town) == {one.profile for one in tolled.town.vehicles}
    for tour in plan.tours:
        legs = [stop.leg for stop in tour.stops if stop.leg]
        assert [leg.toll_m for leg in legs] == [leg.distance_m // 2 for leg in legs]
        assert tour.totals.toll_eur == pytest.approx(sum(leg.toll_m for leg in legs) / 1000 * 0.4, abs=0.005)
    assert plan.totals.toll_eur == pytest.approx(sum(tour.totals.toll_eur for tour in plan.tours))
    assert plan.totals.toll_eur > 0
    assert plan.totals.cost_eur == pytest.approx(plan.solver.cost_eur, abs=0.02)
    assert _codes(plan, tolled.town) == set()


def test_nobody_asks_for_tolls_that_nobody_pays(request_for_day: DayRequest, ports: Ports) -> None:
    plan = _planned(replace(request_for_day, policy="all"), ports)
    assert plan.tours
    assert plan.totals.toll_eur == 0
    assert all(stop.leg.toll_m == 0 for tour in plan.tours for stop in tour.stops if stop.leg)


def test_checker_finds_false_tolls(tolled: DayRequest, ports: Ports) -> None:
    plan = _planned(tolled, ports)
    leg = plan.tours[0].stops[1].leg
    assert leg is not None
    hidden = with_tour(plan, lambda tour: _with_leg(tour, replace(leg, toll_m=0)))
    assert _codes(hidden, tolled.town) == {"wrong_toll", "wrong_total"}
    cheaper = with_tour(plan, lambda tour: replace(tour, totals=replace(tour.totals, toll_eur=0.0)))
    found = check_plan(cheaper, tolled.town, TollRouter())
    assert {one.code for one in found} == {"wrong_total"}
    assert {one.where for one in found} == {"plan", f"vehicle {plan.tours[0].vehicle_id}"}
    free = with_tour(plan, lambda tour: replace(tour, totals=replace(tour.totals, cost_eur=0.0)))
    assert any("less than its toll" in one.sentence for one in check_plan(free, tolled.town, TollRouter()))


def test_checker_finds_false_overtime(tolled: DayRequest, ports: Ports) -> None:
    plan = _planned(tolled, ports)
    lazy = with_tour(plan, lambda tour: replace(tour, totals=replace(tour.totals, overtime_s=60)))
    lazy = replace(lazy, totals=replace(lazy.totals, overtime_s=60))
    assert _codes(lazy, tolled.town) == {"wrong_total"}
