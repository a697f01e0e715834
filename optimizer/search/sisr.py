"""Our own tour search behind the solver port: compiled ruin and recreate, timed and mended exactly at the end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.search.plain.plain_day import plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.tour_search import TourSearch
from optimizer.solving.insertion import (
    drafts_of,
    drafts_of_solution,
    drop_what_does_not_pay,
    empty_drafts,
    insert_all,
    objective_micro_eur,
    solution_of,
)
from optimizer.solving.polish import polish
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import Workbench

REPORT_EVERY_S = 0.1
RESERVE_S_PER_PICKUP = 1e-3
"""What timing and mending the answer takes."""
Orders = Sequence[tuple[int, Sequence[int]]]


class Search(Protocol):
    """What the solver asks of a compiled search."""

    steps: int

    @property
    def best_micro_eur(self) -> int:
        """Objective of the best plan so far."""
        ...

    @property
    def most_steps(self) -> int:
        """Iterations after which more time is hardly worth it."""
        ...

    @property
    def block_steps(self) -> int:
        """Iterations between looks at the clock: some milliseconds."""
        ...

    def best_orders(self) -> list[tuple[int, list[int]]]:
        """Vehicle and order of every tour of the best plan."""
        ...

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        ...

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling from share 0 to share 1 of the search."""
        ...


class SisrSolver:
    """Starts from nothing or from a given plan, and never answers with anything worse."""

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
        bench = Workbench(problem)
        best, iterations, status = _first(bench, start), 0, "feasible"
        if problem.vehicles and problem.pickups and problem.disposals:
            if progress is not None:
                progress(0.0, best.objective_micro_eur)
            orders = [(tour.vehicle_index, order_of(tour)) for tour in best.tours]
            search = _search(bench, seed=limits.seed, start=orders)
            clock = _Clock(limits, search, began_s=began_s, reserve_s=RESERVE_S_PER_PICKUP * len(problem.pickups))
            reported_s = 0.0
            while not clock.is_over():
                search.run(search.temperatures_micro_eur(clock.next_shares()))
                now_s = time.perf_counter()
                if progress is not None and now_s - reported_s >= REPORT_EVERY_S:
                    reported_s = now_s
                    progress(clock.share(), min(search.best_micro_eur, best.objective_micro_eur))
            best = _mended(bench, best, search.best_orders())
            iterations, status = search.steps, "time_limit" if clock.is_out_of_time else "feasible"
        return replace(
            best,
            status=status if best.tours else "empty",
            solver=self.name,
            iterations=iterations,
            wall_s=time.perf_counter() - began_s,
        )


def _first(bench: Workbench, start: Solution | None) -> Solution:
    """The given plan as far as it fits the day, or nothing."""
    drafts = empty_drafts(bench) if start is None else drafts_of_solution(bench, start)
    return solution_of(bench, drafts, SearchReport(solver="sisr", status="feasible", iterations=0, wall_s=0.0))


def _search(bench: Workbench, *, seed: int, start: Orders) -> Search:
    """The fastest search that knows all rules of the day."""
    plain = plain_day(bench)
    if plain is not None:
        return PlainSearch(plain, seed=seed, start=start)
    return TourSearch(bench.problem, seed=seed, start=start)


class _Clock:
    """Says how much of the limits is used and how many iterations may follow."""

    def __init__(self, limits: SolveLimits, search: Search, *, began_s: float, reserve_s: float) -> None:
        self._search = search
        self._most_steps = limits.iteration_limit or search.most_steps
        self._from_s = time.perf_counter()
        self._ends_s = None if limits.time_limit_s is None else began_s + max(0.0, limits.time_limit_s - reserve_s)
        self.is_out_of_time = False

    def is_over(self) -> bool:
        self.is_out_of_time = self._ends_s is not None and time.perf_counter() >= self._ends_s
        return self.is_out_of_time or self._search.steps >= self._most_steps

    def next_shares(self) -> NDArray[np.float64]:
        """Used share of the limit at each of the next iterations; of iterations alone where no time limit is set."""
        steps = self._search.steps
        ahead = np.arange(min(self._search.block_steps, self._most_steps - steps))
        if self._ends_s is not None:
            return np.full(len(ahead), self.share())
        return (steps + ahead) / self._most_steps

    def share(self) -> float:
        """Used share of the limit that comes first."""
        used = self._search.steps / self._most_steps
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
