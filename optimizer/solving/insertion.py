"""Fills drafts with pickups, each where it costs least and can be driven in time, and drops what does not pay."""

from collections.abc import Iterable, Sequence

from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_cost import SearchReport, assemble_solution
from optimizer.solving.tour_draft import Insertion, TourDraft, Workbench, without_empty_trips

MOST_TRIES_PER_VEHICLE = 6
"""Cheapest insertions of a pickup per vehicle that are timed before it is given up there."""
MOST_TRIES_FOR_OPTIONAL = 3
"""The same for a pickup that may wait."""


def empty_drafts(bench: Workbench) -> list[TourDraft]:
    """One draft per vehicle: unused, or tipping what it has on board."""
    return [TourDraft(bench, index) for index in range(len(bench.problem.vehicles))]


def drafts_of(bench: Workbench, orders: Iterable[tuple[int, Sequence[int]]]) -> list[TourDraft]:
    """Drafts of given orders; what may not or cannot be driven in time loses pickups until it can."""
    drafts = empty_drafts(bench)
    for vehicle_index, order in orders:
        draft = drafts[vehicle_index]
        wanted = without_empty_trips(order, draft.vehicle)
        while _has_pickups(wanted) and not (draft.may_drive(wanted) and draft.replace_order(wanted)):
            wanted = without_empty_trips(_without_cheapest_loss(bench.problem, wanted), draft.vehicle)
    return drafts


def drafts_of_solution(bench: Workbench, solution: Solution) -> list[TourDraft]:
    """Drafts of the tours of a solution, which may have been made for another day: what is unknown is left out."""
    n_pickups, n_disposals = len(bench.problem.pickups), len(bench.problem.disposals)
    seen: set[int] = set()
    orders: dict[int, list[int]] = {}
    for tour in solution.tours:
        if tour.vehicle_index in orders or not 0 <= tour.vehicle_index < len(bench.problem.vehicles):
            continue
        known = [visit for visit in order_of(tour) if -n_disposals <= visit < n_pickups and visit not in seen]
        orders[tour.vehicle_index] = known
        seen.update(visit for visit in known if visit >= 0)
    return drafts_of(bench, orders.items())


def insert_best(drafts: Sequence[TourDraft], pickup_index: int, *, highest_micro_eur: int) -> bool:
    """Serve the pickup where it costs least, unless nothing below the given cost can be driven in time."""
    ways: list[tuple[int, int, Insertion]] = []
    unused_kinds: set[int] = set()
    is_must = bool(drafts) and drafts[0].bench.problem.pickups[pickup_index].is_must
    most = MOST_TRIES_PER_VEHICLE if is_must else MOST_TRIES_FOR_OPTIONAL
    for at, draft in enumerate(drafts):
        if not draft.may_have_time_for(pickup_index):
            continue
        if not draft.order:
            kind = draft.bench.first_alike[draft.vehicle_index]
            if kind in unused_kinds:
                continue
            unused_kinds.add(kind)
        insertions = draft.insertions(pickup_index, most=most)
        ways += [(one.cost_micro_eur, at, one) for one in insertions if one.cost_micro_eur < highest_micro_eur]
    ways.sort(key=lambda way: way[:2])
    return any(drafts[at].try_insertion(insertion) for _, at, insertion in ways)


def insert_all(drafts: Sequence[TourDraft], pickups: Iterable[int]) -> list[int]:
    """Serve pickups in the given order, each as long as it costs less than its prize; the ones left over."""
    if not drafts:
        return list(pickups)
    known = drafts[0].bench.problem.pickups
    return [at for at in pickups if not insert_best(drafts, at, highest_micro_eur=known[at].prize_micro_eur)]


def drop_what_does_not_pay(drafts: Sequence[TourDraft]) -> list[int]:
    """Take out pickups, trips and whole tours that cost more than their prizes; the pickups dropped."""
    dropped = []
    for draft in drafts:
        problem = draft.bench.problem
        has_changed = True
        while has_changed and draft.order:
            has_changed = False
            for part in _parts(draft.order):
                prize = sum(problem.pickups[visit].prize_micro_eur for visit in part)
                before_micro_eur, before = draft.cost_micro_eur, draft.order
                if prize >= before_micro_eur or (len(part) == 1 and prize >= draft.most_saved_micro_eur(part[0])):
                    continue
                rest = draft.without(frozenset(part))
                if not draft.replace_order(rest):
                    continue
                if before_micro_eur - draft.cost_micro_eur > prize:
                    dropped += part
                    has_changed = True
                    break
                draft.replace_order(before)
    return dropped


def solution_of(bench: Workbench, drafts: Iterable[TourDraft], report: SearchReport) -> Solution:
    """The drafts with all their times."""
    tours = [
        tour
        for draft in drafts
        if draft.order and (tour := bench.scheduler.schedule(draft.vehicle_index, draft.order)) is not None
    ]
    return assemble_solution(bench.problem, tours, report)


def objective_micro_eur(problem: Problem, drafts: Iterable[TourDraft]) -> int:
    """Costs of the drafts and prizes of everything in none of them."""
    objective = sum(pickup.prize_micro_eur for pickup in problem.pickups)
    for draft in drafts:
        objective += draft.cost_micro_eur
        objective -= sum(problem.pickups[visit].prize_micro_eur for visit in draft.order if visit >= 0)
    return objective


def _has_pickups(order: Sequence[int]) -> bool:
    return any(visit >= 0 for visit in order)


def _without_cheapest_loss(problem: Problem, order: Sequence[int]) -> list[int]:
    cheapest = min((visit for visit in order if visit >= 0), key=lambda visit: problem.pickups[visit].prize_micro_eur)
    return [visit for visit in order if visit != cheapest]


def _parts(order: Sequence[int]) -> list[list[int]]:
    """The whole tour, each trip, and each pickup alone."""
    trips: list[list[int]] = [[]]
    for visit in order:
        if visit >= 0:
            trips[-1].append(visit)
        else:
            trips.append([])
    trips = [trip for trip in trips if trip]
    if not trips:
        return []  # a load that was on board is tipped, nothing else
    everything = [visit for trip in trips for visit in trip]
    return [everything, *(trips if len(trips) > 1 else []), *([visit] for visit in everything)]
