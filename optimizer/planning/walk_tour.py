"""Times of a tour driven just as it is given, also where that breaks rules: so that the checker can name them all."""

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.problem.problem import Problem, Window
from optimizer.problem.solution import VehicleTour, Visit, VisitKind

TOLERANCE_S = 60
"""People write minutes: a start that is missed by less is no mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One visit in the order of the day.

    Attributes
    ----------
    visit
        ``i >= 0`` is pickup ``i``, ``~d`` tipping at disposal ``d``; None for a break.
    begins_s
        When the work shall begin, or None for as early as it can.
    break_s
        Length of a break.
    """

    visit: int | None
    begins_s: int | None = None
    break_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A stated time at which the vehicle cannot be there yet."""

    step_index: int
    stated_s: int
    possible_s: int


def walk_tour(
    problem: Problem, vehicle_index: int, steps: Sequence[Step], *, departs_s: int | None
) -> tuple[VehicleTour, tuple[Missed, ...]]:
    """The tour with times, and the stated times that it cannot keep; where no break is given, breaks are laid in."""
    vehicle = problem.vehicles[vehicle_index]
    tour, missed = _walk(problem, vehicle_index, steps, departs_s=departs_s)
    if any(step.visit is None for step in steps):
        return tour, missed
    work_s = tour.returns_s - tour.departs_s
    due_s = max((rule.break_s for rule in vehicle.breaks if work_s > rule.work_above_s), default=0)
    if due_s == 0 and work_s > vehicle.max_stretch_s:
        due_s = max((rule.break_s for rule in vehicle.breaks), default=0)
    if due_s == 0 or len(steps) < 2:
        return tour, missed
    # The break lies where the work before it comes nearest to half of the day.
    middle_s = tour.departs_s + work_s // 2
    at = min(range(1, len(steps)), key=lambda index: abs(tour.visits[index - 1].departs_s - middle_s))
    rested = [*steps[:at], Step(visit=None, break_s=due_s), *steps[at:]]
    tour, missed = _walk(problem, vehicle_index, rested, departs_s=departs_s)
    given = [index for index in range(len(rested)) if index != at]
    own = tuple(
        Missed(step_index=given.index(one.step_index), stated_s=one.stated_s, possible_s=one.possible_s)
        for one in missed
    )
    return tour, own


def _walk(
    problem: Problem, vehicle_index: int, steps: Sequence[Step], *, departs_s: int | None
) -> tuple[VehicleTour, tuple[Missed, ...]]:
    vehicle = problem.vehicles[vehicle_index]
    place = vehicle.start_place_index
    departs_s = _departure(problem, vehicle_index, steps) if departs_s is None else departs_s
    now_s = departs_s
    visits: list[Visit] = []
    missed: list[Missed] = []
    for at, step in enumerate(steps):
        if step.visit is None:
            # A break that is stated for later begins when the work before it is done: nobody works meanwhile.
            ends_s = max(now_s, step.begins_s or 0) + step.break_s
            visits.append(Visit(kind=VisitKind.BREAK, index=-1, arrives_s=now_s, starts_s=now_s, departs_s=ends_s))
            now_s = ends_s
            continue
        there, hours = _place_of(problem, step.visit)
        arrives_s = now_s + problem.duration_s(vehicle_index, place, there, departs_s=now_s)
        starts_s, work_s = _start(hours, arrives_s)
        if step.begins_s is not None:
            starts_s = max(arrives_s, step.begins_s)
            _, work_s = _start(hours, starts_s)
            if arrives_s > step.begins_s + TOLERANCE_S:
                missed.append(Missed(step_index=at, stated_s=step.begins_s, possible_s=arrives_s))
        kind, index = (VisitKind.PICKUP, step.visit) if step.visit >= 0 else (VisitKind.TIP, ~step.visit)
        now_s = starts_s + work_s
        visits.append(Visit(kind=kind, index=index, arrives_s=arrives_s, starts_s=starts_s, departs_s=now_s))
        place = there
    returns_s = now_s + problem.duration_s(vehicle_index, place, vehicle.end_place_index, departs_s=now_s)
    tour = VehicleTour(vehicle_index=vehicle_index, departs_s=departs_s, returns_s=returns_s, visits=tuple(visits))
    return tour, tuple(missed)


def _departure(problem: Problem, vehicle_index: int, steps: Sequence[Step]) -> int:
    """The begin of the shift, or later when the first work is stated to begin later."""
    vehicle = problem.vehicles[vehicle_index]
    first = next((step for step in steps if step.visit is not None), None)
    if first is None or first.visit is None or first.begins_s is None:
        return vehicle.shift[0]
    there, _ = _place_of(problem, first.visit)
    return max(vehicle.shift[0], first.begins_s - problem.duration_s(vehicle_index, vehicle.start_place_index, there))


def _place_of(problem: Problem, visit: int) -> tuple[int, list[tuple[Window, int]]]:
    """The place, and its windows with what the work takes in each."""
    if visit >= 0:
        pickup = problem.pickups[visit]
        return pickup.place_index, [(window, pickup.service_s) for window in pickup.windows]
    disposal = problem.disposals[~visit]
    return disposal.place_index, list(zip(disposal.windows, disposal.works_s, strict=True))


def _start(hours: Sequence[tuple[Window, int]], arrives_s: int) -> tuple[int, int]:
    """The first moment at which the work fits into a window, and what it takes; the arrival where none is left."""
    return next(
        (
            (max(opens_s, arrives_s), work_s)
            for (opens_s, closes_s), work_s in hours
            if max(opens_s, arrives_s) + work_s <= closes_s
        ),
        (arrives_s, hours[0][1]),
    )
