"""Compiled customisation: what every edge of the chordal completion costs under one metric.

Weights stand in *slots*: slot ``2 * edge`` is the edge driven upwards, ``2 * edge + 1`` downwards. Guards the
lower-triangle inequality on which the queries rely. After Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def place_arcs(
    arc_slot: NDArray[np.int32], arc_weight: NDArray[np.int64], slot_weight: NDArray[np.int64]
) -> None:
    """Lower each slot to its cheapest arc; self-loops have slot -1 and are left out."""
    for arc in range(arc_slot.size):
        slot = arc_slot[arc]
        if slot >= 0:
            slot_weight[slot] = min(slot_weight[slot], arc_weight[arc])


@njit(cache=True, nogil=True)
def relax_triangles(
    triangle_first: NDArray[np.int64],
    to_low: NDArray[np.int32],
    to_high: NDArray[np.int32],
    slot_weight: NDArray[np.int64],
) -> None:
    """Lower every edge to its cheapest way over a lower corner, from the lowest edges to the highest."""
    for edge in range(triangle_first.size - 1):
        up, down = slot_weight[2 * edge], slot_weight[2 * edge + 1]
        for triangle in range(triangle_first[edge], triangle_first[edge + 1]):
            low, high = 2 * np.int64(to_low[triangle]), 2 * np.int64(to_high[triangle])
            up = min(up, slot_weight[low + 1] + slot_weight[high])
            down = min(down, slot_weight[high + 1] + slot_weight[low])
        slot_weight[2 * edge], slot_weight[2 * edge + 1] = up, down
