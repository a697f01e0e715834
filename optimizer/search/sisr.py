"""Our own tour search behind the solver port: compiled ruin and recreate, timed and mended exactly at the end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.search.tour_search import TourSearch
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.insertion import (
    drafts_of,
    drop_what_does_not_pay,
    insert_all,
    objective_micro_eur,
    solution_of,
)
from optimizer.solving.polish import polish
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import Workbench

BLOCK_STEPS = 64
"""Iterations between looks at the clock: some milliseconds, on the largest days a tenth of a second."""
REPORT_EVERY_S = 0.1
STEPS_PER_PICKUP = 3_000
"""Without an iteration limit: a day of a few pickups is done long before the time is over."""
GREEDY_ROUNDS = 2
"""Of the start: the search is faster than more of them."""
Orders = Sequence[tuple[int, Sequence[int]]]


class SisrSolver:
    """Starts from the greedy plan or from a given one, and never answers with anything worse."""

    @property
    def name(self) -> str:
        """Name for settings and reports."""
        return "sisr"

    def solve(
        self,
        problem: Problem,
        limits: SolveLimits,
        *,
        start: Solution | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> Solution:
        """Tours by simulated annealing over ruins; the same for the same seed and iteration limit."""
        began_s = time.perf_counter()
        greedy_limits = replace(limits, iteration_limit=GREEDY_ROUNDS)
        first = GreedySolver().solve(problem, greedy_limits, start=start, progress=progress)
        best, iterations, status = first, 0, "feasible"
        if problem.vehicles and problem.pickups and problem.disposals:
            # Timing and mending the answer takes about as long as a round of insertion did.
            reserve_s = first.wall_s / first.iterations
            if progress is not None:
                progress(0.0, first.objective_micro_eur)
            orders = [(tour.vehicle_index, order_of(tour)) for tour in first.tours]
            search = TourSearch(problem, seed=limits.seed, start=orders)
            clock = _Clock(limits, n_pickups=len(problem.pickups), began_s=began_s, reserve_s=reserve_s)
            reported_s = 0.0
            while not clock.is_over(search.steps):
                search.run(search.temperatures_micro_eur(clock.next_shares(search.steps)))
                now_s = time.perf_counter()
                if progress is not None and now_s - reported_s >= REPORT_EVERY_S:
                    reported_s = now_s
                    progress(clock.share(search.steps), min(search.best_micro_eur, first.objective_micro_eur))
            best = _mended(Workbench(problem), first, search.best_orders())
            iterations, status = search.steps, "time_limit" if clock.is_out_of_time else "feasible"
        return replace(
            best,
            status=status if best.tours else "empty",
            solver=self.name,
            iterations=iterations,
            wall_s=time.perf_counter() - began_s,
        )


class _Clock:
    """Says how much of the limits is used and how many iterations may follow."""

    def __init__(self, limits: SolveLimits, *, n_pickups: int, began_s: float, reserve_s: float) -> None:
        self._most_steps = limits.iteration_limit or STEPS_PER_PICKUP * n_pickups
        self._from_s = time.perf_counter()
        self._ends_s = None if limits.time_limit_s is None else began_s + limits.time_limit_s - reserve_s
        self.is_out_of_time = False

    def is_over(self, steps: int) -> bool:
        self.is_out_of_time = self._ends_s is not None and time.perf_counter() >= self._ends_s
        return self.is_out_of_time or steps >= self._most_steps

    def next_shares(self, steps: int) -> NDArray[np.float64]:
        """Used share of the limit at each of the next iterations; of iterations alone where no time limit is set."""
        ahead = np.arange(min(BLOCK_STEPS, self._most_steps - steps))
        if self._ends_s is not None:
            return np.full(len(ahead), self.share(steps))
        return (steps + ahead) / self._most_steps

    def share(self, steps: int) -> float:
        """Used share of the limit that comes first."""
        used = steps / self._most_steps
        if self._ends_s is not None:
            used = max(used, (time.perf_counter() - self._from_s) / max(self._ends_s - self._from_s, 1e-9))
        return min(1.0, used)


def _mended(bench: Workbench, first: Solution, orders: Orders) -> Solution:
    """The orders with exact times, or the first solution where that is better."""
    drafts = drafts_of(bench, orders)
    pickups = bench.problem.pickups
    served = {visit for draft in drafts for visit in draft.order}
    missing = [at for at in range(len(pickups)) if at not in served]
    insert_all(drafts, sorted(missing, key=lambda at: -pickups[at].prize_micro_eur))
    drop_what_does_not_pay(drafts)
    polish(drafts)
    if objective_micro_eur(bench.problem, drafts) >= first.objective_micro_eur:
        return first
    return solution_of(bench, drafts, SearchReport(solver="sisr", status="feasible", iterations=0, wall_s=0.0))
