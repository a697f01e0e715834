"""What serving one more pickup would cost on each vehicle, and which rule keeps it off the others: found by trying."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from optimizer.planning.insertion_option import Option, Rule
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem
from optimizer.solving.insertion import drafts_of
from optimizer.solving.tour_draft import TourDraft, Workbench

MOST_TRIES = 12
"""Cheapest insertions per vehicle that are timed."""
PLENTY = 10**7
DAY_S = 24 * 3600
MOST_OVERTIME_S = 6 * 3600


def options_of(problem: Problem, orders: Mapping[int, Sequence[int]], pickup_index: int) -> list[Option]:
    """An option for every vehicle of the problem that may serve the pickup at all, in the order of the vehicles."""
    allowed = sorted(problem.pickups[pickup_index].allowed_vehicles)
    return [_option(problem, at, orders.get(at, ()), pickup_index) for at in allowed]


def removal_of(problem: Problem, vehicle_index: int, order: Sequence[int], pickup_index: int) -> Option | None:
    """What the vehicle would save without the pickup; None when one of both tours cannot be driven in time."""
    bench = Workbench(problem)
    with_it, without = TourDraft(bench, vehicle_index), TourDraft(bench, vehicle_index)
    rest: list[int] = []
    for visit in order:
        if visit != pickup_index and (visit >= 0 or (rest and rest[-1] >= 0)):
            rest.append(visit)
    if not with_it.replace_order(order) or not without.replace_order(rest):
        return None
    return _difference(with_it, without, rule=None, missing=0)


def _option(problem: Problem, vehicle_index: int, order: Sequence[int], pickup_index: int) -> Option:
    vehicle, pickup = problem.vehicles[vehicle_index], problem.pickups[pickup_index]
    if pickup.demand_kg > vehicle.capacity_kg:
        return Option(vehicle_id=vehicle.vehicle_id, rule=Rule.SIZE_KG, missing=pickup.demand_kg - vehicle.capacity_kg)
    room_l = vehicle.capacity_l_by_stream.get(pickup.stream, 0)
    if pickup.demand_l > room_l:
        return Option(vehicle_id=vehicle.vehicle_id, rule=Rule.SIZE_L, missing=pickup.demand_l - room_l)
    found = _cheapest(problem, vehicle_index, order, pickup_index)
    if found is not None:
        before, after = found
        return _difference(after, before, rule=None, missing=0)
    for rule, relax in _RELAXED:
        relaxed = relax(problem, vehicle_index, pickup_index)
        found = _cheapest(relaxed, vehicle_index, order, pickup_index)
        if found is not None:
            before, after = found
            return _difference(after, before, rule=rule, missing=_missing(rule, problem, before, after, pickup_index))
    return Option(vehicle_id=vehicle.vehicle_id, rule=Rule.SEVERAL)


def _cheapest(
    problem: Problem, vehicle_index: int, order: Sequence[int], pickup_index: int
) -> tuple[TourDraft, TourDraft] | None:
    """The tour before and after the exact insertion that adds least."""
    bench = Workbench(problem)
    before = drafts_of(bench, [(vehicle_index, order)])[vehicle_index]
    if list(before.order) != list(order):
        return None
    best: TourDraft | None = None
    for insertion in before.insertions(pickup_index, most=MOST_TRIES):
        after = TourDraft(bench, vehicle_index)
        is_better = after.replace_order(insertion.applied_to(order))
        if is_better and (best is None or after.cost_micro_eur < best.cost_micro_eur):
            best = after
    return None if best is None else (before, best)


def _difference(more: TourDraft, less: TourDraft, *, rule: Rule | None, missing: int) -> Option:
    return Option(
        vehicle_id=more.vehicle.vehicle_id,
        rule=rule,
        cost_eur=round((more.cost_micro_eur - less.cost_micro_eur) / MICRO_EUR_PER_EUR, 2),
        extra_s=more.timing.elapsed_s - less.timing.elapsed_s,
        extra_m=_length_m(more) - _length_m(less),
        missing=missing,
    )


def _length_m(draft: TourDraft) -> int:
    if not draft.order:
        return 0
    problem, vehicle = draft.bench.problem, draft.vehicle
    places = [vehicle.start_place_index]
    for visit in draft.order:
        at = problem.pickups[visit].place_index if visit >= 0 else problem.disposals[~visit].place_index
        places.append(at)
    places.append(vehicle.end_place_index)
    return sum(problem.distance_m(draft.vehicle_index, a, b) for a, b in pairwise(places))


def _missing(rule: Rule, problem: Problem, before: TourDraft, after: TourDraft, pickup_index: int) -> int:
    vehicle, pickup = problem.vehicles[before.vehicle_index], problem.pickups[pickup_index]
    if rule is Rule.SHIFT:
        tour = after.bench.scheduler.schedule(after.vehicle_index, after.order)
        return 0 if tour is None else max(0, tour.returns_s - vehicle.shift[1])
    if rule is Rule.WORKING_TIME:
        return max(0, after.timing.work_s - vehicle.max_work_s)
    if rule is Rule.DAY_KG and vehicle.max_day_kg is not None:
        collected_kg = sum(problem.pickups[visit].demand_kg for visit in before.order if visit >= 0)
        return max(0, collected_kg + pickup.demand_kg - vehicle.max_day_kg)
    loads = _trip_loads(before, pickup.stream)
    if rule is Rule.CAPACITY_KG and loads:
        return max(0, min(kg for kg, _ in loads) + pickup.demand_kg - vehicle.capacity_kg)
    if rule is Rule.CAPACITY_L and loads:
        return max(
            0, min(litres for _, litres in loads) + pickup.demand_l - vehicle.capacity_l_by_stream[pickup.stream]
        )
    return 0


def _trip_loads(draft: TourDraft, stream: str) -> list[tuple[int, int]]:
    loads: list[tuple[int, int]] = []
    kg = litres = 0
    last_stream = ""
    for visit in draft.order:
        if visit < 0:
            if last_stream == stream:
                loads.append((kg, litres))
            kg = litres = 0
        else:
            pickup = draft.bench.problem.pickups[visit]
            kg, litres, last_stream = kg + pickup.demand_kg, litres + pickup.demand_l, pickup.stream
    return loads


Relax = Callable[[Problem, int, int], Problem]


def _with_vehicle(problem: Problem, at: int, **changes: object) -> Problem:
    vehicles = list(problem.vehicles)
    vehicles[at] = replace(vehicles[at], **changes)  # type: ignore[arg-type]  # any of its fields
    return replace(problem, vehicles=tuple(vehicles))


def _more_kg(problem: Problem, vehicle: int, _pickup: int) -> Problem:
    return _with_vehicle(problem, vehicle, capacity_kg=PLENTY)


def _more_litres(problem: Problem, vehicle: int, _pickup: int) -> Problem:
    rooms = dict.fromkeys(problem.vehicles[vehicle].capacity_l_by_stream, PLENTY)
    return _with_vehicle(problem, vehicle, capacity_l_by_stream=rooms)


def _more_trips(problem: Problem, vehicle: int, _pickup: int) -> Problem:
    return _with_vehicle(problem, vehicle, max_trips=problem.vehicles[vehicle].max_trips + 1)


def _more_a_day(problem: Problem, vehicle: int, _pickup: int) -> Problem:
    return _with_vehicle(problem, vehicle, max_day_kg=None)


def _any_hour(problem: Problem, _vehicle: int, pickup: int) -> Problem:
    pickups = list(problem.pickups)
    pickups[pickup] = replace(pickups[pickup], windows=((0, 2 * DAY_S),))
    return replace(problem, pickups=tuple(pickups))


def _sites_open(problem: Problem, _vehicle: int, _pickup: int) -> Problem:
    return replace(
        problem, disposals=tuple(replace(one, windows=((0, 2 * DAY_S),), queue_s=()) for one in problem.disposals)
    )


def _no_breaks(problem: Problem, vehicle: int, _pickup: int) -> Problem:
    return _with_vehicle(problem, vehicle, breaks=(), max_stretch_s=2 * DAY_S)


def _longer_shift(problem: Problem, vehicle: int, _pickup: int) -> Problem:
    start_s, end_s = problem.vehicles[vehicle].shift
    return _with_vehicle(problem, vehicle, shift=(start_s, end_s + MOST_OVERTIME_S))


def _longer_work(problem: Problem, vehicle: int, pickup: int) -> Problem:
    return _with_vehicle(_longer_shift(problem, vehicle, pickup), vehicle, max_work_s=DAY_S)


_RELAXED: tuple[tuple[Rule, Relax], ...] = (
    (Rule.CAPACITY_KG, _more_kg),
    (Rule.CAPACITY_L, _more_litres),
    (Rule.TRIPS, _more_trips),
    (Rule.DAY_KG, _more_a_day),
    (Rule.CONTAINER_HOURS, _any_hour),
    (Rule.DISPOSAL_HOURS, _sites_open),
    (Rule.BREAK, _no_breaks),
    (Rule.SHIFT, _longer_shift),
    (Rule.WORKING_TIME, _longer_work),
)
"""Rules in the order in which they are lifted, each alone: the first without which the pickup fits binds."""
