"""Exchanges what is behind two pickups of different tours: long tails that no string of a ruin spans.

The move is the 2-opt* of Potvin & Rousseau (1995), doi:10.1057/jors.1995.204.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import below
from optimizer.search.kernels.compiled_part import inlined_part
from optimizer.search.plain.kernels.chain_spans import is_joined_briefly
from optimizer.search.plain.kernels.chains import NOBODY, Chains, Notes, note_change, time_tour, weigh_tour
from optimizer.search.plain.plain_day import PlainDay

LOOK_AT = 25
"""Near pickups before which a tour may be cut."""


@inlined_part
def _loads_up_to(day: PlainDay, plan: Chains, pickup: int) -> tuple[int, int]:
    """Kilograms and litres of a tour up to a pickup, itself included."""
    kg, litres, at = np.int64(0), np.int64(0), pickup
    while at != NOBODY:
        kg += day.kg[at]
        litres += day.litres[at]
        at = plan.before[at]
    return int(kg), int(litres)


@inlined_part
def _is_in_time(day: PlainDay, plan: Chains, kind: int, before: int, behind: int) -> bool:
    """Whether a tour may go on from one pickup, or the depot, to another one, or home."""
    if before == NOBODY:
        is_in_time = behind == NOBODY or day.leaves_s[kind] + day.start_s[kind, behind] <= plan.late_s[behind]
    else:
        ready_s = plan.early_s[before] + day.service_s[before]
        if behind == NOBODY:
            is_in_time = ready_s + day.end_s[kind, before] <= day.tips_by_s[kind]
        else:
            is_in_time = ready_s + day.drive_from_s[kind, before, behind] <= plan.late_s[behind]
    if is_in_time and plan.spans.shape[0] > 0:
        return is_joined_briefly(day, plan, kind, before, behind)
    return bool(is_in_time)


@inlined_part
def _way(day: PlainDay, kind: int, before: int, behind: int) -> int:
    """Cost of going on from one pickup, or the depot, to another one, or home; a tour of nobody costs nothing."""
    if before == NOBODY:
        return int(-day.fixed[kind]) if behind == NOBODY else int(day.start_cost[kind, behind])
    return int(day.end_cost[kind, before]) if behind == NOBODY else int(day.cost_from[kind, before, behind])


@inlined_part
def _join(day: PlainDay, plan: Chains, kind: int, tour: int, before: int, behind: int, last: int) -> None:
    """Let a tour go on from one pickup to another one, up to the last one of its new tail."""
    if before == NOBODY:
        plan.first[tour] = behind
    else:
        plan.behind[before] = behind
    if behind == NOBODY:
        plan.last[tour] = before
    else:
        plan.before[behind] = before
        plan.cost_in[behind] = _way(day, kind, before, behind)
        plan.last[tour] = last
    at = behind
    while at != NOBODY:
        plan.tour[at] = tour
        at = plan.behind[at]


@inlined_part
def _weigh(day: PlainDay, plan: Chains, tour: int) -> None:
    size, kg, litres, at = 0, np.int64(0), np.int64(0), plan.first[tour]
    while at != NOBODY:
        size += 1
        kg += day.kg[at]
        litres += day.litres[at]
        at = plan.behind[at]
    plan.size[tour], plan.kg[tour], plan.litres[tour] = size, kg, litres
    if size == 0:
        plan.free[plan.kind[tour]] += 1
        plan.last[tour] = NOBODY
        for kind in range(day.fixed.shape[0]):
            plan.ways[tour, kind] = 0
        return
    if day.fixed.shape[0] > 1:
        weigh_tour(day, plan, tour)
    if day.is_timed[0]:
        time_tour(day, plan, tour)


@inlined_part
def swap_tails(day: PlainDay, plan: Chains, notes: Notes, limit: int, chance: NDArray[np.uint64]) -> int:
    """Exchange tails behind some pickup where that costs least, below ``limit``; the change of cost, or ``limit``."""
    one = below(chance, day.kg.shape[0])
    tour = plan.tour[one]
    if tour == NOBODY:
        return limit
    kind, onward = plan.kind[tour], plan.behind[one]
    head_kg, head_l = _loads_up_to(day, plan, one)
    tail_kg, tail_l = plan.kg[tour] - head_kg, plan.litres[tour] - head_l
    left = _way(day, kind, one, onward) if onward == NOBODY else plan.cost_in[onward]
    best, chosen = limit, NOBODY
    for rank in range(1, min(LOOK_AT + 1, day.near.shape[1])):
        near = day.near[one, rank]
        other = plan.tour[near]
        if other == NOBODY:
            continue
        if other == tour or plan.kind[other] != kind:
            continue
        before = plan.before[near]
        change = day.cost_from[kind, one, near] - plan.cost_in[near] - left + _way(day, kind, before, onward)
        if change >= best:
            continue
        if day.is_timed[0] and not (
            _is_in_time(day, plan, kind, one, near) and _is_in_time(day, plan, kind, before, onward)
        ):
            continue
        kg, litres = _loads_up_to(day, plan, before)
        if (
            kg + tail_kg > day.kg_room[kind]
            or litres + tail_l > day.l_room[kind]
            or head_kg + plan.kg[other] - kg > day.kg_room[kind]
            or head_l + plan.litres[other] - litres > day.l_room[kind]
        ):
            continue
        best, chosen = change, near
    if chosen != NOBODY:
        other, before = plan.tour[chosen], plan.before[chosen]
        last, other_last = plan.last[tour], plan.last[other]
        _join(day, plan, kind, tour, one, chosen, other_last)
        _join(day, plan, kind, other, before, onward, last)
        for changed in (tour, other):
            _weigh(day, plan, changed)
            note_change(notes, changed)
    return int(best)
