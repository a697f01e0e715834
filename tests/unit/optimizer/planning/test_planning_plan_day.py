from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from optimizer.checking.check_plan import check_plan
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan, ReasonCode, StopKind
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.planning.plan_day import plan_day
from optimizer.ports import CancelledError, Ports
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.greedy import GreedySolver

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def plan_of(request: DayRequest, ports: Ports) -> Plan:
    return plan_day(request, ports, plan_id="p", generated_at=NOW)


def emptied(plan: Plan) -> list[str]:
    return [one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections]


def test_plan_accounts_for_every_container_exactly_once(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_of(request_for_day, ports)
    named = sorted(emptied(plan) + [one.container_id for one in plan.unserved])
    assert named == sorted(one.container_id for one in request_for_day.town.containers)


def test_plan_passes_the_judge_of_documents(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_of(request_for_day, ports)
    assert plan.tours
    assert check_plan(plan, request_for_day.town, ports.router) == ()


def test_full_containers_are_emptied_and_empty_ones_wait(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_of(request_for_day, ports)
    full = {one.container_id for index, one in enumerate(request_for_day.town.containers) if index % 2}
    assert full <= set(emptied(plan))
    assert {one.reason for one in plan.unserved} == {ReasonCode.LOW_RISK}


def test_totals_are_the_sum_of_the_tours(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_of(replace(request_for_day, policy="all"), ports)
    assert plan.totals.distance_m == sum(tour.totals.distance_m for tour in plan.tours)
    assert plan.totals.lifts == len(emptied(plan)) == 24
    assert plan.totals.cost_eur == pytest.approx(plan.solver.cost_eur, abs=0.01 * len(plan.tours))
    tips = sum(stop.kind is StopKind.TIP for tour in plan.tours for stop in tour.stops)
    assert plan.totals.tips == tips >= 2  # glass and paper never share a trip


def test_same_input_gives_the_same_plan_bit_for_bit(request_for_day: DayRequest, ports: Ports) -> None:
    plans = [replace(plan_of(request_for_day, ports), seconds_by_step={}) for _ in range(2)]
    plans = [replace(plan, solver=replace(plan.solver, wall_s=0.0)) for plan in plans]
    assert plans[0] == plans[1]


def test_baseline_empties_everything(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_of(replace(request_for_day, with_baseline=True), ports)
    assert plan.baseline is not None
    assert plan.baseline.lifts == 24 > plan.totals.lifts
    assert plan.baseline.distance_m > plan.totals.distance_m


def test_excluded_container_stays_out_and_forced_one_comes_in(request_for_day: DayRequest, ports: Ports) -> None:
    full, empty = request_for_day.town.containers[1].container_id, request_for_day.town.containers[0].container_id
    plan = plan_of(replace(request_for_day, exclude=frozenset({full}), force=frozenset({empty})), ports)
    assert empty in emptied(plan)
    (left,) = [one for one in plan.unserved if one.container_id == full]
    assert left.reason is ReasonCode.EXCLUDED
    assert left.is_due
    assert left.what_would_change_it


def test_empty_day_is_a_success_without_tours(request_for_day: DayRequest, ports: Ports) -> None:
    idle = {
        container_id: replace(series, fill_fraction=series.fill_fraction * 0)
        for container_id, series in request_for_day.history.items()
    }
    plan = plan_of(replace(request_for_day, history=idle), ports)
    assert plan.tours == ()
    assert any(line.startswith("nothing_due") for line in plan.warnings)
    assert len(plan.unserved) == 24


def test_day_without_vehicles_names_the_reason(request_for_day: DayRequest, ports: Ports) -> None:
    vehicles = tuple(replace(one, is_available=False) for one in request_for_day.town.vehicles)
    plan = plan_of(replace(request_for_day, town=replace(request_for_day.town, vehicles=vehicles)), ports)
    assert plan.tours == ()
    due = [one for one in plan.unserved if one.is_due]
    assert due
    assert {one.reason for one in due} == {ReasonCode.NO_VEHICLE}
    assert all(one.what_would_change_it for one in due)
    assert any(line.startswith("no_vehicle") for line in plan.warnings)


def test_sunday_without_a_shift_names_the_reason(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_of(replace(request_for_day, day=date(2026, 3, 8)), ports)
    assert plan.tours == ()
    assert any("Sunday" in line for line in plan.warnings)


def test_closed_disposal_site_leaves_due_containers_with_the_reason(request_for_day: DayRequest, ports: Ports) -> None:
    town = replace(request_for_day.town, disposal_sites=())
    plan = plan_of(replace(request_for_day, town=town), ports)
    assert plan.tours == ()
    assert {one.reason for one in plan.unserved if one.is_due} == {ReasonCode.DISPOSAL_CLOSED}


def test_short_shift_serves_what_fits_and_explains_the_rest(request_for_day: DayRequest, ports: Ports) -> None:
    vehicle = request_for_day.town.vehicles[0]
    short = replace(vehicle, shift=replace(vehicle.shift, ends_local=vehicle.shift.starts_local.replace(minute=55)))
    town = replace(request_for_day.town, vehicles=(short,))
    plan = plan_of(replace(request_for_day, town=town, policy="all"), ports)
    left = [one for one in plan.unserved if one.is_due]
    assert left
    assert len(emptied(plan)) + len(plan.unserved) == 24
    assert all(one.message and one.what_would_change_it for one in left)
    assert {one.reason for one in left} <= {ReasonCode.TIME, ReasonCode.TIME_WINDOW, ReasonCode.CAPACITY}


def test_readings_after_the_cut_off_do_not_matter(request_for_day: DayRequest, ports: Ports) -> None:
    early = replace(request_for_day, as_of=request_for_day.as_of.replace(hour=6))
    trimmed = {
        container_id: replace(
            series,
            observed_at_s=series.observed_at_s[series.observed_at_s <= early.as_of.timestamp()],
            fill_fraction=series.fill_fraction[series.observed_at_s <= early.as_of.timestamp()],
            quality=series.quality[series.observed_at_s <= early.as_of.timestamp()],
        )
        for container_id, series in early.history.items()
    }
    whole, cut = plan_of(early, ports), plan_of(replace(early, history=trimmed), ports)
    assert whole.tours == cut.tours
    assert whole.inputs_digest == cut.inputs_digest


@pytest.mark.parametrize("field", ["policy", "solver"])
def test_unknown_name_is_refused_with_the_known_ones(request_for_day: DayRequest, ports: Ports, field: str) -> None:
    with pytest.raises(InvalidInputError, match="Choose one of"):
        plan_of(replace(request_for_day, **{field: "magic"}), ports)


def test_cancelling_ends_the_plan(request_for_day: DayRequest, ports: Ports) -> None:
    def stop_at_solve(step: str, share: float, detail: str = "") -> None:
        if step == "solve":
            raise CancelledError(f"{share} {detail}")

    with pytest.raises(CancelledError):
        plan_day(request_for_day, ports, plan_id="p", generated_at=NOW, progress=stop_at_solve)


class ForgetfulSolver(GreedySolver):
    """Drops the first stop of the first tour and tells nobody."""

    name = "forgetful"

    def solve(self, problem: Problem, limits: SolveLimits, **options: object) -> Solution:
        honest = super().solve(problem, limits, **options)  # type: ignore[arg-type] - passed through
        first = honest.tours[0]
        return replace(honest, tours=(replace(first, visits=first.visits[1:]), *honest.tours[1:]))


def test_wrong_solution_is_never_published(request_for_day: DayRequest, ports: Ports) -> None:
    dishonest = replace(ports, solvers={"greedy": ForgetfulSolver()})
    with pytest.raises(InvalidSolutionError, match="neither served nor listed"):
        plan_of(request_for_day, dishonest)
