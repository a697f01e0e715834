"""Google OR-Tools' routing library behind the solver port: orders from its local search, times from the scheduler."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.greedy import MOST_ROUNDS, GreedySolver
from optimizer.solving.insertion import (
    drafts_of,
    drop_what_does_not_pay,
    insert_all,
    objective_micro_eur,
    solution_of,
)
from optimizer.solving.ortools_model import OrToolsModel, seconds_to_build
from optimizer.solving.ortools_search import Orders, SearchEar, search_settings
from optimizer.solving.polish import polish
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import TourDraft, Workbench

SOLUTIONS_PER_PICKUP = 150
"""Without an iteration limit: a day of a few pickups is done long before the time is over."""
TIME_TOLERANCE_S = 0.05


class OrToolsSolver:
    """Starts from the greedy plan or from a given one, and never answers with anything worse."""

    @property
    def name(self) -> str:
        """Name for settings and reports."""
        return "ortools"

    def solve(
        self,
        problem: Problem,
        limits: SolveLimits,
        *,
        start: Solution | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> Solution:
        """Tours by guided local search; waits and breaks are timed exactly afterwards."""
        began_s = time.perf_counter()
        ends_s = None if limits.time_limit_s is None else began_s + limits.time_limit_s
        greedy_limits = replace(limits, iteration_limit=MOST_ROUNDS)
        first = GreedySolver().solve(problem, greedy_limits, start=start, progress=progress)
        best, iterations, status = first, 0, "feasible"
        if problem.vehicles and problem.pickups and problem.disposals:
            # Timing and mending an answer takes about as long as a round of insertion did.
            search_ends_s = None if ends_s is None else ends_s - first.wall_s / first.iterations
            if search_ends_s is not None and time.perf_counter() + 2 * seconds_to_build(problem) > search_ends_s:
                status = "time_limit"
            else:
                found = _search(problem, first, limits, ends_s=search_ends_s, progress=progress)
                iterations = found.iterations
                status = "time_limit" if found.is_out_of_time else "feasible"
                best = _best_of(Workbench(problem), first, found.answers, ends_s=ends_s)
        return replace(
            best,
            status=status if best.tours else "empty",
            solver=self.name,
            iterations=iterations,
            wall_s=time.perf_counter() - began_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Better answers, the best one first; how many OR-Tools saw, and whether the time ended the search."""

    answers: list[Orders]
    iterations: int
    is_out_of_time: bool


def _sequence(problem: Problem, seed: int) -> list[int]:
    """The order in which OR-Tools meets the pickups: its only source of chance."""
    sequence = list(range(len(problem.pickups)))
    random.Random(seed).shuffle(sequence)  # noqa: S311 - no secret depends on it
    return sequence


def _search(
    problem: Problem,
    first: Solution,
    limits: SolveLimits,
    *,
    ends_s: float | None,
    progress: Callable[[float, int], None] | None,
) -> _Found:
    """Local search from the first plan."""

    def tick() -> None:
        if progress is not None:
            progress(0.0, first.objective_micro_eur)

    model = OrToolsModel(problem, start=first, pickup_sequence=_sequence(problem, limits.seed), tick=tick)
    solution_limit = limits.iteration_limit or SOLUTIONS_PER_PICKUP * len(problem.pickups)
    left_s = None if ends_s is None else max(0.001, ends_s - time.perf_counter())
    settings = search_settings(time_limit_s=left_s, solution_limit=solution_limit)
    ear = SearchEar(model, time_limit_s=left_s, progress=progress)
    ear.best_micro_eur = first.objective_micro_eur
    model.routing.CloseModelWithParameters(settings)
    routes = model.routes([(tour.vehicle_index, order_of(tour)) for tour in first.tours])
    start = model.routing.ReadAssignmentFromRoutes(routes, True)
    if start is not None:
        model.routing.SolveFromAssignmentWithParameters(start, settings)
    else:
        model.routing.SolveWithParameters(settings)
    if ear.raised is not None:
        raise ear.raised
    return _Found(
        answers=list(ear.answers)[::-1],
        iterations=ear.solutions,
        is_out_of_time=ends_s is not None and time.perf_counter() >= ends_s - TIME_TOLERANCE_S,
    )


def _best_of(bench: Workbench, first: Solution, answers: list[Orders], *, ends_s: float | None) -> Solution:
    """The answer with the least exact objective; an answer whose breaks do not fit is repaired before."""
    best = first
    for at, orders in enumerate(answers):
        if at > 0 and ends_s is not None and time.perf_counter() > ends_s:
            break
        drafts = drafts_of(bench, orders)
        _mend(drafts)
        if objective_micro_eur(bench.problem, drafts) < best.objective_micro_eur:
            report = SearchReport(solver="ortools", status="feasible", iterations=0, wall_s=0.0)
            best = solution_of(bench, drafts, report)
    return best


def _mend(drafts: list[TourDraft]) -> None:
    """Serve what can be served after all, and drop what does not pay once waits and breaks are counted."""
    pickups = drafts[0].bench.problem.pickups
    served = {visit for draft in drafts for visit in draft.order}
    missing = [at for at in range(len(pickups)) if at not in served]
    insert_all(drafts, sorted(missing, key=lambda at: -pickups[at].prize_micro_eur))
    drop_what_does_not_pay(drafts)
    polish(drafts)
