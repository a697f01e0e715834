"""Serves left-over pickups on a relaxed day by exact insertion, and has every answer judged before it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.checking.check_solution import check_solution
from optimizer.planning.relaxed_days import RelaxedDay, Tight
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.insertion import drafts_of, insert_best, solution_of
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import TourDraft, Workbench

ANY_COST = 2**62
FEW = 24
"""Up to so many pickups the cheapest is sought anew after every insertion; more are taken in one order."""
REPORT = SearchReport(solver="relaxation", status="feasible", iterations=0, wall_s=0.0)

Orders = Mapping[int, Sequence[int]]
"""Vehicle index -> its visits, as the scheduler writes them."""


@dataclass(slots=True)
class Effort:
    """How many insertions may still be looked for: a bound that is the same on every machine."""

    left: int

    def spend(self, steps: int) -> bool:
        """Whether there was enough left."""
        self.left -= steps
        return self.left >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One judged answer on a tightened day.

    Attributes
    ----------
    pickups
        What it serves of the wanted ones.
    added_micro_eur
        What the tours cost more than before.
    """

    pickups: tuple[int, ...]
    added_micro_eur: int
    tight: Tight


@dataclass(slots=True)
class _Run:
    drafts: list[TourDraft]
    gaining: list[TourDraft]
    before_micro_eur: int
    served: list[int] = field(default_factory=list)
    snapshots: list[tuple[int, dict[int, list[int]], int]] = field(default_factory=list)

    def note(self) -> None:
        cost = sum(draft.cost_micro_eur for draft in self.drafts)
        orders = {draft.vehicle_index: list(draft.order) for draft in self.gaining}
        self.snapshots.append((len(self.served), orders, cost - self.before_micro_eur))


def try_relaxed_day(day: RelaxedDay, orders: Orders, wanted: Sequence[int], effort: Effort) -> list[Trial]:
    """What the change achieves: everything it can serve, and before that the part that costs least per pickup.

    Only what the checker accepts on the tightened day is given, and only where no pickup that was served is lost.
    """
    bench = Workbench(day.problem)
    drafts = drafts_of(bench, orders.items())
    if any(list(draft.order) != list(orders.get(draft.vehicle_index, ())) for draft in drafts):
        return []
    run = _Run(
        drafts=drafts,
        gaining=[draft for draft in drafts if draft.vehicle_index in day.vehicles],
        before_micro_eur=sum(draft.cost_micro_eur for draft in drafts),
    )
    if not _insert(run, wanted, effort):
        return []  # a piece of an answer would say less than the change can do
    trials = []
    for count, gained, added in _worth_telling(run.snapshots):
        for draft in run.gaining:
            draft.replace_order(gained[draft.vehicle_index])
        trial = _judged(day, bench, drafts, run.served[:count], added)
        if trial is not None:
            trials.append(trial)
    return trials


def orders_of(solution: Solution) -> dict[int, list[int]]:
    """The visits of every tour."""
    return {tour.vehicle_index: order_of(tour) for tour in solution.tours}


def translated(orders: Orders, old: Problem, new: Problem) -> dict[int, list[int]] | None:
    """The same tours in another problem of the same day, or None where that has lost a vehicle, site or pickup."""
    vehicles = {one.vehicle_id: at for at, one in enumerate(new.vehicles)}
    sites = {one.disposal_site_id: at for at, one in enumerate(new.disposals)}
    pickup_of = {name: at for at, one in enumerate(new.pickups) for name in one.container_ids}
    found: dict[int, list[int]] = {}
    for vehicle_index, order in orders.items():
        ours: list[int] = []
        vehicle_id = old.vehicles[vehicle_index].vehicle_id
        for visit in order:
            if visit < 0:
                site = sites.get(old.disposals[~visit].disposal_site_id)
                if site is None:
                    return None
                ours.append(~site)
                continue
            for name in old.pickups[visit].container_ids:
                at = pickup_of.get(name)
                if at is None:
                    return None
                if at not in ours:
                    ours.append(at)
        if vehicle_id not in vehicles:
            return None
        found[vehicles[vehicle_id]] = ours
    return found


def _insert(run: _Run, wanted: Sequence[int], effort: Effort) -> bool:
    """Cheapest first, until nothing more fits; False when the effort was spent before."""
    waiting = _by_cost(run.gaining, wanted)
    is_sorted_anew = len(waiting) <= FEW
    while waiting:
        placed = None
        for at in waiting:
            if not effort.spend(len(run.gaining)):
                return False
            if insert_best(run.gaining, at, highest_micro_eur=ANY_COST):
                placed = at
                break
        if placed is None:
            return True
        run.served.append(placed)
        run.note()
        if is_sorted_anew:
            waiting = _by_cost(run.gaining, [at for at in waiting if at != placed])
        else:
            # What did not fit before the one that did will not fit after it either, as a rule.
            waiting = waiting[waiting.index(placed) + 1 :]
    return True


def _by_cost(drafts: Sequence[TourDraft], pickups: Sequence[int]) -> list[int]:
    costs = {
        at: min((way.cost_micro_eur for draft in drafts for way in draft.insertions(at, most=1)), default=None)
        for at in pickups
    }
    return sorted((at for at in pickups if costs[at] is not None), key=lambda at: (costs[at] or 0, at))


def _worth_telling(
    snapshots: Sequence[tuple[int, dict[int, list[int]], int]],
) -> list[tuple[int, dict[int, list[int]], int]]:
    """The end, and an earlier state that serves at least half as many for clearly less per pickup."""
    if not snapshots:
        return []
    last = snapshots[-1]
    earlier = [one for one in snapshots[:-1] if 2 * one[0] >= last[0]]
    best = min(earlier, key=lambda one: one[2] / one[0], default=last)
    if best is not last and 10 * best[2] * last[0] < 9 * last[2] * best[0]:
        return [best, last]
    return [last]


def _judged(
    day: RelaxedDay, bench: Workbench, drafts: Sequence[TourDraft], served: Sequence[int], added_micro_eur: int
) -> Trial | None:
    solution = solution_of(bench, drafts, REPORT)
    tight = day.tighten(solution)
    if tight.amount <= 0 or check_solution(tight.problem, solution):
        return None
    if not set(served) <= set(range(len(day.problem.pickups))) - set(solution.unserved):
        return None
    return Trial(pickups=tuple(served), added_micro_eur=added_micro_eur, tight=tight)
