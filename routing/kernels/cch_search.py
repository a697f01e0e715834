"""Compiled search for single legs: the cheapest way from one point's places to another's, and the arcs behind it.

Guards that a path costs what the matrix says: it is unpacked from the same slots. After Dibbelt, Strasser and Wagner
2016, doi:10.1145/2886843.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_customise import SlotArcs, Triangles
from routing.kernels.cch_labels import FIRST_LEVEL, OpenArcs, Tree


class Completion(NamedTuple):
    """Edges of the chordal completion by their lower and upper ends; see ``routing.cch.hierarchy.Hierarchy``."""

    up_first: NDArray[np.int32]
    up_level: NDArray[np.int32]
    down_first: NDArray[np.int32]
    down_edge: NDArray[np.int32]


class Costs(NamedTuple):
    """Weights of slots, of self-loops by rank and of arcs, and what counts as closed."""

    slot: NDArray[np.int64]
    loop: NDArray[np.int64]
    arc: NDArray[np.int64]
    infinity: np.int64


class Stops(NamedTuple):
    """Places of points, as sources or as targets: those of point ``p`` are ``first[p]`` to ``first[p + 1]``.

    Each has a rank and a packed cost that it adds to the way, also negative.
    """

    first: NDArray[np.int32]
    rank: NDArray[np.int32]
    cost: NDArray[np.int64]


class Unpacking(NamedTuple):
    """What ways are unpacked with: triangles, arcs by slot, and the cheapest self-loop of each rank, -1 for none."""

    triangles: Triangles
    slot_arcs: SlotArcs
    loop_arc: NDArray[np.int32]


class Legs(NamedTuple):
    """One entry per leg.

    Attributes
    ----------
    cost
        Packed, what the places add included; infinity where there is no way.
    source_place, target_place
        The places it leads from and to, -1 where there is no way.
    first
        Where its arcs begin; has one entry more.
    """

    cost: NDArray[np.int64]
    source_place: NDArray[np.int64]
    target_place: NDArray[np.int64]
    first: NDArray[np.int32]


class _Labels(NamedTuple):
    """By place of one point and level: cost, the rank that it came from, and the place's ancestor there."""

    cost: NDArray[np.int64]
    below: NDArray[np.int32]
    ancestor: NDArray[np.int32]


_LOOP = -2
"""Meeting point of a way that is a single self-loop."""


@njit(cache=True, nogil=True)
def leg_ways(
    tree: Tree,
    open_arcs: tuple[OpenArcs, OpenArcs],
    completion: Completion,
    costs: Costs,
    unpacking: Unpacking,
    stops: tuple[Stops, Stops],
    points: tuple[NDArray[np.intp], NDArray[np.intp]],
    n_levels: int,
) -> tuple[Legs, NDArray[np.int32]]:
    """Cheapest ways between points, over the first places among equally good ones, and their arcs one after the other.

    Parameters
    ----------
    open_arcs
        Upwards and downwards.
    stops, points
        Of the sources and of the targets: all places there are, and the point of each leg.
    """
    (source, target), (sources, targets) = points, stops
    legs = Legs(
        np.full(source.size, costs.infinity, np.int64),
        np.full(source.size, -1, np.int64),
        np.full(source.size, -1, np.int64),
        np.zeros(source.size + 1, np.int32),
    )
    forward, backward = _room(sources, n_levels), _room(targets, n_levels)
    stack = np.empty(4 * n_levels + tree.level.size + 64, np.int32)
    nothing = np.int64(0)  # plain numbers would have all functions they are given to compiled twice
    arcs, count = np.empty(1024, np.int32), int(nothing)
    for leg in range(source.size):
        if leg == 0 or source[leg] != source[leg - 1]:
            _climb_all(tree, open_arcs[0], sources, source[leg], costs.infinity, forward)
        if leg == 0 or target[leg] != target[leg - 1]:
            _climb_all(tree, open_arcs[1], targets, target[leg], costs.infinity, backward)
        begins = sources.first[source[leg]], targets.first[target[leg]]
        best_meeting = int(nothing) - 1
        for start in range(begins[0], sources.first[source[leg] + 1]):
            for end in range(begins[1], targets.first[target[leg] + 1]):
                added = sources.cost[start] + targets.cost[end]
                ranks, rows = (sources.rank[start], targets.rank[end]), (start - begins[0], end - begins[1])
                way, meeting = _meet(tree, completion, costs, ranks, rows, added < 0, (forward, backward))
                if way < costs.infinity and added + way < legs.cost[leg]:
                    legs.cost[leg], best_meeting = added + way, meeting
                    legs.source_place[leg], legs.target_place[leg] = start, end
        start, end = legs.source_place[leg], legs.target_place[leg]
        if best_meeting == _LOOP:
            arcs = _grown(arcs, count)
            arcs[count] = unpacking.loop_arc[sources.rank[start]]
            count += 1
        elif best_meeting != -1:
            ranks, rows = (sources.rank[start], targets.rank[end]), (start - begins[0], end - begins[1])
            n_stacked = _slots_of_way(tree, completion, ranks, rows, best_meeting, (forward, backward), stack)
            arcs, count = _unpack(unpacking, costs, stack, n_stacked, arcs, count)
        legs.first[leg + 1] = count
    return legs, arcs[:count].copy()


@njit(cache=True, nogil=True)
def _room(stops: Stops, n_levels: int) -> _Labels:
    """Labels for the places of any point."""
    most = 1
    for point in range(stops.first.size - 1):
        most = max(most, stops.first[point + 1] - stops.first[point])
    return _Labels(
        np.empty((most, n_levels), np.int64), np.empty((most, n_levels), np.int32), np.empty((most, n_levels), np.int32)
    )


@njit(cache=True, nogil=True)
def _climb_all(tree: Tree, arcs: OpenArcs, stops: Stops, point: int, infinity: np.int64, labels: _Labels) -> None:
    """Label all ancestors of all places of a point."""
    cost, below, ancestor = labels
    for place in range(stops.first[point], stops.first[point + 1]):
        row = place - stops.first[point]
        above = stops.rank[place]
        lowest = tree.level[above]
        while above >= 0:
            level = tree.level[above]
            cost[row, level], ancestor[row, level] = infinity, above
            above = tree.parent[above]
        cost[row, lowest] = 0
        for level in range(lowest, FIRST_LEVEL - 1, -1):
            own, above = cost[row, level], ancestor[row, level]
            if own < infinity:
                for arc in range(arcs.first[above], arcs.first[above + 1]):
                    through, higher = own + arcs.weight[arc], arcs.level[arc]
                    if through < cost[row, higher]:
                        cost[row, higher], below[row, higher] = through, above


@njit(cache=True, nogil=True)
def _meet(
    tree: Tree,
    completion: Completion,
    costs: Costs,
    ranks: tuple[int, int],
    rows: tuple[int, int],
    is_behind: bool,  # noqa: FBT001 - compiled functions take their arguments by position
    labels: tuple[_Labels, _Labels],
) -> tuple[np.int64, int]:
    """Cost from one rank to another and the level where the way turns downwards, -1 where there is none.

    A way that must move although both ranks are one is a cycle. It turns at a higher rank, or it only visits lower
    ranks: then it leaves over an edge to the highest of them and comes back over the same edge, given as
    ``_LOOP - 1 - edge``; or it is a self-loop, given as ``_LOOP``.
    """
    (start, end), (row, other_row), (forward, backward) = ranks, rows, labels
    best, meeting = costs.infinity, -1
    level = min(tree.level[start], tree.level[end])
    while level >= FIRST_LEVEL and forward.ancestor[row, level] != backward.ancestor[other_row, level]:
        level -= 1
    if start == end and is_behind:
        level -= 1
        if costs.loop[start] < best:
            best, meeting = costs.loop[start], _LOOP
        for position in range(completion.down_first[start], completion.down_first[start + 1]):
            edge = completion.down_edge[position]
            cost = costs.slot[2 * edge] + costs.slot[2 * edge + 1]
            if cost < best:
                best, meeting = cost, _LOOP - 1 - edge
    while level >= FIRST_LEVEL:
        cost = forward.cost[row, level] + backward.cost[other_row, level]
        if cost < best:
            best, meeting = cost, level
        level -= 1
    return best, meeting


@njit(cache=True, nogil=True)
def _slots_of_way(
    tree: Tree,
    completion: Completion,
    ranks: tuple[int, int],
    rows: tuple[int, int],
    meeting: int,
    labels: tuple[_Labels, _Labels],
    stack: NDArray[np.int32],
) -> int:
    """Put the slots of the way that ``_meet`` found on the stack, the last one first; returns how many."""
    if meeting < _LOOP:
        edge = _LOOP - 1 - meeting
        stack[0], stack[1] = 2 * edge, 2 * edge + 1
        return 2
    count = 0
    for direction in (1, 0):
        below = labels[direction].below[rows[direction]]
        level, lowest = meeting, tree.level[ranks[direction]]
        while level != lowest:
            low = below[level]
            edge = completion.up_first[low]
            while completion.up_level[edge] != level:
                edge += 1
            stack[count] = 2 * edge + direction
            count += 1
            level = tree.level[low]
        if direction == 1:
            for index in range(count // 2):
                stack[index], stack[count - 1 - index] = stack[count - 1 - index], stack[index]
    return count


@njit(cache=True, nogil=True)
def _unpack(
    unpacking: Unpacking,
    costs: Costs,
    stack: NDArray[np.int32],
    n_stacked: int,
    arcs: NDArray[np.int32],
    count: int,
) -> tuple[NDArray[np.int32], int]:
    """Add the arcs behind the slots on the stack, in driving order, to the first ``count`` entries of ``arcs``."""
    triangles, slot_arcs = unpacking.triangles, unpacking.slot_arcs
    while n_stacked:
        n_stacked -= 1
        slot = stack[n_stacked]
        arc = -1
        for position in range(slot_arcs.first[slot], slot_arcs.first[slot + 1]):
            if costs.arc[slot_arcs.arc[position]] == costs.slot[slot]:
                arc = slot_arcs.arc[position]
                break
        if arc >= 0:
            arcs = _grown(arcs, count)
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
def _grown(arcs: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """The array, or a larger copy where nothing fits behind the first ``count`` entries."""
    if count < arcs.size:
        return arcs
    larger = np.empty(2 * count, np.int32)
    for index in range(count):
        larger[index] = arcs[index]
    return larger
