"""An ordinary waste day as a few tables, in which every insertion of a pickup is judged in constant time.

Guards that only days are taken on which one break is enough for every vehicle, and nobody is under way yet.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Problem
from optimizer.search.arrays import Day, Fleet, day_arrays, fleet_arrays
from optimizer.solving.tour_draft import Workbench

# Columns of ``TripDay.ways``.
LEAVE_S, LEAVE_M, REACH_S, REACH_M = range(4)
# Columns of ``TripDay.place``.
SERVICE_S, FIRST_WINDOW, END_WINDOW, KG, LITRES, STREAM, FEE, PRIZE = range(8)
N_PLACE_FIELDS = 8
# Columns of ``TripDay.car``.
(
    PROFILE,
    START,
    END,
    SHIFT_START_S,
    SHIFT_END_S,
    MAX_WORK_S,
    MAX_STRETCH_S,
    FREE_S,
    ROOM_KG,
    MAX_TRIPS,
    FIXED,
    PER_M,
    PER_S,
    ALIKE,
    MAY_REST,
) = range(15)
N_CAR_FIELDS = 16


class TripDay(NamedTuple):
    """Places, vehicles and ways. Nodes number the pickups, then the disposal sites, then the depots.

    Attributes
    ----------
    ways
        ``(profiles, nodes, nodes, 4)`` int32: seconds and metres from the first node to the second, and to the first
        from the second.
    place
        ``(pickups + disposals, 8)``: service, rows of its windows, load, stream, gate fee per kilogram, prize.
    windows
        ``(w, 2)``
    car
        ``(vehicles, 16)``: profile, depots, shift, limits of work, costs; ``MAY_REST`` where a break can be due.
    room_l
        ``(vehicles, streams)`` litres, -1 where a stream is not collected.
    rules
        ``(vehicles, r, 2)``: above so much work, so much break.
    may_serve
        ``(vehicles, pickups)``
    tips, n_tips
        Nodes of the disposal sites per vehicle and stream, and how many.
    near
        ``(pickups, k)``: the nearest pickups, itself first.
    keys
        ``(orders, pickups)``: smaller is inserted earlier.
    is_must
        Per pickup.
    has_choices
        One entry: whether anything has several windows.
    """

    ways: NDArray[np.int32]
    place: NDArray[np.int64]
    windows: NDArray[np.int64]
    car: NDArray[np.int64]
    room_l: NDArray[np.int64]
    rules: NDArray[np.int64]
    may_serve: NDArray[np.uint8]
    tips: NDArray[np.int64]
    n_tips: NDArray[np.int64]
    near: NDArray[np.int32]
    keys: NDArray[np.int64]
    is_must: NDArray[np.int64]
    has_choices: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class TripProblem:
    """A day of which neighbours are neighbours in memory too, and the pickups of the problem in this order."""

    day: TripDay
    pickup_of: NDArray[np.int64]


def trip_problem(problem: Problem) -> TripProblem | None:
    """The problem as tables, ``None`` where it has rules that this search does not know."""
    if not (problem.pickups and problem.vehicles and problem.disposals) or not _is_ordinary(problem):
        return None
    pickup_of = _neighbourly(problem)
    moved = replace(problem, pickups=tuple(problem.pickups[at] for at in pickup_of.tolist()))
    return TripProblem(day=_trip_day(moved), pickup_of=pickup_of)


def _neighbourly(problem: Problem) -> NDArray[np.int64]:
    """All pickups, each followed by the nearest of those that are left."""
    places = [one.place_index for one in problem.pickups]
    travel_s = problem.travel[problem.vehicles[0].profile].duration_s[np.ix_(places, places)]
    is_left = np.ones(len(places), dtype=np.bool_)
    order = [0]
    for _ in range(len(places) - 1):
        is_left[order[-1]] = False
        left = np.flatnonzero(is_left)
        order.append(int(left[np.argmin(travel_s[order[-1], left])]))
    return np.array(order, dtype=np.int64)


def _trip_day(problem: Problem) -> TripDay:
    day, fleet = day_arrays(problem), fleet_arrays(Workbench(problem))
    place, car = _places(problem, day), _cars(fleet)
    car[:, MAX_TRIPS] = np.minimum(car[:, MAX_TRIPS], _most_trips(place, car, n_pickups=len(problem.pickups)))
    return TripDay(
        ways=np.concatenate([day.leave, day.reach], axis=-1),
        place=place,
        windows=day.windows,
        car=car,
        room_l=fleet.litres,
        rules=fleet.rules,
        may_serve=fleet.may_serve,
        tips=fleet.tips,
        n_tips=fleet.n_tips,
        near=day.near,
        keys=day.keys,
        is_must=day.is_must,
        has_choices=np.array([np.any(np.diff(day.window_range, axis=1) > 1)], dtype=np.uint8),
    )


def _most_trips(place: NDArray[np.int64], car: NDArray[np.int64], *, n_pickups: int) -> int:
    """Trips that the day has time for, at most; a trip is a pickup and a tipping."""
    least_s = int(place[:n_pickups, SERVICE_S].min() + place[n_pickups:, SERVICE_S].min())
    shift_s = int((car[:, SHIFT_END_S] - car[:, SHIFT_START_S]).max())
    return max(1, min(n_pickups, shift_s // max(1, least_s)))


def _is_ordinary(problem: Problem) -> bool:
    """Whether nobody is under way yet, changes are free, and one break ends every stretch in time."""
    if problem.has_rare_rules or any(one.change_micro_eur for one in problem.pickups):
        return False
    for vehicle in problem.vehicles:
        if vehicle.is_loaded or vehicle.worked_s or vehicle.rested_s or vehicle.unrested_s:
            return False
        if vehicle.shift[1] - vehicle.shift[0] > 2 * vehicle.max_stretch_s:
            return False
    return True


def _places(problem: Problem, day: Day) -> NDArray[np.int64]:
    n_pickups = len(problem.pickups)
    place = np.zeros((n_pickups + len(problem.disposals), N_PLACE_FIELDS), dtype=np.int64)
    place[:, SERVICE_S] = day.service_s
    place[:, [FIRST_WINDOW, END_WINDOW]] = day.window_range
    place[:n_pickups, KG], place[:n_pickups, LITRES] = day.kg, day.litres
    place[:n_pickups, STREAM], place[:n_pickups, PRIZE] = day.stream, day.prize
    place[n_pickups:, FEE] = day.fee
    return place


def _cars(fleet: Fleet) -> NDArray[np.int64]:
    car = np.zeros((len(fleet.kg), N_CAR_FIELDS), dtype=np.int64)
    shift_s = fleet.shift[:, 1] - fleet.shift[:, 0]
    for field, column in (
        (PROFILE, fleet.profile),
        (START, fleet.start),
        (END, fleet.end),
        (SHIFT_START_S, fleet.shift[:, 0]),
        (SHIFT_END_S, fleet.shift[:, 1]),
        (MAX_WORK_S, fleet.max_work_s),
        (MAX_STRETCH_S, fleet.max_stretch_s),
        (FREE_S, fleet.free_s),
        (ROOM_KG, fleet.kg),
        (MAX_TRIPS, fleet.max_trips),
        (FIXED, fleet.fixed),
        (PER_M, fleet.per_m),
        (PER_S, fleet.per_s),
        (ALIKE, fleet.alike),
        (MAY_REST, fleet.free_s < shift_s),
    ):
        car[:, field] = column
    return car
