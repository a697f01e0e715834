"""Finds where a pickup costs least: beside near pickups first, in new trips, and elsewhere only where there is no room.

Full trips near it may be split, and a trip that it ends may be tipped at another site.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import draw
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.trips.kernels.inlined_part import inlined_part
from optimizer.search.trips.kernels.trip_apply import JOIN, MOVE_TIP, OPEN, SPLIT_BEFORE, SPLIT_BEHIND, apply
from optimizer.search.trips.kernels.trip_timing import (
    SHORTEST_BREAK_S,
    day_s,
)
from optimizer.search.trips.kernels.trip_tours import (
    BEFORE,
    BEHIND,
    E1,
    E2,
    EARLIEST_S,
    ELAPSED_S,
    FIRST,
    FOREVER_S,
    HOME_M,
    L1,
    L2,
    LATEST_S,
    LEG_M,
    NEVER_S,
    NOBODY,
    ON_EARLIEST_S,
    ON_LATEST_S,
    ON_TOTAL_S,
    PART,
    REST,
    T1,
    T2,
    TIP,
    TOTAL_S,
    TRIP_KG,
    TRIP_L,
    TRIP_SITE,
    TRIPS,
    VEHICLE,
    Notes,
    TripTours,
    place_of,
)
from optimizer.search.trips.kernels.trip_trial import (
    AT,
    CAR,
    KIND,
    SITE,
    STRETCH,
    TRIED_WINDOW_1,
    TRIED_WINDOW_2,
    WINDOW_1,
    WINDOW_2,
    trial_s,
)
from optimizer.search.trips.trip_day import (
    ALIKE,
    END,
    END_WINDOW,
    FEE,
    FIRST_WINDOW,
    FIXED,
    FREE_S,
    KG,
    LEAVE_M,
    LEAVE_S,
    LITRES,
    MAX_TRIPS,
    PER_M,
    PER_S,
    PROFILE,
    REACH_M,
    REACH_S,
    ROOM_KG,
    SERVICE_S,
    SHIFT_END_S,
    SHIFT_START_S,
    START,
    STREAM,
    TripDay,
)

NEAR = 40
"""Near pickups beside which a pickup may join a trip."""
SPLIT_NEAR = 12
"""Among so many of them full trips are split."""
ENOUGH_NEAR = 10
"""Whoever does not have to be served and costs more than its prize beside so many near pickups stays absent."""
BLINK_SHARE = 0.01
"""Places overlooked by chance, which keeps insertion from repeating itself."""


@inlined_part
def _choose(notes: Notes, kind: int, where: tuple[int, int, int], site: int, windows: tuple[int, int]) -> None:
    notes.chosen[KIND], notes.chosen[SITE] = kind, site
    notes.chosen[CAR], notes.chosen[AT], notes.chosen[STRETCH] = where
    notes.chosen[WINDOW_1], notes.chosen[WINDOW_2] = windows


@inlined_part
def _join(day: TripDay, plan: TripTours, notes: Notes, pickup: int, near: int, best: int) -> int:
    """Cost of joining the trip of another pickup, just behind or before it; ``best`` where that is not below."""
    visit, tour, car = plan.visit, plan.tour, day.car
    vehicle, part, tip = visit[near, VEHICLE], visit[near, PART], visit[near, TIP]
    ways = day.ways[car[vehicle, PROFILE], pickup]
    service_s, kg = day.place[pickup, SERVICE_S], day.place[pickup, KG]
    per_m, per_s, free_s = car[vehicle, PER_M], car[vehicle, PER_S], car[vehicle, FREE_S]
    was_s, is_whole = tour[vehicle, ELAPSED_S], tour[vehicle, REST] == NOBODY
    fees = day.place[plan.trip[tip - plan.load.shape[0], TRIP_SITE], FEE] * kg
    for side in range(2):
        before = near if side == 0 else visit[near, BEFORE]
        behind = visit[near, BEHIND] if side == 0 else near
        if side == 1 and before != NOBODY and before < plan.load.shape[0] and visit[before, PART] == part:
            continue  # this gap is that behind another near pickup
        total_s, earliest_s, latest_s = 0, NEVER_S, FOREVER_S
        if before == NOBODY:
            there_s, there_m = ways[car[vehicle, START], REACH_S], ways[car[vehicle, START], REACH_M]
            earliest_s, latest_s = car[vehicle, SHIFT_START_S], car[vehicle, SHIFT_END_S]
        else:
            place = place_of(plan, int(before))
            there_s, there_m = ways[place, REACH_S], ways[place, REACH_M]
            if visit[before, PART] == part:
                total_s, earliest_s = visit[before, TOTAL_S], visit[before, EARLIEST_S]
                latest_s = visit[before, LATEST_S]
        place = place_of(plan, int(behind))
        on_s, on_m = ways[place, LEAVE_S], ways[place, LEAVE_M]
        moving = (there_m + on_m - visit[behind, LEG_M]) * per_m + fees
        if moving >= best:
            continue
        is_same = visit[behind, PART] == part
        on_total_s, on_latest_s = visit[behind, ON_TOTAL_S], visit[behind, ON_LATEST_S]
        through_s = total_s + there_s + service_s
        # Driving, service and a break where one is due: the day cannot be shorter.
        least_s = through_s + on_s + on_total_s
        if is_same and not is_whole:
            least_s += tour[vehicle, T2] if part == 0 else tour[vehicle, T1]
        if least_s > free_s:
            least_s += SHORTEST_BREAK_S
        if moving + (least_s - was_s) * per_s >= best:
            continue
        for window in range(day.place[pickup, FIRST_WINDOW], day.place[pickup, END_WINDOW]):
            opens_s, last_s = day.windows[window, 0], day.windows[window, 1] - service_s
            if earliest_s + there_s > last_s or opens_s > last_s:
                continue
            done_s = max(earliest_s + there_s, opens_s) + service_s
            by_s = min(latest_s, last_s - total_s - there_s)
            if is_same:
                if done_s + on_s > on_latest_s:
                    continue
                mine = (
                    int(through_s + on_s + on_total_s),
                    int(max(done_s + on_s + on_total_s, visit[behind, ON_EARLIEST_S])),
                    int(min(by_s, on_latest_s - on_s - through_s)),
                )
                if is_whole:
                    elapsed_s = day_s(day, vehicle, mine, (0, NEVER_S, FOREVER_S))
                elif part == 0:
                    elapsed_s = day_s(day, vehicle, mine, (tour[vehicle, T2], tour[vehicle, E2], tour[vehicle, L2]))
                else:
                    elapsed_s = day_s(day, vehicle, (tour[vehicle, T1], tour[vehicle, E1], tour[vehicle, L1]), mine)
            else:
                second = (int(on_s + on_total_s), int(visit[behind, ON_EARLIEST_S]), int(on_latest_s - on_s))
                elapsed_s = day_s(day, vehicle, (int(through_s), int(done_s), int(by_s)), second)
            if elapsed_s < 0:
                continue
            cost = moving + (elapsed_s - was_s) * per_s
            if cost < best:
                best = cost
                _choose(notes, JOIN, (int(vehicle), int(before), int(part)), NOBODY, (window, NOBODY))
    return int(best)


@inlined_part
def _move_tip(day: TripDay, plan: TripTours, notes: Notes, pickup: int, last: int, best: int) -> int:
    """Cost of joining behind the last pickup of a trip that is then tipped at another site."""
    visit, tour, car = plan.visit, plan.tour, day.car
    vehicle, part, tip = visit[last, VEHICLE], visit[last, PART], visit[last, TIP]
    behind, old = visit[tip, BEHIND], plan.trip[tip - plan.load.shape[0], TRIP_SITE]
    ways = day.ways[car[vehicle, PROFILE]]
    kg, stream, row = day.place[pickup, KG], day.place[pickup, STREAM], tip - plan.load.shape[0]
    after = car[vehicle, END] if behind == NOBODY else place_of(plan, int(behind))
    old_m = visit[tip, LEG_M] + (tour[vehicle, HOME_M] if behind == NOBODY else visit[behind, LEG_M])
    for choice in range(day.n_tips[vehicle, stream]):
        site = day.tips[vehicle, stream, choice]
        if site == old:
            continue
        metres = ways[last, pickup, LEAVE_M] + ways[pickup, site, LEAVE_M] + ways[site, after, LEAVE_M] - old_m
        fees = day.place[site, FEE] * (plan.trip[row, TRIP_KG] + kg) - day.place[old, FEE] * plan.trip[row, TRIP_KG]
        best = _judge(
            day,
            plan,
            notes,
            (int(vehicle), int(last), int(behind), int(part)),
            (MOVE_TIP, int(site)),
            (int(pickup), int(site)),
            int(metres * car[vehicle, PER_M] + fees),
            best,
        )
    return int(best)


@inlined_part
def _judge(
    day: TripDay,
    plan: TripTours,
    notes: Notes,
    where: tuple[int, int, int, int],
    what: tuple[int, int],
    news: tuple[int, int],
    moving: int,
    best: int,
) -> int:
    """Cost of a change that is known but for its time; ``best`` where it is not below."""
    if moving >= best:
        return best
    vehicle, before, behind, part = where
    elapsed_s = trial_s(day, plan, notes, vehicle, (before, behind, part), news)
    if elapsed_s < 0:
        return best
    cost = moving + (elapsed_s - plan.tour[vehicle, ELAPSED_S]) * day.car[vehicle, PER_S]
    if cost >= best:
        return best
    _choose(
        notes,
        what[0],
        (vehicle, before, part),
        what[1],
        (notes.chosen[TRIED_WINDOW_1], notes.chosen[TRIED_WINDOW_2]),
    )
    return int(cost)


@inlined_part
def _split(day: TripDay, plan: TripTours, notes: Notes, pickup: int, near: int, best: int) -> int:
    """Cost of tipping a full trip in its middle, with the pickup before or behind that."""
    visit, car, n_pickups = plan.visit, day.car, plan.load.shape[0]
    vehicle, part, tip = visit[near, VEHICLE], visit[near, PART], visit[near, TIP]
    ways = day.ways[car[vehicle, PROFILE]]
    kg, litres, stream = day.place[pickup, KG], day.place[pickup, LITRES], day.place[pickup, STREAM]
    all_kg, all_l = plan.trip[tip - n_pickups, TRIP_KG], plan.trip[tip - n_pickups, TRIP_L]
    old_fee = day.place[plan.trip[tip - n_pickups, TRIP_SITE], FEE]
    for side in range(2):
        before = near if side == 0 else visit[near, BEFORE]
        behind = visit[near, BEHIND] if side == 0 else near
        if before == NOBODY or before >= n_pickups or behind >= n_pickups:
            continue  # at its ends a trip is not split, another one is opened
        first_kg, first_l = plan.load[before, 0], plan.load[before, 1]
        from_, to = place_of(plan, int(before)), place_of(plan, int(behind))
        joins_first = first_kg + kg <= car[vehicle, ROOM_KG] and first_l + litres <= day.room_l[vehicle, stream]
        joins_rest = (
            all_kg - first_kg + kg <= car[vehicle, ROOM_KG] and all_l - first_l + litres <= day.room_l[vehicle, stream]
        )
        where = (int(vehicle), int(before), int(behind), int(part))
        for choice in range(day.n_tips[vehicle, stream]):
            site = day.tips[vehicle, stream, choice]
            fees = (day.place[site, FEE] - old_fee) * first_kg
            if joins_first:
                metres = (
                    ways[from_, pickup, LEAVE_M]
                    + ways[pickup, site, LEAVE_M]
                    + ways[site, to, LEAVE_M]
                    - visit[behind, LEG_M]
                )
                moving = metres * car[vehicle, PER_M] + fees + day.place[site, FEE] * kg
                news = (int(pickup), int(site))
                best = _judge(day, plan, notes, where, (SPLIT_BEHIND, int(site)), news, int(moving), best)
            if joins_rest:
                metres = (
                    ways[from_, site, LEAVE_M]
                    + ways[site, pickup, LEAVE_M]
                    + ways[pickup, to, LEAVE_M]
                    - visit[behind, LEG_M]
                )
                moving = metres * car[vehicle, PER_M] + fees + old_fee * kg
                news = (int(site), int(pickup))
                best = _judge(day, plan, notes, where, (SPLIT_BEFORE, int(site)), news, int(moving), best)
    return int(best)


@inlined_part
def _open(day: TripDay, plan: TripTours, notes: Notes, pickup: int, vehicle: int, best: int) -> int:
    """Cost of a trip of its own before, between or behind the others of a vehicle."""
    visit, tour, car, n_pickups = plan.visit, plan.tour, day.car, plan.load.shape[0]
    ways = day.ways[car[vehicle, PROFILE]]
    kg, stream = day.place[pickup, KG], day.place[pickup, STREAM]
    before = NOBODY
    behind = tour[vehicle, FIRST]
    fixed = car[vehicle, FIXED] if behind == NOBODY else 0
    while True:
        from_ = car[vehicle, START] if before == NOBODY else place_of(plan, int(before))
        to = car[vehicle, END] if behind == NOBODY else place_of(plan, int(behind))
        old_m = tour[vehicle, HOME_M] if behind == NOBODY else visit[behind, LEG_M]
        part = 0 if before == NOBODY else visit[before, PART]
        for choice in range(day.n_tips[vehicle, stream]):
            site = day.tips[vehicle, stream, choice]
            metres = ways[from_, pickup, LEAVE_M] + ways[pickup, site, LEAVE_M] + ways[site, to, LEAVE_M] - old_m
            best = _judge(
                day,
                plan,
                notes,
                (int(vehicle), int(before), int(behind), int(part)),
                (OPEN, int(site)),
                (int(pickup), int(site)),
                int(metres * car[vehicle, PER_M] + fixed + day.place[site, FEE] * kg),
                best,
            )
        if behind == NOBODY:
            return int(best)
        # To the end of the next trip; its first visit is a pickup.
        before = visit[behind, TIP] if behind < n_pickups else behind
        behind = visit[before, BEHIND]


@inlined_part
def _has_room(day: TripDay, plan: TripTours, pickup: int, near: int) -> bool:
    vehicle, row = plan.visit[near, VEHICLE], plan.visit[near, TIP] - plan.load.shape[0]
    return bool(
        plan.trip[row, TRIP_KG] + day.place[pickup, KG] <= day.car[vehicle, ROOM_KG]
        and plan.trip[row, TRIP_L] + day.place[pickup, LITRES] <= day.room_l[vehicle, day.place[pickup, STREAM]]
    )


@inlined_part
def _beside_near(
    day: TripDay, plan: TripTours, notes: Notes, pickup: int, best: int, chance: NDArray[np.uint64]
) -> tuple[int, int]:
    """Joining or splitting the trip of a near pickup; the cost, and how many could be joined as far as loads go."""
    visit, n_pickups = plan.visit, plan.load.shape[0]
    stream = day.place[pickup, STREAM]
    n_near, n_joined = 0, 0
    for rank in range(day.near.shape[1]):
        near = day.near[pickup, rank]
        vehicle = visit[near, VEHICLE]
        if vehicle == NOBODY or day.place[near, STREAM] != stream:
            continue
        n_near += 1
        if n_near > NEAR:
            break
        if notes.is_resting[vehicle] or not day.may_serve[vehicle, pickup] or draw(chance) < BLINK_SHARE:
            continue
        if _has_room(day, plan, pickup, near):
            n_joined += 1
            best = _join(day, plan, notes, pickup, int(near), best)
            if visit[near, BEHIND] >= n_pickups:
                best = _move_tip(day, plan, notes, pickup, int(near), best)
        elif n_near <= SPLIT_NEAR and plan.tour[vehicle, TRIPS] < day.car[vehicle, MAX_TRIPS]:
            best = _split(day, plan, notes, pickup, int(near), best)
    return int(best), n_joined


@inlined_part
def _in_new_trip(day: TripDay, plan: TripTours, notes: Notes, pickup: int, best: int) -> int:
    car, tour = day.car, plan.tour
    for vehicle in range(car.shape[0]):
        if notes.is_resting[vehicle] or not day.may_serve[vehicle, pickup]:
            continue
        if tour[vehicle, FIRST] != NOBODY:
            if tour[vehicle, TRIPS] < car[vehicle, MAX_TRIPS]:
                best = _open(day, plan, notes, pickup, vehicle, best)
            continue
        is_like_other = False
        for other in range(vehicle):
            if (
                car[other, ALIKE] == car[vehicle, ALIKE]
                and tour[other, FIRST] == NOBODY
                and not notes.is_resting[other]
            ):
                is_like_other = True
        if not is_like_other:
            best = _open(day, plan, notes, pickup, vehicle, best)
    return int(best)


@inlined_part
def _anywhere(day: TripDay, plan: TripTours, notes: Notes, pickup: int, best: int, chance: NDArray[np.uint64]) -> int:
    """Beside any pickup of the plan whose trip has room."""
    visit, n_pickups = plan.visit, plan.load.shape[0]
    stream = day.place[pickup, STREAM]
    for vehicle in range(day.car.shape[0]):
        if notes.is_resting[vehicle] or not day.may_serve[vehicle, pickup]:
            continue
        at = plan.tour[vehicle, FIRST]
        while at != NOBODY:
            if at < n_pickups and (day.place[at, STREAM] != stream or not _has_room(day, plan, pickup, at)):
                at = visit[at, TIP]
            elif at < n_pickups and draw(chance) >= BLINK_SHARE:
                best = _join(day, plan, notes, pickup, int(at), best)
            at = visit[at, BEHIND]
    return int(best)


@compiled_part
def insert(day: TripDay, plan: TripTours, notes: Notes, pickup: int, limit: int, chance: NDArray[np.uint64]) -> bool:
    """Serve the pickup where it costs least, below ``limit``; whether a place was found."""
    best, n_joined = _beside_near(day, plan, notes, pickup, limit, chance)
    is_joined = best < limit
    best = _in_new_trip(day, plan, notes, pickup, best)
    # Where a pickup does not pay beside so many near ones, it does nowhere else, unless it has to be served.
    if not is_joined and (n_joined < ENOUGH_NEAR or day.is_must[pickup]):
        best = _anywhere(day, plan, notes, pickup, best, chance)
    if best >= limit:
        return False
    apply(day, plan, notes, pickup)
    return True
