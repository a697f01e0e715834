"""Compiled search for single pairs: the cost between two states, and the arcs behind it.

Guards that a path costs what the matrix says: it is unpacked from the same slots. After Dibbelt, Strasser and Wagner
2016, doi:10.1145/2886843.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_customise import SlotArcs, Triangles


class Completion(NamedTuple):
    """Edges of the chordal completion; see ``routing.cch.hierarchy.Hierarchy``."""

    parent: NDArray[np.int32]
    level: NDArray[np.int32]
    up_first: NDArray[np.int32]
    up_head: NDArray[np.int32]
    up_level: NDArray[np.int32]
    down_first: NDArray[np.int32]
    down_edge: NDArray[np.int32]


class Costs(NamedTuple):
    """Weights of slots, of self-loops by rank and of arcs, and what counts as closed."""

    slot: NDArray[np.int64]
    loop: NDArray[np.int64]
    arc: NDArray[np.int64]
    infinity: np.int64


class Scratch(NamedTuple):
    """Labels of one search: cost at each level, and the edge that it came over with its lower end."""

    cost: NDArray[np.int64]
    edge: NDArray[np.int32]
    below: NDArray[np.int32]


LOOP = -2
"""Meeting point of a way that is a single self-loop."""


@njit(cache=True, nogil=True)
def _climb(completion: Completion, costs: Costs, rank: int, direction: int, scratch: Scratch) -> None:
    """Label all ancestors of a rank, with costs from it (``direction`` 0) or to it (1)."""
    above = rank
    while above >= 0:
        scratch.cost[completion.level[above]] = costs.infinity
        above = completion.parent[above]
    scratch.cost[completion.level[rank]] = 0
    scratch.edge[completion.level[rank]] = -1
    above = rank
    while above >= 0:
        level = completion.level[above]
        own = scratch.cost[level]
        if own < costs.infinity:
            for edge in range(completion.up_first[above], completion.up_first[above + 1]):
                cost = own + costs.slot[2 * edge + direction]
                target = completion.up_level[edge]
                if cost < scratch.cost[target]:
                    scratch.cost[target], scratch.edge[target], scratch.below[target] = cost, edge, level
        above = completion.parent[above]


@njit(cache=True, nogil=True)
def _meet(
    completion: Completion,
    costs: Costs,
    start: int,
    end: int,
    must_move: np.bool_,
    forward: Scratch,
    backward: Scratch,
) -> tuple[np.int64, np.int64]:
    """Cost from one rank to another and the level where the way turns downwards, by the labels of both.

    A way that must move although start and end are one is a cycle. It turns at a higher rank, or it only visits lower
    ranks: then it leaves over an edge to the highest of them and comes back over the same edge, given as
    ``LOOP - 1 - edge``; or it is a self-loop, given as ``LOOP``.
    """
    best, meeting = costs.infinity, np.int64(-1)
    one, other = start, end
    while one >= 0 and one != other:  # children have lower ranks than their parents
        if other >= 0 and one > other:
            other = completion.parent[other]
        else:
            one = completion.parent[one]
    if must_move:
        one = completion.parent[start]
        if costs.loop[start] < best:
            best, meeting = costs.loop[start], np.int64(LOOP)
        for position in range(completion.down_first[start], completion.down_first[start + 1]):
            edge = completion.down_edge[position]
            cost = costs.slot[2 * edge] + costs.slot[2 * edge + 1]
            if cost < best:
                best, meeting = cost, np.int64(LOOP - 1 - edge)
    while one >= 0:
        level = completion.level[one]
        cost = forward.cost[level] + backward.cost[level]
        if cost < best:
            best, meeting = cost, np.int64(level)
        one = completion.parent[one]
    return best, meeting


@njit(cache=True, nogil=True)
def _slots_of_way(meeting: np.int64, forward: Scratch, backward: Scratch, stack: NDArray[np.int32]) -> int:
    """Put the slots of the way that ``_meet`` found on the stack, the last one first; returns how many."""
    if meeting < LOOP:
        edge = LOOP - 1 - meeting
        stack[0], stack[1] = 2 * edge, 2 * edge + 1
        return 2
    count = 0
    level = meeting
    while backward.edge[level] >= 0:
        stack[count] = 2 * backward.edge[level] + 1
        count += 1
        level = backward.below[level]
    for index in range(count // 2):
        stack[index], stack[count - 1 - index] = stack[count - 1 - index], stack[index]
    level = meeting
    while forward.edge[level] >= 0:
        stack[count] = 2 * forward.edge[level]
        count += 1
        level = forward.below[level]
    return count


@njit(cache=True, nogil=True)
def _unpack(
    triangles: Triangles,
    slot_arcs: SlotArcs,
    costs: Costs,
    stack: NDArray[np.int32],
    n_stacked: int,
    arcs: NDArray[np.int32],
    count: int,
) -> tuple[NDArray[np.int32], int]:
    """Add the arcs behind the slots on the stack, in driving order, to the first ``count`` entries of ``arcs``."""
    while n_stacked:
        n_stacked -= 1
        slot = stack[n_stacked]
        arc = _arc_of_slot(slot_arcs, costs, slot)
        if arc >= 0:
            arcs = _grown(arcs, count, 1)
            arcs[count] = arc
            count += 1
            continue
        edge, direction = slot >> 1, slot & 1
        for triangle in range(triangles.first[edge], triangles.first[edge + 1]):
            # Upwards the way goes down to the lowest corner and up from it; downwards the two sides change places.
            side, other = triangles.to_low[triangle], triangles.to_high[triangle]
            if direction:
                side, other = other, side
            if costs.slot[2 * side + 1] + costs.slot[2 * other] == costs.slot[slot]:
                stack[n_stacked], stack[n_stacked + 1] = 2 * other, 2 * side + 1
                n_stacked += 2
                break
    return arcs, count


@njit(cache=True, nogil=True)
def _arc_of_slot(slot_arcs: SlotArcs, costs: Costs, slot: int) -> int:
    """The arc that is the whole way of a slot, -1 where the way has several."""
    for position in range(slot_arcs.first[slot], slot_arcs.first[slot + 1]):
        arc = slot_arcs.arc[position]
        if costs.arc[arc] == costs.slot[slot]:
            return int(arc)
    return -1


@njit(cache=True, nogil=True)
def _scratch(n_levels: int) -> Scratch:
    return Scratch(np.empty(n_levels, np.int64), np.full(n_levels, -1, np.int32), np.full(n_levels, -1, np.int32))


@njit(cache=True, nogil=True)
def _grown(arcs: NDArray[np.int32], count: int, n_more: int) -> NDArray[np.int32]:
    """The array, or a larger copy where ``n_more`` entries do not fit behind the first ``count``."""
    if count + n_more <= arcs.size:
        return arcs
    larger = np.empty(2 * (count + n_more), np.int32)
    for index in range(count):
        larger[index] = arcs[index]
    return larger


@njit(cache=True, nogil=True)
def pair_ways(
    completion: Completion,
    costs: Costs,
    n_levels: int,
    unpacking: tuple[Triangles, SlotArcs, NDArray[np.int32]],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    must_move: NDArray[np.bool_],
    wants_arcs: np.bool_,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Cost from ``start[i]`` to ``end[i]``, both ranks, and the arcs of the ways.

    Parameters
    ----------
    unpacking
        Triangles, arcs by slot, and the cheapest self-loop of each rank, -1 for none.
    must_move
        Where true, start and end are one and the way is the cheapest cycle.

    Returns
    -------
    tuple
        Costs, where each way's arcs begin, and the arcs one way after the other; none where there is no way.
    """
    forward, backward = _scratch(n_levels), _scratch(n_levels)
    stack = np.empty(4 * n_levels + completion.level.size + 64, np.int32)
    cost = np.empty(start.size, np.int64)
    first = np.zeros(start.size + 1, np.int32)
    arcs = np.empty(1024, np.int32)
    count = 0
    for pair in range(start.size):
        if pair == 0 or start[pair] != start[pair - 1]:  # ways from one place often follow each other
            _climb(completion, costs, start[pair], 0, forward)
        _climb(completion, costs, end[pair], 1, backward)
        cost[pair], meeting = _meet(completion, costs, start[pair], end[pair], must_move[pair], forward, backward)
        if wants_arcs and meeting == LOOP:
            arcs = _grown(arcs, count, 1)
            arcs[count] = unpacking[2][start[pair]]
            count += 1
        elif wants_arcs and meeting != -1:
            n_stacked = _slots_of_way(meeting, forward, backward, stack)
            arcs, count = _unpack(unpacking[0], unpacking[1], costs, stack, n_stacked, arcs, count)
        first[pair + 1] = count
    return cost, first, arcs[:count].copy()
