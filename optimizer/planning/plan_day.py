"""The flow of a day: clean, forecast, select, place, solve, check, explain."""

from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import add

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.hours import local_midnight
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.map_age import stale_map_warnings
from optimizer.domain.plan import Plan, Shortage, SolverReport, Totals, Tour, Unserved
from optimizer.domain.request import DayRequest
from optimizer.domain.selection import Selection
from optimizer.planning.assemble_tour import assemble_tour
from optimizer.planning.closed_stops import closed_street_warnings
from optimizer.planning.days_with_more import MoreDays
from optimizer.planning.find_shortages import find_shortages
from optimizer.planning.inputs_digest import digest_inputs
from optimizer.planning.judge_fills import JudgedFills, judge_fills
from optimizer.planning.steps import Steps
from optimizer.planning.unserved import list_unserved, with_remedies
from optimizer.ports import Ports, ReportsProgress
from optimizer.problem.build_problem import BuiltProblem, build_problem
from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.problem.solution import Solution
from optimizer.solving.unserved_reasons import explain_unserved
from routing.ports import StreetRouter

BASELINE_POLICY = "all"


def plan_day(
    request: DayRequest, ports: Ports, *, plan_id: str, generated_at: datetime, progress: ReportsProgress | None = None
) -> Plan:
    """The checked plan of a day.

    Raises
    ------
    InvalidInputError
        When the request cannot be planned at all (never for lack of room or time).
    InvalidSolutionError
        When the checker finds that the solver broke a rule; nothing must be published then.
    CancelledError
        When ``progress`` asks to stop.
    """
    _require_known_names(request, ports)
    steps = Steps(progress)
    fills = judge_fills(request, ports, steps=steps)
    built, solution = _solve(request, fills.selection, ports, steps=steps)
    with steps.step("explain"):
        tours, unserved = _read_out(request, fills, built, solution)
        closed = closed_street_warnings(request, built, solution, router=ports.router)
    with steps.step("relax"):
        shortages = _shortages(request, fills, built, solution, unserved, router=ports.router)
        unserved = with_remedies(unserved, shortages)
    map_info = ports.router.map_info
    stale = stale_map_warnings(map_info.data_at, day=request.day, max_age_days=ports.map_max_age_days)
    baseline = None
    if request.with_baseline:
        baseline = _baseline(request, fills, ports, steps=steps)
    return Plan(
        plan_id=plan_id,
        town_id=request.town.town_id,
        town_name=request.town.name,
        day=request.day,
        streams=tuple(sorted(request.streams or {stream.stream_id for stream in request.town.streams})),
        generated_at=generated_at,
        data_as_of=request.as_of,
        inputs_digest=digest_inputs(request, map_digest=map_info.digest),
        map_source=map_info.source,
        map_digest=map_info.digest,
        tours=tours,
        unserved=unserved,
        totals=reduce(add, (tour.totals for tour in tours), Totals()),
        baseline=baseline,
        solver=SolverReport(
            name=solution.solver,
            status=solution.status,
            wall_s=round(solution.wall_s, 3),
            iterations=solution.iterations,
            cost_eur=round(solution.cost_micro_eur / MICRO_EUR_PER_EUR, 2),
            seed=request.limits.seed,
        ),
        warnings=(*_warnings(request, fills, tours), *closed, *stale),
        degraded=fills.degraded,
        seconds_by_step=steps.seconds_by_step,
        shortages=shortages,
        map_data_at=map_info.data_at,
    )


def _wanted(request: DayRequest, selection: Selection) -> Selection:
    """The selection without what the request keeps out."""
    kept = tuple(one for one in selection.candidates if one.container_id not in request.exclude)
    return replace(selection, candidates=kept)


def _shortages(
    request: DayRequest,
    fills: JudgedFills,
    built: BuiltProblem,
    solution: Solution,
    unserved: tuple[Unserved, ...],
    *,
    router: StreetRouter,
) -> tuple[Shortage, ...]:
    """What of the due containers is left, and what would serve it."""
    stream_of = {one.container_id: one.stream for one in fills.containers}
    more = MoreDays(
        request=request,
        selection=_wanted(request, fills.selection),
        built=built,
        router=router,
        streams=frozenset(stream_of[one.container_id] for one in unserved if one.is_due),
    )
    return find_shortages(built.problem, solution, unserved, stream_of, more)


def _solve(
    request: DayRequest, selection: Selection, ports: Ports, *, steps: Steps, step_suffix: str = ""
) -> tuple[BuiltProblem, Solution]:
    """Tours for the selection, judged before anybody sees them."""
    wanted = _wanted(request, selection)
    with steps.step("matrix" + step_suffix):
        built = build_problem(
            request.town,
            wanted,
            day=request.day,
            vehicle_ids=request.vehicle_ids,
            router=ports.router,
            progress=lambda share: steps.tell("matrix" + step_suffix, share),
        )
    with steps.step("solve" + step_suffix):
        solution = ports.solvers[request.solver].solve(
            built.problem,
            request.limits,
            progress=lambda share, best: steps.tell(
                "solve" + step_suffix, share, f"{best / MICRO_EUR_PER_EUR:.2f} EUR"
            ),
        )
    with steps.step("check" + step_suffix):
        violations = check_solution(built.problem, solution)
        if violations:
            raise InvalidSolutionError(violations)
    return built, solution


def _read_out(
    request: DayRequest, fills: JudgedFills, built: BuiltProblem, solution: Solution
) -> tuple[tuple[Tour, ...], tuple[Unserved, ...]]:
    containers = {one.container_id: one for one in fills.containers}
    candidates = {one.container_id: one for one in fills.selection.candidates}
    tours = tuple(
        assemble_tour(built.problem, tour, town=request.town, containers=containers, candidates=candidates)
        for tour in sorted(solution.tours, key=lambda tour: tour.vehicle_index)
    )
    unserved = list_unserved(
        fills.selection,
        built.problem,
        refused=built.refused,
        explanations=explain_unserved(built.problem, solution),
        excluded=request.exclude,
    )
    return tours, unserved


def _baseline(request: DayRequest, fills: JudgedFills, ports: Ports, *, steps: Steps) -> Totals:
    """The same day with every container of the streams emptied, under the same limits."""
    everything = ports.policies[BASELINE_POLICY].select(
        fills.containers, fills.forecasts, town=request.town, day=request.day, rules=request.rules
    )
    built, solution = _solve(request, everything, ports, steps=steps, step_suffix=" (all containers)")
    containers = {one.container_id: one for one in fills.containers}
    candidates = {one.container_id: one for one in everything.candidates}
    tours = (
        assemble_tour(built.problem, tour, town=request.town, containers=containers, candidates=candidates)
        for tour in solution.tours
    )
    return reduce(add, (tour.totals for tour in tours), Totals())


def _warnings(request: DayRequest, fills: JudgedFills, tours: tuple[Tour, ...]) -> tuple[str, ...]:
    warnings = []
    if not fills.selection.due:
        warnings.append("nothing_due: no container needs emptying on this day")
    elif not tours and not any(_works(request, vehicle.vehicle_id) for vehicle in request.town.vehicles):
        warnings.append(f"no_vehicle: no vehicle works on {request.day:%A %Y-%m-%d}; change a shift or the day")
    if request.as_of < local_midnight(request.day, request.town.zone) and not request.history:
        warnings.append("no_readings: there are no readings before the cut-off; the usual filling is assumed")
    return tuple(warnings)


def _works(request: DayRequest, vehicle_id: str) -> bool:
    if request.vehicle_ids and vehicle_id not in request.vehicle_ids:
        return False
    vehicle = next(one for one in request.town.vehicles if one.vehicle_id == vehicle_id)
    return vehicle.is_available and vehicle.shift.window_on(request.day, request.town.zone) is not None


def _require_known_names(request: DayRequest, ports: Ports) -> None:
    issues = [
        Issue(
            where=f"plan request for {request.day}",
            code=f"unknown_{kind}",
            message=f"There is no {kind} '{name}'. Choose one of: {', '.join(sorted(known))}.",
        )
        for kind, name, known in (
            ("policy", request.policy, ports.policies.keys()),
            ("solver", request.solver, ports.solvers.keys()),
        )
        if name not in known
    ]
    if issues:
        raise InvalidInputError(issues)
