"""Our own tour search behind the solver port: compiled ruin and recreate, timed and mended exactly at the end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.search.compiled_search import Orders, Search
from optimizer.search.familiar_day import familiar_day
from optimizer.search.plain.plain_day import plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.portfolio import chain_seeds, run_chains
from optimizer.search.search_clock import SearchClock
from optimizer.search.tour_search import TourSearch
from optimizer.solving.changes import excess_changes
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
from optimizer.solving.tour_draft import TourDraft, Workbench

REPORT_EVERY_S = 0.1
RESERVE_S_PER_PICKUP = 1e-3
"""What timing and mending the answer takes."""


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
            familiar = familiar_day(problem)
            searched = bench if familiar.problem is problem else Workbench(familiar.problem)
            chains = chains_for(searched, limits, familiar.to_search(orders))
            reserve_s = RESERVE_S_PER_PICKUP * len(problem.pickups)
            clock = SearchClock(limits, most_steps=chains[0].most_steps, began_s=began_s, reserve_s=reserve_s)
            run_chains(chains, clock, n_threads=limits.n_threads, listen=_Reports(progress, best.objective_micro_eur))
            status = "time_limit" if clock.is_out_of_time() else "feasible"
            found = min(chains, key=lambda chain: chain.best_micro_eur)
            best = _mended(bench, best, familiar.to_answer(found.best_orders()))
            iterations = sum(chain.steps for chain in chains)
        return replace(
            best,
            status=status if best.tours else "empty",
            solver=self.name,
            iterations=iterations,
            wall_s=time.perf_counter() - began_s,
        )


class _Reports:
    """Tells of progress now and then, never of anything worse than the first plan."""

    def __init__(self, progress: Callable[[float, int], None] | None, first_micro_eur: int) -> None:
        self._progress = progress
        self._first_micro_eur = first_micro_eur
        self._told_s = 0.0

    def __call__(self, share: float, best_micro_eur: int) -> None:
        now_s = time.perf_counter()
        if self._progress is not None and now_s - self._told_s >= REPORT_EVERY_S:
            self._told_s = now_s
            self._progress(share, min(best_micro_eur, self._first_micro_eur))


def _first(bench: Workbench, start: Solution | None) -> Solution:
    """The given plan as far as it fits the day, or nothing."""
    drafts = empty_drafts(bench) if start is None else drafts_of_solution(bench, start)
    return solution_of(bench, drafts, SearchReport(solver="sisr", status="feasible", iterations=0, wall_s=0.0))


def chains_for(bench: Workbench, limits: SolveLimits, start: Orders) -> list[Search]:
    """The fastest search that knows all rules of the day, once for each chain."""
    plain = plain_day(bench)
    seeds = chain_seeds(limits.seed, limits.n_chains)
    if plain is not None:
        return [PlainSearch(plain, seed=seed, start=start) for seed in seeds]
    first = TourSearch(bench.problem, seed=seeds[0], start=start)
    return [first, *(TourSearch(bench.problem, seed=seed, start=start, beside=first) for seed in seeds[1:])]


def _mended(bench: Workbench, first: Solution, orders: Orders) -> Solution:
    """The orders with exact times, mended where that helps, or the first solution where that is better."""
    problem, drafts = bench.problem, drafts_of(bench, orders)
    found_micro_eur, found_excess = objective_micro_eur(problem, drafts), _excess(drafts)
    # Whoever is put in and does not pay may have driven out others; polishing knows nothing of promises.
    for inserts, polishes in ((True, True), (False, True), (True, False), (False, False)):
        drafts = drafts_of(bench, orders)
        if inserts:
            _insert_missing(drafts)
        if polishes:
            polish(drafts)
        if objective_micro_eur(problem, drafts) <= found_micro_eur and _excess(drafts) <= found_excess:
            break
    if objective_micro_eur(problem, drafts) >= first.objective_micro_eur:
        return first
    return solution_of(bench, drafts, SearchReport(solver="sisr", status="feasible", iterations=0, wall_s=0.0))


def _insert_missing(drafts: Sequence[TourDraft]) -> None:
    pickups = drafts[0].bench.problem.pickups
    served = {visit for draft in drafts for visit in draft.order}
    missing = [at for at in range(len(pickups)) if at not in served]
    insert_all(drafts, sorted(missing, key=lambda at: -pickups[at].prize_micro_eur))
    drop_what_does_not_pay(drafts)


def _excess(drafts: Sequence[TourDraft]) -> int:
    return excess_changes(drafts[0].bench.problem, ((draft.vehicle_index, draft.order) for draft in drafts))
