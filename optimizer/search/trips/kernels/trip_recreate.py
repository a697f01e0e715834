"""Ruin and recreate on ordinary waste days, with every insertion judged in constant time.

After Christiaens & Vanden Berghe (2020), doi:10.1287/trsc.2019.0914.
"""

import math

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import draw
from optimizer.search.kernels.compiled_part import compiled_entry, compiled_part
from optimizer.search.kernels.ruin import sort_out
from optimizer.search.trips.kernels.trip_insertion import insert
from optimizer.search.trips.kernels.trip_ruin import add_absent, ruin
from optimizer.search.trips.kernels.trip_tidy import choose_windows, tidy
from optimizer.search.trips.kernels.trip_timing import survey
from optimizer.search.trips.kernels.trip_tours import (
    BEHIND,
    COST,
    ELAPSED_S,
    FINAL,
    FIRST,
    N_ABSENT,
    N_CHANGED,
    N_OUT,
    NOBODY,
    REST,
    T1,
    T2,
    TRIP_SIZE,
    VEHICLE,
    Notes,
    TripTours,
    copy_tour,
    place_of,
    set_leg,
    take_over,
)
from optimizer.search.trips.kernels.trip_trial import set_window
from optimizer.search.trips.trip_day import FIRST_WINDOW, FIXED, PRIZE, TripDay

EAGER_SHARE = 0.1
"""Iterations in which a tour or a trip may be opened that only later pickups pay for."""

PARTS_DIGEST = "55fbf2ac357cba63"
"""Of the texts of the other files of this folder and of the parts shared with the other searches: a change of them must
change this file, so that numba compiles the entry points anew instead of taking old ones from its cache."""


@compiled_part
def _count(plan: TripTours) -> None:
    """Write the objective from the costs of the tours and the prizes of what is absent."""
    objective = plan.objective[1]
    for vehicle in range(plan.tour.shape[0]):
        objective += plan.tour[vehicle, COST]
    plan.objective[0] = objective


@compiled_entry
def load(day: TripDay, plan: TripTours, notes: Notes) -> None:
    """Windows, times and costs of chains; tours that cannot be timed this way are emptied."""
    for vehicle in range(plan.tour.shape[0]):
        at = plan.tour[vehicle, FIRST]
        while at != NOBODY:
            set_leg(day, plan, vehicle, int(at))
            set_window(day, plan, int(at), int(day.place[place_of(plan, int(at)), FIRST_WINDOW]))
            at = plan.visit[at, BEHIND]
        set_leg(day, plan, vehicle, NOBODY)
        if not (choose_windows(day, plan, vehicle) and survey(day, plan, vehicle)):
            at = plan.tour[vehicle, FIRST]
            while at != NOBODY:
                if at < plan.load.shape[0]:
                    plan.visit[at, VEHICLE] = NOBODY
                else:
                    plan.trip[at - plan.load.shape[0], TRIP_SIZE] = 0
                at = plan.visit[at, BEHIND]
            plan.tour[vehicle, FIRST], plan.tour[vehicle, FINAL] = NOBODY, NOBODY
            set_leg(day, plan, vehicle, NOBODY)
            survey(day, plan, vehicle)
    plan.objective[1] = 0
    notes.counts[N_ABSENT] = 0
    for pickup in range(plan.load.shape[0]):
        if plan.visit[pickup, VEHICLE] == NOBODY:
            plan.objective[1] += day.place[pickup, PRIZE]
            notes.counts[N_ABSENT] += 1
    _count(plan)


@compiled_part
def _mend(day: TripDay, plan: TripTours, notes: Notes) -> bool:
    """Time the tours that lost pickups; whether all of them still fit the day."""
    for index in range(notes.counts[N_CHANGED]):
        vehicle = notes.changed[index]
        if not survey(day, plan, vehicle) and not (choose_windows(day, plan, vehicle) and survey(day, plan, vehicle)):
            return False
        tidy(day, plan, notes, vehicle)
    return True


@compiled_part
def _move_breaks(day: TripDay, plan: TripTours, notes: Notes) -> None:
    """Place breaks anew where a tour that has one waits somewhere."""
    for index in range(notes.counts[N_CHANGED]):
        vehicle = notes.changed[index]
        busy_s = plan.tour[vehicle, T1] + plan.tour[vehicle, T2]
        if plan.tour[vehicle, REST] != NOBODY and plan.tour[vehicle, ELAPSED_S] > busy_s:
            survey(day, plan, vehicle)


@compiled_entry
def run_block(
    day: TripDay,
    plans: tuple[TripTours, TripTours, TripTours],
    notes: Notes,
    chance: NDArray[np.uint64],
    temperatures: NDArray[np.float64],
    first_step: int,
) -> None:
    """Ruin and recreate once per temperature.

    Parameters
    ----------
    plans
        The plan that is worked on (as ``load`` left it), the last one accepted, and the best one.
    chance
        ``(1,)``: state of the source of chance, not 0.
    temperatures
        Micro-euros of each iteration.
    first_step
        Iterations made before.
    """
    plan, kept, best = plans
    dearest = np.int64(0)
    for vehicle in range(day.car.shape[0]):
        dearest = max(dearest, day.car[vehicle, FIXED])
    for step in range(first_step, first_step + temperatures.shape[0]):
        for index in range(notes.counts[N_CHANGED]):
            notes.is_changed[notes.changed[index]] = 0
        notes.counts[N_CHANGED], notes.counts[N_OUT] = 0, 0
        n_before = notes.counts[N_ABSENT]
        ruin(day, plan, notes, chance, step)
        is_possible = _mend(day, plan, notes)
        if is_possible:
            if n_before > 0:
                add_absent(day, plan, notes, n_before, chance, step)
            sort_out(day, notes, notes.counts[N_OUT], chance)  # type: ignore[arg-type]  # has the fields that it reads
            is_eager = draw(chance) < EAGER_SHARE
            for index in range(notes.counts[N_OUT]):
                pickup = notes.out[index]
                prize = day.place[pickup, PRIZE]
                insert(day, plan, notes, pickup, 2 * prize + dearest if is_eager else prize, chance)
            _move_breaks(day, plan, notes)
            _count(plan)
        threshold = kept.objective[0] - temperatures[step - first_step] * math.log(max(draw(chance), 1e-300))
        if is_possible and plan.objective[0] < threshold:
            if plan.objective[0] < kept.objective[0]:
                for index in range(notes.counts[N_CHANGED]):
                    tidy(day, plan, notes, notes.changed[index])
                _count(plan)
            take_over(plan, kept, notes)
            if plan.objective[0] < best.objective[0]:
                for pickup in range(plan.load.shape[0]):
                    best.visit[pickup, VEHICLE] = NOBODY
                for vehicle in range(plan.tour.shape[0]):
                    copy_tour(plan, best, vehicle)
                best.objective[0], best.objective[1] = plan.objective[0], plan.objective[1]
        else:
            take_over(kept, plan, notes)
            notes.counts[N_ABSENT] = n_before
