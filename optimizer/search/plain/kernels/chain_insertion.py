"""Finds where a pickup costs least: beside near pickups first, and in the whole plan only where that finds no room."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import draw
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.plain.kernels.chains import NOBODY, Chains, Notes, link, note_change
from optimizer.search.plain.plain_day import PlainDay

REST_KIND = -2
"""``REST_KIND - kind`` stands for all vehicles of a kind."""

MOST_KINDS = 62
"""Of so many kinds only one empty vehicle each is looked at."""

LOOK_AT = 40
"""Near pickups that are looked at."""

BLINK_SHARE = 0.01
"""Places overlooked by chance, which keeps insertion from repeating itself."""


@compiled_part
def _has_room(day: PlainDay, plan: Chains, pickup: int, tour: int) -> bool:
    kind = plan.kind[tour]
    return bool(
        plan.kg[tour] + day.kg[pickup] <= day.kg_room[kind]
        and plan.litres[tour] + day.litres[pickup] <= day.l_room[kind]
        and day.may_serve[kind, pickup]
    )


@compiled_part
def _judge(day: PlainDay, plan: Chains, notes: Notes, pickup: int, tour: int, before: int, best: int) -> int:
    """Cost of serving the pickup behind another one, if that is possible and below ``best``; else ``best``."""
    kind = plan.kind[tour]
    behind = plan.first[tour] if before == NOBODY else plan.behind[before]
    cost = day.start_cost[kind, pickup] if before == NOBODY else day.cost_to[kind, pickup, before]
    if behind == NOBODY:
        cost += day.end_cost[kind, pickup] - day.end_cost[kind, before]
    else:
        cost += day.cost_from[kind, pickup, behind] - plan.cost_in[behind]
    cost += day.visit_cost[kind, pickup]
    if cost >= best:
        return best
    if day.is_timed[0]:
        if before == NOBODY:
            early_s = day.leaves_s[kind] + day.start_s[kind, pickup]
        else:
            early_s = plan.early_s[before] + day.service_s[before] + day.drive_to_s[kind, pickup, before]
        if early_s > day.last_s[pickup]:
            return best
        done_s = max(early_s, day.opens_s[pickup]) + day.service_s[pickup]
        if behind == NOBODY:
            if done_s + day.end_s[kind, pickup] > day.tips_by_s[kind]:
                return best
        elif done_s + day.drive_from_s[kind, pickup, behind] > plan.late_s[behind]:
            return best
    notes.place[0], notes.place[1] = tour, before
    return int(cost)


@compiled_part
def _judge_empty(day: PlainDay, notes: Notes, pickup: int, tour: int, kind: int, best: int) -> int:
    cost = day.start_cost[kind, pickup] + day.end_cost[kind, pickup] + day.visit_cost[kind, pickup] + day.fixed[kind]
    if cost >= best:
        return best
    arrives_s = day.leaves_s[kind] + day.start_s[kind, pickup]
    if arrives_s > day.last_s[pickup]:
        return best
    if max(arrives_s, day.opens_s[pickup]) + day.service_s[pickup] + day.end_s[kind, pickup] > day.tips_by_s[kind]:
        return best
    notes.place[0], notes.place[1] = tour, NOBODY
    return int(cost)


@compiled_part
def insert(
    day: PlainDay, plan: Chains, notes: Notes, pickup: int, limit: int, chance: NDArray[np.uint64], resting: int
) -> int:
    """Serve a pickup where it costs least, below ``limit``; the cost, or ``limit`` where nothing was found.

    ``resting`` is a vehicle to leave alone, ``REST_KIND - kind`` for all of a kind, or -1.
    """
    best = limit
    looked = 0
    for rank in range(day.beside.shape[1]):
        near = day.beside[pickup, rank]
        tour = plan.tour[near]
        if tour == NOBODY:
            continue
        looked += 1
        if looked > LOOK_AT:
            break
        if tour == resting or REST_KIND - plan.kind[tour] == resting:
            continue
        if not _has_room(day, plan, pickup, tour) or draw(chance) < BLINK_SHARE:
            continue
        best = _judge(day, plan, notes, pickup, tour, near, best)
        best = _judge(day, plan, notes, pickup, tour, plan.before[near], best)
    is_found = best < limit
    opened = 0  # one bit for each kind of which an empty vehicle was looked at
    for tour in range(plan.kind.shape[0]):
        kind = plan.kind[tour]
        if tour == resting or REST_KIND - kind == resting:
            continue
        if plan.size[tour] == 0:
            if kind >= MOST_KINDS or not (opened >> kind) & 1:
                opened |= 1 << min(kind, MOST_KINDS)
                if _has_room(day, plan, pickup, tour):
                    best = _judge_empty(day, notes, pickup, tour, kind, best)
            continue
        if is_found or not _has_room(day, plan, pickup, tour):
            continue
        before = NOBODY
        while True:
            if draw(chance) >= BLINK_SHARE:
                best = _judge(day, plan, notes, pickup, tour, before, best)
            before = plan.first[tour] if before == NOBODY else plan.behind[before]
            if before == NOBODY:
                break
    if best < limit:
        tour, before = notes.place[0], notes.place[1]
        note_change(notes, tour)
        link(day, plan, pickup, tour, before)
    return int(best)
