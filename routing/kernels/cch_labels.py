"""Compiled elimination-tree labels: for every point the cost to or from each ancestor of its place in the tree.

One label is a column; row ``depth`` of the column is the cost to the ancestor at that depth. Columns stand in the
order of their ranks, so the columns inside a subtree are a contiguous range, and one relaxation serves the whole
range at once. After Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843 (elimination-tree query), and Delling,
Goldberg, Nowatzyk and Werneck 2013, doi:10.1016/j.jpdc.2012.02.007 (sweeps in rank order).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray


class Tree(NamedTuple):
    """Elimination tree with its upward edges; see ``routing.cch.hierarchy.Hierarchy``."""

    parent: NDArray[np.int32]
    depth: NDArray[np.int32]
    first_descendant: NDArray[np.int32]
    up_first: NDArray[np.int32]
    up_head: NDArray[np.int32]
    up_depth: NDArray[np.int32]


@njit(cache=True, nogil=True)
def sweep(
    tree: Tree, slot_weight: NDArray, direction: int, infinity: int, columns_before: NDArray[np.int32], label: NDArray
) -> None:
    """Carry the costs in ``label`` up the tree.

    Parameters
    ----------
    direction
        0 for costs from the points upwards, 1 for costs down to the points.
    infinity
        Slots of this weight are closed.
    columns_before
        ``(n + 1,)``: how many columns have a rank below each rank.
    label
        ``(n_depths, n_columns)``: holds the points' own costs, ``infinity`` elsewhere.
    """
    for rank in range(tree.parent.size):
        begin = np.uint32(columns_before[tree.first_descendant[rank]])
        end = np.uint32(columns_before[rank + 1])
        if begin == end:
            continue
        own = label[tree.depth[rank], begin:end]
        for edge in range(tree.up_first[rank], tree.up_first[rank + 1]):
            weight = slot_weight[2 * edge + direction]
            if weight < infinity:
                above = label[tree.up_depth[edge], begin:end]
                for column in range(own.size):
                    above[column] = min(above[column], own[column] + weight)
