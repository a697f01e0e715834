"""Tours as chains of pickups: taking out and putting in, with costs and times kept up to date.

Each pickup knows who is before and behind it, the cost of the way to it, the earliest start of its service and the
latest one with which the rest of the tour is still in time. A tour is not tied to a vehicle, but to a type of vehicles,
and that may change.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.compiled_part import inlined_part
from optimizer.search.plain.plain_day import PlainDay

NOBODY = -1

N_CHANGED, N_OUT = range(2)
"""Entries of ``Notes.counts``."""

TOTAL_IN_S, LEAVE_BY_S, REST_S, ENDS_S = range(4)
"""Columns of ``Chains.spans``."""


class Chains(NamedTuple):
    """Tours as chains.

    Attributes
    ----------
    kind
        ``(vehicles,)`` type of the vehicle of each tour, and of those that are free.
    free
        ``(types,)``: free vehicles.
    first, last, size, kg, litres
        Per tour: ends of its chain, pickups and loads.
    ways
        ``(tours, types)``: cost of the tour with each type, fixed costs aside; unused where there is one type.
    before, behind, tour, cost_in, early_s, late_s
        Per pickup; ``tour`` is -1 for those not served.
    spans
        ``(pickups, 4)``, empty unless the day is limited: driving and service from the departure to the start of its
        service, the latest departure with which everything up to it is in time, driving and service from the start of
        its service to the arrival at the tipping site, and the earliest such arrival that the windows from it on allow.
    objective
        ``(1,)``: costs and the prizes of what is not served.
    """

    kind: NDArray[np.int64]
    free: NDArray[np.int64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    size: NDArray[np.int32]
    kg: NDArray[np.int64]
    litres: NDArray[np.int64]
    ways: NDArray[np.int64]
    before: NDArray[np.int32]
    behind: NDArray[np.int32]
    tour: NDArray[np.int32]
    cost_in: NDArray[np.int64]
    early_s: NDArray[np.int64]
    late_s: NDArray[np.int64]
    spans: NDArray[np.int64]
    objective: NDArray[np.int64]


class Notes(NamedTuple):
    """Memory of the search.

    Attributes
    ----------
    out, keys
        Pickups to insert, and what they are sorted by.
    is_changed, changed
        Tours changed in this iteration, as flags and as a list.
    is_stale
        Tours changed since the best plan was copied.
    mark
        Per tour, the last iteration that took something out of it.
    spare
        Per type, a vehicle that was free when last looked for.
    place
        The place found for a pickup: tour, pickup before, and type of vehicle.
    counts
        Lengths of ``changed`` and ``out``.
    """

    out: NDArray[np.int32]
    keys: NDArray[np.int64]
    is_changed: NDArray[np.uint8]
    changed: NDArray[np.int32]
    is_stale: NDArray[np.uint8]
    mark: NDArray[np.int64]
    spare: NDArray[np.int64]
    place: NDArray[np.int64]
    counts: NDArray[np.int64]


@inlined_part
def _latest_s(day: PlainDay, plan: Chains, kind: int, pickup: int) -> int:
    """Latest start of service with which those behind are still in time."""
    onward = plan.behind[pickup]
    if onward == NOBODY:
        by_s = day.tips_by_s[kind] - day.end_s[kind, pickup]
    else:
        by_s = plan.late_s[onward] - day.drive_from_s[kind, pickup, onward]
    return int(min(day.last_s[pickup], by_s - day.service_s[pickup]))


@inlined_part
def _span_tour(day: PlainDay, plan: Chains, tour: int) -> None:
    """What decides how long a tour is out, summed from both of its ends."""
    kind = plan.kind[tour]
    pickup, previous = plan.first[tour], NOBODY
    total_s, leave_by_s = np.int64(0), day.tips_by_s[kind]
    while pickup != NOBODY:
        if previous == NOBODY:
            total_s += day.start_s[kind, pickup]
        else:
            total_s += day.service_s[previous] + day.drive_from_s[kind, previous, pickup]
        leave_by_s = min(leave_by_s, day.last_s[pickup] - total_s)
        plan.spans[pickup, TOTAL_IN_S], plan.spans[pickup, LEAVE_BY_S] = total_s, leave_by_s
        previous, pickup = pickup, plan.behind[pickup]
    rest_s, ends_s, onward = np.int64(0), day.leaves_s[kind], NOBODY
    while previous != NOBODY:
        rest_s += day.end_s[kind, previous] if onward == NOBODY else day.drive_from_s[kind, previous, onward]
        rest_s += day.service_s[previous]
        ends_s = max(ends_s, day.opens_s[previous] + rest_s)
        plan.spans[previous, REST_S], plan.spans[previous, ENDS_S] = rest_s, ends_s
        onward, previous = previous, plan.before[previous]


@inlined_part
def time_tour(day: PlainDay, plan: Chains, tour: int) -> None:
    """Earliest and latest starts along a tour, and on limited days what decides how long it is out."""
    kind = plan.kind[tour]
    pickup, previous = plan.first[tour], NOBODY
    ready_s = day.leaves_s[kind]
    while pickup != NOBODY:
        way_s = day.start_s[kind, pickup] if previous == NOBODY else day.drive_from_s[kind, previous, pickup]
        plan.early_s[pickup] = max(ready_s + way_s, day.opens_s[pickup])
        ready_s = plan.early_s[pickup] + day.service_s[pickup]
        previous, pickup = pickup, plan.behind[pickup]
    while previous != NOBODY:
        plan.late_s[previous] = _latest_s(day, plan, kind, previous)
        previous = plan.before[previous]
    if plan.spans.shape[0] > 0:
        _span_tour(day, plan, tour)


@inlined_part
def weigh_tour(day: PlainDay, plan: Chains, tour: int) -> None:
    """Cost of a tour with each type of vehicles."""
    for kind in range(day.fixed.shape[0]):
        cost = day.start_cost[kind, plan.first[tour]] + day.end_cost[kind, plan.last[tour]]
        at = plan.first[tour]
        while at != NOBODY:
            cost += day.visit_cost[kind, at]
            if plan.behind[at] != NOBODY:
                cost += day.cost_from[kind, at, plan.behind[at]]
            at = plan.behind[at]
        plan.ways[tour, kind] = cost


@inlined_part
def detour(day: PlainDay, kind: int, pickup: int, before: int, behind: int) -> int:
    """What a pickup between two others, or at an end, costs with a type of vehicles, fixed costs aside."""
    cost = day.visit_cost[kind, pickup]
    cost += day.start_cost[kind, pickup] if before == NOBODY else day.cost_to[kind, pickup, before]
    cost += day.end_cost[kind, pickup] if behind == NOBODY else day.cost_from[kind, pickup, behind]
    if before == NOBODY:
        return int(cost) if behind == NOBODY else int(cost - day.start_cost[kind, behind])
    if behind == NOBODY:
        return int(cost - day.end_cost[kind, before])
    return int(cost - day.cost_from[kind, before, behind])


@inlined_part
def link(day: PlainDay, plan: Chains, pickup: int, tour: int, before: int) -> None:
    """Put a pickup into a tour behind another one, or at its start."""
    kind = plan.kind[tour]
    behind = plan.first[tour] if before == NOBODY else plan.behind[before]
    if day.fixed.shape[0] > 1:
        for other in range(day.fixed.shape[0]):
            plan.ways[tour, other] += detour(day, other, pickup, before, behind)
    if plan.size[tour] == 0:
        plan.free[kind] -= 1
    plan.before[pickup], plan.behind[pickup], plan.tour[pickup] = before, behind, tour
    if before == NOBODY:
        plan.first[tour] = pickup
        plan.cost_in[pickup] = day.start_cost[kind, pickup]
    else:
        plan.behind[before] = pickup
        plan.cost_in[pickup] = day.cost_from[kind, before, pickup]
    if behind == NOBODY:
        plan.last[tour] = pickup
    else:
        plan.before[behind] = pickup
        plan.cost_in[behind] = day.cost_from[kind, pickup, behind]
    plan.size[tour] += 1
    plan.kg[tour] += day.kg[pickup]
    plan.litres[tour] += day.litres[pickup]
    if plan.spans.shape[0] > 0:
        # Sums change all along the tour.
        time_tour(day, plan, tour)
    elif day.is_timed[0]:
        # Forwards only as far as anything changes.
        at, previous = pickup, before
        ready_s = day.leaves_s[kind] if before == NOBODY else plan.early_s[before] + day.service_s[before]
        while at != NOBODY:
            way_s = day.start_s[kind, at] if previous == NOBODY else day.drive_from_s[kind, previous, at]
            early_s = max(ready_s + way_s, day.opens_s[at])
            if at != pickup and early_s == plan.early_s[at]:
                break
            plan.early_s[at] = early_s
            ready_s = early_s + day.service_s[at]
            previous, at = at, plan.behind[at]
        # Backwards likewise.
        plan.late_s[pickup] = _latest_s(day, plan, kind, pickup)
        at = before
        while at != NOBODY:
            late_s = _latest_s(day, plan, kind, at)
            if late_s == plan.late_s[at]:
                break
            plan.late_s[at] = late_s
            at = plan.before[at]


@inlined_part
def unlink(day: PlainDay, plan: Chains, pickup: int) -> int:
    """Take a pickup out of its tour, times aside; what that adds to the cost, its prize not counted."""
    tour, before, behind = plan.tour[pickup], plan.before[pickup], plan.behind[pickup]
    kind = plan.kind[tour]
    if day.fixed.shape[0] > 1:
        for other in range(day.fixed.shape[0]):
            plan.ways[tour, other] -= detour(day, other, pickup, before, behind)
    change = -plan.cost_in[pickup] - day.visit_cost[kind, pickup]
    if behind == NOBODY:
        change -= day.end_cost[kind, pickup]
        plan.last[tour] = before
        if before != NOBODY:
            change += day.end_cost[kind, before]
    else:
        change -= plan.cost_in[behind]
        way = day.start_cost[kind, behind] if before == NOBODY else day.cost_from[kind, before, behind]
        change += way
        plan.cost_in[behind] = way
        plan.before[behind] = before
    if before == NOBODY:
        plan.first[tour] = behind
    else:
        plan.behind[before] = behind
    plan.size[tour] -= 1
    plan.kg[tour] -= day.kg[pickup]
    plan.litres[tour] -= day.litres[pickup]
    if plan.size[tour] == 0:
        change -= day.fixed[kind]
        plan.free[kind] += 1
    plan.tour[pickup] = NOBODY
    return int(change)


@inlined_part
def note_change(notes: Notes, tour: int) -> None:
    """Remember that the tour changed in this iteration."""
    if not notes.is_changed[tour]:
        notes.is_changed[tour] = 1
        notes.changed[notes.counts[N_CHANGED]] = tour
        notes.counts[N_CHANGED] += 1


@inlined_part
def _become(day: PlainDay, plan: Chains, tour: int, new: int) -> int:
    """Change the type of a tour's vehicle; the change of cost."""
    old = plan.kind[tour]
    plan.kind[tour] = new
    if plan.size[tour] == 0:
        return 0
    plan.free[old] += 1
    plan.free[new] -= 1
    previous = plan.first[tour]
    plan.cost_in[previous] = day.start_cost[new, previous]
    while plan.behind[previous] != NOBODY:
        at = plan.behind[previous]
        plan.cost_in[at] = day.cost_from[new, previous, at]
        previous = at
    return int(day.fixed[new] - day.fixed[old] + plan.ways[tour, new] - plan.ways[tour, old])


@inlined_part
def change_vehicles(day: PlainDay, plan: Chains, notes: Notes, tour: int, other: int) -> int:
    """Let two tours, of which one may be empty, change vehicles; the change of cost."""
    kind, other_kind = plan.kind[tour], plan.kind[other]
    note_change(notes, tour)
    note_change(notes, other)
    return _become(day, plan, tour, other_kind) + _become(day, plan, other, kind)


@inlined_part
def copy_tour(source: Chains, target: Chains, tour: int) -> None:
    """Make a tour of the target like that of the source."""
    if target.size[tour] > 0:
        target.free[target.kind[tour]] += 1
    if source.size[tour] > 0:
        target.free[source.kind[tour]] -= 1
    target.kind[tour] = source.kind[tour]
    for kind in range(source.ways.shape[1]):
        target.ways[tour, kind] = source.ways[tour, kind]
    target.first[tour], target.last[tour], target.size[tour] = source.first[tour], source.last[tour], source.size[tour]
    target.kg[tour], target.litres[tour] = source.kg[tour], source.litres[tour]
    at = source.first[tour]
    while at != NOBODY:
        target.before[at], target.behind[at], target.tour[at] = source.before[at], source.behind[at], tour
        target.cost_in[at], target.early_s[at], target.late_s[at] = (
            source.cost_in[at],
            source.early_s[at],
            source.late_s[at],
        )
        at = source.behind[at]
    if source.spans.shape[0] > 0:
        at = source.first[tour]
        while at != NOBODY:
            for column in range(source.spans.shape[1]):
                target.spans[at, column] = source.spans[at, column]
            at = source.behind[at]


@inlined_part
def take_over(source: Chains, target: Chains, notes: Notes) -> None:
    """Make all changed tours of the target like those of the source."""
    for index in range(notes.counts[N_OUT]):
        target.tour[notes.out[index]] = NOBODY
    for index in range(notes.counts[N_CHANGED]):
        copy_tour(source, target, notes.changed[index])
    target.objective[0] = source.objective[0]
