"""A new plan for the rest of a running day: done stops are facts, everything else may change, at a price."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.day_state import DayState, require_fitting
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.map_age import stale_map_warnings
from optimizer.domain.plan import Plan, SolverReport, Totals, Tour, Unserved
from optimizer.domain.request import SolveLimits
from optimizer.domain.town import Town
from optimizer.planning.assemble_tour import assemble_tour, fees_paid_micro_eur, sum_up
from optimizer.planning.compare_plans import compare_plans
from optimizer.planning.done_part import DonePart, done_parts
from optimizer.planning.few_changes import with_few_changes
from optimizer.planning.plan_difference import PlanDifference
from optimizer.planning.rest_of_day import RestOfDay, rest_of_day
from optimizer.planning.steps import Steps
from optimizer.planning.unserved import list_unserved
from optimizer.planning.ways_home import drive_home, with_orphans, with_ways_home
from optimizer.ports import Ports, ReportsProgress
from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.problem.solution import Solution
from optimizer.solving.unserved_reasons import explain_unserved

DEFAULT_SOLVER = "sisr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """The new plan and what it changes.

    Attributes
    ----------
    remaining
        How many containers of the old plan are still to be emptied.
    moved_by_choice
        How many of them change vehicles although their own goes on driving.
    solve_s
        Seconds for the search alone.
    """

    plan: Plan
    diff: PlanDifference
    remaining: int
    moved_by_choice: int
    solve_s: float

    @property
    def moved_by_choice_fraction(self) -> float:
        """Share of what remained."""
        return self.moved_by_choice / self.remaining if self.remaining else 0.0


def replan_day(
    plan: Plan,
    town: Town,
    state: DayState,
    ports: Ports,
    limits: SolveLimits,
    *,
    plan_id: str,
    generated_at: datetime,
    solver: str = DEFAULT_SOLVER,
    progress: ReportsProgress | None = None,
) -> Replan:
    """The checked plan of the whole day, from a plan that is being driven and the state of the day.

    Tours keep their done stops as a locked beginning (``Tour.done_stops``). A vehicle that broke down keeps only those
    (``Tour.is_cut_short``); the load on it is named in the plan's warnings.

    Raises
    ------
    InvalidInputError
        When the state does not fit the plan or the town, or the solver is unknown.
    InvalidSolutionError
        When the checker finds that the solver broke a rule; nothing must be published then.
    CancelledError
        When ``progress`` asks to stop.
    """
    require_fitting(state, plan, town)
    if solver not in ports.solvers:
        message = f"There is no solver '{solver}'. Choose one of: {', '.join(sorted(ports.solvers))}."
        raise InvalidInputError([Issue(where="re-planning", code="unknown_solver", message=message)])
    steps = Steps(progress)
    with steps.step("matrix"):
        parts = done_parts(plan, town, state, router=ports.router)
        rest = rest_of_day(
            plan, town, state, parts, router=ports.router, progress=lambda share: steps.tell("matrix", share)
        )
        home = with_ways_home(rest.built.problem)
        rest = replace(rest, built=replace(rest.built, problem=home.problem))
    with steps.step("solve"):
        mended = with_orphans(home.problem, rest.planned)
        solution = ports.solvers[solver].solve(
            home.problem,
            limits,
            start=mended,
            progress=lambda share, best: steps.tell("solve", share, f"{best / MICRO_EUR_PER_EUR:.2f} EUR"),
        )
        solution = with_few_changes(home.problem, solution, planned=mended)
    with steps.step("check"):
        violations = check_solution(home.problem, solution)
        if violations:
            raise InvalidSolutionError(violations)
    with steps.step("explain"):
        tours = _tours(plan, town, parts, rest, solution)
        map_info = ports.router.map_info
        stale = stale_map_warnings(map_info.data_at, day=plan.day, max_age_days=ports.map_max_age_days)
        new = replace(
            plan,
            plan_id=plan_id,
            generated_at=generated_at,
            inputs_digest=hashlib.sha256(f"{plan.inputs_digest} {state!r} {limits!r}".encode()).hexdigest(),
            map_digest=map_info.digest,
            map_data_at=map_info.data_at,
            tours=tours,
            unserved=_unserved(plan, state, rest, solution, tours),
            totals=reduce(add, (tour.totals for tour in tours), Totals()),
            solver=SolverReport(
                name=solution.solver,
                status=solution.status,
                wall_s=round(solution.wall_s, 3),
                iterations=solution.iterations,
                cost_eur=round(solution.cost_micro_eur / MICRO_EUR_PER_EUR, 2),
                seed=limits.seed,
            ),
            warnings=(*home.warnings, *_stranded_loads(parts), *stale),
            seconds_by_step=steps.seconds_by_step,
            shortages=(),
        )
    diff = compare_plans(plan, new)
    broken = {vehicle_id for vehicle_id, part in parts.items() if part.is_cut_short}
    return Replan(
        plan=new,
        diff=diff,
        remaining=sum(len(stop.collections) for part in parts.values() for stop in part.left),
        moved_by_choice=sum(move.from_vehicle_id not in broken for move in diff.moved),
        solve_s=round(solution.wall_s, 3),
    )


def _tours(
    plan: Plan, town: Town, parts: Mapping[str, DonePart], rest: RestOfDay, solution: Solution
) -> tuple[Tour, ...]:
    """Every tour of the old plan as far as it was driven, with its new rest; then the tours of vehicles called in."""
    problem = rest.built.problem
    containers = {one.container_id: one for one in town.containers}
    candidates = {one.container_id: one for one in rest.selection.candidates}
    solved = {problem.vehicles[tour.vehicle_index].vehicle_id: tour for tour in solution.tours}
    index_of = {vehicle.vehicle_id: at for at, vehicle in enumerate(problem.vehicles)}
    tours = []
    for vehicle_id in dict.fromkeys([*(tour.vehicle_id for tour in plan.tours), *solved]):
        part = parts.get(vehicle_id)
        if part is not None and part.is_over:
            if part.stops:
                tours.append(_ended(part, town))
            continue
        done = part.stops if part is not None else ()
        driven = solved.get(vehicle_id)
        if driven is None and done:
            if vehicle_id not in index_of:
                message = next(
                    (one.message for one in rest.built.left_out_vehicles if one.vehicle_id == vehicle_id),
                    f"Vehicle {vehicle_id} cannot go on from where it is.",
                )
                raise InvalidInputError([Issue(where=f"vehicle {vehicle_id}", code="stranded", message=message)])
            driven = drive_home(problem, index_of[vehicle_id])
        if driven is not None:
            tours.append(
                assemble_tour(problem, driven, town=town, containers=containers, candidates=candidates, done=done)
            )
    return tuple(tours)


def _ended(part: DonePart, town: Town) -> Tour:
    fees = fees_paid_micro_eur(part.stops, town)
    return replace(
        part.tour,
        stops=part.stops,
        totals=sum_up(part.stops, town, vehicle_id=part.tour.vehicle_id, fee_micro_eur=fees),
        done_stops=len(part.stops),
        is_cut_short=part.is_cut_short,
    )


def _unserved(
    plan: Plan, state: DayState, rest: RestOfDay, solution: Solution, tours: tuple[Tour, ...]
) -> tuple[Unserved, ...]:
    """What is left over now, and what the old plan had left for good reasons."""
    listed = list_unserved(
        rest.selection,
        rest.built.problem,
        refused=rest.built.refused,
        explanations=explain_unserved(rest.built.problem, solution),
        excluded=rest.left_out,
    )
    told = {one.container_id for one in listed}
    told |= {one.container_id for tour in tours for stop in tour.stops for one in stop.collections}
    return (
        *(_blocked(one) if one.container_id in state.blocked else one for one in listed),
        *(one for one in plan.unserved if one.container_id not in told),
    )


def _blocked(one: Unserved) -> Unserved:
    return replace(
        one,
        message="it was reported as blocked during the day",
        what_would_change_it="Clear it and plan again, or leave it for tomorrow.",
        message_de="Er wurde unterwegs als unzugänglich gemeldet.",
        what_would_change_it_de="Den Zugang freimachen und neu planen, oder morgen leeren.",
    )


def _stranded_loads(parts: Mapping[str, DonePart]) -> tuple[str, ...]:
    return tuple(
        f"breakdown: {vehicle_id} stands at {part.stops[-1].label} with {part.stops[-1].load_kg:.0f} kg on board"
        for vehicle_id, part in parts.items()
        if part.is_cut_short and part.stops
    )
