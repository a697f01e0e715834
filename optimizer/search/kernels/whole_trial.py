"""Times a tour from its departure on, visit by visit: for queues, and for travel that depends on the time.

Guards that what is found can be driven just so: the departure is bounded by every slice in which a drive began.
Departures at the start of every slice and every so often during the shift are tried; windows are the ones that are done
with first; a break is taken before a stretch would become too long. The exact scheduler finds no dearer day.
"""

from optimizer.search.arrays import Day, Desk, Fleet
from optimizer.search.kernels.compiled_part import compiled_part

NEVER_S = -(1 << 40)
SHORTEST_BREAK_S = 900
# Fields of what is known of a timed trial.
EXTRA, WHOLE_M = range(2)
MOST_TRIES = 3
"""To get all breaks into a day."""
SHORTEST_STEP_S = 1_200
MOST_STEPS = 8
"""Between the departures that are tried, as far as the day has time to spare."""


@compiled_part
def break_due_s(fleet: Fleet, vehicle: int, work_s: int) -> int:
    """Break that so much work asks for."""
    due_s = 0
    for rule in range(fleet.rules.shape[1]):
        if work_s > fleet.rules[vehicle, rule, 0]:
            due_s = max(due_s, fleet.rules[vehicle, rule, 1])
    return due_s


@compiled_part
def overtime(fleet: Fleet, vehicle: int, work_s: int) -> int:
    """What of so much work costs extra, in micro-euros."""
    return int(max(0, work_s - fleet.regular_s[vehicle]) * fleet.overtime_per_s[vehicle])


@compiled_part
def time_whole(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int) -> int:
    """The cheapest day of the trial: seconds away, or -1; metres and overtime are left in ``desk.timed``."""
    shift_start_s, shift_end_s = fleet.shift[vehicle, 0], fleet.shift[vehicle, 1]
    # All that insertion may know of such a tour is how much of it cannot be spared.
    travel_s = day.travel_s[fleet.profile[vehicle]]
    place, busy_s = fleet.start[vehicle], 0
    for at in range(length):
        node = desk.trial_visits[at]
        desk.trial[at, 0] = busy_s
        busy_s += travel_s[place, node] + day.service_s[node]
        place = node
    desk.trial[length, 0] = busy_s
    spare_s = shift_end_s - shift_start_s - busy_s - travel_s[place, fleet.end[vehicle]]
    step_s = max(SHORTEST_STEP_S, spare_s // MOST_STEPS)
    n_slices = day.slice_starts_s.shape[0]
    best_s, best_cost, best_extra, best_m = -1, 0, 0, 0
    for choice in range(n_slices - 1 + MOST_STEPS + 1):
        # At the start of a slice, else so many steps into the shift.
        from_s = shift_start_s + (choice - n_slices + 1) * step_s
        if choice < n_slices - 1:
            from_s = day.slice_starts_s[choice + 1]
        if from_s < shift_start_s or from_s > shift_start_s + spare_s:
            continue
        elapsed_s = _depart_from(day, fleet, desk, vehicle, length, from_s)
        if elapsed_s < 0:
            continue
        cost = elapsed_s * fleet.per_s[vehicle] + desk.timed[EXTRA] + desk.timed[WHOLE_M] * fleet.per_m[vehicle]
        if best_s < 0 or cost < best_cost:
            best_s, best_cost, best_extra, best_m = elapsed_s, cost, desk.timed[EXTRA], desk.timed[WHOLE_M]
    desk.timed[EXTRA], desk.timed[WHOLE_M] = best_extra, best_m
    return int(best_s)


@compiled_part
def _depart_from(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int, from_s: int) -> int:
    """The day that departs no earlier, with as many breaks as it turns out to need."""
    most_s, first_piece_s = fleet.max_stretch_s[vehicle], SHORTEST_BREAK_S
    for _ in range(MOST_TRIES):
        elapsed_s, work_s, n_breaks = _drive(day, fleet, desk, vehicle, length, (from_s, most_s, first_piece_s))
        if elapsed_s < 0 or elapsed_s > fleet.max_out_s[vehicle] or work_s > fleet.max_work_s[vehicle]:
            return -1
        due_s = break_due_s(fleet, vehicle, work_s)
        break_s = first_piece_s + (n_breaks - 1) * SHORTEST_BREAK_S if n_breaks > 0 else 0
        if due_s <= break_s:
            desk.timed[EXTRA] = overtime(fleet, vehicle, work_s)
            return int(elapsed_s)
        if n_breaks == 0:
            # A break in the middle of the day.
            most_s, first_piece_s = min(most_s, (work_s + 1) // 2), max(SHORTEST_BREAK_S, due_s)
        else:
            first_piece_s += due_s - break_s
    return -1


@compiled_part
def _drive(
    day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int, way: tuple[int, int, int]
) -> tuple[int, int, int]:
    """Seconds away, work and breaks of the day from a second on, with a longest stretch and a first break; -1: none."""
    from_s, most_s, first_piece_s = way
    longest_s = fleet.max_stretch_s[vehicle]
    profile = fleet.profile[vehicle]
    n_slices = day.slice_starts_s.shape[0]
    total_s, earliest_s, latest_s = 0, from_s, fleet.shift[vehicle, 1]
    stretch_s, stretch_latest_s, work_s, n_breaks, metres = 0, -NEVER_S, 0, 0, 0
    place = fleet.start[vehicle]
    for at in range(length + 1):
        node = desk.trial_visits[at] if at < length else fleet.end[vehicle]
        leg_s, leg_m, ends_s, here_s, done_s, last_s, then_latest_s = 0, 0, 0, 0, 0, 0, 0
        # Once with the stretch going on; once more, after a break, where it would become too long.
        for is_rested in range(2):
            leaves_s = earliest_s
            ends_s = -NEVER_S
            leg_s, leg_m = day.travel_s[profile, place, node], day.travel_m[profile, place, node]
            if n_slices > 1:
                part = 0
                while part + 1 < n_slices and day.slice_starts_s[part + 1] <= leaves_s:
                    part += 1
                ends_s = day.slice_starts_s[part + 1] if part + 1 < n_slices else -NEVER_S
                leg_s, leg_m = day.slice_s[profile, part, place, node], day.slice_m[profile, part, place, node]
            arrives_s = leaves_s + leg_s
            starts_s, done_s, last_s = arrives_s, arrives_s, fleet.shift[vehicle, 1]
            is_open = at == length and arrives_s <= last_s
            if at < length:
                for window in range(day.window_range[node, 0], day.window_range[node, 1]):
                    here_s = day.service_s[node] + day.queue_s[window]
                    begins_s = max(arrives_s, day.windows[window, 0])
                    ends_work_s = begins_s + here_s
                    if ends_work_s <= day.windows[window, 1] and (not is_open or ends_work_s < done_s):
                        is_open, starts_s, done_s = True, begins_s, ends_work_s
                        last_s = day.windows[window, 1] - here_s
                        desk.trial_window[at] = window
            if not is_open:
                return -1, 0, 0
            here_s = done_s - starts_s
            then_latest_s = min(stretch_latest_s, min(ends_s - 1, last_s - leg_s) - stretch_s)
            then_s = max(stretch_s + leg_s + here_s, done_s - then_latest_s)
            if then_s <= (longest_s if is_rested else most_s) or (at == 0 and then_s <= longest_s):
                break
            if is_rested or at == 0:
                return -1, 0, 0
            piece_s = first_piece_s if n_breaks == 0 else SHORTEST_BREAK_S
            n_breaks += 1
            work_s += max(stretch_s, earliest_s - stretch_latest_s)
            stretch_s, stretch_latest_s = 0, -NEVER_S
            total_s += piece_s
            earliest_s += piece_s
        latest_s = min(latest_s, min(ends_s - 1, last_s - leg_s) - total_s)
        stretch_latest_s = then_latest_s
        total_s += leg_s + here_s
        stretch_s += leg_s + here_s
        earliest_s = done_s
        metres += leg_m
        place = node
    work_s += max(stretch_s, earliest_s - stretch_latest_s)
    desk.timed[WHOLE_M] = metres
    return max(total_s, earliest_s - latest_s), work_s, n_breaks
