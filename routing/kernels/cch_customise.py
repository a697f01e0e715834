"""Compiled customisation: what every edge of the chordal completion costs under one set of weights.

Weights stand in *slots*: slot ``2 * edge`` is the edge driven upwards, ``2 * edge + 1`` downwards. Guards the
lower-triangle inequality on which the queries rely. After Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray


class Triangles(NamedTuple):
    """Lower triangles by the edge they lie under; see ``routing.cch.hierarchy.Hierarchy``."""

    first: NDArray[np.int64]
    to_low: NDArray[np.int32]
    to_high: NDArray[np.int32]


class SlotArcs(NamedTuple):
    """Arcs of the graph by the slot they lie in."""

    first: NDArray[np.int32]
    arc: NDArray[np.int32]


@njit(cache=True, nogil=True)
def customise_all(
    triangles: Triangles, arc_slot: NDArray[np.int32], arc_weight: NDArray[np.int64], slot_weight: NDArray[np.int64]
) -> None:
    """Fill ``slot_weight``, which comes in infinite: first with arcs, then with ways over lower corners."""
    for arc in range(arc_slot.size):
        slot = arc_slot[arc]
        if slot >= 0:
            slot_weight[slot] = min(slot_weight[slot], arc_weight[arc])
    for edge in range(triangles.first.size - 1):
        _relax_edge(triangles, edge, slot_weight)


@njit(cache=True, nogil=True)
def customise_changed(
    triangles: Triangles,
    slot_arcs: SlotArcs,
    arc_weight: NDArray[np.int64],
    edges: tuple[NDArray[np.int32], NDArray[np.int32]],
    is_stale: NDArray[np.bool_],
    infinity: int,
    slot_weight: NDArray[np.int64],
) -> int:
    """Bring the stale edges up to date and whatever hangs on them; returns how many edges were looked at.

    ``edges`` is ``(up_first, up_head)``. An edge lies under later ones only, so one pass in order is enough.
    """
    n_looked_at = 0
    low = 0
    for edge in range(is_stale.size):
        if not is_stale[edge]:
            continue
        n_looked_at += 1
        while edges[0][low + 1] <= edge:
            low += 1
        up, down = slot_weight[2 * edge], slot_weight[2 * edge + 1]
        for slot in range(2 * edge, 2 * edge + 2):
            slot_weight[slot] = infinity
            for position in range(slot_arcs.first[slot], slot_arcs.first[slot + 1]):
                slot_weight[slot] = min(slot_weight[slot], arc_weight[slot_arcs.arc[position]])
        _relax_edge(triangles, edge, slot_weight)
        if slot_weight[2 * edge] != up or slot_weight[2 * edge + 1] != down:
            _mark_above(edges, low, edge, is_stale)
    return n_looked_at


@njit(cache=True, nogil=True)
def _relax_edge(triangles: Triangles, edge: int, slot_weight: NDArray[np.int64]) -> None:
    """Lower both directions of an edge to the cheapest way over a lower corner."""
    up, down = slot_weight[2 * edge], slot_weight[2 * edge + 1]
    for triangle in range(triangles.first[edge], triangles.first[edge + 1]):
        to_low, to_high = 2 * np.uint32(triangles.to_low[triangle]), 2 * np.uint32(triangles.to_high[triangle])
        up = min(up, slot_weight[to_low + 1] + slot_weight[to_high])
        down = min(down, slot_weight[to_high + 1] + slot_weight[to_low])
    slot_weight[2 * edge], slot_weight[2 * edge + 1] = up, down


@njit(cache=True, nogil=True)
def _mark_above(
    edges: tuple[NDArray[np.int32], NDArray[np.int32]], low: int, edge: int, is_stale: NDArray[np.bool_]
) -> None:
    """Mark the edges of which ``edge`` is a lower side: those between its upper end and its lower end's others."""
    up_first, up_head = edges
    high = up_head[edge]
    for other in range(up_first[low], up_first[low + 1]):
        one, two = min(high, up_head[other]), max(high, up_head[other])
        if one == two:
            continue
        above = up_first[one]
        while up_head[above] != two:
            above += 1
        is_stale[above] = True
