"""Tidies tours: joins trips that fit into one, tips where it is cheapest, and takes better windows."""

from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.trips.kernels.trip_timing import survey
from optimizer.search.trips.kernels.trip_tours import (
    BEFORE,
    BEHIND,
    COST,
    ELAPSED_S,
    FIRST,
    HOME_M,
    LAST_S,
    LEG_M,
    LEG_S,
    NOBODY,
    OPENS_S,
    PART,
    SERVICE_S,
    T1,
    T2,
    TRIP_KG,
    TRIP_L,
    TRIP_SITE,
    TRIP_SIZE,
    TRIP_STREAM,
    Notes,
    TripTours,
    place_of,
    set_leg,
    unlink,
)
from optimizer.search.trips.kernels.trip_trial import TRIED_WINDOW_1, set_window, trial_s
from optimizer.search.trips.trip_day import (
    END,
    END_WINDOW,
    FEE,
    FIRST_WINDOW,
    LEAVE_M,
    PER_M,
    PER_S,
    PROFILE,
    ROOM_KG,
    SHIFT_START_S,
    TripDay,
)


@compiled_part
def choose_windows(day: TripDay, plan: TripTours, vehicle: int) -> bool:
    """Give every visit the first window that is still open, breaks aside; whether there is one for each."""
    visit = plan.visit
    clock_s, at = day.car[vehicle, SHIFT_START_S], plan.tour[vehicle, FIRST]
    while at != NOBODY:
        to = place_of(plan, at)
        clock_s += visit[at, LEG_S]
        is_open = False
        for window in range(day.place[to, FIRST_WINDOW], day.place[to, END_WINDOW]):
            opens_s, last_s = day.windows[window, 0], day.windows[window, 1] - visit[at, SERVICE_S]
            if max(clock_s, opens_s) <= last_s:
                visit[at, OPENS_S], visit[at, LAST_S] = opens_s, last_s
                clock_s = max(clock_s, opens_s) + visit[at, SERVICE_S]
                is_open = True
                break
        if not is_open:
            return False
        at = visit[at, BEHIND]
    return True


@compiled_part
def take_earlier_windows(day: TripDay, plan: TripTours, notes: Notes, vehicle: int) -> None:
    """Choose all windows anew where that makes a tour cheaper."""
    visit, was = plan.visit, plan.tour[vehicle, COST]
    at = plan.tour[vehicle, FIRST]
    while at != NOBODY:
        notes.saved[at, 0], notes.saved[at, 1] = visit[at, OPENS_S], visit[at, LAST_S]
        at = visit[at, BEHIND]
    if choose_windows(day, plan, vehicle) and survey(day, plan, vehicle) and plan.tour[vehicle, COST] < was:
        return
    at = plan.tour[vehicle, FIRST]
    while at != NOBODY:
        visit[at, OPENS_S], visit[at, LAST_S] = notes.saved[at, 0], notes.saved[at, 1]
        at = visit[at, BEHIND]
    survey(day, plan, vehicle)


@compiled_part
def _joins_next(day: TripDay, plan: TripTours, notes: Notes, vehicle: int, tip: int) -> bool:
    """Whether the trip was joined with the next one."""
    visit, trip, n_pickups = plan.visit, plan.trip, plan.load.shape[0]
    behind, row = visit[tip, BEHIND], tip - n_pickups
    if behind == NOBODY:
        return False
    # The next tipping; the first visit behind a tipping is a pickup.
    at = behind
    while at < n_pickups:
        at = visit[at, BEHIND]
    other = at - n_pickups
    stream = trip[row, TRIP_STREAM]
    if (
        trip[other, TRIP_STREAM] != stream
        or trip[row, TRIP_KG] + trip[other, TRIP_KG] > day.car[vehicle, ROOM_KG]
        or trip[row, TRIP_L] + trip[other, TRIP_L] > day.room_l[vehicle, stream]
    ):
        return False
    before = visit[tip, BEFORE]
    ways = day.ways[day.car[vehicle, PROFILE]]
    metres = ways[place_of(plan, before), place_of(plan, behind), LEAVE_M] - visit[tip, LEG_M] - visit[behind, LEG_M]
    fees = (day.place[trip[other, TRIP_SITE], FEE] - day.place[trip[row, TRIP_SITE], FEE]) * trip[row, TRIP_KG]
    gap = (int(before), int(behind), int(visit[tip, PART]))
    elapsed_s = trial_s(day, plan, notes, vehicle, gap, (NOBODY, NOBODY))
    if elapsed_s < 0:
        return False
    saved_s = plan.tour[vehicle, ELAPSED_S] - elapsed_s
    if metres * day.car[vehicle, PER_M] + fees - saved_s * day.car[vehicle, PER_S] >= 0:
        return False
    unlink(day, plan, vehicle, tip)
    trip[row, TRIP_SIZE] = 0
    survey(day, plan, vehicle)
    return True


@compiled_part
def _tip_elsewhere(day: TripDay, plan: TripTours, notes: Notes, vehicle: int, tip: int) -> None:
    """Move a tipping to the site that costs least."""
    visit, car = plan.visit, day.car
    before, behind, row = visit[tip, BEFORE], visit[tip, BEHIND], tip - plan.load.shape[0]
    ways = day.ways[car[vehicle, PROFILE]]
    from_ = place_of(plan, before)
    to = car[vehicle, END] if behind == NOBODY else place_of(plan, behind)
    old = plan.trip[row, TRIP_SITE]
    old_m = visit[tip, LEG_M] + (plan.tour[vehicle, HOME_M] if behind == NOBODY else visit[behind, LEG_M])
    stream = plan.trip[row, TRIP_STREAM]
    best, best_site, best_window = 0, NOBODY, 0
    for choice in range(day.n_tips[vehicle, stream]):
        site = day.tips[vehicle, stream, choice]
        if site == old:
            continue
        metres = ways[from_, site, LEAVE_M] + ways[site, to, LEAVE_M] - old_m
        moving = metres * car[vehicle, PER_M]
        moving += (day.place[site, FEE] - day.place[old, FEE]) * plan.trip[row, TRIP_KG]
        gap = (int(before), int(behind), int(visit[tip, PART]))
        elapsed_s = trial_s(day, plan, notes, vehicle, gap, (int(site), NOBODY))
        if elapsed_s < 0:
            continue
        cost = moving + (elapsed_s - plan.tour[vehicle, ELAPSED_S]) * car[vehicle, PER_S]
        if cost < best:
            best, best_site, best_window = cost, site, notes.chosen[TRIED_WINDOW_1]
    if best_site != NOBODY:
        plan.trip[row, TRIP_SITE] = best_site
        set_window(day, plan, tip, best_window)
        set_leg(day, plan, vehicle, tip)
        set_leg(day, plan, vehicle, int(behind))
        survey(day, plan, vehicle)


@compiled_part
def tidy(day: TripDay, plan: TripTours, notes: Notes, vehicle: int) -> None:
    """Improve the trips of a tour, one after the other."""
    if day.has_choices[0] and plan.tour[vehicle, ELAPSED_S] > plan.tour[vehicle, T1] + plan.tour[vehicle, T2]:
        take_earlier_windows(day, plan, notes, vehicle)
    n_pickups = plan.load.shape[0]
    at = plan.tour[vehicle, FIRST]
    while at != NOBODY:
        behind = plan.visit[at, BEHIND]
        if at >= n_pickups and not _joins_next(day, plan, notes, vehicle, int(at)):
            _tip_elsewhere(day, plan, notes, vehicle, int(at))
        at = behind
