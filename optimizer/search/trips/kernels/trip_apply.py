"""Makes the insertion that was chosen."""

from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.trips.kernels.inlined_part import inlined_part
from optimizer.search.trips.kernels.trip_timing import is_lopsided, sum_up, survey, walk_back, walk_on
from optimizer.search.trips.kernels.trip_tours import (
    BEHIND,
    FEES,
    FIRST,
    LEG_M,
    METRES,
    N_ABSENT,
    NOBODY,
    PART,
    REST,
    SIZE,
    TIP,
    TRIP_KG,
    TRIP_L,
    TRIP_SITE,
    TRIP_SIZE,
    TRIP_STREAM,
    Notes,
    TripTours,
    link,
    note_change,
    set_leg,
)
from optimizer.search.trips.kernels.trip_trial import AT, CAR, KIND, SITE, STRETCH, WINDOW_1, WINDOW_2, set_window
from optimizer.search.trips.trip_day import FEE, KG, LITRES, PRIZE, STREAM, TripDay

JOIN, MOVE_TIP, OPEN, SPLIT_BEHIND, SPLIT_BEFORE = range(5)
"""Into a trip; behind its last pickup, tipped elsewhere; on its own trip; into the first or second of two halves."""


@inlined_part
def _free_tip(plan: TripTours, vehicle: int) -> int:
    n_trips = plan.trip.shape[0] // plan.tour.shape[0]
    for row in range(vehicle * n_trips, (vehicle + 1) * n_trips):
        if plan.trip[row, TRIP_SIZE] == 0:
            return int(plan.load.shape[0] + row)
    return NOBODY


@compiled_part
def apply(day: TripDay, plan: TripTours, notes: Notes, pickup: int) -> None:
    """Make the insertion that was chosen."""
    visit, n_pickups = plan.visit, plan.load.shape[0]
    kind, vehicle, before, site = notes.chosen[KIND], notes.chosen[CAR], notes.chosen[AT], notes.chosen[SITE]
    note_change(notes, vehicle)
    notes.counts[N_ABSENT] -= 1
    plan.objective[1] -= day.place[pickup, PRIZE]
    if kind == JOIN:
        set_window(day, plan, pickup, notes.chosen[WINDOW_1])
        _apply_join(day, plan, notes, pickup)
        return
    if kind == MOVE_TIP:
        tip = int(visit[before, TIP])
        plan.trip[tip - n_pickups, TRIP_SITE] = site
        link(day, plan, vehicle, pickup, before)
        set_leg(day, plan, vehicle, tip)
        set_leg(day, plan, vehicle, int(visit[tip, BEHIND]))
    else:
        tip = _free_tip(plan, vehicle)
        plan.trip[tip - n_pickups, TRIP_SITE] = site
        plan.trip[tip - n_pickups, TRIP_STREAM] = day.place[pickup, STREAM]
        # Only to be told from free ones; the survey counts.
        plan.trip[tip - n_pickups, TRIP_SIZE] = 1
        if kind == SPLIT_BEFORE:
            link(day, plan, vehicle, tip, before)
            link(day, plan, vehicle, pickup, tip)
        else:
            link(day, plan, vehicle, pickup, before)
            link(day, plan, vehicle, tip, pickup)
    if kind == SPLIT_BEFORE:
        set_window(day, plan, tip, notes.chosen[WINDOW_1])
        set_window(day, plan, pickup, notes.chosen[WINDOW_2])
    else:
        set_window(day, plan, pickup, notes.chosen[WINDOW_1])
        set_window(day, plan, tip, notes.chosen[WINDOW_2])
    survey(day, plan, vehicle)


@compiled_part
def _apply_join(day: TripDay, plan: TripTours, notes: Notes, pickup: int) -> None:
    """Only what an insertion into a trip changes."""
    visit, tour, n_pickups = plan.visit, plan.tour, plan.load.shape[0]
    vehicle, before, part = notes.chosen[CAR], notes.chosen[AT], notes.chosen[STRETCH]
    behind = tour[vehicle, FIRST] if before == NOBODY else visit[before, BEHIND]
    tip, old_m = visit[behind, TIP], visit[behind, LEG_M]
    link(day, plan, vehicle, pickup, before)
    if before != NOBODY and before == tour[vehicle, REST]:
        survey(day, plan, vehicle)
        return
    tour[vehicle, METRES] += visit[pickup, LEG_M] + visit[behind, LEG_M] - old_m
    tour[vehicle, FEES] += day.place[plan.trip[tip - n_pickups, TRIP_SITE], FEE] * day.place[pickup, KG]
    tour[vehicle, SIZE] += 1
    visit[pickup, PART], visit[pickup, TIP] = part, tip
    kg, litres = 0, 0
    if before != NOBODY and before < n_pickups:
        kg, litres = plan.load[before, 0], plan.load[before, 1]
    at = pickup
    while at < n_pickups:
        kg += day.place[at, KG]
        litres += day.place[at, LITRES]
        plan.load[at, 0], plan.load[at, 1] = kg, litres
        at = visit[at, BEHIND]
    row = tip - n_pickups
    plan.trip[row, TRIP_KG], plan.trip[row, TRIP_L] = kg, litres
    plan.trip[row, TRIP_SIZE] += 1
    walk_on(day, plan, vehicle, pickup)
    walk_back(day, plan, vehicle, pickup)
    sum_up(day, plan, vehicle)
    if is_lopsided(day, plan, vehicle):
        survey(day, plan, vehicle)
