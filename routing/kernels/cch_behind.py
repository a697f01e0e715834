"""Compiled costs of the pairs that labels get wrong: a target behind the source on one state.

Labels take such a pair for a step back, of negative cost. The way is the cheapest cycle through the state, or one over
other places of the two points. Few pairs are concerned, and those on one street need the same few ways, so labels of
the last two ends on either side are kept.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_labels import OpenArcs, Tree


class Ends(NamedTuple):
    """Places of points, as sources or as targets.

    Attributes
    ----------
    first
        ``(n_points + 1,)`` int32: places of each point.
    point, rank
        ``(n_places,)`` int32: point and rank of each place.
    cost
        ``(n_places,)`` int64 packed cost that the place adds, also negative.
    by_rank
        ``(n_places,)`` places in the order of their ranks.
    """

    first: NDArray[np.int32]
    point: NDArray[np.int32]
    rank: NDArray[np.int32]
    cost: NDArray[np.int64]
    by_rank: NDArray[np.intp]


class Cycles(NamedTuple):
    """What cycles need beside upward and downward edges: edges by their upper end, slots, and self-loops by rank."""

    down_first: NDArray[np.int32]
    down_edge: NDArray[np.int32]
    slot_cost: NDArray[np.int64]
    loop_cost: NDArray[np.int64]


class _Labels(NamedTuple):
    """Costs by level of the last two ranks asked for, in one direction."""

    rank: NDArray[np.int32]
    cost: NDArray[np.int64]


@njit(cache=True, nogil=True)
def costs_behind(
    tree: Tree,
    arcs: tuple[OpenArcs, OpenArcs],
    cycles: Cycles,
    sources: Ends,
    targets: Ends,
    n_levels: int,
    infinity: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Source and target points with places on one state, the target behind the source, and the cost between them.

    A pair may come up twice, with the same cost.
    """
    row, column = _pairs(sources, targets)
    forward = _Labels(np.full(2, -1, np.int32), np.empty((2, n_levels), np.int64))
    backward = _Labels(np.full(2, -1, np.int32), np.empty((2, n_levels), np.int64))
    cost = np.full(row.size, infinity, np.int64)
    for pair in range(row.size):
        for start in range(sources.first[row[pair]], sources.first[row[pair] + 1]):
            for end in range(targets.first[column[pair]], targets.first[column[pair] + 1]):
                added = sources.cost[start] + targets.cost[end]
                ends = (sources.rank[start], targets.rank[end])
                way = _way(tree, arcs, cycles, ends, added, (forward, backward), infinity)
                if way < infinity:
                    cost[pair] = min(cost[pair], way + added)
    return row, column, cost


@njit(cache=True, nogil=True)
def _pairs(sources: Ends, targets: Ends) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Source and target points of places on one state with the target behind, in the order of the states' ranks."""
    row, column = np.empty(0, np.int32), np.empty(0, np.int32)
    for is_filling in range(2):
        count, begin = 0, 0
        for source in sources.by_rank:
            rank = sources.rank[source]
            while begin < targets.by_rank.size and targets.rank[targets.by_rank[begin]] < rank:
                begin += 1
            position = begin
            while position < targets.by_rank.size and targets.rank[targets.by_rank[position]] == rank:
                target = targets.by_rank[position]
                position += 1
                if sources.cost[source] + targets.cost[target] < 0:
                    if is_filling:
                        row[count], column[count] = sources.point[source], targets.point[target]
                    count += 1
        if not is_filling:
            row, column = np.empty(count, np.int32), np.empty(count, np.int32)
    return row, column


@njit(cache=True, nogil=True)
def _way(
    tree: Tree,
    arcs: tuple[OpenArcs, OpenArcs],
    cycles: Cycles,
    ends: tuple[int, int],
    added: int,
    labels: tuple[_Labels, _Labels],
    infinity: int,
) -> int:
    """Cost from one rank to another; of the cheapest cycle where both are one and ``added`` is negative."""
    start, end = ends
    forward = _labelled(tree, arcs[0], start, labels[0], infinity)
    backward = _labelled(tree, arcs[1], end, labels[1], infinity)
    best, one, other = infinity, start, end
    while one >= 0 and one != other:  # children have lower ranks than their parents
        if other >= 0 and one > other:
            other = tree.parent[other]
        else:
            one = tree.parent[one]
    if start == end and added < 0:
        # It turns at a higher rank; or at a lower one, over one edge and back; or it is a self-loop.
        one = tree.parent[start]
        best = min(best, cycles.loop_cost[start])
        for position in range(cycles.down_first[start], cycles.down_first[start + 1]):
            edge = cycles.down_edge[position]
            best = min(best, cycles.slot_cost[2 * edge] + cycles.slot_cost[2 * edge + 1])
    while one >= 0:
        level = tree.level[one]
        best = min(best, forward[level] + backward[level])
        one = tree.parent[one]
    return best


@njit(cache=True, nogil=True)
def _labelled(tree: Tree, arcs: OpenArcs, rank: int, labels: _Labels, infinity: int) -> NDArray[np.int64]:
    """Costs between a rank and its ancestors, by level; kept ones where the rank was one of the last two."""
    slot = 0 if labels.rank[0] == rank else 1
    if labels.rank[slot] != rank:
        labels.rank[1], labels.rank[0] = labels.rank[0], rank
        labels.cost[1] = labels.cost[0]
        slot = 0
        _climb(tree, arcs, rank, labels.cost[slot], infinity)
    kept: NDArray[np.int64] = labels.cost[slot]
    return kept


@njit(cache=True, nogil=True)
def _climb(tree: Tree, arcs: OpenArcs, rank: int, cost: NDArray[np.int64], infinity: int) -> None:
    """Label all ancestors of a rank."""
    above = rank
    while above >= 0:
        cost[tree.level[above]] = infinity
        above = tree.parent[above]
    cost[tree.level[rank]] = 0
    above = rank
    while above >= 0:
        own = cost[tree.level[above]]
        if own < infinity:
            for arc in range(arcs.first[above], arcs.first[above + 1]):
                level = arcs.level[arc]
                cost[level] = min(cost[level], own + arcs.weight[arc])
        above = tree.parent[above]
