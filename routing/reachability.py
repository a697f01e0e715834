"""Which waypoints can exchange a vehicle with the anchor, and which rule cuts the others off."""

from collections import deque
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.kernels.components import reachable_states
from routing.metric import Metric
from routing.places import Places, arc_sides
from routing.streets import StreetGraph
from routing.turns import TurnGraph

_SEARCHED_SEGMENTS = 2_000
_KEPT_PARTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Streets around one strongly connected part of the street network.

    Every state of the part reaches every other, so a waypoint that leads into it and one that can be reached from it
    are connected with each other.

    Attributes
    ----------
    reaches, is_reached
        ``(n_segments,)`` uint8: bit 1 where the arc along the segment leads into the part or can be reached from it,
        bit 2 for the arc against it.
    """

    reaches: NDArray[np.uint8]
    is_reached: NDArray[np.uint8]

    @classmethod
    def of_states(cls, turns: TurnGraph, reaches: NDArray[np.bool_], is_reached: NDArray[np.bool_]) -> "Reach":
        """From states: a place is left over its arc alone, and reached over the arc or a copy of it."""
        n_arcs = turns.first_copy.size - 1
        is_arc_reached = is_reached[:n_arcs].copy()
        is_arc_reached[turns.state_arc[n_arcs:][is_reached[n_arcs:]]] = True
        return cls(reaches=arc_sides(reaches[:n_arcs]), is_reached=arc_sides(is_arc_reached))

    def missing(self, places: Places) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """``(n,)`` each: there is no way from the part to the place, and none from the place to the part."""
        no_way_from = (places.sides & self.is_reached[places.segment]) == 0
        no_way_to = (places.sides & self.reaches[places.segment]) == 0
        return no_way_from, no_way_to


@dataclass(frozen=True, kw_only=True)
class Reachability:
    """Who reaches whom under one metric."""

    metric: Metric
    turns: TurnGraph

    def around(self, anchor: Places) -> Reach:
        """The largest connected part where the single anchor belongs to it, else the anchor's own part."""
        if not any(is_missing.any() for is_missing in self._main.missing(anchor)):
            return self._main
        best: Reach | None = None
        best_size = 0
        for arc in anchor.stops()[1].tolist():
            reach, size = self._part(arc)
            if size > best_size:
                best, best_size = reach, size
        return best or self._nothing

    @cached_property
    def _main(self) -> Reach:
        return Reach.of_states(self.turns, self.metric.reaches_main, self.metric.is_reached)

    @cached_property
    def _nothing(self) -> Reach:
        nothing = np.zeros_like(self.metric.is_main)
        return Reach.of_states(self.turns, nothing, nothing)

    @cached_property
    def _backwards(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Turns by the state they lead to."""
        graph = self.metric.graph
        n_states = graph.first_out.size - 1
        by_head = np.argsort(graph.head, kind="stable")
        tails = np.repeat(np.arange(n_states, dtype=np.int32), np.diff(graph.first_out))
        first_in = np.searchsorted(graph.head[by_head], np.arange(n_states + 1)).astype(np.int32)
        return first_in, tails[by_head]

    @cached_property
    def _parts(self) -> dict[int, tuple[Reach, int]]:
        """Parts around arcs that were asked for; a depot is asked for again and again."""
        return {}

    def _part(self, arc: int) -> tuple[Reach, int]:
        """The connected part of an arc and its size, 0 where a vehicle cannot come back to the arc."""
        kept = self._parts
        if arc not in kept:
            seed = np.zeros_like(self.metric.is_main)
            seed[arc] = True
            graph = self.metric.graph
            is_reached = reachable_states(graph.first_out, graph.head, seed)
            reaches = reachable_states(*self._backwards, seed)
            size = int((is_reached & reaches).sum())
            if size == 1 and not (graph.head[graph.first_out[arc] : graph.first_out[arc + 1]] == arc).any():
                size = 0
            if len(kept) >= _KEPT_PARTS:
                kept.clear()
            kept[arc] = (Reach.of_states(self.turns, reaches, is_reached), size)
        return kept[arc]


def blocking_rule(streets: StreetGraph, metric: Metric, segment: int) -> str:
    """The nearest closed street or barrier around a segment that is cut off, as a clause, empty when none is found."""
    first, leaving = streets.leaving
    seen = {segment}
    waiting = deque([segment])
    while waiting and len(seen) < _SEARCHED_SEGMENTS:
        current = waiting.popleft()
        for node in (int(streets.segment_tail[current]), int(streets.segment_head[current])):
            if metric.node_reason[node]:
                return f"the way is blocked by {metric.reasons[metric.node_reason[node]]}"
            for neighbour in (leaving[first[node] : first[node + 1]] >> 1).tolist():
                if neighbour in seen:
                    continue
                seen.add(neighbour)
                arcs = (2 * neighbour, 2 * neighbour + 1)
                if all(metric.arc_ms[arc] < 0 for arc in arcs):
                    name = streets.segment_name(neighbour) or "a street beside it"
                    return f"{name} is closed ({metric.reasons[metric.arc_reason[arcs[0]]]})"
                waiting.append(neighbour)
    return ""
