"""Compiled grouping by small numbers, in linear time: entries by key, neighbours by node."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def group(keys: NDArray[np.int32], n_keys: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Positions by key, those of one key in their order.

    Parameters
    ----------
    keys
        ``(m,)`` from 0 to ``n_keys - 1``.

    Returns
    -------
    first, position
        The key ``k`` stands at ``position[first[k]:first[k + 1]]``.
    """
    first = np.zeros(n_keys + 1, np.int32)
    for index in range(keys.size):
        first[keys[index] + 1] += 1
    for key in range(n_keys):
        first[key + 1] += first[key]
    cursor = first.copy()
    position = np.empty(keys.size, np.int32)
    for index in range(keys.size):
        key = keys[index]
        position[cursor[key]] = index
        cursor[key] += 1
    return first, position


@njit(cache=True, nogil=True)
def neighbours(tail: NDArray[np.int32], head: NDArray[np.int32], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Adjacency array of a graph without directions, parallel arcs and self-loops; neighbours are sorted.

    Parameters
    ----------
    tail, head
        ``(m,)`` from 0 to ``n - 1``: ends of each arc.
    """
    first = np.zeros(n + 1, np.int32)
    for arc in range(tail.size):
        first[tail[arc] + 1] += 1
        first[head[arc] + 1] += 1
    for node in range(n):
        first[node + 1] += first[node]
    unsorted = np.empty(2 * tail.size, np.int32)
    cursor = first.copy()
    for arc in range(tail.size):
        one, other = tail[arc], head[arc]
        unsorted[cursor[one]] = other
        cursor[one] += 1
        unsorted[cursor[other]] = one
        cursor[other] += 1
    # Handing out the nodes one after the other to their neighbours sorts them, and equal ones come side by side.
    shared = np.empty(2 * tail.size, np.int32)
    cursor[:] = first
    for node in range(n):
        for link in range(first[node], first[node + 1]):
            other = unsorted[link]
            if other != node and (cursor[other] == first[other] or shared[cursor[other] - 1] != node):
                shared[cursor[other]] = node
                cursor[other] += 1
    kept_first = np.zeros(n + 1, np.int32)
    count = 0
    for node in range(n):
        for link in range(first[node], cursor[node]):
            unsorted[count] = shared[link]
            count += 1
        kept_first[node + 1] = count
    return kept_first, unsorted[:count].copy()
