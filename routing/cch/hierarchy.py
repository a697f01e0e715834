"""The structure phase: everything about a graph that no weight can change, built once per map.

Guards that the structure is plain arrays, to be kept on disk and mapped back into memory as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.cch.order import contraction_ranks, undirected
from routing.cch.state_graph import StateGraph
from routing.kernels.cch_customise import SlotArcs, Triangles
from routing.kernels.cch_labels import Tree
from routing.kernels.cch_search import Completion
from routing.kernels.cch_symbolic import chordal_completion, elimination_tree, lower_triangles, post_order, tree_shape
from routing.kernels.grouping import group


@dataclass(frozen=True, kw_only=True)
class Hierarchy:
    """Elimination tree and chordal completion of a graph.

    States are renumbered to *ranks*, in the order of contraction. An *edge* joins a rank to a higher one; a *slot* is
    an edge in one direction: ``2 * edge`` upwards, ``2 * edge + 1`` downwards.

    Attributes
    ----------
    rank
        ``(n_states,)`` int32: rank of each state.
    parent, level, first_descendant
        ``(n_states,)`` int32, by rank: see ``routing.kernels.cch_labels.Tree``.
    up_first, up_head
        ``(n_states + 1,)``, ``(n_edges,)`` int32: edges by their lower end, and their upper ends, sorted.
    down_first, down_edge
        ``(n_states + 1,)``, ``(n_edges,)`` int32: edges by their upper end.
    triangle_first, triangle_to_low, triangle_to_high
        ``(n_edges + 1,)`` int64, ``(n_triangles,)`` int32: for each edge the pairs of edges from a common lower rank
        to its lower and to its upper end.
    arc_slot
        ``(n_arcs,)`` int32: where each arc of the graph lies, -1 for self-loops.
    slot_first, slot_arc
        ``(2 * n_edges + 1,)``, ``(n_arcs less self-loops,)`` int32: arcs by slot.
    loop_arc, loop_rank
        ``(n_loops,)`` int32: self-loops and the ranks they start and end at.
    """

    rank: NDArray[np.int32]
    parent: NDArray[np.int32]
    level: NDArray[np.int32]
    first_descendant: NDArray[np.int32]
    up_first: NDArray[np.int32]
    up_head: NDArray[np.int32]
    down_first: NDArray[np.int32]
    down_edge: NDArray[np.int32]
    triangle_first: NDArray[np.int64]
    triangle_to_low: NDArray[np.int32]
    triangle_to_high: NDArray[np.int32]
    arc_slot: NDArray[np.int32]
    slot_first: NDArray[np.int32]
    slot_arc: NDArray[np.int32]
    loop_arc: NDArray[np.int32]
    loop_rank: NDArray[np.int32]

    def __post_init__(self) -> None:
        for field in fields(self):
            getattr(self, field.name).setflags(write=False)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """The hierarchy that ``arrays`` was called on."""
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})  # type: ignore[arg-type]  # by name

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All arrays by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.rank.size)

    @property
    def n_edges(self) -> int:
        """Number of edges of the chordal completion."""
        return int(self.up_head.size)

    @property
    def n_arcs(self) -> int:
        """Number of arcs of the graph."""
        return int(self.arc_slot.size)

    @cached_property
    def n_levels(self) -> int:
        """Rows that a label needs."""
        return int(self.level.max(initial=0)) + 1

    @cached_property
    def up_level(self) -> NDArray[np.int32]:
        """``(n_edges,)`` level of each edge's upper end."""
        return self.level[self.up_head]

    @property
    def tree(self) -> Tree:
        """What the label kernels need."""
        return Tree(self.parent, self.level, self.first_descendant)

    @property
    def triangles(self) -> Triangles:
        """What the customisation kernels need."""
        return Triangles(self.triangle_first, self.triangle_to_low, self.triangle_to_high)

    @property
    def slot_arcs(self) -> SlotArcs:
        """Arcs by slot."""
        return SlotArcs(self.slot_first, self.slot_arc)

    @property
    def completion(self) -> Completion:
        """What the search kernels need."""
        return Completion(self.up_first, self.up_level, self.down_first, self.down_edge)


def build_hierarchy(graph: StateGraph) -> Hierarchy:
    """Order and contract a graph."""
    n = graph.n_states
    rank = contraction_ranks(graph)
    tail, head = rank[graph.tails()], rank[graph.head]
    pair_low, pair_high = _pairs_of_streets(graph.street, rank)
    links_low, links_high = np.concatenate((tail, pair_low)), np.concatenate((head, pair_high))
    renumbered = post_order(elimination_tree(*undirected(links_low, links_high, n)))
    rank, tail, head = renumbered[rank], renumbered[tail], renumbered[head]
    first, neighbour = undirected(renumbered[links_low], renumbered[links_high], n)
    parent = elimination_tree(first, neighbour)
    up_first, up_head = chordal_completion(first, neighbour, parent)
    level, first_descendant = tree_shape(parent)
    arc_slot = _slots(tail, head, up_first, up_head)
    slot_first, by_slot = group(arc_slot + np.int32(1), 2 * up_head.size + 1)
    loop_arc, slot_arc = np.split(by_slot, slot_first[1:2])
    down_first, down_edge = group(up_head, n)
    triangle_first, to_low, to_high = lower_triangles(up_first, up_head)
    return Hierarchy(
        rank=rank,
        parent=parent,
        level=level,
        first_descendant=first_descendant,
        up_first=up_first,
        up_head=up_head,
        down_first=down_first,
        down_edge=down_edge,
        triangle_first=triangle_first,
        triangle_to_low=to_low,
        triangle_to_high=to_high,
        arc_slot=arc_slot,
        slot_first=slot_first[1:] - slot_first[1],
        slot_arc=slot_arc,
        loop_arc=loop_arc,
        loop_rank=tail[loop_arc],
    )


def _pairs_of_streets(
    street: NDArray[np.int32], rank: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ranks of the same street that follow each other; an edge between them makes one the ancestor of the other."""
    street_at = np.empty(rank.size, dtype=np.int32)
    street_at[rank] = street
    low = np.flatnonzero(street_at[1:] == street_at[:-1]).astype(np.int32)
    return low, low + 1


def _slots(
    tail: NDArray[np.int32], head: NDArray[np.int32], up_first: NDArray[np.int32], up_head: NDArray[np.int32]
) -> NDArray[np.int32]:
    n = up_first.size - 1
    edges = np.repeat(np.arange(n, dtype=np.int64), np.diff(up_first)) * n + up_head
    edge = np.searchsorted(edges, np.minimum(tail, head).astype(np.int64) * n + np.maximum(tail, head))
    return np.where(tail == head, -1, 2 * edge + (tail > head)).astype(np.int32)
