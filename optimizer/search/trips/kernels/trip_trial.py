"""Judges in constant time what a change of a few neighbouring visits makes of the day."""

from optimizer.search.trips.kernels.inlined_part import inlined_part
from optimizer.search.trips.kernels.trip_timing import day_s
from optimizer.search.trips.kernels.trip_tours import (
    E1,
    E2,
    EARLIEST_S,
    FOREVER_S,
    L1,
    L2,
    LAST_S,
    LATEST_S,
    NEVER_S,
    NOBODY,
    ON_EARLIEST_S,
    ON_LATEST_S,
    ON_TOTAL_S,
    OPENS_S,
    PART,
    REST,
    T1,
    T2,
    TOTAL_S,
    Notes,
    TripTours,
    place_of,
)
from optimizer.search.trips.kernels.trip_tours import SERVICE_S as VISIT_SERVICE_S
from optimizer.search.trips.trip_day import (
    END,
    END_WINDOW,
    FIRST_WINDOW,
    LEAVE_S,
    PROFILE,
    SERVICE_S,
    SHIFT_END_S,
    SHIFT_START_S,
    START,
    TripDay,
)

# Entries of ``Notes.chosen``: an insertion, the visit before it, stretch, site, and the windows of two visits.
KIND, CAR, AT, STRETCH, SITE, WINDOW_1, WINDOW_2 = range(7)
TRIED_WINDOW_1, TRIED_WINDOW_2 = 7, 8


@inlined_part
def trial_s(
    day: TripDay, plan: TripTours, notes: Notes, vehicle: int, gap: tuple[int, int, int], news: tuple[int, int]
) -> int:
    """Length of the day when other visits stand between two of a tour; -1 where that does not fit the rules.

    Each takes the first window that is open; they are noted.

    Parameters
    ----------
    gap
        The visits before and behind, and the stretch that the new ones belong to.
    news
        Nodes of up to two visits.
    """
    visit, tour, car = plan.visit, plan.tour, day.car
    before, behind, part = gap
    ways = day.ways[car[vehicle, PROFILE]]
    total_s, earliest_s, latest_s = 0, NEVER_S, FOREVER_S
    if before == NOBODY:
        place = car[vehicle, START]
        earliest_s, latest_s = car[vehicle, SHIFT_START_S], car[vehicle, SHIFT_END_S]
    else:
        place = place_of(plan, before)
        if visit[before, PART] == part:
            total_s, earliest_s, latest_s = visit[before, TOTAL_S], visit[before, EARLIEST_S], visit[before, LATEST_S]
    for index in range(2):
        node = news[index]
        if node == NOBODY:
            continue
        leg_s, service_s, chosen = ways[place, node, LEAVE_S], day.place[node, SERVICE_S], NOBODY
        for window in range(day.place[node, FIRST_WINDOW], day.place[node, END_WINDOW]):
            last_s = day.windows[window, 1] - service_s
            if earliest_s + leg_s <= last_s and day.windows[window, 0] <= last_s:
                chosen = window
                latest_s = min(latest_s, last_s - total_s - leg_s)
                total_s += leg_s + service_s
                earliest_s = max(earliest_s + leg_s, day.windows[window, 0]) + service_s
                break
        if chosen == NOBODY:
            return -1
        notes.chosen[TRIED_WINDOW_1 + index] = chosen
        place = node
    is_whole = tour[vehicle, REST] == NOBODY
    if behind == NOBODY:
        leg_s = ways[place, car[vehicle, END], LEAVE_S]
        on_total_s, on_earliest_s, on_latest_s = 0, NEVER_S, car[vehicle, SHIFT_END_S]
        is_same = is_whole or part == 1
    else:
        leg_s = ways[place, place_of(plan, behind), LEAVE_S]
        on_total_s, on_earliest_s = visit[behind, ON_TOTAL_S], visit[behind, ON_EARLIEST_S]
        on_latest_s = visit[behind, ON_LATEST_S]
        is_same = visit[behind, PART] == part
    if not is_same:
        first = (int(total_s), int(earliest_s), int(latest_s))
        return int(day_s(day, vehicle, first, (int(leg_s + on_total_s), int(on_earliest_s), int(on_latest_s - leg_s))))
    if earliest_s + leg_s > on_latest_s:
        return -1
    latest_s = min(latest_s, on_latest_s - leg_s - total_s)
    earliest_s = max(earliest_s + leg_s + on_total_s, on_earliest_s)
    mine = (int(total_s + leg_s + on_total_s), int(earliest_s), int(latest_s))
    if is_whole:
        return int(day_s(day, vehicle, mine, (0, NEVER_S, FOREVER_S)))
    if part == 0:
        return int(day_s(day, vehicle, mine, (tour[vehicle, T2], tour[vehicle, E2], tour[vehicle, L2])))
    return int(day_s(day, vehicle, (tour[vehicle, T1], tour[vehicle, E1], tour[vehicle, L1]), mine))


@inlined_part
def set_window(day: TripDay, plan: TripTours, at: int, window: int) -> None:
    """Take a window for a visit, and how long it takes at its place."""
    service_s = day.place[place_of(plan, at), SERVICE_S]
    plan.visit[at, OPENS_S], plan.visit[at, LAST_S] = day.windows[window, 0], day.windows[window, 1] - service_s
    plan.visit[at, VISIT_SERVICE_S] = service_s
