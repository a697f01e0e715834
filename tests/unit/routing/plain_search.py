"""The slow twin of the hierarchy: one Dijkstra search per source with a four-way heap.

Costs are packed ``ms << 32 | mm`` and only ever added and compared. A label is the cost up to the *start* of a
state's arc, so a target behind its source on one arc is reached by the cheapest way round and never by a negative
difference.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.search import SearchGraph

UNREACHED = np.int64(2**62)
"""Larger than every packed cost."""


class Entries(NamedTuple):
    """States at which points are left or reached: those of point ``i`` are ``first[i]`` to ``first[i + 1]``.

    As a source, ``cost`` is what driving from the arc's start to the point costs (it is taken off the first turn);
    as a target, what is added to the label.
    """

    first: NDArray[np.int32]
    state: NDArray[np.int32]
    cost: NDArray[np.int64]


@njit(cache=True, nogil=True)
def _push(
    keys: NDArray[np.int64], states: NDArray[np.int32], place: NDArray[np.int32], size: int, state: int, key: int
) -> int:
    """Insert a state or lower its key; returns the heap's new size."""
    hole = place[state]
    if hole < 0:
        hole = size
        size += 1
    while hole > 0:
        parent = (hole - 1) >> 2
        if keys[parent] <= key:
            break
        keys[hole] = keys[parent]
        states[hole] = states[parent]
        place[states[hole]] = hole
        hole = parent
    keys[hole] = key
    states[hole] = state
    place[state] = hole
    return size


@njit(cache=True, nogil=True)
def _drop_first(keys: NDArray[np.int64], states: NDArray[np.int32], place: NDArray[np.int32], size: int) -> int:
    """Remove the smallest; returns the heap's new size."""
    size -= 1
    if size == 0:
        return 0
    key = keys[size]
    state = states[size]
    hole = 0
    while True:
        child = 4 * hole + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if keys[other] < keys[best]:
                best = other
        if keys[best] >= key:
            break
        keys[hole] = keys[best]
        states[hole] = states[best]
        place[states[hole]] = hole
        hole = best
    keys[hole] = key
    states[hole] = state
    place[state] = hole
    return size


@njit(cache=True, nogil=True)
def search_many(  # noqa: C901, PLR0912 - compiled loops read best in one piece
    graph: SearchGraph, sources: Entries, targets: Entries, begin: int, end: int, cost: NDArray[np.int64]
) -> None:
    """Fill rows ``begin`` to ``end`` of ``cost`` with packed costs from each source to all targets.

    Unreachable pairs become ``UNREACHED``. Ways along one arc from a point to a later one are not seen here.
    """
    n = graph.first_out.size - 1
    label = np.full(n, UNREACHED, dtype=np.int64)
    keys = np.empty(n, dtype=np.int64)
    states = np.empty(n, dtype=np.int32)
    place = np.full(n, -1, dtype=np.int32)
    touched = np.empty(n, dtype=np.int32)
    is_target = np.zeros(n, dtype=np.bool_)
    n_targets = 0
    for entry in range(targets.state.size):
        if not is_target[targets.state[entry]]:
            is_target[targets.state[entry]] = True
            n_targets += 1
    for source in range(begin, end):
        size = 0
        n_touched = 0
        for entry in range(sources.first[source], sources.first[source + 1]):
            state = sources.state[entry]
            for out in range(graph.first_out[state], graph.first_out[state + 1]):
                successor = graph.head[out]
                key = graph.weight[out] - sources.cost[entry]
                if key < label[successor]:
                    if label[successor] == UNREACHED:
                        touched[n_touched] = successor
                        n_touched += 1
                    label[successor] = key
                    size = _push(keys, states, place, size, successor, key)
        n_left = n_targets
        while size > 0:
            state = states[0]
            key = keys[0]
            size = _drop_first(keys, states, place, size)
            if is_target[state]:
                n_left -= 1
                if n_left == 0:
                    break
            for out in range(graph.first_out[state], graph.first_out[state + 1]):
                successor = graph.head[out]
                longer = key + graph.weight[out]
                if longer < label[successor]:
                    if label[successor] == UNREACHED:
                        touched[n_touched] = successor
                        n_touched += 1
                    label[successor] = longer
                    size = _push(keys, states, place, size, successor, longer)
        for target in range(targets.first.size - 1):
            best = UNREACHED
            for entry in range(targets.first[target], targets.first[target + 1]):
                reached = label[targets.state[entry]]
                if reached < UNREACHED:
                    best = min(best, reached + targets.cost[entry])
            cost[source, target] = best
        for index in range(n_touched):
            label[touched[index]] = UNREACHED
            place[touched[index]] = -1
