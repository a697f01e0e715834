"""Times a tour: both stretches, where the break between them lies best, and what the whole day costs."""

from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.trips.kernels.inlined_part import inlined_part
from optimizer.search.trips.kernels.trip_tours import (
    BEFORE,
    BEHIND,
    COST,
    E1,
    E2,
    EARLIEST_S,
    ELAPSED_S,
    FEES,
    FINAL,
    FIRST,
    FOREVER_S,
    HOME_M,
    HOME_S,
    L1,
    L2,
    LAST_S,
    LATEST_S,
    LEG_M,
    LEG_S,
    METRES,
    NEVER_S,
    NOBODY,
    ON_EARLIEST_S,
    ON_LATEST_S,
    ON_TOTAL_S,
    OPENS_S,
    PART,
    REST,
    SERVICE_S,
    SIZE,
    T1,
    T2,
    TIP,
    TOTAL_S,
    TRIP_KG,
    TRIP_L,
    TRIP_SITE,
    TRIP_SIZE,
    TRIPS,
    TripTours,
    unlink,
)
from optimizer.search.trips.trip_day import (
    FEE,
    FIXED,
    FREE_S,
    KG,
    LITRES,
    MAX_STRETCH_S,
    MAX_WORK_S,
    MAY_REST,
    PER_M,
    PER_S,
    SHIFT_END_S,
    SHIFT_START_S,
    TripDay,
)

SHORTEST_BREAK_S = 900
LOPSIDED_SHARE = 0.75
"""Of the longest stretch allowed: when a tour has grown to a longer one, its break is placed anew."""


@inlined_part
def rested_s(day: TripDay, vehicle: int, first: tuple[int, int, int], second: tuple[int, int, int]) -> int:
    """From departure to return with a break between two stretches, or -1 where that does not fit the rules."""
    t1, e1, l1 = first
    t2, e2, l2 = second
    one_s, other_s = max(t1, e1 - l1), max(t2, e2 - l2)
    if max(one_s, other_s) > day.car[vehicle, MAX_STRETCH_S] or one_s + other_s > day.car[vehicle, MAX_WORK_S]:
        return -1
    break_s = SHORTEST_BREAK_S
    for rule in range(day.rules.shape[1]):
        if one_s + other_s > day.rules[vehicle, rule, 0]:
            break_s = max(break_s, day.rules[vehicle, rule, 1])
    if e1 + break_s > l2:
        return -1
    return int(max(t1 + break_s + t2, max(e1 + break_s + t2, e2) - min(l1, l2 - break_s - t1)))


@inlined_part
def day_s(day: TripDay, vehicle: int, first: tuple[int, int, int], second: tuple[int, int, int]) -> int:
    """From departure to return, with a break only where one is due; -1 where that does not fit the rules."""
    t1, e1, l1 = first
    t2, e2, l2 = second
    if e1 > l2:
        return -1
    elapsed_s = max(t1 + t2, max(e1 + t2, e2) - min(l1, l2 - t1))
    if elapsed_s <= day.car[vehicle, FREE_S]:
        return int(elapsed_s)
    if not day.car[vehicle, MAY_REST]:
        return -1
    return int(rested_s(day, vehicle, first, second))


@inlined_part
def walk_on(day: TripDay, plan: TripTours, vehicle: int, at: int) -> bool:
    """Write the functions up to each visit, from one on to the end of its stretch; whether all are in time."""
    visit = plan.visit
    part, before = visit[at, PART], visit[at, BEFORE]
    total_s, earliest_s, latest_s = 0, NEVER_S, FOREVER_S
    if before == NOBODY:
        earliest_s, latest_s = day.car[vehicle, SHIFT_START_S], day.car[vehicle, SHIFT_END_S]
    elif visit[before, PART] == part:
        total_s, earliest_s, latest_s = visit[before, TOTAL_S], visit[before, EARLIEST_S], visit[before, LATEST_S]
    while at != NOBODY and visit[at, PART] == part:
        leg_s = visit[at, LEG_S]
        if earliest_s + leg_s > visit[at, LAST_S]:
            return False
        latest_s = min(latest_s, visit[at, LAST_S] - total_s - leg_s)
        total_s += leg_s + visit[at, SERVICE_S]
        earliest_s = max(earliest_s + leg_s, visit[at, OPENS_S]) + visit[at, SERVICE_S]
        visit[at, TOTAL_S], visit[at, EARLIEST_S], visit[at, LATEST_S] = total_s, earliest_s, latest_s
        at = visit[at, BEHIND]
    return True


@inlined_part
def walk_back(day: TripDay, plan: TripTours, vehicle: int, at: int) -> None:
    """Write the functions from each visit on, from one back to the start of its stretch."""
    visit = plan.visit
    part, behind = visit[at, PART], visit[at, BEHIND]
    total_s, earliest_s, latest_s, leg_s = 0, NEVER_S, FOREVER_S, 0
    if at != plan.tour[vehicle, REST]:
        if behind == NOBODY:
            latest_s, leg_s = day.car[vehicle, SHIFT_END_S], plan.tour[vehicle, HOME_S]
        else:
            total_s, earliest_s = visit[behind, ON_TOTAL_S], visit[behind, ON_EARLIEST_S]
            latest_s, leg_s = visit[behind, ON_LATEST_S], visit[behind, LEG_S]
    while at != NOBODY and visit[at, PART] == part:
        service_s = visit[at, SERVICE_S]
        total_s += service_s + leg_s
        earliest_s = max(visit[at, OPENS_S] + total_s, earliest_s)
        latest_s = min(visit[at, LAST_S], latest_s - leg_s - service_s)
        visit[at, ON_TOTAL_S], visit[at, ON_EARLIEST_S], visit[at, ON_LATEST_S] = total_s, earliest_s, latest_s
        leg_s, at = visit[at, LEG_S], visit[at, BEFORE]


@inlined_part
def sum_up(day: TripDay, plan: TripTours, vehicle: int) -> bool:
    """Length and cost of a tour of which all visits are up to date; whether it fits the day."""
    car, tour, visit = day.car, plan.tour, plan.visit
    final, rest = tour[vehicle, FINAL], tour[vehicle, REST]
    home_s = tour[vehicle, HOME_S]
    ends_s = car[vehicle, SHIFT_END_S]
    if rest == NOBODY:
        t1, e1 = visit[final, TOTAL_S] + home_s, visit[final, EARLIEST_S] + home_s
        l1 = min(visit[final, LATEST_S], ends_s - t1)
        t2, e2, l2 = 0, NEVER_S, FOREVER_S
        if e1 > ends_s:
            return False
    else:
        t1, e1, l1 = visit[rest, TOTAL_S], visit[rest, EARLIEST_S], visit[rest, LATEST_S]
        t2, e2, l2 = home_s, NEVER_S, ends_s - home_s
        if rest != final:
            t2, e2 = visit[final, TOTAL_S] + home_s, visit[final, EARLIEST_S] + home_s
            l2 = min(visit[final, LATEST_S], ends_s - t2)
            if e2 > ends_s:
                return False
    tour[vehicle, T1], tour[vehicle, E1], tour[vehicle, L1] = t1, e1, l1
    tour[vehicle, T2], tour[vehicle, E2], tour[vehicle, L2] = t2, e2, l2
    elapsed_s = day_s(day, vehicle, (t1, e1, l1), (t2, e2, l2))
    if elapsed_s < 0:
        return False
    tour[vehicle, ELAPSED_S] = elapsed_s
    moving = tour[vehicle, METRES] * car[vehicle, PER_M] + elapsed_s * car[vehicle, PER_S]
    tour[vehicle, COST] = car[vehicle, FIXED] + tour[vehicle, FEES] + moving
    return True


@inlined_part
def _place_break(day: TripDay, plan: TripTours, vehicle: int) -> bool:
    """Divide a tour that was walked as one stretch in two, where a break costs least, else evenly."""
    visit, tour, car = plan.visit, plan.tour, day.car
    best, best_at = FOREVER_S * FOREVER_S, tour[vehicle, FINAL]
    at = tour[vehicle, FIRST]
    while at != NOBODY:
        behind = visit[at, BEHIND]
        first = (int(visit[at, TOTAL_S]), int(visit[at, EARLIEST_S]), int(visit[at, LATEST_S]))
        if behind == NOBODY:
            leg_s = int(tour[vehicle, HOME_S])
            second = (leg_s, NEVER_S, car[vehicle, SHIFT_END_S] - leg_s)
        else:
            leg_s = int(visit[behind, LEG_S])
            second = (
                leg_s + int(visit[behind, ON_TOTAL_S]),
                int(visit[behind, ON_EARLIEST_S]),
                int(visit[behind, ON_LATEST_S]) - leg_s,
            )
        elapsed_s = rested_s(day, vehicle, first, second)
        if elapsed_s < 0:
            elapsed_s = FOREVER_S
        worth = elapsed_s * FOREVER_S + abs(first[0] - second[0])
        if worth < best:
            best, best_at = worth, at
        at = behind
    tour[vehicle, REST] = best_at
    at = visit[best_at, BEHIND]
    behind = at
    while at != NOBODY:
        visit[at, PART] = 1
        at = visit[at, BEHIND]
    walk_back(day, plan, vehicle, best_at)
    return bool(behind == NOBODY or walk_on(day, plan, vehicle, behind))


@compiled_part
def survey(day: TripDay, plan: TripTours, vehicle: int) -> bool:
    """Write everything down that follows from the chain and its windows; whether the tour fits the day.

    Tippings of empty trips are dropped. The break is placed anew.
    """
    visit, tour, trip = plan.visit, plan.tour, plan.trip
    n_pickups = plan.load.shape[0]
    kg, litres, size, pickups, trips, metres, fees = 0, 0, 0, 0, 0, 0, 0
    at = tour[vehicle, FIRST]
    while at != NOBODY:
        behind = visit[at, BEHIND]
        if at >= n_pickups and size == 0:
            trip[at - n_pickups, TRIP_SIZE] = 0
            unlink(day, plan, vehicle, int(at))
            at = behind
            continue
        metres += visit[at, LEG_M]
        visit[at, PART] = 0
        if at < n_pickups:
            kg += day.place[at, KG]
            litres += day.place[at, LITRES]
            size += 1
            plan.load[at, 0], plan.load[at, 1] = kg, litres
        else:
            row = at - n_pickups
            trip[row, TRIP_KG], trip[row, TRIP_L], trip[row, TRIP_SIZE] = kg, litres, size
            fees += kg * day.place[trip[row, TRIP_SITE], FEE]
            pickups, trips = pickups + size, trips + 1
            kg, litres, size = 0, 0, 0
        at = behind
    tour[vehicle, TRIPS], tour[vehicle, SIZE], tour[vehicle, FEES] = trips, pickups, fees
    tour[vehicle, REST] = NOBODY
    if tour[vehicle, FIRST] == NOBODY:
        tour[vehicle, METRES], tour[vehicle, ELAPSED_S], tour[vehicle, COST], tour[vehicle, HOME_M] = 0, 0, 0, 0
        return True
    tour[vehicle, METRES] = metres + tour[vehicle, HOME_M]
    at = tour[vehicle, FINAL]
    tip = at
    while at != NOBODY:
        if at >= n_pickups:
            tip = at
        visit[at, TIP] = tip
        at = visit[at, BEFORE]
    if not walk_on(day, plan, vehicle, tour[vehicle, FIRST]):
        return False
    walk_back(day, plan, vehicle, tour[vehicle, FINAL])
    if day.car[vehicle, MAY_REST] and 2 * visit[tour[vehicle, FINAL], TOTAL_S] > day.car[vehicle, FREE_S]:
        return bool(_place_break(day, plan, vehicle)) and bool(sum_up(day, plan, vehicle))
    return bool(sum_up(day, plan, vehicle))


@inlined_part
def is_lopsided(day: TripDay, plan: TripTours, vehicle: int) -> bool:
    """Whether a tour has grown so that the break should lie elsewhere, or be prepared."""
    if not day.car[vehicle, MAY_REST]:
        return False
    one_s, other_s = plan.tour[vehicle, T1], plan.tour[vehicle, T2]
    if plan.tour[vehicle, REST] == NOBODY:
        return bool(2 * one_s > day.car[vehicle, FREE_S])
    return bool(max(one_s, other_s) > LOPSIDED_SHARE * day.car[vehicle, MAX_STRETCH_S])
