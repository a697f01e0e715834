"""Serves a pickup where others then have to take later windows of theirs, which other insertions never ask for."""

from optimizer.search.arrays import Day, Desk, Fleet, PlanArrays
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.tour_change import (
    CUT_END,
    CUT_START,
    DAY_KG,
    FIRST,
    FIRST_WINDOW,
    NOTHING,
    SECOND,
    SECOND_WINDOW,
    TRIPS,
    VEHICLE,
    adopt,
    choose_windows,
    lay_out,
    price_trial,
)
from optimizer.search.kernels.tour_trial import STREAM, TRIP_KG, TRIP_L, time_trial

N_MOVE_FIELDS = 7


@compiled_part
def has_choice(day: Day) -> bool:
    """Whether any pickup has several windows."""
    most = 0
    for pickup in range(day.kg.shape[0]):
        most = max(most, day.window_range[pickup, 1] - day.window_range[pickup, 0])
    return bool(most > 1)


@compiled_part
def _try(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, second: int, best: int) -> int:
    """What the move adds with all windows chosen anew, where that is below ``best``; else ``best``."""
    vehicle = desk.move[VEHICLE]
    desk.move[SECOND] = second
    length = lay_out(plan, desk)
    if not choose_windows(day, fleet, desk, vehicle, length):
        return best
    elapsed_s = time_trial(day, fleet, desk, vehicle, length)
    if elapsed_s < 0:
        return best
    cost = price_trial(day, fleet, desk, vehicle, length, elapsed_s) - plan.cost[vehicle]
    if cost >= best:
        return best
    for field in range(N_MOVE_FIELDS):
        desk.chosen[field] = desk.move[field]
    return int(cost)


@compiled_part
def insert_pushing(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, pickup: int, limit: int, resting: int) -> int:
    """Serve the pickup in a tour whose windows are all chosen anew; what it adds, or ``limit`` where nothing was found.

    ``resting`` is a vehicle to leave alone, or -1.
    """
    n_pickups, stream = day.kg.shape[0], day.stream[pickup]
    move, best = desk.move, limit
    for vehicle in range(fleet.kg.shape[0]):
        length = plan.length[vehicle]
        if length == 0 or vehicle == resting or fleet.is_whole[vehicle] or not fleet.may_serve[vehicle, pickup]:
            continue
        if desk.totals[vehicle, DAY_KG] + day.kg[pickup] > fleet.max_day_kg[vehicle]:
            continue
        gaps = desk.gaps[vehicle]
        move[VEHICLE], move[FIRST], move[FIRST_WINDOW], move[SECOND_WINDOW] = vehicle, pickup, 0, 0
        for gap in range(length + 1):
            move[CUT_START], move[CUT_END] = gap, gap
            if (
                gap < length
                and gaps[gap, STREAM] == stream
                and gaps[gap, TRIP_KG] + day.kg[pickup] <= fleet.kg[vehicle]
                and gaps[gap, TRIP_L] + day.litres[pickup] <= fleet.litres[vehicle, stream]
            ):
                best = _try(day, fleet, plan, desk, NOTHING, best)
            is_boundary = gap == 0 or plan.visits[vehicle, gap - 1] >= n_pickups
            if is_boundary and desk.totals[vehicle, TRIPS] < fleet.max_trips[vehicle]:
                for choice in range(fleet.n_tips[vehicle, stream]):
                    best = _try(day, fleet, plan, desk, fleet.tips[vehicle, stream, choice], best)
    if best < limit:
        for field in range(N_MOVE_FIELDS):
            move[field] = desk.chosen[field]
        vehicle = move[VEHICLE]
        length = lay_out(plan, desk)
        choose_windows(day, fleet, desk, vehicle, length)
        adopt(day, fleet, plan, desk, vehicle, length, time_trial(day, fleet, desk, vehicle, length))
        desk.is_changed[vehicle] = 1
        plan.is_absent[pickup] = 0
    return int(best)
