"""Changes tours: takes trials over with their loads and costs, and tidies what a ruin or an insertion left."""

import numpy as np

from optimizer.search.arrays import Day, Desk, Fleet, PlanArrays
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.tour_trial import (
    LEG_M,
    LEG_S,
    LOAD_KG,
    LOAD_L,
    STREAM,
    TIP_AT,
    TRIP_KG,
    TRIP_L,
    time_trial,
)
from optimizer.search.kernels.whole_trial import EXTRA, WHOLE_M

# Fields of a tour's totals.
ELAPSED_S, METRES, FEES, TRIPS, OVERTIME, DAY_KG = range(6)
# Fields of a move.
VEHICLE, CUT_START, CUT_END, FIRST, FIRST_WINDOW, SECOND, SECOND_WINDOW = range(7)
NOTHING = -1
N_TIMES = 6


@compiled_part
def adopt(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, vehicle: int, length: int, elapsed_s: int) -> None:
    """Make the trial, which was just timed, the tour of the vehicle."""
    gaps, visits = desk.gaps[vehicle], plan.visits[vehicle]
    n_pickups = day.kg.shape[0]
    leave = day.leave[fleet.profile[vehicle]]
    place = fleet.start[vehicle]
    metres, fees, load_kg, load_l, day_kg, trip_start, trips = 0, 0, 0, 0, 0, 0, 0
    for at in range(length):
        node = desk.trial_visits[at]
        visits[at] = node
        plan.window[vehicle, at] = desk.trial_window[at]
        for field in range(N_TIMES):
            gaps[at, field] = desk.trial[at, field]
        gaps[at, LOAD_KG], gaps[at, LOAD_L] = load_kg, load_l
        gaps[at, LEG_S], gaps[at, LEG_M] = leave[place, node, 0], leave[place, node, 1]
        metres += leave[place, node, 1]
        place = node
        if node < n_pickups:
            load_kg += day.kg[node]
            load_l += day.litres[node]
            desk.place_of[node, 0], desk.place_of[node, 1] = vehicle, at
        else:
            for inside in range(trip_start, at + 1):
                gaps[inside, TIP_AT] = at
                gaps[inside, STREAM] = day.stream[visits[trip_start]]
                gaps[inside, TRIP_KG], gaps[inside, TRIP_L] = load_kg, load_l
            fees += load_kg * day.fee[node - n_pickups]
            day_kg += load_kg
            load_kg, load_l, trip_start, trips = 0, 0, at + 1, trips + 1
    for field in range(N_TIMES):
        gaps[length, field] = desk.trial[length, field]
    metres += leave[place, fleet.end[vehicle], 1]
    if fleet.is_whole[vehicle]:
        metres = desk.timed[WHOLE_M]
    if length == 0:
        elapsed_s, metres, desk.timed[EXTRA] = 0, 0, 0
    totals = desk.totals[vehicle]
    totals[ELAPSED_S], totals[METRES], totals[FEES], totals[TRIPS] = elapsed_s, metres, fees, trips
    totals[OVERTIME], totals[DAY_KG] = desk.timed[EXTRA], day_kg
    plan.length[vehicle] = length
    plan.cost[vehicle] = 0
    if length > 0:
        moving = metres * fleet.per_m[vehicle] + elapsed_s * fleet.per_s[vehicle]
        plan.cost[vehicle] = fleet.fixed[vehicle] + moving + fees + totals[OVERTIME]


@compiled_part
def lay(plan: PlanArrays, desk: Desk, vehicle: int, start: int, end: int, at: int) -> None:
    """Copy the visits from ``start`` up to ``end`` of a tour into the trial, the first one to position ``at``."""
    # Loops and not slices: those take seconds to compile.
    for position in range(start, end):
        desk.trial_visits[at + position - start] = plan.visits[vehicle, position]
        desk.trial_window[at + position - start] = plan.window[vehicle, position]


@compiled_part
def lay_out(plan: PlanArrays, desk: Desk) -> int:
    """Write the tour that ``desk.move`` makes into the trial; its length."""
    vehicle, start, end = desk.move[VEHICLE], desk.move[CUT_START], desk.move[CUT_END]
    at = start
    lay(plan, desk, vehicle, 0, start, 0)
    for field in (FIRST, SECOND):
        if desk.move[field] != NOTHING:
            desk.trial_visits[at] = desk.move[field]
            desk.trial_window[at] = desk.move[field + 1]
            at += 1
    length = plan.length[vehicle]
    lay(plan, desk, vehicle, end, length, at)
    return int(at + length - end)


@compiled_part
def price_trial(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int, elapsed_s: int) -> int:
    """What the trial, which was just timed, costs."""
    n_pickups = day.kg.shape[0]
    travel_m = day.travel_m[fleet.profile[vehicle]]
    fees, metres, load_kg, place = 0, 0, 0, fleet.start[vehicle]
    for at in range(length):
        node = desk.trial_visits[at]
        metres += travel_m[place, node]
        place = node
        if node < n_pickups:
            load_kg += day.kg[node]
        else:
            fees += load_kg * day.fee[node - n_pickups]
            load_kg = 0
    metres += travel_m[place, fleet.end[vehicle]]
    if fleet.is_whole[vehicle]:
        metres = desk.timed[WHOLE_M]
    moving = metres * fleet.per_m[vehicle] + elapsed_s * fleet.per_s[vehicle]
    return int(fleet.fixed[vehicle] + moving + fees + desk.timed[EXTRA])


@compiled_part
def try_trial(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, vehicle: int, length: int) -> bool:
    """Adopt the trial when it is possible and cheaper."""
    elapsed_s = time_trial(day, fleet, desk, vehicle, length)
    if elapsed_s < 0 or price_trial(day, fleet, desk, vehicle, length, elapsed_s) >= plan.cost[vehicle]:
        return False
    adopt(day, fleet, plan, desk, vehicle, length, elapsed_s)
    return True


@compiled_part
def choose_windows(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int) -> bool:
    """Give every visit of the trial the first window that is still open; whether there is one for each."""
    if fleet.is_whole[vehicle]:
        return True  # they are chosen when it is timed
    travel_s = day.travel_s[fleet.profile[vehicle]]
    place, clock_s = fleet.start[vehicle], fleet.shift[vehicle, 0]
    for at in range(length):
        node = desk.trial_visits[at]
        clock_s += travel_s[place, node]
        place = node
        chosen = NOTHING
        for window in range(day.window_range[node, 0], day.window_range[node, 1]):
            opens_s = max(clock_s, day.windows[window, 0])
            if opens_s + day.service_s[node] <= day.windows[window, 1]:
                chosen = window
                clock_s = opens_s + day.service_s[node]
                break
        if chosen == NOTHING:
            return False
        desk.trial_window[at] = chosen
    return True


@compiled_part
def tidy(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, vehicle: int) -> None:
    """Join trips that fit into one, tip where it is cheapest, and take earlier windows, wherever that saves."""
    n_pickups = day.kg.shape[0]
    desk.move[VEHICLE], desk.move[FIRST], desk.move[SECOND] = vehicle, NOTHING, NOTHING
    length = plan.length[vehicle]
    if length == 0:
        return
    lay(plan, desk, vehicle, 0, length, 0)
    if choose_windows(day, fleet, desk, vehicle, length):
        try_trial(day, fleet, plan, desk, vehicle, length)
    gaps = desk.gaps[vehicle]
    at = 0
    while at < plan.length[vehicle]:
        node = plan.visits[vehicle, at]
        if node < n_pickups:
            at += 1
            continue
        stream = gaps[at, STREAM]
        if at + 1 < plan.length[vehicle] and gaps[at + 1, STREAM] == stream:
            next_tip = gaps[at + 1, TIP_AT]
            fits_kg = gaps[at, LOAD_KG] + gaps[next_tip, LOAD_KG] <= fleet.kg[vehicle]
            if fits_kg and gaps[at, LOAD_L] + gaps[next_tip, LOAD_L] <= fleet.litres[vehicle, stream]:
                desk.move[CUT_START], desk.move[CUT_END], desk.move[FIRST] = at, at + 1, NOTHING
                if try_trial(day, fleet, plan, desk, vehicle, lay_out(plan, desk)):
                    continue
        for choice in range(fleet.n_tips[vehicle, stream]):
            other = fleet.tips[vehicle, stream, choice]
            if other != plan.visits[vehicle, at]:
                desk.move[CUT_START], desk.move[CUT_END], desk.move[FIRST] = at, at + 1, other
                for window in range(day.window_range[other, 0], day.window_range[other, 1]):
                    desk.move[FIRST_WINDOW] = window
                    if try_trial(day, fleet, plan, desk, vehicle, lay_out(plan, desk)) or fleet.is_whole[vehicle]:
                        break
        at += 1


@compiled_part
def close_up(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, vehicle: int) -> bool:
    """Take what is absent out of a tour, with the tippings of empty trips; False when what is left cannot be timed."""
    n_pickups = day.kg.shape[0]
    length = int(np.int64(0))  # Typed, so that numba compiles nothing twice for a literal.
    for at in range(plan.length[vehicle]):
        node = plan.visits[vehicle, at]
        if node < n_pickups:
            if plan.is_absent[node]:
                continue
        elif length == 0 or desk.trial_visits[length - 1] >= n_pickups:
            continue
        desk.trial_visits[length], desk.trial_window[length] = node, plan.window[vehicle, at]
        length += 1
    elapsed_s = time_trial(day, fleet, desk, vehicle, length)
    if elapsed_s < 0 and choose_windows(day, fleet, desk, vehicle, length):
        elapsed_s = time_trial(day, fleet, desk, vehicle, length)
    if elapsed_s < 0:
        return length == 0
    adopt(day, fleet, plan, desk, vehicle, length, elapsed_s)
    return True
