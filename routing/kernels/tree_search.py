"""What can be reached from one state, kept as a tree of shortest hops, and brought up to date after some turns changed.

Guards exactness without a search of everything: below a turn that is gone, only what hung on it is looked at.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def search_tree(
    first: NDArray[np.int32], other: NDArray[np.int32], seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """``(n,)`` each: whether a state can be reached from the seed, and the state before it on a way of fewest turns.

    Turns of state ``s`` lead to ``other[first[s]:first[s + 1]]``. Nothing stands before the seed and what is not
    reached: -1.
    """
    n = first.size - 1
    is_reached = np.zeros(n, dtype=np.bool_)
    before = np.full(n, -1, dtype=np.int32)
    waiting = np.empty(n, dtype=np.int32)
    is_reached[seed] = True
    waiting[0] = seed
    n_seen, at = 1, 0
    while at < n_seen:
        state = waiting[at]
        at += 1
        for index in range(first[state], first[state + 1]):
            successor = other[index]
            if not is_reached[successor]:
                is_reached[successor] = True
                before[successor] = state
                waiting[n_seen] = successor
                n_seen += 1
    return is_reached, before


@njit(cache=True, nogil=True)
def reached_after(
    turns: tuple[NDArray[np.int32], NDArray[np.int32]],
    backwards: tuple[NDArray[np.int32], NDArray[np.int32]],
    tree: tuple[NDArray[np.bool_], NDArray[np.int32]],
    removed: NDArray[np.int64],
    added: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """``(n,)``: what the seed of a tree reaches after some turns are gone and others have come.

    ``turns`` and ``backwards`` are the turns before, by the state they start from and by the one they lead to; changed
    ones are ``from * n + to``, rising.
    """
    first, other = turns
    first_in, tail = backwards
    n = first.size - 1
    is_reached, before = tree[0].copy(), tree[1]
    lost = [np.int64(0) for _ in range(0)]
    for key in removed:
        start, end = key // n, key % n
        if is_reached[end] and before[end] == start:
            is_reached[end] = False
            lost.append(end)
    at = 0
    while at < len(lost):
        state = lost[at]
        at += 1
        for index in range(first[state], first[state + 1]):
            successor = np.int64(other[index])
            if is_reached[successor] and before[successor] == state:
                is_reached[successor] = False
                lost.append(successor)
    # What is still reached has its way in the tree; from there, what was lost is found again over other turns.
    waiting = [np.int64(0) for _ in range(0)]
    for state in lost:
        for index in range(first_in[state], first_in[state + 1]):
            if is_reached[tail[index]] and not _contains(removed, np.int64(tail[index]) * n + state):
                is_reached[state] = True
                waiting.append(state)
                break
    for key in added:
        start, end = key // n, key % n
        if is_reached[start] and not is_reached[end]:
            is_reached[end] = True
            waiting.append(end)
    while len(waiting) > 0:
        state = waiting.pop()
        for index in range(first[state], first[state + 1]):
            successor = np.int64(other[index])
            if not is_reached[successor] and not _contains(removed, state * n + successor):
                is_reached[successor] = True
                waiting.append(successor)
        position = np.searchsorted(added, state * n)
        while position < added.size and added[position] < (state + 1) * n:
            successor = added[position] % n
            if not is_reached[successor]:
                is_reached[successor] = True
                waiting.append(successor)
            position += 1
    return is_reached


@njit(cache=True, nogil=True)
def _contains(rising: NDArray[np.int64], key: np.int64) -> bool:
    position = int(np.searchsorted(rising, key))
    return position < rising.size and bool(rising[position] == key)
