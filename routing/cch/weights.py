"""The metric phase: a hierarchy with the weights of one vehicle profile, day and set of closures.

Guards that durations and lengths describe the same path: both travel in one number, ``ms << LENGTH_BITS | length``, so
that one comparison finds the fastest way and, among equally fast ones, the shortest.

Perfect customisation is left out on purpose: on real streets it removes a tenth of the open edges and makes no sweep
faster, while it takes longer than the customisation itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.cch.hierarchy import Hierarchy
from routing.kernels.cch_customise import customise_all, customise_changed
from routing.kernels.cch_labels import OpenArcs, open_arcs
from routing.kernels.cch_matrix import LENGTH_BITS
from routing.kernels.cch_search import Costs
from routing.rows import entries_of, with_rows

CLOSED_MS = -1
"""Duration of an arc that must not be used; any negative number will do."""

INFINITE_MS = 2**30 - 1
"""Twelve days: what takes as long counts as unreachable. Two of them fit into 32 bits with a sign."""

INFINITE = INFINITE_MS << LENGTH_BITS
"""The same as a packed cost."""


_FEW_RANKS = 0.05
"""Share of ranks with changed edges above which all open edges are looked up anew."""


@dataclass(frozen=True, kw_only=True)
class HierarchyWeights:
    """What every edge of a hierarchy costs.

    Attributes
    ----------
    hierarchy
        The structure.
    arc_cost
        ``(n_arcs,)`` int64 packed cost of each arc of the graph, ``INFINITE`` where closed.
    slot_cost
        ``(2 * n_edges,)`` int64 packed cost of each slot.
    """

    hierarchy: Hierarchy
    arc_cost: NDArray[np.int64]
    slot_cost: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.arc_cost.setflags(write=False)
        self.slot_cost.setflags(write=False)

    @cached_property
    def open_arcs(self) -> tuple[OpenArcs, OpenArcs]:
        """Edges with packed costs, upwards and downwards."""
        structure = self.hierarchy
        upwards, downwards = (
            OpenArcs(*open_arcs(structure.up_first, structure.up_level, self.slot_cost, direction, INFINITE))
            for direction in (0, 1)
        )
        return upwards, downwards

    @cached_property
    def open_arcs_ms(self) -> tuple[OpenArcs, OpenArcs]:
        """The same with milliseconds only, as int32."""
        upwards, downwards = (
            OpenArcs(arcs.first, arcs.level, (arcs.weight >> LENGTH_BITS).astype(np.int32)) for arcs in self.open_arcs
        )
        return upwards, downwards

    @cached_property
    def loop_arc(self) -> NDArray[np.int32]:
        """``(n_states,)`` cheapest open self-loop of each rank, -1 for none."""
        loop_arc = np.full(self.hierarchy.n_states, -1, dtype=np.int32)
        by_cost = np.argsort(-self.arc_cost[self.hierarchy.loop_arc], kind="stable")
        arcs = self.hierarchy.loop_arc[by_cost]
        is_open = self.arc_cost[arcs] < INFINITE
        loop_arc[self.hierarchy.loop_rank[by_cost][is_open]] = arcs[is_open]  # the last one stays: the cheapest
        return loop_arc

    @cached_property
    def costs(self) -> Costs:
        """What the search kernels need."""
        loop_cost = np.full(self.hierarchy.n_states, INFINITE, dtype=np.int64)
        has_loop = self.loop_arc >= 0
        loop_cost[has_loop] = self.arc_cost[self.loop_arc[has_loop]]
        return Costs(self.slot_cost, loop_cost, self.arc_cost, np.int64(INFINITE))

    def with_changes(
        self, arcs: Sequence[int] | NDArray[np.integer], *, duration_ms: ArrayLike, length: ArrayLike
    ) -> "HierarchyWeights":
        """The weights after some arcs changed, with work for these arcs only.

        Raises
        ------
        ValueError
            When a duration or length is out of range.
        """
        structure = self.hierarchy
        changed = np.asarray(arcs, dtype=np.int64)
        arc_cost = self.arc_cost.copy()
        arc_cost[changed] = packed_costs(duration_ms, length)
        slot_cost = self.slot_cost.copy()
        is_stale = np.zeros(structure.n_edges, dtype=np.bool_)
        slots = structure.arc_slot[changed]
        is_stale[slots[slots >= 0] >> 1] = True
        customise_changed(
            structure.triangles,
            structure.slot_arcs,
            arc_cost,
            (structure.up_first, structure.up_head),
            is_stale,
            INFINITE,
            slot_cost,
        )
        weights = HierarchyWeights(hierarchy=structure, arc_cost=arc_cost, slot_cost=slot_cost)
        if "open_arcs" in vars(self):
            slots = np.repeat(2 * np.flatnonzero(is_stale), 2)
            slots[1::2] += 1
            edges = slots[slot_cost[slots] != self.slot_cost[slots]] >> 1
            ranks = np.unique(np.searchsorted(structure.up_first, edges, side="right") - 1)
            if ranks.size <= _FEW_RANKS * structure.n_states:
                one, other = self.open_arcs
                opened = weights._opened_anew(one, ranks, 0), weights._opened_anew(other, ranks, 1)
                vars(weights)["open_arcs"] = opened
        return weights

    def _opened_anew(self, before: OpenArcs, ranks: NDArray[np.int64], direction: int) -> OpenArcs:
        """Open edges in one direction, looked up at some ranks and taken over at all others."""
        structure = self.hierarchy
        edges = entries_of(structure.up_first, ranks)
        cost = self.slot_cost[2 * edges + direction]
        is_open = cost < INFINITE
        n_open_before = np.concatenate(([0], np.cumsum(is_open)))
        n_edges = structure.up_first[ranks + 1] - structure.up_first[ranks]
        put_first = n_open_before[np.concatenate(([0], np.cumsum(n_edges)))]
        put = structure.up_level[edges[is_open]], cost[is_open]
        first, (level, weight) = with_rows(before.first, (before.level, before.weight), ranks, put_first, put)
        return OpenArcs(first, level, weight)


def customise(hierarchy: Hierarchy, *, duration_ms: ArrayLike, length: ArrayLike) -> HierarchyWeights:
    """Weigh a hierarchy.

    Parameters
    ----------
    hierarchy
        The structure.
    duration_ms
        ``(n_arcs,)`` whole milliseconds; negative where an arc is closed.
    length
        ``(n_arcs,)`` length of the same arcs in any whole unit.

    Raises
    ------
    ValueError
        When a shape is not ``(n_arcs,)`` or a value is out of range.
    """
    arc_cost = packed_costs(duration_ms, length)
    if arc_cost.shape != (hierarchy.n_arcs,):
        raise ValueError(f"There are weights for {arc_cost.size} arcs; the hierarchy has {hierarchy.n_arcs}.")
    slot_cost = np.full(2 * hierarchy.n_edges, INFINITE, dtype=np.int64)
    customise_all(hierarchy.triangles, hierarchy.arc_slot, arc_cost, slot_cost)
    return HierarchyWeights(hierarchy=hierarchy, arc_cost=arc_cost, slot_cost=slot_cost)


def packed_costs(duration_ms: ArrayLike, length: ArrayLike) -> NDArray[np.int64]:
    """Durations and lengths in one number each; ``INFINITE`` for negative durations.

    Raises
    ------
    ValueError
        When the shapes differ, a duration reaches ``INFINITE_MS`` or a length is negative or too large to pack.
    """
    ms, units = np.asarray(duration_ms, dtype=np.int64), np.asarray(length, dtype=np.int64)
    if ms.shape != units.shape:
        raise ValueError(f"Durations {ms.shape} and lengths {units.shape} must have one shape.")
    if ms.size and ms.max() >= INFINITE_MS:
        raise ValueError(f"A duration of {ms.max()} ms is too long; {INFINITE_MS - 1} is the limit.")
    if ms.size and (units.min() < 0 or units.max() >= 1 << (LENGTH_BITS - 1)):
        raise ValueError("A length is negative or too large.")
    return np.where(ms < 0, INFINITE, (ms << LENGTH_BITS) + units)
