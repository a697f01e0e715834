"""Times a tour that is being tried: elapsed seconds with waits and breaks, in one walk there and one back.

A place in a tour knows how the tour gets there and how it goes on as functions of the time (Vidal et al. 2013,
doi:10.1016/j.cor.2012.07.018). Windows are chosen before; breaks are placed well, not always best: a tour counted as
possible here is possible for the exact scheduler, and never dearer there.

Where vehicles queue or travel depends on the time, there are no such functions: these tours are timed whole.
"""

from optimizer.search.arrays import Day, Desk, Fleet
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.whole_trial import EXTRA, NEVER_S, SHORTEST_BREAK_S, break_due_s, overtime, time_whole

# Fields of a gap: time functions (total, earliest, latest) up to it and from it on, load, end and stream of its trip.
TOTAL_S, EARLIEST_S, LATEST_S, ON_TOTAL_S, ON_EARLIEST_S, ON_LATEST_S, LOAD_KG, LOAD_L, TIP_AT, STREAM = range(10)
TRIP_KG, TRIP_L, LEG_S, LEG_M = range(10, 14)


@compiled_part
def time_trial(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int) -> int:
    """Time the tour in ``desk.trial_visits``: seconds from departure to return, or -1 when it does not fit the day."""
    if fleet.is_whole[vehicle]:
        return time_whole(day, fleet, desk, vehicle, length)
    travel_s = day.travel_s[fleet.profile[vehicle]]
    visits, trial = desk.trial_visits, desk.trial
    total_s, earliest_s, latest_s = 0, fleet.shift[vehicle, 0], fleet.shift[vehicle, 1]
    shift_end_s = fleet.shift[vehicle, 1]
    place = fleet.start[vehicle]
    trial[0, TOTAL_S], trial[0, EARLIEST_S], trial[0, LATEST_S] = total_s, earliest_s, latest_s
    for at in range(length):
        node = visits[at]
        service_s = day.service_s[node]
        leg_s = travel_s[place, node]
        opens_s = day.windows[desk.trial_window[at], 0]
        last_s = day.windows[desk.trial_window[at], 1] - service_s
        if earliest_s + leg_s > last_s or opens_s > last_s:
            return -1
        latest_s = min(latest_s, last_s - total_s - leg_s)
        total_s += leg_s + service_s
        earliest_s = max(earliest_s + leg_s, opens_s) + service_s
        trial[at + 1, TOTAL_S], trial[at + 1, EARLIEST_S], trial[at + 1, LATEST_S] = total_s, earliest_s, latest_s
        place = node
    leg_s = travel_s[place, fleet.end[vehicle]]
    if earliest_s + leg_s > shift_end_s:
        return -1
    elapsed_s = max(total_s + leg_s, earliest_s + leg_s - min(latest_s, shift_end_s - total_s - leg_s))
    if elapsed_s > fleet.max_out_s[vehicle]:
        return -1
    place = fleet.end[vehicle]
    total_s, earliest_s, latest_s = 0, NEVER_S, shift_end_s
    trial[length, 3], trial[length, 4], trial[length, 5] = total_s, earliest_s, latest_s
    for at in range(length - 1, -1, -1):
        node = visits[at]
        service_s = day.service_s[node]
        leg_s = travel_s[node, place]
        opens_s = day.windows[desk.trial_window[at], 0]
        last_s = day.windows[desk.trial_window[at], 1] - service_s
        earliest_s = max(opens_s + service_s + leg_s + total_s, earliest_s)
        total_s += service_s + leg_s
        latest_s = min(last_s, latest_s - leg_s - service_s)
        trial[at, 3], trial[at, 4], trial[at, 5] = total_s, earliest_s, latest_s
        place = node
    desk.timed[EXTRA] = 0
    if elapsed_s <= fleet.free_s[vehicle]:
        return int(elapsed_s)
    return _with_one_break(day, fleet, desk, vehicle, length, elapsed_s)


@compiled_part
def _with_one_break(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int, straight_s: int) -> int:
    """The cheapest day of the trial with a break or none (``straight_s``); with several where it needs them."""
    travel_s = day.travel_s[fleet.profile[vehicle]]
    trial = desk.trial
    best_s, best_cost = -1, 0
    per_s = fleet.per_s[vehicle]
    most_s = fleet.max_stretch_s[vehicle]
    if straight_s <= min(most_s, fleet.max_work_s[vehicle]) and break_due_s(fleet, vehicle, straight_s) == 0:
        # All that is the matter is overtime; a wait that becomes a break is none.
        desk.timed[EXTRA] = overtime(fleet, vehicle, straight_s)
        best_s, best_cost = straight_s, straight_s * per_s + desk.timed[EXTRA]
    for at in range(1, length + 1):
        before_s = max(trial[at, TOTAL_S], trial[at, EARLIEST_S] - trial[at, LATEST_S])
        if before_s > most_s:
            break
        onward = desk.trial_visits[at] if at < length else fleet.end[vehicle]
        leg_s = travel_s[desk.trial_visits[at - 1], onward]
        after_s = leg_s + max(trial[at, ON_TOTAL_S], trial[at, ON_EARLIEST_S] - trial[at, ON_LATEST_S])
        if after_s > most_s or before_s + after_s > fleet.max_work_s[vehicle]:
            continue
        ahead_s = max(SHORTEST_BREAK_S, break_due_s(fleet, vehicle, before_s + after_s)) + leg_s
        if trial[at, EARLIEST_S] + ahead_s > trial[at, ON_LATEST_S]:
            continue
        total_s = trial[at, TOTAL_S] + ahead_s + trial[at, ON_TOTAL_S]
        earliest_s = max(trial[at, EARLIEST_S] + ahead_s + trial[at, ON_TOTAL_S], trial[at, ON_EARLIEST_S])
        latest_s = min(trial[at, LATEST_S], trial[at, ON_LATEST_S] - ahead_s - trial[at, TOTAL_S])
        elapsed_s = max(total_s, earliest_s - latest_s)
        if elapsed_s > fleet.max_out_s[vehicle]:
            continue
        extra = overtime(fleet, vehicle, before_s + after_s)
        cost = elapsed_s * per_s + extra
        if best_s < 0 or cost < best_cost or (cost == best_cost and elapsed_s < best_s):
            best_s, best_cost = elapsed_s, cost
            desk.timed[EXTRA] = extra
    if best_s < 0 and fleet.shift[vehicle, 1] - fleet.shift[vehicle, 0] > 2 * most_s:
        best_s = _with_many_breaks(day, fleet, desk, vehicle, length)
    return best_s if best_s >= 0 else _with_split_break(day, fleet, desk, vehicle, length)


@compiled_part
def _with_split_break(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int) -> int:
    """The cheapest day of the trial with a break in two parts, between windows that leave no room for a whole one."""
    travel_s = day.travel_s[fleet.profile[vehicle]]
    trial, visits = desk.trial, desk.trial_visits
    most_s, per_s = fleet.max_stretch_s[vehicle], fleet.per_s[vehicle]
    busy_s = travel_s[fleet.start[vehicle], visits[0]] + trial[0, ON_TOTAL_S]
    due_s = max(2 * SHORTEST_BREAK_S, break_due_s(fleet, vehicle, busy_s))
    # Nearly always the shift is just too short; only windows are worth a second look.
    if busy_s + due_s > fleet.shift[vehicle, 1] - fleet.shift[vehicle, 0] or busy_s > fleet.max_work_s[vehicle]:
        return -1
    best_s, best_cost = -1, 0
    for choice in range(2 * (length - 1)):
        first = 1 + choice // 2
        first_s = SHORTEST_BREAK_S if choice % 2 == 0 else due_s - SHORTEST_BREAK_S
        before_s = max(trial[first, TOTAL_S], trial[first, EARLIEST_S] - trial[first, LATEST_S])
        if before_s > most_s or (choice % 2 == 1 and first_s == SHORTEST_BREAK_S):
            continue
        total_s, latest_s = trial[first, TOTAL_S] + first_s, trial[first, LATEST_S]
        earliest_s = trial[first, EARLIEST_S] + first_s
        stretch_s, stretch_latest_s = 0, -NEVER_S
        for at in range(first, length):
            node = visits[at]
            leg_s, service_s = travel_s[visits[at - 1], node], day.service_s[node]
            opens_s = day.windows[desk.trial_window[at], 0]
            last_s = day.windows[desk.trial_window[at], 1] - service_s
            latest_s = min(latest_s, last_s - total_s - leg_s)
            stretch_latest_s = min(stretch_latest_s, last_s - stretch_s - leg_s)
            total_s += leg_s + service_s
            stretch_s += leg_s + service_s
            if earliest_s + leg_s > last_s:
                break
            earliest_s = max(earliest_s + leg_s, opens_s) + service_s
            between_s = max(stretch_s, earliest_s - stretch_latest_s)
            if between_s > most_s:
                break
            onward = visits[at + 1] if at + 1 < length else fleet.end[vehicle]
            leg_s = travel_s[node, onward]
            after_s = leg_s + max(trial[at + 1, ON_TOTAL_S], trial[at + 1, ON_EARLIEST_S] - trial[at + 1, ON_LATEST_S])
            work_s = before_s + between_s + after_s
            ahead_s = due_s - first_s + leg_s
            if after_s > most_s or work_s > fleet.max_work_s[vehicle] or break_due_s(fleet, vehicle, work_s) > due_s:
                continue
            if earliest_s + ahead_s > trial[at + 1, ON_LATEST_S]:
                continue
            whole_s = total_s + ahead_s + trial[at + 1, ON_TOTAL_S]
            ends_s = max(earliest_s + ahead_s + trial[at + 1, ON_TOTAL_S], trial[at + 1, ON_EARLIEST_S])
            elapsed_s = max(whole_s, ends_s - min(latest_s, trial[at + 1, ON_LATEST_S] - ahead_s - total_s))
            extra = overtime(fleet, vehicle, work_s)
            cost = elapsed_s * per_s + extra
            if elapsed_s <= fleet.max_out_s[vehicle] and (best_s < 0 or cost < best_cost):
                best_s, best_cost = elapsed_s, cost
                desk.timed[EXTRA] = extra
    return best_s


@compiled_part
def _with_many_breaks(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int) -> int:
    """The day of the trial with a break whenever a stretch would become too long, the first of them as long as due."""
    travel_s = day.travel_s[fleet.profile[vehicle]]
    most_s = fleet.max_stretch_s[vehicle]
    first_piece_s = SHORTEST_BREAK_S
    for _ in range(2):
        total_s, earliest_s, latest_s = 0, fleet.shift[vehicle, 0], fleet.shift[vehicle, 1]
        stretch_s, stretch_latest_s, work_s, n_breaks = 0, -NEVER_S, 0, 0
        place = fleet.start[vehicle]
        fits = True
        for at in range(length + 1):
            if at < length:
                node = desk.trial_visits[at]
                service_s = day.service_s[node]
                opens_s = day.windows[desk.trial_window[at], 0]
                last_s = day.windows[desk.trial_window[at], 1] - service_s
            else:
                node, service_s, opens_s, last_s = fleet.end[vehicle], 0, NEVER_S, fleet.shift[vehicle, 1]
            leg_s = travel_s[place, node]
            so_far_s = max(stretch_s, earliest_s - stretch_latest_s)
            then_s = max(
                stretch_s + leg_s + service_s,
                max(earliest_s + leg_s, opens_s) + service_s - min(stretch_latest_s, last_s - stretch_s - leg_s),
            )
            if at > 0 and then_s > most_s:
                piece_s = first_piece_s if n_breaks == 0 else SHORTEST_BREAK_S
                n_breaks += 1
                work_s += so_far_s
                stretch_s, stretch_latest_s = 0, -NEVER_S
                total_s += piece_s
                earliest_s += piece_s
            if earliest_s + leg_s > last_s or opens_s > last_s:
                fits = False
                break
            latest_s = min(latest_s, last_s - total_s - leg_s)
            stretch_latest_s = min(stretch_latest_s, last_s - stretch_s - leg_s)
            total_s += leg_s + service_s
            stretch_s += leg_s + service_s
            earliest_s = max(earliest_s + leg_s, opens_s) + service_s
            if max(stretch_s, earliest_s - stretch_latest_s) > most_s:
                fits = False
                break
            place = node
        if not fits:
            return -1
        work_s += max(stretch_s, earliest_s - stretch_latest_s)
        if work_s > fleet.max_work_s[vehicle] or n_breaks == 0:
            return -1
        break_s = first_piece_s + (n_breaks - 1) * SHORTEST_BREAK_S
        due_s = break_due_s(fleet, vehicle, work_s)
        if due_s <= break_s:
            elapsed_s = max(total_s, earliest_s - latest_s)
            desk.timed[EXTRA] = overtime(fleet, vehicle, work_s)
            return int(elapsed_s) if elapsed_s <= fleet.max_out_s[vehicle] else -1
        first_piece_s += due_s - break_s
    return -1
