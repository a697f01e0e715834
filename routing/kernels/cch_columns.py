"""Compiled grouping of places into label columns: places on one path of the tree share a column."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def group_places(
    first: NDArray[np.int32], rank: NDArray[np.int32], first_descendant: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Column of each place, and point and lowest rank of each column.

    Columns are numbered point by point; the first of a point is the one with its lowest rank.
    """
    column_of = np.full(rank.size, -1, np.int32)
    point = np.empty(rank.size, np.int32)
    low_rank = np.empty(rank.size, np.int32)
    n_columns = 0
    for owner in range(first.size - 1):
        n_left = first[owner + 1] - first[owner]
        while n_left:
            low = -1
            for place in range(first[owner], first[owner + 1]):
                if column_of[place] < 0 and (low < 0 or rank[place] < low):
                    low = rank[place]
            for place in range(first[owner], first[owner + 1]):
                if column_of[place] < 0 and first_descendant[rank[place]] <= low:
                    column_of[place] = n_columns
                    n_left -= 1
            point[n_columns], low_rank[n_columns] = owner, low
            n_columns += 1
    return column_of, point[:n_columns].copy(), low_rank[:n_columns].copy()


@njit(cache=True, nogil=True)
def order_by_rank(rank: NDArray[np.int32], n_states: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Positions in the order of their ranks, and how many have a rank below each rank, ``(n_states + 1,)``."""
    # Counted two places ahead: writing the positions moves every count to where it belongs.
    count = np.zeros(n_states + 2, np.int32)
    for position in range(rank.size):
        count[rank[position] + 2] += 1
    for state in range(n_states):
        count[state + 2] += count[state + 1]
    order = np.empty(rank.size, np.int32)
    for position in range(rank.size):
        order[count[rank[position] + 1]] = position
        count[rank[position] + 1] += 1
    return order, count[: n_states + 1]
