"""Holds a new plan to few changes: stops go back to the vehicles they were planned for, cheapest first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.changes import excess_changes, is_changed
from optimizer.solving.insertion import drafts_of_solution, solution_of
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import TourDraft, Workbench

MOST_TRIES = 6
"""Places in its planned tour that are timed for a stop before it is said not to fit there."""


def with_few_changes(problem: Problem, solution: Solution, *, planned: Solution) -> Solution:
    """The solution with at most ``Problem.most_changed``, or as few as can be had without leaving more standing.

    Parameters
    ----------
    planned
        A solution with hardly any changes, taken where giving back alone does not help.
    """
    if not _excess(problem, solution):
        return solution
    bench = Workbench(problem)
    drafts = drafts_of_solution(bench, solution)
    while _give_back(drafts):
        pass
    report = SearchReport(
        solver=solution.solver, status=solution.status, iterations=solution.iterations, wall_s=solution.wall_s
    )
    found = solution_of(bench, drafts, report)
    has_fewer = _excess(problem, planned) < _excess(problem, found)
    if has_fewer and _lost_micro_eur(problem, planned) <= _lost_micro_eur(problem, found):
        return replace(
            planned,
            solver=solution.solver,
            status=solution.status,
            iterations=solution.iterations,
            wall_s=solution.wall_s,
        )
    return found


def _give_back(drafts: Sequence[TourDraft]) -> bool:
    """Undo changes, those first that cost least; whether there are fewer now and still too many."""
    changes = list(_changes(drafts))
    problem = drafts[0].bench.problem
    n_excess = n_before = excess_changes(problem, ((draft.vehicle_index, draft.order) for draft in drafts))
    costs = []
    for at, pickup in changes:
        before = _orders(drafts)
        cost = _undone(drafts, at, pickup)
        if cost is not None:
            costs.append((cost, at, pickup))
            _restore(drafts, before)
    for _, at, pickup in sorted(costs):
        if n_excess <= 0:
            break
        if _undone(drafts, at, pickup) is not None:
            n_excess -= len(problem.pickups[pickup].container_ids)
    return 0 < n_excess < n_before


def _undone(drafts: Sequence[TourDraft], at: int, pickup: int) -> int | None:
    """What giving back the pickup costs; None, with everything as it was, where it does not fit."""
    home = drafts[drafts[at].bench.problem.pickups[pickup].planned_vehicle or 0]
    guest, before = drafts[at], _orders(drafts)
    cost = guest.cost_micro_eur + home.cost_micro_eur
    if guest.replace_order(guest.without((pickup,))):
        if any(home.try_insertion(one) for one in home.insertions(pickup, most=MOST_TRIES)):
            return guest.cost_micro_eur + home.cost_micro_eur - cost
        _restore(drafts, before)
    return None


def _changes(drafts: Sequence[TourDraft]) -> Iterator[tuple[int, int]]:
    for at, draft in enumerate(drafts):
        for visit in draft.order:
            if visit >= 0 and is_changed(draft.bench.problem, visit, draft.vehicle_index):
                yield at, visit


def _excess(problem: Problem, solution: Solution) -> int:
    return excess_changes(problem, ((tour.vehicle_index, order_of(tour)) for tour in solution.tours))


def _lost_micro_eur(problem: Problem, solution: Solution) -> int:
    return sum(problem.pickups[at].prize_micro_eur for at in solution.unserved)


def _orders(drafts: Sequence[TourDraft]) -> list[list[int]]:
    return [draft.order for draft in drafts]


def _restore(drafts: Sequence[TourDraft], orders: Sequence[Sequence[int]]) -> None:
    for draft, order in zip(drafts, orders, strict=True):
        if draft.order != order:
            draft.replace_order(order)
