"""Ruin and recreate on plain days, with every change judged in constant time.

After Christiaens & Vanden Berghe (2020), doi:10.1287/trsc.2019.0914.
"""

import math

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import below, draw
from optimizer.search.kernels.compiled_part import compiled_entry, inlined_part
from optimizer.search.plain.kernels.chain_insertion import fit_vehicles, insert
from optimizer.search.plain.kernels.chain_ruin import ruin, sort_out
from optimizer.search.plain.kernels.chain_spans import is_joined_briefly
from optimizer.search.plain.kernels.chain_tails import swap_tails
from optimizer.search.plain.kernels.chains import (
    N_CHANGED,
    N_OUT,
    NOBODY,
    Chains,
    Notes,
    copy_tour,
    take_over,
    time_tour,
    weigh_tour,
)
from optimizer.search.plain.plain_day import PlainDay

MOST_ABSENT_TRIED = 12
"""Pickups absent before that are tried in one iteration."""

EAGER_SHARE = 0.1
OPENING_SHARE = 0.05
"""Recreations in which pickups may cost more than their prize: each something more, or the first one whatever it takes,
so that a tour is begun which others make worth it."""

MOST_INVITED_TO_OPENING = 60

THOROUGH_SHARE = 0.1
"""Pickups absent before for which all places are looked at, instead of near ones."""

ANY_COST = np.int64(2**61)

TAKEN = -2
"""Stands in ``Chains.tour`` for those that were taken out just now."""

PARTS_DIGEST = "8c75ce70d51ec5c9"
"""Of the texts of the other files of this folder and of the parts shared with the other search: a change of them must
change this file, so that numba compiles the entry points anew instead of taking old ones from its cache."""


@inlined_part
def _count(day: PlainDay, plan: Chains) -> int:
    """The objective from scratch."""
    objective = np.int64(0)
    for tour in range(plan.first.shape[0]):
        at, kind = plan.first[tour], plan.kind[tour]
        if at != NOBODY:
            objective += day.fixed[kind] + day.end_cost[kind, plan.last[tour]]
        while at != NOBODY:
            objective += plan.cost_in[at] + day.visit_cost[kind, at]
            at = plan.behind[at]
    for pickup in range(plan.tour.shape[0]):
        if plan.tour[pickup] == NOBODY:
            objective += day.prize[pickup]
    return int(objective)


@inlined_part
def invite(day: PlainDay, plan: Chains, notes: Notes, seed: int, most: int, chance: NDArray[np.uint64]) -> None:
    """Let some that were absent before take part: near ones first, then from anywhere on."""
    n, n_mine = day.kg.shape[0], notes.counts[N_OUT]
    for index in range(n_mine):
        plan.tour[notes.out[index]] = TAKEN
    invited = 0
    for rank in range(day.near.shape[1]):
        at = day.near[seed, rank]
        if invited < most and plan.tour[at] == NOBODY:
            plan.tour[at] = TAKEN
            notes.out[n_mine + invited] = at
            invited += 1
    at = below(chance, n)
    for _ in range(n):
        if invited >= most:
            break
        if plan.tour[at] == NOBODY:
            plan.tour[at] = TAKEN
            notes.out[n_mine + invited] = at
            invited += 1
        at = at + 1 if at + 1 < n else 0
    notes.counts[N_OUT] += invited
    for index in range(notes.counts[N_OUT]):
        plan.tour[notes.out[index]] = NOBODY


@inlined_part
def keep_best(plan: Chains, best: Chains, notes: Notes) -> None:
    """Bring the best plan up to the present one."""
    for tour in range(plan.first.shape[0]):
        at = best.first[tour] if notes.is_stale[tour] else NOBODY
        while at != NOBODY:
            best.tour[at] = NOBODY
            at = best.behind[at]
    for tour in range(plan.first.shape[0]):
        if notes.is_stale[tour]:
            copy_tour(plan, best, tour)
            notes.is_stale[tour] = 0
    best.objective[0] = plan.objective[0]


@compiled_entry
def load(day: PlainDay, plan: Chains) -> None:
    """Times and costs of chains of which ``tour`` and ``behind`` are known; tours that break a rule are emptied."""
    for tour in range(plan.first.shape[0]):
        at, previous, kind = plan.first[tour], NOBODY, plan.kind[tour]
        ready_s = day.leaves_s[kind]
        is_possible = True
        while at != NOBODY:
            plan.before[at], plan.tour[at] = previous, tour
            plan.cost_in[at] = day.start_cost[kind, at] if previous == NOBODY else day.cost_from[kind, previous, at]
            ready_s += day.start_s[kind, at] if previous == NOBODY else day.drive_from_s[kind, previous, at]
            is_possible = is_possible and ready_s <= day.last_s[at] and day.may_serve[kind, at] == 1
            ready_s = max(ready_s, day.opens_s[at]) + day.service_s[at]
            plan.size[tour] += 1
            plan.kg[tour] += day.kg[at]
            plan.litres[tour] += day.litres[at]
            previous, at = at, plan.behind[at]
        plan.last[tour] = previous
        for other in range(day.fixed.shape[0]):
            plan.ways[tour, other] = 0
        if previous != NOBODY:
            is_possible = is_possible and ready_s + day.end_s[kind, previous] <= day.tips_by_s[kind]
            is_possible = is_possible and plan.kg[tour] <= day.kg_room[kind]
            is_possible = is_possible and plan.litres[tour] <= day.l_room[kind]
            if is_possible:
                time_tour(day, plan, tour)
                weigh_tour(day, plan, tour)
                is_possible = plan.spans.shape[0] == 0 or is_joined_briefly(day, plan, kind, NOBODY, plan.first[tour])
            if not is_possible:
                at = plan.first[tour]
                while at != NOBODY:
                    plan.tour[at] = NOBODY
                    at = plan.behind[at]
                plan.first[tour], plan.last[tour] = NOBODY, NOBODY
                plan.size[tour], plan.kg[tour], plan.litres[tour] = 0, 0, 0
    for kind in range(day.fixed.shape[0]):
        plan.free[kind] = 0
    for tour in range(plan.first.shape[0]):
        plan.free[plan.kind[tour]] += plan.size[tour] == 0
    plan.objective[0] = _count(day, plan)


@inlined_part
def _clear(notes: Notes) -> None:
    """Nothing has changed, nothing is out."""
    for index in range(notes.counts[N_CHANGED]):
        notes.is_changed[notes.changed[index]] = 0
    notes.counts[N_CHANGED], notes.counts[N_OUT] = 0, 0


@inlined_part
def _accept(plan: Chains, kept: Chains, best: Chains, notes: Notes) -> None:
    """Keep the plan, as the best one if it is."""
    take_over(plan, kept, notes)
    for index in range(notes.counts[N_CHANGED]):
        notes.is_stale[notes.changed[index]] = 1
    if plan.objective[0] < best.objective[0]:
        keep_best(plan, best, notes)


@compiled_entry
def run_block(
    day: PlainDay,
    plans: tuple[Chains, Chains, Chains],
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
    n = day.kg.shape[0]
    dearest = np.int64(0)
    for kind in range(day.fixed.shape[0]):
        dearest = max(dearest, day.fixed[kind])
    n_absent = 0
    for pickup in range(n):
        n_absent += plan.tour[pickup] == NOBODY
    for step in range(temperatures.shape[0]):
        _clear(notes)
        most_extra = int(-temperatures[step] * math.log(max(draw(chance), 1e-300)))
        extra = swap_tails(day, plan, notes, most_extra, chance)
        if extra < most_extra:
            plan.objective[0] += extra
            _accept(plan, kept, best, notes)
            _clear(notes)
        before = n_absent
        is_first = before == n
        is_opening = before > 0 and draw(chance) < OPENING_SHARE
        change, resting, seed, row = ruin(day, plan, notes, n_absent, chance, first_step + step)
        n_absent += notes.counts[N_OUT]
        if day.is_timed[0]:
            for index in range(notes.counts[N_CHANGED]):
                time_tour(day, plan, notes.changed[index])
        if before > 0:
            most = MOST_INVITED_TO_OPENING if is_opening else MOST_ABSENT_TRIED
            invite(day, plan, notes, seed, n if is_first else min(before, most), chance)
        sort_out(day, notes, chance, row)
        is_eager = draw(chance) < EAGER_SHARE
        for index in range(notes.counts[N_OUT]):
            pickup = notes.out[index]
            prize = day.prize[pickup]
            limit = prize
            was_absent = kept.tour[pickup] == NOBODY
            if is_first or (is_opening and was_absent):
                limit = ANY_COST
                is_opening = False
            elif is_eager:
                limit = 2 * prize + dearest
            is_thorough = not was_absent or draw(chance) < THOROUGH_SHARE
            cost = insert(day, plan, notes, pickup, limit, chance, resting, is_thorough)
            if cost < limit:
                change += cost - prize
                n_absent -= 1
        if day.fixed.shape[0] > 1:
            change += fit_vehicles(day, plan, notes, resting)
        plan.objective[0] = kept.objective[0] + change
        threshold = kept.objective[0] - temperatures[step] * math.log(max(draw(chance), 1e-300))
        if plan.objective[0] < threshold or is_first:
            _accept(plan, kept, best, notes)
        else:
            take_over(kept, plan, notes)
            n_absent = before
