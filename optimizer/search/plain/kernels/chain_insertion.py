"""Finds where a pickup costs least: beside near pickups first, and in the whole plan only where that finds no room."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import draw
from optimizer.search.kernels.compiled_part import inlined_part
from optimizer.search.plain.kernels.chain_spans import is_brief_with
from optimizer.search.plain.kernels.chains import (
    N_CHANGED,
    NOBODY,
    Chains,
    Notes,
    change_vehicles,
    detour,
    link,
    note_change,
)
from optimizer.search.plain.plain_day import PlainDay

REST_KIND = -2
"""``REST_KIND - kind`` stands for all vehicles of a kind."""

NEVER = np.int64(2**62)

LOOK_AT = 40
"""Near pickups that are looked at."""

BLINK_SHARE = 0.01
"""Places overlooked by chance, which keeps insertion from repeating itself."""


@inlined_part
def has_load_room(day: PlainDay, plan: Chains, kind: int, pickup: int, tour: int) -> bool:
    """Whether a vehicle of the type holds the tour's load and the pickup's."""
    return bool(
        plan.kg[tour] + day.kg[pickup] <= day.kg_room[kind]
        and plan.litres[tour] + day.litres[pickup] <= day.l_room[kind]
    )


@inlined_part
def spare_vehicle(plan: Chains, notes: Notes, kind: int, resting: int) -> int:
    """A free vehicle of the type that is not to rest, or nobody."""
    if plan.free[kind] == 0 or REST_KIND - kind == resting:
        return NOBODY
    known = notes.spare[kind]
    if plan.size[known] == 0 and plan.kind[known] == kind and known != resting:
        return int(known)
    for at in range(plan.kind.shape[0]):
        if plan.size[at] == 0 and plan.kind[at] == kind and at != resting:
            notes.spare[kind] = at
            return at
    return NOBODY


@inlined_part
def _is_in_time(day: PlainDay, plan: Chains, kind: int, pickup: int, before: int, behind: int) -> bool:
    """Whether the pickup and the rest of the tour are in time, and the tour is not out for too long."""
    if before == NOBODY:
        early_s = day.leaves_s[kind] + day.start_s[kind, pickup]
    else:
        early_s = plan.early_s[before] + day.service_s[before] + day.drive_to_s[kind, pickup, before]
    if early_s > day.last_s[pickup]:
        return False
    done_s = max(early_s, day.opens_s[pickup]) + day.service_s[pickup]
    if behind == NOBODY:
        is_in_time = done_s + day.end_s[kind, pickup] <= day.tips_by_s[kind]
    else:
        is_in_time = done_s + day.drive_from_s[kind, pickup, behind] <= plan.late_s[behind]
    if is_in_time and plan.spans.shape[0] > 0:
        return is_brief_with(day, plan, kind, pickup, before, behind)
    return bool(is_in_time)


class Ways(NamedTuple):
    """What it costs to drive with one type of vehicles between a pickup and all others, looked up once for many places.

    Attributes
    ----------
    cost_to, cost_from, last_end
        Per pickup: to this one from it, from this one to it, and what it costs as the last of a tour.
    start, end, visit
        Of this pickup.
    """

    kind: int
    pickup: int
    cost_to: NDArray[np.int64]
    cost_from: NDArray[np.int64]
    last_end: NDArray[np.int64]
    start: int
    end: int
    visit: int


@inlined_part
def _ways(day: PlainDay, kind: int, pickup: int) -> Ways:
    return Ways(
        kind,
        pickup,
        day.cost_to[kind, pickup],
        day.cost_from[kind, pickup],
        day.end_cost[kind],
        day.start_cost[kind, pickup],
        day.end_cost[kind, pickup],
        day.visit_cost[kind, pickup],
    )


@inlined_part
def _judge(
    day: PlainDay, plan: Chains, notes: Notes, ways: Ways, tour: int, before: int, behind: int, best: int
) -> int:
    """Cost of serving the pickup between two of a tour, if that is possible and below ``best``; else ``best``."""
    cost = ways.visit + (ways.start if before == NOBODY else ways.cost_to[before])
    if behind == NOBODY:
        cost += ways.end - ways.last_end[before]
    else:
        cost += ways.cost_from[behind] - plan.cost_in[behind]
    kind = ways.kind
    if cost >= best or (day.is_timed[0] and not _is_in_time(day, plan, kind, ways.pickup, before, behind)):
        return best
    notes.place[0], notes.place[1], notes.place[2] = tour, before, kind
    return int(cost)


@inlined_part
def _judge_larger(
    day: PlainDay, plan: Chains, notes: Notes, pickup: int, tour: int, near: int, best: int, resting: int
) -> int:
    """The same beside a pickup of a full tour, together with the free vehicle with which that is cheapest."""
    kind = plan.kind[tour]
    for other in range(day.fixed.shape[0]):
        if not day.may_become[kind, other] or not day.may_serve[other, pickup]:
            continue
        extra = day.fixed[other] - day.fixed[kind] + plan.ways[tour, other] - plan.ways[tour, kind]
        if extra >= best or not has_load_room(day, plan, other, pickup, tour):
            continue
        if spare_vehicle(plan, notes, other, resting) == NOBODY:
            continue
        for before in (near, plan.before[near]):
            behind = plan.first[tour] if before == NOBODY else plan.behind[before]
            cost = extra + detour(day, other, pickup, before, behind)
            if cost >= best or (day.is_timed[0] and not _is_in_time(day, plan, other, pickup, before, behind)):
                continue
            notes.place[0], notes.place[1], notes.place[2] = tour, before, other
            best = cost
    return int(best)


@inlined_part
def _judge_empty(day: PlainDay, plan: Chains, notes: Notes, pickup: int, kind: int, best: int, resting: int) -> int:
    """The same for a vehicle of its own."""
    cost = day.start_cost[kind, pickup] + day.end_cost[kind, pickup] + day.visit_cost[kind, pickup] + day.fixed[kind]
    if cost >= best or not day.may_serve[kind, pickup]:
        return best
    if day.kg[pickup] > day.kg_room[kind] or day.litres[pickup] > day.l_room[kind]:
        return best
    if day.is_timed[0] and not _is_in_time(day, plan, kind, pickup, NOBODY, NOBODY):
        return best
    tour = spare_vehicle(plan, notes, kind, resting)
    if tour == NOBODY:
        return best
    notes.place[0], notes.place[1], notes.place[2] = tour, NOBODY, kind
    return int(cost)


@inlined_part
def _judge_all(
    day: PlainDay,
    plan: Chains,
    notes: Notes,
    pickup: int,
    limit: int,
    chance: NDArray[np.uint64],
    resting: int,
) -> int:
    """The best of all places in the plan."""
    best = limit
    for tour in range(plan.kind.shape[0]):
        kind = plan.kind[tour]
        if plan.size[tour] == 0 or tour == resting or REST_KIND - kind == resting:
            continue
        if not has_load_room(day, plan, kind, pickup, tour) or not day.may_serve[kind, pickup]:
            continue
        ways = _ways(day, kind, pickup)
        before = NOBODY
        while True:
            behind = plan.first[tour] if before == NOBODY else plan.behind[before]
            if draw(chance) >= BLINK_SHARE:
                best = _judge(day, plan, notes, ways, tour, before, behind, best)
            before = behind
            if before == NOBODY or (day.is_timed[0] and plan.early_s[before] > day.last_s[pickup]):
                break
    return int(best)


@inlined_part
def insert(
    day: PlainDay,
    plan: Chains,
    notes: Notes,
    pickup: int,
    limit: int,
    chance: NDArray[np.uint64],
    resting: int,
    is_thorough: bool,  # noqa: FBT001 - numba knows no arguments by name only
) -> int:
    """Serve a pickup where it costs least, below ``limit``; the cost, or ``limit`` where nothing was found.

    ``resting`` is a vehicle to leave alone, ``REST_KIND - kind`` for all of a kind, or -1. Places that are not beside
    a near pickup are looked at only if ``is_thorough``.
    """
    best = limit
    looked = 0
    ways = _ways(day, 0, pickup)
    n_kinds = day.fixed.shape[0]
    for rank in range(day.beside.shape[1]):
        near = day.beside[pickup, rank]
        tour = plan.tour[near]
        if tour == NOBODY:
            continue
        looked += 1
        if looked > LOOK_AT:
            break
        kind = plan.kind[tour]
        if tour == resting or REST_KIND - kind == resting:
            continue
        if not has_load_room(day, plan, kind, pickup, tour):
            if n_kinds > 1 and draw(chance) >= BLINK_SHARE:
                best = _judge_larger(day, plan, notes, pickup, tour, near, best, resting)
            continue
        if not day.may_serve[kind, pickup] or draw(chance) < BLINK_SHARE:
            continue
        if kind != ways.kind:
            ways = _ways(day, kind, pickup)
        best = _judge(day, plan, notes, ways, tour, near, plan.behind[near], best)
        best = _judge(day, plan, notes, ways, tour, plan.before[near], near, best)
    if best == limit and is_thorough:
        best = _judge_all(day, plan, notes, pickup, limit, chance, resting)
    for kind in range(n_kinds):
        best = _judge_empty(day, plan, notes, pickup, kind, best, resting)
    if best < limit:
        tour, before, kind = notes.place[0], notes.place[1], notes.place[2]
        note_change(notes, tour)
        if kind != plan.kind[tour]:
            change_vehicles(day, plan, notes, tour, spare_vehicle(plan, notes, kind, resting))
        link(day, plan, pickup, tour, before)
    return int(best)


@inlined_part
def fit_vehicles(day: PlainDay, plan: Chains, notes: Notes, resting: int) -> int:
    """Give each changed tour the vehicle, free or another tour's, with which both cost least; the change of cost."""
    change = 0
    for index in range(notes.counts[N_CHANGED]):
        tour = notes.changed[index]
        if plan.size[tour] == 0:
            continue
        kind = plan.kind[tour]
        best, chosen = 0, NOBODY
        for other in range(day.fixed.shape[0]):
            if other == kind or not day.may_become[kind, other]:
                continue
            saved = day.fixed[other] - day.fixed[kind] + plan.ways[tour, other] - plan.ways[tour, kind]
            if saved < best and plan.kg[tour] <= day.kg_room[other] and plan.litres[tour] <= day.l_room[other]:
                spare = spare_vehicle(plan, notes, other, resting)
                if spare != NOBODY:
                    best, chosen = saved, spare
        for partner in range(plan.kind.shape[0]):
            other = plan.kind[partner]
            if (
                other == kind
                or plan.size[partner] == 0
                or not (day.may_become[kind, other] and day.may_become[other, kind])
            ):
                continue
            saved = (
                plan.ways[tour, other] - plan.ways[tour, kind] + plan.ways[partner, kind] - plan.ways[partner, other]
            )
            if (
                saved < best
                and plan.kg[tour] <= day.kg_room[other]
                and plan.litres[tour] <= day.l_room[other]
                and plan.kg[partner] <= day.kg_room[kind]
                and plan.litres[partner] <= day.l_room[kind]
            ):
                best, chosen = saved, partner
        if chosen != NOBODY:
            change += change_vehicles(day, plan, notes, tour, chosen)
    return int(change)
