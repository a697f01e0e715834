"""A day with one rule relaxed, as a problem of its own: what a dispatcher could change before the trucks leave.

Every relaxed day can be *tightened* to what a solution really uses of it: three more hours become the 35 minutes that
are needed. The tightened problem is the one that the checker judges.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from optimizer.domain.relaxation import RelaxationKind
from optimizer.problem.elapsed_windows import merged
from optimizer.problem.problem import Problem, ProblemDisposal, Window
from optimizer.problem.solution import Solution, VisitKind

LONGEST_OVERTIME_S = 3 * 3600
LONGEST_OPENING_S = 3 * 3600
MOST_EXTRA_VEHICLES = 3
DAY_S = 24 * 3600
FRESH: Final[dict[str, Any]] = {
    "on_board_kg": 0,
    "on_board_l": 0,
    "on_board_stream": None,
    "worked_s": 0,
    "rested_s": 0,
    "unrested_s": 0,
}
"""A vehicle that comes in addition has neither a load nor work behind it."""
OVERTIME_STEP_S = 5 * 60
"""Overtime is asked for in steps of five minutes, opening hours in steps of fifteen."""
OPENING_STEP_S = 15 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tight:
    """What a solution uses of a relaxation.

    Attributes
    ----------
    amount
        Minutes, vehicles or trips; see ``Relaxation.amount``.
    since
        Minutes since midnight from which something must be open, where that matters.
    subject
        Filled when only the solution shows what the relaxation was about.
    """

    amount: int
    problem: Problem
    since: int = 0
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedDay:
    """One change of a day.

    Attributes
    ----------
    vehicles
        Those that may gain pickups by it; all others keep their tours.
    tighten
        Cuts the change down to what a solution uses of it.
    """

    kind: RelaxationKind
    subject: str
    problem: Problem
    vehicles: frozenset[int]
    tighten: Callable[[Solution], Tight]


def relaxed_days(problem: Problem, wanted: Collection[int]) -> Iterator[RelaxedDay]:
    """Changes that need no new travel times, the mildest kinds first; ``wanted`` are the pickups to serve."""
    suitable = sorted(frozenset().union(*(problem.pickups[at].allowed_vehicles for at in wanted)))
    for vehicle_index in suitable:
        yield _overtime(problem, vehicle_index)
    for vehicle_index in suitable:
        yield _extra_trip(problem, vehicle_index)
    if any(not _is_always_open(problem.pickups[at].windows) for at in wanted):
        yield _container_hours(problem, wanted)
    streams = {problem.pickups[at].stream for at in wanted}
    for disposal_index, disposal in enumerate(problem.disposals):
        if disposal.streams & streams and not _is_always_open(disposal.windows):
            yield _disposal_hours(problem, disposal_index)
    seen: set[str] = set()
    for vehicle_index in suitable:
        kind = repr(replace(problem.vehicles[vehicle_index], vehicle_id=""))
        if kind not in seen:
            seen.add(kind)
            yield _extra_vehicles(problem, vehicle_index)


def added_vehicle(problem: Problem, vehicle_index: int, kind: RelaxationKind, subject: str) -> RelaxedDay:
    """A day that has one more vehicle already: only that one gains."""
    return RelaxedDay(
        kind=kind,
        subject=subject,
        problem=problem,
        vehicles=frozenset({vehicle_index}),
        tighten=lambda _: Tight(amount=1, problem=problem),
    )


def exempted_street(problem: Problem, vehicles: frozenset[int], kind: RelaxationKind, subject: str) -> RelaxedDay:
    """A day on which these vehicles may already use one more street."""
    return RelaxedDay(
        kind=kind,
        subject=subject,
        problem=problem,
        vehicles=vehicles,
        tighten=lambda _: Tight(amount=1, problem=problem),
    )


def opened_disposal(problem: Problem, disposal_index: int) -> RelaxedDay:
    """A day on which a closed site is open; tightened to the hours in which it is used."""
    disposal = problem.disposals[disposal_index]

    def tighten(solution: Solution) -> Tight:
        spans = _unloadings(solution, disposal_index)
        since_s = min(start for start, _ in spans) // OPENING_STEP_S * OPENING_STEP_S if spans else 0
        until_s = _rounded_up(max((end for _, end in spans), default=0), OPENING_STEP_S)
        tight = _with_disposal(problem, disposal_index, windows=((since_s, max(until_s, since_s + 1)),))
        return Tight(amount=until_s // 60, since=since_s // 60, problem=tight)

    return RelaxedDay(
        kind=RelaxationKind.OPEN_DISPOSAL,
        subject=disposal.disposal_site_id,
        problem=problem,
        vehicles=disposal.allowed_vehicles,
        tighten=tighten,
    )


def _overtime(problem: Problem, vehicle_index: int) -> RelaxedDay:
    vehicle = problem.vehicles[vehicle_index]
    ends_s = vehicle.shift[1]

    def tighten(solution: Solution) -> Tight:
        returns_s = max((one.returns_s for one in solution.tours if one.vehicle_index == vehicle_index), default=ends_s)
        extra_s = _rounded_up(max(0, returns_s - ends_s), OVERTIME_STEP_S)
        return Tight(amount=extra_s // 60, problem=_with_shift_end(problem, vehicle_index, ends_s + extra_s))

    return RelaxedDay(
        kind=RelaxationKind.OVERTIME,
        subject=vehicle.vehicle_id,
        problem=_with_shift_end(problem, vehicle_index, ends_s + LONGEST_OVERTIME_S),
        vehicles=frozenset({vehicle_index}),
        tighten=tighten,
    )


def _extra_trip(problem: Problem, vehicle_index: int) -> RelaxedDay:
    vehicle = problem.vehicles[vehicle_index]
    longer = _with_vehicle(problem, vehicle_index, max_trips=vehicle.max_trips + 1)
    return RelaxedDay(
        kind=RelaxationKind.EXTRA_TRIP,
        subject=vehicle.vehicle_id,
        problem=longer,
        vehicles=frozenset({vehicle_index}),
        tighten=lambda _: Tight(amount=1, problem=longer),
    )


def _container_hours(problem: Problem, wanted: Collection[int]) -> RelaxedDay:
    """The wanted pickups at any hour; tightened to the one moment at which each is served."""
    chosen = set(wanted)
    pickups = tuple(
        replace(pickup, windows=((0, 2 * DAY_S),)) if at in chosen else pickup
        for at, pickup in enumerate(problem.pickups)
    )

    def tighten(solution: Solution) -> Tight:
        served = {
            visit.index: (visit.starts_s, visit.departs_s)
            for tour in solution.tours
            for visit in tour.visits
            if visit.kind is VisitKind.PICKUP and visit.index in chosen
        }
        tight = tuple(
            replace(pickup, windows=merged([*pickup.windows, (served[at][0], max(served[at][1], served[at][0] + 1))]))
            if at in served
            else pickup
            for at, pickup in enumerate(problem.pickups)
        )
        first = min(served.items(), key=lambda one: one[1], default=(0, (0, 0)))
        ids = [one for at in sorted(served) for one in problem.pickups[at].container_ids]
        return Tight(
            amount=max((end for _, end in served.values()), default=0) // 60,
            since=first[1][0] // 60,
            problem=replace(problem, pickups=tight),
            subject=", ".join(ids),
        )

    return RelaxedDay(
        kind=RelaxationKind.CONTAINER_HOURS,
        subject="",
        problem=replace(problem, pickups=pickups),
        vehicles=frozenset(range(len(problem.vehicles))),
        tighten=tighten,
    )


def _disposal_hours(problem: Problem, disposal_index: int) -> RelaxedDay:
    disposal = problem.disposals[disposal_index]
    today = max((window for window in disposal.windows if window[0] < DAY_S), default=disposal.windows[0])

    def open_until(until_s: int) -> Problem:
        longer = merged([*disposal.windows, (today[0], max(today[1], until_s))])
        return _with_disposal(problem, disposal_index, windows=longer)

    def tighten(solution: Solution) -> Tight:
        ends = [end for _, end in _unloadings(solution, disposal_index)]
        until_s = _rounded_up(max([today[1], *ends]), OPENING_STEP_S)
        return Tight(amount=until_s // 60 if until_s > today[1] else 0, problem=open_until(until_s))

    return RelaxedDay(
        kind=RelaxationKind.DISPOSAL_HOURS,
        subject=disposal.disposal_site_id,
        problem=open_until(today[1] + LONGEST_OPENING_S),
        vehicles=disposal.allowed_vehicles,
        tighten=tighten,
    )


def _extra_vehicles(problem: Problem, vehicle_index: int) -> RelaxedDay:
    """Up to three more of a kind; tightened to how many of them drive."""
    n_vehicles = len(problem.vehicles)
    vehicle = problem.vehicles[vehicle_index]
    copies = tuple(
        replace(vehicle, vehicle_id=f"{vehicle.vehicle_id}+{number}", **FRESH)
        for number in range(1, MOST_EXTRA_VEHICLES + 1)
    )
    new = frozenset(range(n_vehicles, n_vehicles + MOST_EXTRA_VEHICLES))

    def joined(allowed: frozenset[int]) -> frozenset[int]:
        return allowed | new if vehicle_index in allowed else allowed

    more = replace(
        problem,
        vehicles=(*problem.vehicles, *copies),
        pickups=tuple(replace(one, allowed_vehicles=joined(one.allowed_vehicles)) for one in problem.pickups),
        disposals=tuple(replace(one, allowed_vehicles=joined(one.allowed_vehicles)) for one in problem.disposals),
    )
    return RelaxedDay(
        kind=RelaxationKind.EXTRA_VEHICLE,
        subject=vehicle.vehicle_id,
        problem=more,
        vehicles=new,
        tighten=lambda solution: Tight(
            amount=sum(one.vehicle_index in new for one in solution.tours),
            problem=more,
        ),
    )


def _unloadings(solution: Solution, disposal_index: int) -> list[Window]:
    return [
        (visit.starts_s, visit.departs_s)
        for tour in solution.tours
        for visit in tour.visits
        if visit.kind is VisitKind.TIP and visit.index == disposal_index
    ]


def _with_shift_end(problem: Problem, vehicle_index: int, ends_s: int) -> Problem:
    return _with_vehicle(problem, vehicle_index, shift=(problem.vehicles[vehicle_index].shift[0], ends_s))


def _with_vehicle(
    problem: Problem, vehicle_index: int, *, shift: Window | None = None, max_trips: int | None = None
) -> Problem:
    vehicles = list(problem.vehicles)
    old = vehicles[vehicle_index]
    vehicles[vehicle_index] = replace(
        old,
        shift=old.shift if shift is None else shift,
        max_trips=old.max_trips if max_trips is None else max_trips,
    )
    return replace(problem, vehicles=tuple(vehicles))


def _with_disposal(problem: Problem, disposal_index: int, *, windows: tuple[Window, ...]) -> Problem:
    disposals: list[ProblemDisposal] = list(problem.disposals)
    disposals[disposal_index] = replace(disposals[disposal_index], windows=windows, queue_s=())
    return replace(problem, disposals=tuple(disposals))


def _is_always_open(windows: tuple[Window, ...]) -> bool:
    return any(start <= 0 and end >= DAY_S for start, end in windows)


def _rounded_up(seconds: int, step_s: int) -> int:
    return -(-seconds // step_s) * step_s
