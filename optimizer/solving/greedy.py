"""Cheapest insertion: a good plan within a blink, the start of better searches, and a test double without surprises."""

import time
from collections.abc import Callable, Sequence

from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.insertion import (
    drafts_of_solution,
    drop_what_does_not_pay,
    empty_drafts,
    insert_all,
    insert_best,
    objective_micro_eur,
    solution_of,
)
from optimizer.solving.insertion_rounds import Round, rounds_of
from optimizer.solving.polish import polish
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import TourDraft, Workbench

MOST_ROUNDS = 100
"""More than there are; an iteration limit counts rounds."""
PICKUPS_BETWEEN_REPORTS = 25
FIRST_ROUND_GRACE_S = 1.5
"""A first round may take so much longer than allowed: a whole plan beats a punctual piece of one."""


class GreedySolver:
    """Inserts pickup by pickup where it costs least; deterministic, limits only cut it short."""

    @property
    def name(self) -> str:
        """Name for settings and reports."""
        return "greedy"

    def solve(
        self,
        problem: Problem,
        limits: SolveLimits,
        *,
        start: Solution | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> Solution:
        """The best of a few rounds of insertion, never worse than ``start``."""
        began_s = time.perf_counter()
        bench = Workbench(problem)
        rounds = rounds_of(bench, seed=limits.seed)
        if limits.iteration_limit is not None:
            rounds = rounds[: max(1, limits.iteration_limit)]
        ends_s = None if limits.time_limit_s is None else began_s + limits.time_limit_s
        clock = _Clock(n_pickups=len(problem.pickups), n_rounds=len(rounds), ends_s=ends_s, progress=progress)
        best = empty_drafts(bench) if start is None else _improved(drafts_of_solution(bench, start), rounds[0].order)
        clock.best_micro_eur = objective_micro_eur(problem, best)
        n_rounds = 0
        for one in rounds:
            n_rounds += 1
            drafts = empty_drafts(bench)
            _fill([draft for draft in drafts if draft.vehicle_index not in one.resting], one, clock)
            drop_what_does_not_pay(drafts)
            if not clock.is_over:
                polish(_improved(drafts, one.order))
            found_micro_eur = objective_micro_eur(problem, drafts)
            if found_micro_eur < clock.best_micro_eur:
                best, clock.best_micro_eur = drafts, found_micro_eur
            if clock.is_over:
                break
        report = SearchReport(
            solver=self.name,
            status="time_limit" if clock.is_over else "feasible",
            iterations=n_rounds,
            wall_s=time.perf_counter() - began_s,
        )
        return solution_of(bench, best, report)


class _Clock:
    """Reports progress now and then, and says when the time is over."""

    def __init__(
        self, *, n_pickups: int, n_rounds: int, ends_s: float | None, progress: Callable[[float, int], None] | None
    ) -> None:
        self._n_pickups = n_pickups
        self._steps = max(1, n_pickups * n_rounds)
        self._ends_s = ends_s
        self._progress = progress
        self._done = 0
        self.best_micro_eur = 0
        self.is_over = False

    def tick(self) -> None:
        if self._done % PICKUPS_BETWEEN_REPORTS == 0:
            grace_s = FIRST_ROUND_GRACE_S if self._done < self._n_pickups else 0.0
            self.is_over = self._ends_s is not None and time.perf_counter() > self._ends_s + grace_s
            if self._progress is not None:
                self._progress(self._done / self._steps, self.best_micro_eur)
        self._done += 1


def _fill(drafts: Sequence[TourDraft], one: Round, clock: _Clock) -> None:
    if not drafts:
        return
    pickups = drafts[0].bench.problem.pickups
    dearest = max(draft.vehicle.fixed_micro_eur for draft in drafts)
    for at in one.order:
        clock.tick()
        if clock.is_over:
            return
        prize = pickups[at].prize_micro_eur
        # Where eager: a tour or a trip may pay only with its later pickups; what does not is dropped at the end.
        highest = 2 * prize + dearest if one.is_eager else prize
        insert_best(drafts, at, highest_micro_eur=highest)


def _improved(drafts: list[TourDraft], order: Sequence[int]) -> list[TourDraft]:
    """The drafts with what pays in addition, and without what does not."""
    served = {visit for draft in drafts for visit in draft.order}
    insert_all(drafts, [at for at in order if at not in served])
    drop_what_does_not_pay(drafts)
    return drafts
