"""Turn a graph in arrays round: the arcs by the states they lead to."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def reversed_arcs(first_out: NDArray[np.int32], head: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """``first_in`` and ``tail``: arcs into state ``s`` come from ``tail[first_in[s]:first_in[s + 1]]``, rising."""
    n = first_out.size - 1
    first_in = np.zeros(n + 1, dtype=np.int32)
    for arc in range(head.size):
        first_in[head[arc] + 1] += 1
    for state in range(n):
        first_in[state + 1] += first_in[state]
    next_in = first_in[:-1].copy()
    tail = np.empty(head.size, dtype=np.int32)
    for state in range(n):
        for arc in range(first_out[state], first_out[state + 1]):
            tail[next_in[head[arc]]] = state
            next_in[head[arc]] += 1
    return first_in, tail
