"""The order in which a hierarchy contracts states: nested dissection of the streets, states of a street together.

Guards that the order depends on nothing but the graph, so that a stored hierarchy can be built again bit for bit.
"""

import numpy as np
from numpy.typing import NDArray

from routing.cch.state_graph import StateGraph
from routing.kernels.cch_dissection import dissection_order
from routing.kernels.grouping import neighbours

N_DIRECTIONS = 8
"""Directions in which a cut is sought; more make the tree little shallower and the order slower."""


def contraction_ranks(graph: StateGraph) -> NDArray[np.int32]:
    """``(n,)`` rank of each state; rank 0 is contracted first."""
    if graph.n_states == 0:
        return np.zeros(0, dtype=np.int32)
    _, street, n_members = np.unique(graph.street, return_inverse=True, return_counts=True)
    first, neighbour = undirected(street[graph.tails()], street[graph.head], n_members.size)
    east = np.bincount(street, graph.lon_deg) / n_members * np.cos(np.radians(graph.lat_deg.mean()))
    north = np.bincount(street, graph.lat_deg) / n_members
    angles = np.arange(N_DIRECTIONS) * np.pi / N_DIRECTIONS
    by_direction = np.argsort(np.outer(np.cos(angles), east) + np.outer(np.sin(angles), north), kind="stable")
    street_rank = _inverse(dissection_order(first, neighbour, by_direction.astype(np.int32)))
    return _inverse(np.argsort(street_rank[street], kind="stable"))


def undirected(
    tail: NDArray[np.integer], head: NDArray[np.integer], n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Adjacency array of the graph without directions, parallel arcs and self-loops; neighbours are sorted."""
    return neighbours(tail.astype(np.int32), head.astype(np.int32), n)


def _inverse(order: NDArray[np.integer]) -> NDArray[np.int32]:
    rank = np.empty(order.size, dtype=np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return rank
