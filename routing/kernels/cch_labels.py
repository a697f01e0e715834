"""Compiled elimination-tree labels: for every point the cost to or from each ancestor of its place in the tree.

A label is a column; its row ``level`` is the cost to the ancestor at that level. Columns stand in the order of their
ranks, so those inside a subtree are a contiguous range, and one relaxation serves the whole range at once. After
Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843 (elimination-tree query), and Delling, Goldberg, Nowatzyk and
Werneck 2013, doi:10.1016/j.jpdc.2012.02.007 (sweeps in rank order).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Weights = NDArray[np.int32] | NDArray[np.int64]
"""Milliseconds, or milliseconds and length packed."""

FIRST_LEVEL = 3
"""Level of the roots: the product takes four levels at a time and may begin above the root, at infinite labels."""


class Tree(NamedTuple):
    """Elimination tree in post-order.

    Attributes
    ----------
    parent
        ``(n,)`` int32, -1 for roots.
    level
        ``(n,)`` int32, ``FIRST_LEVEL`` for roots and one more with every step down.
    first_descendant
        ``(n,)`` int32: the subtree of ``rank`` is the ranks ``first_descendant[rank]`` to ``rank``.
    """

    parent: NDArray[np.int32]
    level: NDArray[np.int32]
    first_descendant: NDArray[np.int32]


class OpenArcs(NamedTuple):
    """Edges that can be used in one direction, by their lower end: entries ``first[rank]`` to ``first[rank + 1]``.

    Attributes
    ----------
    first
        ``(n + 1,)`` int32.
    level
        Level of the upper end.
    weight
        Cost.
    """

    first: NDArray[np.int32]
    level: NDArray[np.int32]
    weight: Weights


@njit(cache=True, nogil=True)
def open_arcs(
    up_first: NDArray[np.int32],
    up_level: NDArray[np.int32],
    slot_weight: NDArray[np.int64],
    direction: int,
    infinity: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Gather the edges that one direction may use, ``direction`` 0 for upwards and 1 for downwards.

    About half of all edges are closed in either direction, and asking each of them anew costs more than all the rest
    of a sweep.
    """
    first = np.zeros(up_first.size, np.int32)
    level = np.empty(up_level.size + 1, np.int32)
    weight = np.empty(up_level.size + 1, np.int64)
    count = 0
    for rank in range(up_first.size - 1):
        for edge in range(up_first[rank], up_first[rank + 1]):
            level[count] = up_level[edge]
            weight[count] = slot_weight[2 * edge + direction]
            count += 1 if weight[count] < infinity else 0
        first[rank + 1] = count
    return first, level[:count].copy(), weight[:count].copy()


@njit(cache=True, nogil=True)
def sweep(tree: Tree, arcs: OpenArcs, columns_before: NDArray[np.int32], label: Weights) -> None:
    """Carry the costs in ``label`` up the tree.

    Parameters
    ----------
    tree, arcs
        Upward arcs for costs from the points, downward arcs for costs to the points.
    columns_before
        ``(n + 1,)``: how many columns have a rank below each rank.
    label
        ``(n_levels, n_columns or more)``: holds the points' own costs, infinity elsewhere.
    """
    narrow = label.dtype.type
    for rank in range(tree.level.size):
        # Unsigned positions spare the compiler the question whether they count from the end.
        begin = np.uint32(columns_before[tree.first_descendant[rank]])
        end = np.uint32(columns_before[rank + 1])
        if begin == end:
            continue
        own = label[np.uint32(tree.level[rank]), begin:end]
        for arc in range(arcs.first[rank], arcs.first[rank + 1]):
            weight = arcs.weight[arc]
            above = label[np.uint32(arcs.level[arc]), begin:end]
            for column in range(own.size):
                above[column] = min(above[column], narrow(own[column] + weight))
