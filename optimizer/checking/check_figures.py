"""Judges a plan's arithmetic from the document alone: every container once, and sums that agree with what they sum."""

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from operator import add

from optimizer.checking.errors import Violation
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Plan, StopKind, Totals, Tour
from optimizer.domain.town import Town


def each_once(plan: Plan) -> Iterator[Violation]:
    """No container twice, and none both emptied and left."""
    emptied = Counter(one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections)
    left = Counter(one.container_id for one in plan.unserved)
    for container_id in sorted(emptied.keys() | left.keys()):
        times = emptied[container_id] + left[container_id]
        if times > 1:
            sentence = f"It is emptied {emptied[container_id]} times and listed as unserved {left[container_id]} times."
            yield Violation(code="counted_twice", where=f"container {container_id}", sentence=sentence)


def sums_right(plan: Plan) -> Iterator[Violation]:
    """The document's own sums: legs against the map, tours against their stops, the plan against its tours."""
    for tour in plan.tours:
        stated = tour.totals
        counted = _count(tour)
        for name in ("distance_m", "driving_s", "working_s", "break_s", "lifts", "tips"):
            if getattr(stated, name) != getattr(counted, name):
                sentence = f"It states {name} = {getattr(stated, name)}, but its stops give {getattr(counted, name)}."
                yield Violation(code="wrong_total", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
        yield from _wrong_legs(tour)
    total = reduce(add, (tour.totals for tour in plan.tours), Totals())
    for name in ("distance_m", "driving_s", "working_s", "overtime_s", "lifts", "tips"):
        if getattr(plan.totals, name) != getattr(total, name):
            sentence = f"It states {name} = {getattr(plan.totals, name)}, but the tours give {getattr(total, name)}."
            yield Violation(code="wrong_total", where="plan", sentence=sentence)
    for name in ("cost_eur", "toll_eur"):
        stated_eur, summed_eur = getattr(plan.totals, name), getattr(total, name)
        if abs(stated_eur - summed_eur) > 0.01 * max(1, len(plan.tours)):
            sentence = f"It states {name} = {stated_eur:.2f}, but the tours give {summed_eur:.2f}."
            yield Violation(code="wrong_total", where="plan", sentence=sentence)


def extras_right(plan: Plan, town: Town) -> Iterator[Violation]:
    """Overtime and toll of each tour, by what its vehicle is paid for."""
    vehicles = {one.vehicle_id: one for one in town.vehicles}
    for tour in plan.tours:
        vehicle, stated, counted = vehicles[tour.vehicle_id], tour.totals, _count(tour)
        regular_s = vehicle.shift.regular_work_s
        overtime_s = 0 if regular_s is None else max(0, counted.working_s - regular_s)
        if stated.overtime_s != overtime_s:
            sentence = f"It states overtime_s = {stated.overtime_s}, but its stops give {overtime_s}."
            yield Violation(code="wrong_total", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
        toll_eur = sum(stop.leg.toll_m for stop in tour.stops if stop.leg) / 1000 * vehicle.toll_eur_per_km
        if abs(stated.toll_eur - toll_eur) > 0.01:
            sentence = f"It states toll_eur = {stated.toll_eur:.2f}, but its legs give {toll_eur:.2f}."
            yield Violation(code="wrong_total", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
        if stated.cost_eur < stated.toll_eur:
            sentence = f"It costs {stated.cost_eur:.2f} EUR, less than its toll of {stated.toll_eur:.2f} EUR."
            yield Violation(code="wrong_total", where=f"vehicle {tour.vehicle_id}", sentence=sentence)


def _count(tour: Tour) -> Totals:
    last = tour.stops[-1]
    out_s = seconds_between(tour.stops[0].departs_at, last.departs_at if tour.is_cut_short else last.arrives_at)
    pauses = [stop for stop in tour.stops if stop.kind is StopKind.BREAK]
    break_s = sum(seconds_between(stop.starts_at, stop.departs_at) for stop in pauses)
    legs = [stop.leg for stop in tour.stops if stop.leg]
    return Totals(
        distance_m=sum(leg.distance_m for leg in legs),
        driving_s=sum(leg.duration_s for leg in legs),
        working_s=out_s - break_s,
        break_s=break_s,
        lifts=sum(len(stop.collections) for stop in tour.stops),
        tips=sum(stop.kind is StopKind.TIP for stop in tour.stops),
    )


def _wrong_legs(tour: Tour) -> Iterator[Violation]:
    """The seconds of each leg to come against the clock of its two ends."""
    first = max(1, tour.done_stops)
    before = tour.stops[first - 1]
    for stop in tour.stops[first:]:
        if stop.leg is not None:
            took_s = seconds_between(before.departs_at, stop.arrives_at)
            if took_s != stop.leg.duration_s:
                stated = f"The leg to stop {stop.sequence} states {stop.leg.duration_s} s"
                sentence = f"{stated}, but the clock says {took_s} s."
                yield Violation(code="wrong_leg", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
        before = stop
