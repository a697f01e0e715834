"""Strongly connected components and reachability of a graph in arrays.

Components follow Tarjan (1972, doi:10.1137/0201010) without recursion.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.reverse import reversed_arcs


@njit(cache=True, nogil=True)
def strong_components(first_out: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int32]:
    """``(n,)`` int32 component numbers; two states have one number when each reaches the other."""
    n = first_out.size - 1
    component = np.full(n, -1, dtype=np.int32)
    order = np.full(n, -1, dtype=np.int32)
    low = np.zeros(n, dtype=np.int32)
    next_out = first_out[:-1].copy()
    path = np.empty(n, dtype=np.int32)
    waiting = np.empty(n, dtype=np.int32)
    n_waiting = 0
    n_seen = 0
    n_components = 0
    for root in range(n):
        if order[root] >= 0:
            continue
        depth = 0
        path[0] = root
        order[root] = n_seen
        low[root] = n_seen
        n_seen += 1
        waiting[n_waiting] = root
        n_waiting += 1
        while depth >= 0:
            state = path[depth]
            if next_out[state] < first_out[state + 1]:
                successor = head[next_out[state]]
                next_out[state] += 1
                if order[successor] < 0:
                    order[successor] = n_seen
                    low[successor] = n_seen
                    n_seen += 1
                    waiting[n_waiting] = successor
                    n_waiting += 1
                    depth += 1
                    path[depth] = successor
                elif component[successor] < 0:
                    low[state] = min(low[state], order[successor])
            else:
                if low[state] == order[state]:
                    while True:
                        n_waiting -= 1
                        member = waiting[n_waiting]
                        component[member] = n_components
                        if member == state:
                            break
                    n_components += 1
                depth -= 1
                if depth >= 0:
                    low[path[depth]] = min(low[path[depth]], low[state])
    return component


@njit(cache=True, nogil=True)
def reachable_states(
    first_out: NDArray[np.int32], head: NDArray[np.int32], is_seed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """``(n,)`` bool: the seeds and all that can be reached from them."""
    n = first_out.size - 1
    is_reached = is_seed.copy()
    waiting = np.empty(n, dtype=np.int32)
    n_waiting = 0
    for state in range(n):
        if is_seed[state]:
            waiting[n_waiting] = state
            n_waiting += 1
    while n_waiting > 0:
        n_waiting -= 1
        state = waiting[n_waiting]
        for out in range(first_out[state], first_out[state + 1]):
            successor = head[out]
            if not is_reached[successor]:
                is_reached[successor] = True
                waiting[n_waiting] = successor
                n_waiting += 1
    return is_reached


@njit(cache=True, nogil=True)
def states_around(
    first_out: NDArray[np.int32], head: NDArray[np.int32], seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """``(n,)`` bool each: what can be reached from one state, and from what the state can be reached."""
    is_seed = np.zeros(first_out.size - 1, dtype=np.bool_)
    is_seed[seed] = True
    first_in, tail = reversed_arcs(first_out, head)
    return reachable_states(first_out, head, is_seed), reachable_states(first_in, tail, is_seed)
