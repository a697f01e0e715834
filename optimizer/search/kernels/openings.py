"""Lists where in a tour a trip may be opened, split or tipped elsewhere for a pickup that could join one already."""

import numpy as np

from optimizer.search.arrays import Day, Desk, Fleet, PlanArrays
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.tour_trial import STREAM, TIP_AT

SPLIT_NEAR = 12
"""A full trip is split no farther from the pickup than behind this one of the near ones."""


@compiled_part
def list_openings(
    day: Day,
    fleet: Fleet,
    plan: PlanArrays,
    desk: Desk,
    pickup: int,
    vehicle: int,
    may_open: bool,  # noqa: FBT001 - numba knows no arguments by name only
) -> int:
    """Write them into ``desk.openings``; how many.

    They are the beginnings of trips and the end of the last one where the vehicle has a trip left, tippings of the
    pickup's stream, and what follows near pickups.
    """
    stream, length, gaps = day.stream[pickup], plan.length[vehicle], desk.gaps[vehicle]
    if not may_open and fleet.n_tips[vehicle, stream] == 1:
        return 0
    count, gap = 0, np.int64(0)
    while gap < length:
        if may_open:
            desk.openings[count] = gap
            count += 1
        tip = gaps[gap, TIP_AT]
        if gaps[gap, STREAM] == stream and tip > gap:
            desk.openings[count] = tip
            count += 1
        gap = tip + 1
    if not may_open:
        return count
    desk.openings[count] = length
    count += 1
    n_pickups = day.kg.shape[0]
    for rank in range(1, min(SPLIT_NEAR + 1, day.near.shape[1])):
        near = day.near[pickup, rank]
        if plan.is_absent[near] or desk.place_of[near, 0] != vehicle:
            continue
        behind = desk.place_of[near, 1] + 1
        if gaps[behind, STREAM] == stream and plan.visits[vehicle, behind] < n_pickups:
            desk.openings[count] = behind
            count += 1
    return count
