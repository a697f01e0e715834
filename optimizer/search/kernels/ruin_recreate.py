"""Ruin and recreate on whole waste days: takes strings of neighbouring pickups out and puts them back better.

After Christiaens & Vanden Berghe (2020), doi:10.1287/trsc.2019.0914, extended by trips of one stream between tippings,
with the site chosen on insertion; kilograms and litres; several windows; breaks; unlike vehicles; and pickups that may
stay behind for their prize.
"""

import math

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import Day, Desk, Fleet, PlanArrays
from optimizer.search.kernels.chance import draw
from optimizer.search.kernels.cheapest_insertion import insert
from optimizer.search.kernels.compiled_part import compiled_entry, compiled_part
from optimizer.search.kernels.pushed_insertion import has_choice, insert_pushing
from optimizer.search.kernels.ruin import add_absent, ruin, sort_out
from optimizer.search.kernels.tail_swap import swap_tails
from optimizer.search.kernels.tour_change import adopt, choose_windows, close_up, lay, tidy
from optimizer.search.kernels.tour_trial import time_trial

PUSH_SHARE, PUSH_ABSENT_SHARE = 0.25, 0.01
"""Of the pickups that lost their place, or had none before: whole tours are timed for every gap, which takes long."""

PARTS_DIGEST = "a65113c85306beb9"
"""Of the texts of the other files of this folder: a change of them must change this file, so that numba compiles the
entry points anew instead of taking old ones from its cache."""


@compiled_part
def _copy_tours(source: PlanArrays, target: PlanArrays, is_changed: NDArray[np.uint8]) -> None:
    for vehicle in range(is_changed.shape[0]):
        if is_changed[vehicle]:
            length = source.length[vehicle]
            for at in range(length):
                target.visits[vehicle, at] = source.visits[vehicle, at]
                target.window[vehicle, at] = source.window[vehicle, at]
            target.length[vehicle] = length
            target.cost[vehicle] = source.cost[vehicle]
    for pickup in range(source.is_absent.shape[0]):
        target.is_absent[pickup] = source.is_absent[pickup]
    target.objective[0] = source.objective[0]


@compiled_part
def _count(day: Day, plan: PlanArrays) -> int:
    """The objective of the plan, and what changes beyond the allowed number cost."""
    objective = np.int64(0)
    for vehicle in range(plan.cost.shape[0]):
        objective += plan.cost[vehicle]
    for pickup in range(day.kg.shape[0]):
        if plan.is_absent[pickup]:
            objective += day.prize[pickup]
    if day.most_changed[0] >= 0:
        n_changed = np.int64(0)
        for vehicle in range(plan.cost.shape[0]):
            for at in range(plan.length[vehicle]):
                node = plan.visits[vehicle, at]
                if node < day.kg.shape[0] and day.planned[node] >= 0 and day.planned[node] != vehicle:
                    n_changed += day.n_containers[node]
        objective += max(np.int64(0), n_changed - day.most_changed[0]) * day.most_changed[1]
    return int(objective)


@compiled_part
def _take_back(day: Day, fleet: Fleet, kept: PlanArrays, plan: PlanArrays, desk: Desk) -> None:
    """Make the plan alike to the kept one again."""
    for vehicle in range(fleet.kg.shape[0]):
        if desk.is_changed[vehicle]:
            length = kept.length[vehicle]
            lay(kept, desk, vehicle, 0, length, 0)
            adopt(day, fleet, plan, desk, vehicle, length, time_trial(day, fleet, desk, vehicle, length))
    for pickup in range(plan.is_absent.shape[0]):
        plan.is_absent[pickup] = kept.is_absent[pickup]
    plan.objective[0] = kept.objective[0]


@compiled_entry
def load_plan(day: Day, fleet: Fleet, plan: PlanArrays, desk: Desk) -> None:
    """Find windows and costs of the visits of a new plan; a tour that cannot be timed this way is emptied."""
    n_pickups = day.kg.shape[0]
    for vehicle in range(fleet.kg.shape[0]):
        length = plan.length[vehicle]
        lay(plan, desk, vehicle, 0, length, 0)
        elapsed_s = -1
        if choose_windows(day, fleet, desk, vehicle, length):
            elapsed_s = time_trial(day, fleet, desk, vehicle, length)
        if elapsed_s < 0:
            for at in range(length):
                if plan.visits[vehicle, at] < n_pickups:
                    plan.is_absent[plan.visits[vehicle, at]] = 1
            length = int(np.int64(0))
            elapsed_s = time_trial(day, fleet, desk, vehicle, length)
        adopt(day, fleet, plan, desk, vehicle, length, elapsed_s)
    plan.objective[0] = _count(day, plan)


@compiled_entry
def run_block(
    day: Day,
    fleet: Fleet,
    plans: tuple[PlanArrays, PlanArrays, PlanArrays],
    desk: Desk,
    chance: NDArray[np.uint64],
    temperatures: NDArray[np.float64],
    first_step: int,
) -> None:
    """Ruin and recreate once per temperature.

    Parameters
    ----------
    plans
        The plan that is worked on (as ``load_plan`` left it), the last one accepted, and the best one.
    chance
        ``(1,)``: state of the source of chance, not 0.
    temperatures
        Micro-euros of each iteration.
    first_step
        Iterations made before.
    """
    plan, kept, best = plans
    n_vehicles = fleet.kg.shape[0]
    dearest = np.int64(0)
    for vehicle in range(n_vehicles):
        dearest = max(dearest, fleet.fixed[vehicle])
    may_push = has_choice(day)
    for step in range(temperatures.shape[0]):
        for vehicle in range(n_vehicles):
            desk.is_changed[vehicle] = 0
        limit = int(-temperatures[step] * math.log(max(draw(chance), 1e-300)))
        if swap_tails(day, fleet, kept, plan, desk, limit, chance):
            plan.objective[0] = _count(day, plan)
            if day.most_changed[0] >= 0 and plan.objective[0] >= kept.objective[0] + limit:
                _take_back(day, fleet, kept, plan, desk)
            else:
                _copy_tours(plan, kept, desk.is_changed)
            if plan.objective[0] < best.objective[0]:
                _copy_tours(plan, best, desk.everyone)
            for vehicle in range(n_vehicles):
                desk.is_changed[vehicle] = 0
        n_out, resting = ruin(day, plan, desk, chance, first_step + step)
        is_possible = True
        for vehicle in range(n_vehicles):
            if desk.is_changed[vehicle]:
                is_possible = is_possible and close_up(day, fleet, plan, desk, vehicle)
                if is_possible:
                    tidy(day, fleet, plan, desk, vehicle)
        if is_possible:
            n_out = add_absent(day, plan, desk, n_out, chance)
            sort_out(day, desk, n_out, chance)
            # Now and then a tour or a trip may be opened that only later pickups pay for.
            is_eager = draw(chance) < 0.1
            for at in range(n_out):
                pickup = desk.out[at]
                limit = 2 * day.prize[pickup] + dearest if is_eager else day.prize[pickup]
                added = insert(day, fleet, plan, desk, pickup, limit, (chance, resting))
                push_share = PUSH_ABSENT_SHARE if kept.is_absent[pickup] else PUSH_SHARE
                if added == limit and may_push and draw(chance) < push_share:
                    insert_pushing(day, fleet, plan, desk, pickup, limit, resting)
        plan.objective[0] = _count(day, plan)
        threshold = kept.objective[0] - temperatures[step] * math.log(max(draw(chance), 1e-300))
        if is_possible and plan.objective[0] < threshold:
            if plan.objective[0] < kept.objective[0]:
                for vehicle in range(n_vehicles):
                    if desk.is_changed[vehicle]:
                        tidy(day, fleet, plan, desk, vehicle)
                plan.objective[0] = _count(day, plan)
            _copy_tours(plan, kept, desk.is_changed)
            if plan.objective[0] < best.objective[0]:
                _copy_tours(plan, best, desk.everyone)
        else:
            _take_back(day, fleet, kept, plan, desk)
