"""Chooses what to take out of a plan, and in which order to put it back."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.chance import below, draw
from optimizer.search.kernels.compiled_part import inlined_part
from optimizer.search.plain.kernels.chain_insertion import REST_KIND, has_load_room
from optimizer.search.plain.kernels.chains import N_OUT, NOBODY, Chains, Notes, note_change, unlink
from optimizer.search.plain.plain_day import PlainDay

MEAN_REMOVED = 10
LONGEST_STRING = 10
WHOLE_TOUR_SHARE = 0.01
"""Ruins that take out whole tours."""

AT_ABSENT_SHARE = 0.1
"""Ruins that make room for a pickup that is not served."""

BY_SIZE, ANY_ORDER = 0, -2
"""A row of ``PlainDay.keys``, and one that is to be drawn; -1 is by chance."""


@inlined_part
def _take_string(day: PlainDay, plan: Chains, notes: Notes, seed: int, longest: int, chance: NDArray[np.uint64]) -> int:
    """Take a string of visits around a pickup out; the change of cost."""
    tour = plan.tour[seed]
    size = int(plan.size[tour])
    wanted = 1 + below(chance, min(size, longest))
    kept = 0
    if wanted > 1 and wanted < size and draw(chance) < 0.5:
        kept = 1
        while wanted + kept < size and draw(chance) < 0.01:
            kept += 1
    span = wanted + kept
    # Walk back by chance, as far as the string may begin before the seed.
    back = below(chance, span)
    start = seed
    steps = 0
    while steps < back and plan.before[start] != NOBODY:
        start = plan.before[start]
        steps += 1
    # Where the tour ends too early, begin earlier.
    reach, end = 1, start
    while reach < span and plan.behind[end] != NOBODY:
        end = plan.behind[end]
        reach += 1
    while reach < span and plan.before[start] != NOBODY:
        start = plan.before[start]
        reach += 1
    kept_from = 1 + below(chance, wanted - 1) if kept > 0 else span
    change = 0
    at = start
    for index in range(reach):
        following = plan.behind[at]
        if not (kept_from <= index < kept_from + kept):
            change += unlink(day, plan, at) + day.prize[at]
            notes.out[notes.counts[N_OUT]] = at
            notes.counts[N_OUT] += 1
        at = following
    note_change(notes, tour)
    return int(change)


@inlined_part
def _take_tours(
    day: PlainDay, plan: Chains, notes: Notes, seed: int, chance: NDArray[np.uint64], step: int
) -> tuple[int, int, int, int]:
    """Take one to three whole tours near a pickup out; change of cost, and who is to rest for once.

    Whoever rests is a vehicle, ``REST_KIND - kind`` for all vehicles of a kind, or nobody: so pickups change from one
    kind to another together, which no step with fewer of them would pay for.
    """
    n_tours = 1 + below(chance, 3)
    change = 0
    resting = NOBODY
    for rank in range(day.near.shape[1]):
        if n_tours == 0:
            break
        tour = plan.tour[day.near[seed, rank]]
        if tour == NOBODY or notes.mark[tour] == step:
            continue
        notes.mark[tour] = step
        n_tours -= 1
        at = plan.first[tour]
        while at != NOBODY:
            following = plan.behind[at]
            change += unlink(day, plan, at) + day.prize[at]
            notes.out[notes.counts[N_OUT]] = at
            notes.counts[N_OUT] += 1
            at = following
        note_change(notes, tour)
        resting = tour
    drawn = draw(chance)
    if drawn < 0.4:
        return int(change), NOBODY, seed, ANY_ORDER
    if drawn < 0.7 and day.fixed.shape[0] > 1:
        return int(change), REST_KIND - below(chance, day.fixed.shape[0]), seed, ANY_ORDER
    return int(change), int(resting), seed, ANY_ORDER


@inlined_part
def _make_room(day: PlainDay, plan: Chains, notes: Notes, pickup: int, tour: int) -> int:
    """Take pickups that are smaller out of a tour until there is room for one; the change of cost."""
    change = 0
    kind, at = plan.kind[tour], plan.first[tour]
    while at != NOBODY and not has_load_room(day, plan, kind, pickup, tour):
        following = plan.behind[at]
        if day.keys[BY_SIZE, at] > day.keys[BY_SIZE, pickup]:
            change += unlink(day, plan, at) + day.prize[at]
            notes.out[notes.counts[N_OUT]] = at
            notes.counts[N_OUT] += 1
        at = following
    note_change(notes, tour)
    return int(change)


@inlined_part
def ruin(
    day: PlainDay, plan: Chains, notes: Notes, n_absent: int, chance: NDArray[np.uint64], step: int
) -> tuple[int, int, int, int]:
    """Take strings near a pickup out, or now and then whole tours.

    Returns the change of cost, who is to rest, that pickup, and the order to insert in.
    """
    n = day.kg.shape[0]
    seed = below(chance, n)
    change = 0
    if n_absent > 0 and draw(chance) < AT_ABSENT_SHARE:
        while plan.tour[seed] != NOBODY:
            seed = seed + 1 if seed + 1 < n else 0
        tour = plan.tour[day.near[seed, below(chance, day.near.shape[1])]]
        if tour != NOBODY:
            # Who is to get the room comes before those who make it.
            return _make_room(day, plan, notes, seed, tour), NOBODY, seed, BY_SIZE
    if draw(chance) < WHOLE_TOUR_SHARE:
        return _take_tours(day, plan, notes, seed, chance, step)
    n_tours = 0
    for tour in range(plan.size.shape[0]):
        if plan.size[tour] > 0:
            n_tours += 1
    longest = max(1, min(LONGEST_STRING, (n - n_absent) // max(1, n_tours)))
    most = 4 * MEAN_REMOVED / (1 + longest) - 1
    strings = int(draw(chance) * most + 1)
    for rank in range(day.near.shape[1]):
        near = day.near[seed, rank]
        if strings == 0:
            break
        tour = plan.tour[near]
        if tour == NOBODY or notes.mark[tour] == step:
            continue
        notes.mark[tour] = step
        change += _take_string(day, plan, notes, near, longest, chance)
        strings -= 1
    return int(change), NOBODY, seed, ANY_ORDER


@inlined_part
def sort_out(day: PlainDay, notes: Notes, chance: NDArray[np.uint64], row: int) -> None:
    """Bring the pickups to insert into an order: that of a row of ``PlainDay.keys``, or one drawn from them all."""
    if row == ANY_ORDER:
        drawn, row = draw(chance), -1
        while drawn >= day.order_shares[row + 1]:
            row += 1
    n_out = notes.counts[N_OUT]
    for at in range(n_out):
        notes.keys[at] = below(chance, 1 << 30) if row < 0 else day.keys[row, notes.out[at]]
    for at in range(1, n_out):
        pickup, key, hole = notes.out[at], notes.keys[at], at
        while hole > 0 and notes.keys[hole - 1] > key:
            notes.out[hole], notes.keys[hole] = notes.out[hole - 1], notes.keys[hole - 1]
            hole -= 1
        notes.out[hole], notes.keys[hole] = pickup, key
