"""Tours as chains of pickups and tippings, and how they are copied.

A tour is at most two *stretches* with a break between them. Every visit knows its neighbours and two functions of the
time: how its stretch gets to it, and how it goes on from it. A function is three numbers, as in the segments of Vidal
et al. (2013), doi:10.1016/j.cor.2012.07.018: whoever begins at ``t``, at the latest at ``latest``, is done at
``max(t + total, earliest)``.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.trips.kernels.inlined_part import inlined_part
from optimizer.search.trips.trip_day import END, KG, LEAVE_M, LEAVE_S, LITRES, PRIZE, PROFILE, START, TripDay

NOBODY = -1
NEVER_S = -(1 << 29)
FOREVER_S = 1 << 29

# Columns of ``TripTours.visit``: neighbours, vehicle, tipping of the trip, stretch (0 or 1), service, metres to it, its
# window as opening and latest start; the function up to its end in its stretch, that from arriving on; seconds to it.
BEFORE, BEHIND, VEHICLE, TIP, PART, SERVICE_S, LEG_M, OPENS_S, LAST_S = range(9)
TOTAL_S, EARLIEST_S, LATEST_S, ON_TOTAL_S, ON_EARLIEST_S, ON_LATEST_S, LEG_S = range(9, 16)
N_VISIT_FIELDS = 16

# Columns of ``TripTours.trip``.
TRIP_KG, TRIP_L, TRIP_STREAM, TRIP_SIZE, TRIP_SITE = range(5)
N_TRIP_FIELDS = 5

# Columns of ``TripTours.tour``: ends of the chain, numbers of trips and pickups, sums, metres home, last visit before
# the break; the functions of both stretches, the cost, and seconds home.
FIRST, FINAL, TRIPS, SIZE, METRES, FEES, ELAPSED_S, HOME_M, REST = range(9)
T1, E1, L1, T2, E2, L2, COST, HOME_S = range(9, 17)
N_TOUR_FIELDS = 17

N_CHANGED, N_OUT, N_ABSENT = range(3)
"""Entries of ``Notes.counts``."""


class TripTours(NamedTuple):
    """Tours of all vehicles.

    Attributes
    ----------
    visit
        ``(pickups + tippings, 16)`` int32; each vehicle has as many tippings as it can make trips. The vehicle of an
        absent pickup is -1.
    load
        ``(pickups, 2)``: kilograms and litres of the trip behind this pickup.
    trip
        ``(tippings, 5)``: load, stream, number of pickups (0 for one that is not used), and node of the site.
    tour
        ``(vehicles, 17)``
    objective
        ``(2,)``: costs and the prizes of what is absent; and the prizes alone.
    """

    visit: NDArray[np.int32]
    load: NDArray[np.int64]
    trip: NDArray[np.int64]
    tour: NDArray[np.int64]
    objective: NDArray[np.int64]


class Notes(NamedTuple):
    """Memory of the search.

    Attributes
    ----------
    out, out_keys
        Pickups to insert, and the order in which.
    is_changed, changed
        Per vehicle, and as a list.
    mark, tried
        Last iteration in which a trip lost a string, and in which a pickup was out.
    is_resting
        Vehicles to leave alone in this iteration.
    chosen
        The insertion found.
    saved
        ``(visits, 2)``: windows, while others are tried.
    counts
        Lengths of the lists, and how many are absent.
    """

    out: NDArray[np.int64]
    out_keys: NDArray[np.int64]
    is_changed: NDArray[np.uint8]
    changed: NDArray[np.int64]
    mark: NDArray[np.int64]
    tried: NDArray[np.int64]
    is_resting: NDArray[np.uint8]
    chosen: NDArray[np.int64]
    saved: NDArray[np.int64]
    counts: NDArray[np.int64]


@inlined_part
def note_change(notes: Notes, vehicle: int) -> None:
    """Remember that the tour changed in this iteration."""
    if not notes.is_changed[vehicle]:
        notes.is_changed[vehicle] = 1
        notes.changed[notes.counts[N_CHANGED]] = vehicle
        notes.counts[N_CHANGED] += 1


@inlined_part
def place_of(plan: TripTours, at: int) -> int:
    """The node where a visit takes place."""
    n_pickups = plan.load.shape[0]
    return int(at if at < n_pickups else plan.trip[at - n_pickups, TRIP_SITE])


@inlined_part
def set_leg(day: TripDay, plan: TripTours, vehicle: int, at: int) -> None:
    """Write down the way to a visit, or the way home where it is -1."""
    visit, tour = plan.visit, plan.tour
    before = tour[vehicle, FINAL] if at == NOBODY else visit[at, BEFORE]
    from_ = day.car[vehicle, START] if before == NOBODY else place_of(plan, before)
    to = day.car[vehicle, END] if at == NOBODY else place_of(plan, at)
    way = day.ways[day.car[vehicle, PROFILE], from_, to]
    if at == NOBODY:
        tour[vehicle, HOME_S], tour[vehicle, HOME_M] = way[LEAVE_S], way[LEAVE_M]
    else:
        visit[at, LEG_S], visit[at, LEG_M] = way[LEAVE_S], way[LEAVE_M]


@inlined_part
def link(day: TripDay, plan: TripTours, vehicle: int, at: int, before: int) -> None:
    """Put a visit behind another one, or at the start of the tour; loads and times are left to others."""
    visit, tour = plan.visit, plan.tour
    behind = tour[vehicle, FIRST] if before == NOBODY else visit[before, BEHIND]
    visit[at, BEFORE], visit[at, BEHIND], visit[at, VEHICLE] = before, behind, vehicle
    if before == NOBODY:
        tour[vehicle, FIRST] = at
    else:
        visit[before, BEHIND] = at
    if behind == NOBODY:
        tour[vehicle, FINAL] = at
    else:
        visit[behind, BEFORE] = at
    set_leg(day, plan, vehicle, at)
    set_leg(day, plan, vehicle, behind)


@inlined_part
def unlink(day: TripDay, plan: TripTours, vehicle: int, at: int) -> None:
    """Take a visit out of the chain; loads and times are left to others."""
    visit, tour = plan.visit, plan.tour
    before, behind = visit[at, BEFORE], visit[at, BEHIND]
    if before == NOBODY:
        tour[vehicle, FIRST] = behind
    else:
        visit[before, BEHIND] = behind
    if behind == NOBODY:
        tour[vehicle, FINAL] = before
    else:
        visit[behind, BEFORE] = before
    set_leg(day, plan, vehicle, behind)


@inlined_part
def take_out(day: TripDay, plan: TripTours, notes: Notes, pickup: int, step: int) -> None:
    """Make a served pickup absent, and note that it is out."""
    vehicle = plan.visit[pickup, VEHICLE]
    note_change(notes, vehicle)
    unlink(day, plan, vehicle, pickup)
    plan.visit[pickup, VEHICLE] = NOBODY
    trip = plan.visit[pickup, TIP] - day.may_serve.shape[1]
    plan.trip[trip, TRIP_SIZE] -= 1
    plan.trip[trip, TRIP_KG] -= day.place[pickup, KG]
    plan.trip[trip, TRIP_L] -= day.place[pickup, LITRES]
    plan.tour[vehicle, SIZE] -= 1
    plan.objective[1] += day.place[pickup, PRIZE]
    notes.tried[pickup] = step
    notes.out[notes.counts[N_OUT]] = pickup
    notes.counts[N_OUT] += 1
    notes.counts[N_ABSENT] += 1


@compiled_part
def copy_tour(source: TripTours, target: TripTours, vehicle: int) -> None:
    """Make a tour of the target like that of the source."""
    n_pickups = source.load.shape[0]
    n_trips = source.trip.shape[0] // source.tour.shape[0]
    for field in range(N_TOUR_FIELDS):
        target.tour[vehicle, field] = source.tour[vehicle, field]
    for trip in range(vehicle * n_trips, (vehicle + 1) * n_trips):
        for field in range(N_TRIP_FIELDS):
            target.trip[trip, field] = source.trip[trip, field]
    at = source.tour[vehicle, FIRST]
    while at != NOBODY:
        for field in range(N_VISIT_FIELDS):
            target.visit[at, field] = source.visit[at, field]
        if at < n_pickups:
            target.load[at, 0], target.load[at, 1] = source.load[at, 0], source.load[at, 1]
        at = source.visit[at, BEHIND]


@compiled_part
def take_over(source: TripTours, target: TripTours, notes: Notes) -> None:
    """Make all changed tours of the target like those of the source."""
    for index in range(notes.counts[N_OUT]):
        target.visit[notes.out[index], VEHICLE] = NOBODY
    for index in range(notes.counts[N_CHANGED]):
        copy_tour(source, target, notes.changed[index])
    target.objective[0], target.objective[1] = source.objective[0], source.objective[1]
