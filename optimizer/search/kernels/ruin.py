"""Chooses what to take out of a plan, what else to try to serve, and in which order."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import Day, Desk, PlanArrays
from optimizer.search.kernels.chance import below, draw
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.tour_change import NOTHING, TRIPS
from optimizer.search.kernels.tour_trial import TIP_AT

MEAN_REMOVED = 10
LONGEST_STRING = 10
MOST_ABSENT_NEAR = 8
MOST_ABSENT_TRIED = 12
"""Absent pickups tried in one iteration: near the ruin, and all together."""
TRIP_SHARE, WHOLE_TOUR_SHARE = 0.03, 0.01
"""Ruins that take out a whole trip, or a whole tour."""
WHOLE_TOURS_OF_FEW = 0.5
"""So many whole tours more, divided by the pickups: on small days much depends on which vehicle drives at all."""
FAR_LOOK = 60
"""So many of the nearest pickups of the ruin are asked whether they are absent."""


@compiled_part
def _take_string(day: Day, plan: PlanArrays, desk: Desk, seed: int, longest: int, n_out: int, chance: NDArray) -> int:  # type: ignore[type-arg]  # of uint64
    """Mark a string of visits around a pickup as absent, inside its trip or across its tour; the new ``n_out``."""
    n_pickups = day.kg.shape[0]
    vehicle, place = desk.place_of[seed, 0], desk.place_of[seed, 1]
    first, end = 0, plan.length[vehicle]
    if draw(chance) < 0.8:
        end = desk.gaps[vehicle, place, TIP_AT]
        first = place
        while first > 0 and plan.visits[vehicle, first - 1] < n_pickups:
            first -= 1
    size = min(end - first, 1 + below(chance, min(end - first, longest)))
    # With even odds a part in the middle of the string stays.
    kept = 0
    if size > 1 and size < end - first and draw(chance) < 0.5:
        kept = 1
        while size + kept < end - first and draw(chance) < 0.01:
            kept += 1
    span = size + kept
    lowest, highest = max(first, place - span + 1), min(place, end - span)
    start = lowest + below(chance, highest - lowest + 1)
    kept_start = start + 1 + below(chance, size - 1) if kept > 0 else start
    for at in range(start, start + span):
        node = plan.visits[vehicle, at]
        if node >= n_pickups or (kept_start <= at < kept_start + kept) or plan.is_absent[node]:
            continue
        plan.is_absent[node] = 1
        desk.out[n_out] = node
        n_out += 1
    desk.is_changed[vehicle] = 1
    return n_out


@compiled_part
def ruin(day: Day, plan: PlanArrays, desk: Desk, chance: NDArray[np.uint64], step: int) -> tuple[int, int]:
    """Mark pickups as absent; how many, and a vehicle that is to stay away for once, or -1."""
    n_pickups = day.kg.shape[0]
    seed = below(chance, n_pickups)
    n_out = 0
    kind = draw(chance)
    whole_share = WHOLE_TOUR_SHARE + WHOLE_TOURS_OF_FEW / n_pickups
    if kind < whole_share + TRIP_SHARE and not plan.is_absent[seed]:
        # A whole trip, or now and then a whole tour, so that vehicles and sites can be changed.
        vehicle, place = desk.place_of[seed, 0], desk.place_of[seed, 1]
        tip_at = desk.gaps[vehicle, place, TIP_AT]
        is_whole = kind < whole_share
        for at in range(plan.length[vehicle]):
            node = plan.visits[vehicle, at]
            if node < n_pickups and (is_whole or desk.gaps[vehicle, at, TIP_AT] == tip_at):
                plan.is_absent[node] = 1
                desk.out[n_out] = node
                n_out += 1
        desk.is_changed[vehicle] = 1
        return n_out, int(vehicle) if is_whole and draw(chance) < 0.5 else NOTHING
    trips, served = 0, 0
    for vehicle in range(plan.length.shape[0]):
        trips += desk.totals[vehicle, TRIPS]
    for pickup in range(n_pickups):
        if not plan.is_absent[pickup]:
            served += 1
    longest = max(1, min(LONGEST_STRING, served // max(1, trips)))
    strings = 1 + below(chance, max(1, int(4 * MEAN_REMOVED / (1 + longest)) - 1))
    for rank in range(day.near.shape[1]):
        near = day.near[seed, rank]
        if strings == 0:
            break
        if plan.is_absent[near]:
            continue
        vehicle, place = desk.place_of[near, 0], desk.place_of[near, 1]
        tip_at = desk.gaps[vehicle, place, TIP_AT]
        if desk.marks[vehicle, tip_at] == step:
            continue
        desk.marks[vehicle, tip_at] = step
        n_out = _take_string(day, plan, desk, near, longest, n_out, chance)
        strings -= 1
    return n_out, NOTHING


@compiled_part
def add_absent(day: Day, plan: PlanArrays, desk: Desk, n_out: int, chance: NDArray[np.uint64]) -> int:
    """Add some of those that were absent before: near the ruin, and anywhere; the new ``n_out``."""
    n_pickups = day.kg.shape[0]
    n_absent = 0
    for at in range(n_pickups):
        n_absent += plan.is_absent[at]
    if n_absent <= n_out:
        return n_out
    is_in = desk.out_keys  # Rewritten before it is read as keys.
    for at in range(n_pickups):
        is_in[at] = 0
    for at in range(n_out):
        is_in[desk.out[at]] = 1
    n_tried = 0
    centre = desk.out[0] if n_out > 0 else below(chance, n_pickups)
    for at in range(min(FAR_LOOK, day.near.shape[1])):
        pickup = day.near[centre, at]
        if plan.is_absent[pickup] and not is_in[pickup] and n_tried < MOST_ABSENT_NEAR:
            is_in[pickup] = 1
            desk.out[n_out + n_tried] = pickup
            n_tried += 1
    pickup = below(chance, n_pickups)
    for _ in range(n_pickups):
        if n_tried >= MOST_ABSENT_TRIED:
            break
        pickup = pickup + 1 if pickup + 1 < n_pickups else 0
        if plan.is_absent[pickup] and not is_in[pickup]:
            is_in[pickup] = 1
            desk.out[n_out + n_tried] = pickup
            n_tried += 1
    return n_out + n_tried


@compiled_part
def sort_out(day: Day, desk: Desk, n_out: int, chance: NDArray[np.uint64]) -> None:
    """Bring the pickups to insert into an order, mostly with those first that must be served."""
    drawn = draw(chance)
    # By chance, by size, far first, near first, narrow windows first, high prizes first.
    row = -1
    for end, choice in ((0.30, -1), (0.58, 0), (0.72, 1), (0.80, 2), (0.92, 3), (1.0, 4)):
        if drawn < end:
            row = choice
            break
    must_first = draw(chance) < 0.8
    for at in range(n_out):
        pickup = desk.out[at]
        key = below(chance, 1 << 30) if row < 0 else day.keys[row, pickup]
        desk.out_keys[at] = key - (day.is_must[pickup] << 60 if must_first else 0)
    for at in range(1, n_out):
        pickup, key, hole = desk.out[at], desk.out_keys[at], at
        while hole > 0 and desk.out_keys[hole - 1] > key:
            desk.out[hole], desk.out_keys[hole] = desk.out[hole - 1], desk.out_keys[hole - 1]
            hole -= 1
        desk.out[hole], desk.out_keys[hole] = pickup, key
