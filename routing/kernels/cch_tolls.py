"""Compiled toll lengths: beside every packed cost the millimetres of the same way that lie on toll streets.

A packed cost has no room for a third number, so tolls travel in arrays of their own. Guards that they belong to the
very way that seconds and metres describe: a toll is compared only between ways of one cost, and then the lesser counts.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_customise import SlotArcs, Triangles
from routing.kernels.cch_labels import OpenArcs, Tree

Costs = NDArray[np.int64]
Tolls = NDArray[np.int64]


@njit(cache=True, nogil=True)
def slot_tolls(
    triangles: Triangles, slot_arcs: SlotArcs, arc_cost: Costs, slot_cost: Costs, arc_toll: Tolls, infinity: int
) -> Tolls:
    """``(2 * n_edges,)`` toll length of each slot's way; 0 where the slot is closed."""
    toll = np.zeros(slot_cost.size, np.int64)
    for edge in range(triangles.first.size - 1):
        for direction in range(2):
            slot = 2 * edge + direction
            cost, least = slot_cost[slot], np.int64(-1)
            if cost >= infinity:
                continue
            for position in range(slot_arcs.first[slot], slot_arcs.first[slot + 1]):
                arc = slot_arcs.arc[position]
                if arc_cost[arc] == cost and (least < 0 or arc_toll[arc] < least):
                    least = arc_toll[arc]
            for triangle in range(triangles.first[edge], triangles.first[edge + 1]):
                side, other = triangles.to_low[triangle], triangles.to_high[triangle]
                if direction:
                    side, other = other, side
                down, up = 2 * side + 1, 2 * other
                if slot_cost[down] + slot_cost[up] == cost and (least < 0 or toll[down] + toll[up] < least):
                    least = toll[down] + toll[up]
            toll[slot] = least
    return toll


@njit(cache=True, nogil=True)
def seed_tolls(
    level: NDArray[np.int32], column: NDArray[np.int32], place: tuple[Costs, Tolls], label: tuple[Costs, Tolls]
) -> None:
    """Put the places' own costs and tolls into labels that come in infinite."""
    for index in range(level.size):
        row, at = level[index], column[index]
        cost, toll = place[0][index], place[1][index]
        if cost < label[0][row, at] or (cost == label[0][row, at] and toll < label[1][row, at]):
            label[0][row, at], label[1][row, at] = cost, toll


@njit(cache=True, nogil=True)
def sweep_tolls(
    tree: Tree, arcs: OpenArcs, arc_toll: Tolls, columns_before: NDArray[np.int32], label: tuple[Costs, Tolls]
) -> None:
    """Carry costs and tolls up the tree; see ``routing.kernels.cch_labels.sweep``."""
    for rank in range(tree.level.size):
        begin = np.uint32(columns_before[tree.first_descendant[rank]])
        end = np.uint32(columns_before[rank + 1])
        if begin == end:
            continue
        level = np.uint32(tree.level[rank])
        for arc in range(arcs.first[rank], arcs.first[rank + 1]):
            above = np.uint32(arcs.level[arc])
            _take_better(
                (label[0][level, begin:end], label[1][level, begin:end]),
                (arcs.weight[arc], arc_toll[arc]),
                (label[0][above, begin:end], label[1][above, begin:end]),
            )


@njit(cache=True, nogil=True)
def fold_tolls(
    tree: Tree,
    row_rank: NDArray[np.int32],
    forward: tuple[Costs, Tolls],
    columns_before: NDArray[np.int32],
    backward: tuple[Costs, Tolls],
    points: tuple[NDArray[np.int32], NDArray[np.int32]],
    infinity: int,
    out: tuple[Costs, Tolls],
) -> None:
    """Lower ``out[row point, column point]`` to the best ways between some label columns and others.

    ``points`` are those of the rows, as positions in ``out``, and those of the columns.
    """
    cost, toll = np.empty(points[1].size, np.int64), np.empty(points[1].size, np.int64)
    for row in range(row_rank.size):
        cost[:], toll[:] = infinity, 0
        rank = row_rank[row]
        while rank >= 0:
            level = np.uint32(tree.level[rank])
            begin = np.uint32(columns_before[tree.first_descendant[rank]])
            end = np.uint32(columns_before[rank + 1])
            _take_better(
                (backward[0][level, begin:end], backward[1][level, begin:end]),
                (forward[0][level, row], forward[1][level, row]),
                (cost[begin:end], toll[begin:end]),
            )
            rank = tree.parent[rank]
        best, least = out[0][points[0][row]], out[1][points[0][row]]
        for column in range(cost.size):
            at = points[1][column]
            if cost[column] < best[at] or (cost[column] == best[at] and toll[column] < least[at]):
                best[at], least[at] = cost[column], toll[column]


@njit(cache=True, nogil=True)
def _take_better(ways: tuple[Costs, Tolls], added: tuple[int, int], best: tuple[Costs, Tolls]) -> None:
    """``best`` becomes ``ways`` with what is ``added`` where that costs less, or as much with less toll."""
    (cost, toll), (best_cost, best_toll) = ways, best
    for column in range(cost.size):
        its_cost, its_toll = cost[column] + added[0], toll[column] + added[1]
        is_better = (its_cost < best_cost[column]) | ((its_cost == best_cost[column]) & (its_toll < best_toll[column]))
        # Written as choices, not as a branch: so it is worked out for several columns at once.
        best_cost[column] = its_cost if is_better else best_cost[column]
        best_toll[column] = its_toll if is_better else best_toll[column]
