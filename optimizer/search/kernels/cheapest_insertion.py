"""Finds where a pickup costs least in the whole plan, with all that this may change: trips, sites, windows, breaks.

First it may join a trip beside a near pickup; then trips may be opened, split or tipped elsewhere for it; the whole
plan is searched for a trip to join only where no near one has room.

An insertion is judged in constant time while no break is due; where one may be due, and the insertion would be the
cheapest so far, the whole tour is timed. Where tours can only be timed whole, every promising insertion is.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import Day, Desk, Fleet, PlanArrays
from optimizer.search.kernels.chance import draw
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.openings import list_openings
from optimizer.search.kernels.tour_change import (
    CUT_END,
    CUT_START,
    DAY_KG,
    ELAPSED_S,
    FIRST,
    FIRST_WINDOW,
    NOTHING,
    OVERTIME,
    SECOND,
    SECOND_WINDOW,
    TRIPS,
    VEHICLE,
    adopt,
    lay_out,
    price_trial,
)
from optimizer.search.kernels.tour_trial import (
    EARLIEST_S,
    LATEST_S,
    LEG_M,
    LEG_S,
    LOAD_KG,
    LOAD_L,
    ON_EARLIEST_S,
    ON_LATEST_S,
    ON_TOTAL_S,
    STREAM,
    TIP_AT,
    TOTAL_S,
    TRIP_KG,
    TRIP_L,
    time_trial,
)
from optimizer.search.kernels.whole_trial import EXTRA, SHORTEST_BREAK_S, break_due_s

NEAR = 40
"""Near pickups beside which a pickup may join a trip, before the whole plan is looked at."""
BLINK_SHARE = 0.01
"""Gaps overlooked by chance, which keeps insertion from repeating itself."""


@compiled_part
def insert(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, pickup: int, best: int, chance: tuple) -> int:  # type: ignore[type-arg]  # of numbers
    """Serve the pickup where it costs least, below ``best``; what it adds, or ``best`` when nothing was found.

    ``chance`` holds the source of chance and a vehicle to leave alone, or -1.
    """
    source, resting = chance
    n_pickups = day.kg.shape[0]
    kg, litres, stream, service_s = day.kg[pickup], day.litres[pickup], day.stream[pickup], day.service_s[pickup]
    limit = best
    chosen = desk.chosen
    best = _join_near(day, fleet, plan, desk, pickup, best, chance, chosen)
    is_joined = best < limit
    n_vehicles = fleet.kg.shape[0]
    desk.asked[n_vehicles] += 1
    inquiry = desk.asked[n_vehicles]
    for vehicle in range(n_vehicles):
        if not fleet.may_serve[vehicle, pickup] or vehicle == resting:
            continue
        if desk.totals[vehicle, DAY_KG] + kg > fleet.max_day_kg[vehicle]:
            continue
        length = plan.length[vehicle]
        n_tips = fleet.n_tips[vehicle, stream]
        if length == 0:
            # Of those that can do the same, the first one that is free.
            if desk.asked[fleet.alike[vehicle]] == inquiry:
                continue
            desk.asked[fleet.alike[vehicle]] = inquiry
        totals = desk.totals[vehicle]
        visits, gaps = plan.visits[vehicle], desk.gaps[vehicle]
        travel_s, travel_m = day.travel_s[fleet.profile[vehicle]], day.travel_m[fleet.profile[vehicle]]
        per_m, per_s = fleet.per_m[vehicle], fleet.per_s[vehicle]
        fixed = fleet.fixed[vehicle] if length == 0 else 0
        shift_start_s, shift_end_s = fleet.shift[vehicle, 0], fleet.shift[vehicle, 1]
        # Driving and service without waits and breaks: what cannot be less.
        busy_s = 0
        if length > 0:
            busy_s = gaps[length, TOTAL_S] + travel_s[visits[length - 1], fleet.end[vehicle]]
            least_s = busy_s + service_s
            if least_s > fleet.max_work_s[vehicle]:
                continue
            if shift_start_s + least_s + break_due_s(fleet, vehicle, least_s) > shift_end_s:
                continue
        may_open = totals[TRIPS] < fleet.max_trips[vehicle]
        n_gaps = list_openings(day, fleet, plan, desk, pickup, vehicle, may_open) if is_joined else length + 1
        for index in range(n_gaps):
            gap = desk.openings[index] if is_joined else index
            before = fleet.start[vehicle] if gap == 0 else visits[gap - 1]
            is_boundary = gap == 0 or before >= n_pickups
            has_room = False
            is_own_stream = False
            fee, tip_at = 0, NOTHING
            if gap < length and gaps[gap, STREAM] == stream:
                is_own_stream = True
                tip_at = gaps[gap, TIP_AT]
                has_room = (
                    gaps[tip_at, LOAD_KG] + kg <= fleet.kg[vehicle]
                    and gaps[tip_at, LOAD_L] + litres <= fleet.litres[vehicle, stream]
                )
                fee = day.fee[visits[tip_at] - n_pickups]
            if not has_room and not (may_open and (is_boundary or is_own_stream)):
                continue
            if draw(source) < BLINK_SHARE:
                continue
            after = fleet.end[vehicle] if gap == length else visits[gap]
            old_m = travel_m[before, after] if length > 0 else 0
            old_s = travel_s[before, after] if length > 0 else 0
            # Choice -1 joins the trip; then, for every site: tip there instead; open a trip, or split this one behind
            # the pickup; split it before the pickup.
            end_choice = 0
            if may_open and is_boundary:
                end_choice = 2 * n_tips
            elif may_open and not has_room:
                end_choice = 3 * n_tips
            elif after >= n_pickups:
                end_choice = n_tips
            for choice in range((0 if is_joined else -1) if has_room else n_tips, end_choice):
                second, end, first_tip, tip, tip_s = NOTHING, gap, NOTHING, NOTHING, 0
                metres, added_s = -old_m, service_s - old_s
                onward = after
                if choice < 0:
                    fees = fee * kg
                else:
                    way, tip = choice // n_tips, fleet.tips[vehicle, stream, choice % n_tips]
                    tip_fee = day.fee[tip - n_pickups]
                    if way == 0:
                        if after < n_pickups or after == tip:
                            continue
                        end = gap + 1
                        onward = fleet.end[vehicle] if end == length else visits[end]
                        metres -= travel_m[after, onward]
                        added_s -= travel_s[after, onward] + day.service_s[after]
                        fees = tip_fee * (gaps[gap, LOAD_KG] + kg) - fee * gaps[gap, LOAD_KG]
                        second = tip
                    elif way == 1:
                        second = tip
                        if is_boundary:
                            fees = tip_fee * kg
                        elif (
                            gaps[gap, LOAD_KG] + kg > fleet.kg[vehicle]
                            or gaps[gap, LOAD_L] + litres > fleet.litres[vehicle, stream]
                            or after >= n_pickups
                        ):
                            continue
                        else:
                            fees = tip_fee * (gaps[gap, LOAD_KG] + kg) - fee * gaps[gap, LOAD_KG]
                    else:
                        rest_kg = gaps[tip_at, LOAD_KG] - gaps[gap, LOAD_KG]
                        rest_l = gaps[tip_at, LOAD_L] - gaps[gap, LOAD_L]
                        if rest_kg + kg > fleet.kg[vehicle] or rest_l + litres > fleet.litres[vehicle, stream]:
                            continue
                        first_tip = tip
                        fees = (tip_fee - fee) * gaps[gap, LOAD_KG] + fee * kg
                place = before
                if choice >= 0:
                    tip_s = day.service_s[tip]
                    added_s += tip_s
                if first_tip != NOTHING:
                    metres += travel_m[place, tip]
                    added_s += travel_s[place, tip]
                    place = tip
                metres += travel_m[place, pickup]
                added_s += travel_s[place, pickup]
                place = pickup
                if second != NOTHING:
                    metres += travel_m[place, tip]
                    added_s += travel_s[place, tip]
                    place = tip
                metres += travel_m[place, onward]
                added_s += travel_s[place, onward]
                moving = fixed + fees + metres * per_m - totals[OVERTIME]
                # A day is never shorter than its driving and service; without another site, nor than it was.
                least_added_s = busy_s + added_s - totals[ELAPSED_S]
                if end == gap:
                    least_added_s = max(least_added_s, 0)
                if moving + least_added_s * per_s >= best:
                    continue
                if fleet.is_whole[vehicle]:
                    move = desk.move
                    move[VEHICLE], move[CUT_START], move[CUT_END] = vehicle, gap, end
                    move[FIRST], move[SECOND] = (pickup, second) if first_tip == NOTHING else (tip, pickup)
                    best = _try_whole(day, fleet, plan, desk, best, chosen)
                    continue
                # A tip before the pickup takes the first window that is open.
                from_total_s, from_earliest_s = gaps[gap, TOTAL_S], gaps[gap, EARLIEST_S]
                from_latest_s = gaps[gap, LATEST_S]
                place, tip_window = before, NOTHING
                if first_tip != NOTHING:
                    leg_s = travel_s[place, tip]
                    for window in range(day.window_range[tip, 0], day.window_range[tip, 1]):
                        last_s = day.windows[window, 1] - tip_s
                        if from_earliest_s + leg_s <= last_s and day.windows[window, 0] <= last_s:
                            from_latest_s = min(from_latest_s, last_s - from_total_s - leg_s)
                            from_total_s += leg_s + tip_s
                            from_earliest_s = max(from_earliest_s + leg_s, day.windows[window, 0]) + tip_s
                            tip_window = window
                            break
                    if tip_window == NOTHING:
                        continue
                    place = tip
                leg_s = travel_s[place, pickup]
                for window in range(day.window_range[pickup, 0], day.window_range[pickup, 1]):
                    last_s = day.windows[window, 1] - service_s
                    opens_s = day.windows[window, 0]
                    if from_earliest_s + leg_s > last_s or opens_s > last_s:
                        continue
                    total_s = from_total_s + leg_s + service_s
                    earliest_s = max(from_earliest_s + leg_s, opens_s) + service_s
                    latest_s = min(from_latest_s, last_s - from_total_s - leg_s)
                    place = pickup
                    if second != NOTHING:
                        tip_window = NOTHING
                        drive_s = travel_s[pickup, second]
                        for own in range(day.window_range[second, 0], day.window_range[second, 1]):
                            tip_last_s = day.windows[own, 1] - tip_s
                            if earliest_s + drive_s <= tip_last_s and day.windows[own, 0] <= tip_last_s:
                                latest_s = min(latest_s, tip_last_s - total_s - drive_s)
                                total_s += drive_s + tip_s
                                earliest_s = max(earliest_s + drive_s, day.windows[own, 0]) + tip_s
                                tip_window = own
                                break
                        if tip_window == NOTHING:
                            continue
                        place = second
                    drive_s = travel_s[place, onward]
                    if earliest_s + drive_s > gaps[end, ON_LATEST_S]:
                        continue
                    latest_s = min(latest_s, gaps[end, ON_LATEST_S] - drive_s - total_s)
                    total_s += drive_s + gaps[end, ON_TOTAL_S]
                    earliest_s = max(earliest_s + drive_s + gaps[end, ON_TOTAL_S], gaps[end, ON_EARLIEST_S])
                    elapsed_s = max(total_s, earliest_s - latest_s)
                    if elapsed_s > fleet.max_out_s[vehicle]:
                        continue
                    needs_break = elapsed_s > fleet.free_s[vehicle]
                    if needs_break:
                        due_s = break_due_s(fleet, vehicle, total_s)
                        if total_s > fleet.max_stretch_s[vehicle]:
                            due_s = max(due_s, SHORTEST_BREAK_S)
                        if total_s > fleet.max_work_s[vehicle] or shift_start_s + total_s + due_s > shift_end_s:
                            continue
                        elapsed_s = max(elapsed_s, total_s + due_s)
                    cost = moving + (elapsed_s - totals[ELAPSED_S]) * per_s
                    if cost >= best:
                        continue
                    move = desk.move
                    move[VEHICLE], move[CUT_START], move[CUT_END] = vehicle, gap, end
                    if first_tip != NOTHING:
                        move[FIRST], move[FIRST_WINDOW], move[SECOND], move[SECOND_WINDOW] = (
                            tip,
                            tip_window,
                            pickup,
                            window,
                        )
                    else:
                        move[FIRST], move[FIRST_WINDOW], move[SECOND], move[SECOND_WINDOW] = (
                            pickup,
                            window,
                            second,
                            tip_window,
                        )
                    if needs_break:
                        elapsed_s = time_trial(day, fleet, desk, vehicle, lay_out(plan, desk))
                        if elapsed_s < 0:
                            continue
                        cost = moving + (elapsed_s - totals[ELAPSED_S]) * per_s + desk.timed[EXTRA]
                        if cost >= best:
                            continue
                    best = cost
                    for field in range(7):
                        chosen[field] = move[field]
    if best < limit:
        for field in range(7):
            desk.move[field] = chosen[field]
        vehicle = chosen[VEHICLE]
        length = lay_out(plan, desk)
        elapsed_s = time_trial(day, fleet, desk, vehicle, length)
        adopt(day, fleet, plan, desk, vehicle, length, elapsed_s)
        desk.is_changed[vehicle] = 1
        plan.is_absent[pickup] = 0
    return best


@compiled_part
def _try_whole(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk, best: int, chosen: NDArray[np.int64]) -> int:
    """Time and price the tour that ``desk.move`` makes; what it adds where that is below ``best``, else ``best``."""
    move = desk.move
    vehicle = move[VEHICLE]
    move[FIRST_WINDOW], move[SECOND_WINDOW] = NOTHING, NOTHING
    length = lay_out(plan, desk)
    elapsed_s = time_trial(day, fleet, desk, vehicle, length)
    if elapsed_s < 0:
        return best
    cost = price_trial(day, fleet, desk, vehicle, length, elapsed_s) - plan.cost[vehicle]
    if cost >= best:
        return best
    for field in range(7):
        chosen[field] = move[field]
    return int(cost)


@compiled_part
def _join_near(
    day: Day,
    fleet: Fleet,
    plan: PlanArrays,
    desk: Desk,
    pickup: int,
    best: int,
    chance: tuple[NDArray[np.uint64], int],
    chosen: NDArray[np.int64],
) -> int:
    """Join a trip beside a near pickup."""
    source, resting = chance
    kg, litres, stream, service_s = day.kg[pickup], day.litres[pickup], day.stream[pickup], day.service_s[pickup]
    n_pickups = day.kg.shape[0]
    n_near = 0
    for rank in range(day.near.shape[1]):
        near = day.near[pickup, rank]
        if plan.is_absent[near]:
            continue
        n_near += 1
        if n_near > NEAR:
            break
        vehicle, position = desk.place_of[near, 0], desk.place_of[near, 1]
        gaps = desk.gaps[vehicle]
        if (
            gaps[position, STREAM] != stream
            or gaps[position, TRIP_KG] + kg > fleet.kg[vehicle]
            or gaps[position, TRIP_L] + litres > fleet.litres[vehicle, stream]
            or vehicle == resting
            or not fleet.may_serve[vehicle, pickup]
            or desk.totals[vehicle, DAY_KG] + kg > fleet.max_day_kg[vehicle]
            or draw(source) < BLINK_SHARE
        ):
            continue
        leave, reach = day.leave[fleet.profile[vehicle], pickup], day.reach[fleet.profile[vehicle], pickup]
        visits = plan.visits[vehicle]
        per_m, per_s = fleet.per_m[vehicle], fleet.per_s[vehicle]
        was_s = desk.totals[vehicle, ELAPSED_S]
        fees = day.fee[visits[gaps[position, TIP_AT]] - n_pickups] * kg - desk.totals[vehicle, OVERTIME]
        for gap in range(position, position + 2):
            before = fleet.start[vehicle] if gap == 0 else visits[gap - 1]
            after = visits[gap]
            there_s, on_s = reach[before, 0], leave[after, 0]
            moving = (reach[before, 1] + leave[after, 1] - gaps[gap, LEG_M]) * per_m + fees
            if moving >= best:
                continue
            if fleet.is_whole[vehicle]:
                length = plan.length[vehicle]
                busy_s = (
                    gaps[length, TOTAL_S] + day.leave[fleet.profile[vehicle], visits[length - 1], fleet.end[vehicle], 0]
                )
                least_added_s = busy_s + there_s + on_s - gaps[gap, LEG_S] + service_s - was_s
                if moving + max(least_added_s, 0) * per_s >= best:
                    continue
                move = desk.move
                move[VEHICLE], move[CUT_START], move[CUT_END] = vehicle, gap, gap
                move[FIRST], move[SECOND] = pickup, NOTHING
                best = _try_whole(day, fleet, plan, desk, best, chosen)
                continue
            for window in range(day.window_range[pickup, 0], day.window_range[pickup, 1]):
                last_s = day.windows[window, 1] - service_s
                opens_s = day.windows[window, 0]
                earliest_s = gaps[gap, EARLIEST_S] + there_s
                if earliest_s > last_s or opens_s > last_s:
                    continue
                total_s = gaps[gap, TOTAL_S] + there_s + service_s
                latest_s = min(gaps[gap, LATEST_S], last_s - gaps[gap, TOTAL_S] - there_s)
                earliest_s = max(earliest_s, opens_s) + service_s + on_s
                if earliest_s > gaps[gap, ON_LATEST_S]:
                    continue
                latest_s = min(latest_s, gaps[gap, ON_LATEST_S] - on_s - total_s)
                total_s += on_s + gaps[gap, ON_TOTAL_S]
                earliest_s = max(earliest_s + gaps[gap, ON_TOTAL_S], gaps[gap, ON_EARLIEST_S])
                elapsed_s = max(total_s, earliest_s - latest_s)
                if elapsed_s > fleet.max_out_s[vehicle]:
                    continue
                needs_break = elapsed_s > fleet.free_s[vehicle]
                if needs_break:
                    due_s = break_due_s(fleet, vehicle, total_s)
                    if total_s > fleet.max_stretch_s[vehicle]:
                        due_s = max(due_s, SHORTEST_BREAK_S)
                    if (
                        total_s > fleet.max_work_s[vehicle]
                        or fleet.shift[vehicle, 0] + total_s + due_s > fleet.shift[vehicle, 1]
                    ):
                        continue
                    elapsed_s = max(elapsed_s, total_s + due_s)
                cost = moving + (elapsed_s - was_s) * per_s
                if cost >= best:
                    continue
                move = desk.move
                move[VEHICLE], move[CUT_START], move[CUT_END] = vehicle, gap, gap
                move[FIRST], move[FIRST_WINDOW], move[SECOND], move[SECOND_WINDOW] = pickup, window, NOTHING, NOTHING
                if needs_break:
                    elapsed_s = time_trial(day, fleet, desk, vehicle, lay_out(plan, desk))
                    if elapsed_s < 0:
                        continue
                    cost = moving + (elapsed_s - was_s) * per_s + desk.timed[EXTRA]
                    if cost >= best:
                        continue
                best = cost
                for field in range(7):
                    chosen[field] = move[field]
    return best
