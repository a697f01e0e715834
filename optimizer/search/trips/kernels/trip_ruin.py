"""Chooses what to take out of a plan, and what else to try to serve."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import below, draw
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.trips.kernels.inlined_part import inlined_part
from optimizer.search.trips.kernels.trip_tours import (
    BEFORE,
    BEHIND,
    FIRST,
    N_ABSENT,
    N_OUT,
    NOBODY,
    SIZE,
    TIP,
    TRIP_SIZE,
    TRIPS,
    VEHICLE,
    Notes,
    TripTours,
    take_out,
)
from optimizer.search.trips.trip_day import TripDay

MEAN_REMOVED = 10
LONGEST_STRING = 10
TRIPS_SHARE = 0.05
"""Ruins that take out whole trips."""
MOST_TRIPS = 3
WHOLE_TOUR_SHARE = 0.2
"""Of those: whole tours."""
MOST_ABSENT_NEAR = 8
MOST_ABSENT_TRIED = 12
"""Absent pickups tried in one iteration: near the ruin, and all together."""
FAR_LOOK = 60
"""So many of the nearest pickups of the ruin are asked whether they are absent."""


@inlined_part
def _next_pickup(plan: TripTours, pickup: int, field: int, limit: int) -> int:
    """The pickup before or behind another one, -1 for none; only in its trip where ``limit`` is its tipping."""
    at = int(plan.visit[pickup, field])
    # Other strings may just have emptied whole trips between two tippings.
    while at >= plan.load.shape[0]:
        at = NOBODY if limit != NOBODY else int(plan.visit[at, field])
    return at


@compiled_part
def _take_string(
    day: TripDay, plan: TripTours, notes: Notes, seed: int, longest: int, chance: NDArray[np.uint64], step: int
) -> None:
    """Take a string of visits around a pickup out, inside its trip or across its tour."""
    vehicle = plan.visit[seed, VEHICLE]
    room, limit = plan.tour[vehicle, SIZE], NOBODY
    if draw(chance) < 0.8:
        limit = int(plan.visit[seed, TIP])
        room = plan.trip[limit - plan.load.shape[0], TRIP_SIZE]
    size = min(room, 1 + below(chance, min(room, longest)))
    # With even odds a part in the middle of the string stays.
    kept = 0
    if size > 1 and size < room and draw(chance) < 0.5:
        kept = 1
        while size + kept < room and draw(chance) < 0.01:
            kept += 1
    span = size + kept
    # Begin up to so many visits before the seed, and earlier where the trip ends too soon.
    back = below(chance, span)
    start, ahead = seed, 1
    for _ in range(back):
        before = _next_pickup(plan, start, BEFORE, limit)
        if before == NOBODY:
            break
        start = before
    end = start
    while ahead < span:
        behind = _next_pickup(plan, end, BEHIND, limit)
        if behind == NOBODY:
            break
        end = behind
        ahead += 1
    while ahead < span:
        before = _next_pickup(plan, start, BEFORE, limit)
        if before == NOBODY:
            break
        start = before
        ahead += 1
    kept_from = 1 + below(chance, size - 1) if kept > 0 else span
    at = start
    for index in range(ahead):
        behind = _next_pickup(plan, at, BEHIND, limit)
        if not (kept_from <= index < kept_from + kept):
            take_out(day, plan, notes, at, step)
        at = behind


@compiled_part
def _take_trip(day: TripDay, plan: TripTours, notes: Notes, vehicle: int, tip: int, step: int) -> None:
    """Take the trip of a tipping out, or the whole tour where that is -1."""
    at = plan.tour[vehicle, FIRST]
    while at != NOBODY:
        behind = plan.visit[at, BEHIND]
        if at < plan.load.shape[0] and (tip == NOBODY or plan.visit[at, TIP] == tip):
            take_out(day, plan, notes, int(at), step)
        at = behind


@compiled_part
def _take_trips(day: TripDay, plan: TripTours, notes: Notes, seed: int, chance: NDArray[np.uint64], step: int) -> None:
    """Take one to three whole trips near a pickup out, or a tour; mostly some vehicles rest for once.

    So pickups change vehicles together, into fewer and fuller trips, which no step with fewer of them would pay for.
    """
    drawn = draw(chance)
    is_whole = draw(chance) < WHOLE_TOUR_SHARE
    left = 1 if is_whole else 1 + below(chance, MOST_TRIPS)
    for rank in range(day.near.shape[1]):
        near = day.near[seed, rank]
        vehicle = plan.visit[near, VEHICLE]
        if vehicle == NOBODY or notes.mark[plan.visit[near, TIP] - plan.load.shape[0]] == step:
            continue
        notes.mark[plan.visit[near, TIP] - plan.load.shape[0]] = step
        _take_trip(day, plan, notes, int(vehicle), NOBODY if is_whole else int(plan.visit[near, TIP]), step)
        if drawn < 0.5:
            notes.is_resting[vehicle] = 1
        left -= 1
        if left == 0:
            break
    if drawn >= 0.8:
        notes.is_resting[below(chance, day.car.shape[0])] = 1


@compiled_part
def ruin(day: TripDay, plan: TripTours, notes: Notes, chance: NDArray[np.uint64], step: int) -> None:
    """Take strings near a pickup out, now and then whole trips."""
    n_pickups = plan.load.shape[0]
    for vehicle in range(plan.tour.shape[0]):
        notes.is_resting[vehicle] = 0
    seed = below(chance, n_pickups)
    if draw(chance) < TRIPS_SHARE:
        _take_trips(day, plan, notes, seed, chance, step)
        return
    trips = 0
    for vehicle in range(plan.tour.shape[0]):
        trips += plan.tour[vehicle, TRIPS]
    longest = max(1, min(LONGEST_STRING, (n_pickups - notes.counts[N_ABSENT]) // max(1, trips)))
    strings = 1 + below(chance, max(1, int(4 * MEAN_REMOVED / (1 + longest)) - 1))
    for rank in range(day.near.shape[1]):
        near = day.near[seed, rank]
        if strings == 0:
            break
        if plan.visit[near, VEHICLE] == NOBODY:
            continue
        trip = plan.visit[near, TIP] - n_pickups
        if notes.mark[trip] == step:
            continue
        notes.mark[trip] = step
        _take_string(day, plan, notes, int(near), int(longest), chance, step)
        strings -= 1


@compiled_part
def add_absent(
    day: TripDay, plan: TripTours, notes: Notes, n_before: int, chance: NDArray[np.uint64], step: int
) -> None:
    """Add some of those that were absent before: near the ruin, and anywhere."""
    n_pickups, n_mine = plan.load.shape[0], notes.counts[N_OUT]
    centre = int(notes.out[0]) if n_mine > 0 else below(chance, n_pickups)
    for rank in range(min(FAR_LOOK, day.near.shape[1])):
        if notes.counts[N_OUT] - n_mine >= min(MOST_ABSENT_NEAR, n_before):
            break
        pickup = day.near[centre, rank]
        if plan.visit[pickup, VEHICLE] == NOBODY and notes.tried[pickup] != step:
            notes.tried[pickup] = step
            notes.out[notes.counts[N_OUT]] = pickup
            notes.counts[N_OUT] += 1
    pickup = below(chance, n_pickups)
    for _ in range(n_pickups):
        if notes.counts[N_OUT] - n_mine >= min(MOST_ABSENT_TRIED, n_before):
            break
        if plan.visit[pickup, VEHICLE] == NOBODY and notes.tried[pickup] != step:
            notes.tried[pickup] = step
            notes.out[notes.counts[N_OUT]] = pickup
            notes.counts[N_OUT] += 1
        pickup = pickup + 1 if pickup + 1 < n_pickups else 0
