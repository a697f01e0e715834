"""A day with rush hours, a queue and overtime, from the town to the plan and back through its judge."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

import pytest

from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from routing.crow_flight import CrowFlightRouter
from routing.location import Waypoint
from routing.matrix import PlacedTravel, TravelMatrix
from routing.ports import ProgressCallback


@dataclass(frozen=True)
class RushHourRouter(CrowFlightRouter):
    """Straight lines that take twice as long from 7 to 9."""

    def serving(self, waypoints: Sequence[Waypoint]) -> "RushHourRouter":
        assert waypoints
        return self

    def travel(
        self,
        waypoints: Sequence[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,
        progress: ProgressCallback | None = None,
        at: datetime | None = None,
        with_tolls: bool = False,
    ) -> PlacedTravel:
        placed = CrowFlightRouter.travel(
            self, waypoints, profile=profile, anchor_index=anchor_index, progress=progress, at=at, with_tolls=with_tolls
        )
        if at is None or not 7 <= at.hour < 9:
            return placed
        slow = TravelMatrix.from_arrays(duration_s=placed.matrix.duration_s * 2, distance_m=placed.matrix.distance_m)
        return replace(placed, matrix=slow)


@pytest.fixture
def request_with_rules(request_for_day: DayRequest) -> DayRequest:
    town = request_for_day.town
    vehicles = tuple(
        replace(
            one,
            overtime_eur_per_h=30.0,
            shift=replace(one.shift, regular_work_s=2 * 3600, max_out_s=6 * 3600),
        )
        for one in town.vehicles
    )
    sites = tuple(
        replace(one, unloading_s=600, queue_s_by_hour=(0,) * 7 + (1_200,) * 3 + (300,) * 14)
        for one in town.disposal_sites
    )
    rich = replace(town, vehicles=vehicles, disposal_sites=sites, travel_slices_local=(time(7), time(9)))
    quick = SolveLimits(time_limit_s=None, iteration_limit=1)
    return replace(request_for_day, town=rich, policy="all", limits=quick)


@pytest.fixture
def plan(request_with_rules: DayRequest, ports: Ports) -> Plan:
    busy = replace(ports, router=RushHourRouter())
    return plan_day(request_with_rules, busy, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


def test_plan_keeps_the_rules_of_the_town(plan: Plan, request_with_rules: DayRequest) -> None:
    assert plan.tours
    assert check_plan(plan, request_with_rules.town, RushHourRouter()) == ()
    unloadings = [stop for tour in plan.tours for stop in tour.stops if stop.kind is StopKind.TIP]
    for stop in unloadings:
        queue_s = 1_200 if 7 <= stop.starts_at.hour < 10 else 0 if stop.starts_at.hour < 7 else 300
        assert (stop.departs_at - stop.starts_at).total_seconds() == 600 + queue_s


def test_plan_shows_overtime_and_pays_it(plan: Plan) -> None:
    over_s = [max(0, tour.totals.working_s - 2 * 3600) for tour in plan.tours]
    assert [tour.totals.overtime_s for tour in plan.tours] == over_s
    assert sum(over_s) == plan.totals.overtime_s > 0
    assert plan.totals.cost_eur == pytest.approx(plan.solver.cost_eur, abs=0.02)


def test_plan_of_a_quiet_town_is_refused_in_a_rush(request_with_rules: DayRequest, ports: Ports) -> None:
    town = replace(request_with_rules.town, travel_slices_local=())
    quiet = plan_day(
        replace(request_with_rules, town=town), ports, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC)
    )
    assert check_plan(quiet, town, CrowFlightRouter()) == ()
    assert "wrong_arrival" in {one.code for one in check_plan(quiet, request_with_rules.town, RushHourRouter())}


def test_plan_keeps_the_load_of_a_day(request_for_day: DayRequest, ports: Ports) -> None:
    request = replace(request_for_day, policy="all", limits=SolveLimits(time_limit_s=None, iteration_limit=1))
    free = plan_day(request, ports, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))
    most_kg = int(0.6 * max(tour.totals.collected_kg for tour in free.tours))
    town = replace(request.town, vehicles=tuple(replace(one, max_day_kg=most_kg) for one in request.town.vehicles))
    assert "too_much_in_a_day" in {one.code for one in check_plan(free, town, CrowFlightRouter())}
    plan = plan_day(replace(request, town=town), ports, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert check_plan(plan, town, CrowFlightRouter()) == ()
    assert plan.tours
    assert all(tour.totals.collected_kg <= most_kg for tour in plan.tours)
