"""Which waypoints can exchange a vehicle with the anchor, and which rule cuts the others off."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.kernels.components import reachable_states
from routing.metric import Metric, reaching
from routing.snapping import Snap
from routing.streets import StreetGraph
from routing.turns import TurnGraph

_SEARCHED_SEGMENTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """States around one strongly connected part of the street network.

    Every state of the part reaches every other, so a waypoint that leads into it and one that can be reached from it
    are connected with each other.
    """

    reaches: NDArray[np.bool_]
    is_reached: NDArray[np.bool_]

    def missing(self, snap: Snap, turns: TurnGraph) -> str:
        """``"to"`` or ``"from"`` when that way is missing, empty when the place is connected."""
        if not any(self.is_reached[state] for arc in snap.arcs for state in turns.states_of(arc)):
            return "from"
        return "" if any(self.reaches[arc] for arc in snap.arcs) else "to"


def anchor_reach(metric: Metric, turns: TurnGraph, anchor: Snap) -> Reach:
    """The largest connected part where the anchor belongs to it, else the anchor's own part."""
    main = Reach(reaches=metric.reaches_main, is_reached=metric.is_reached)
    if not main.missing(anchor, turns):
        return main
    best = Reach(reaches=np.zeros_like(metric.is_main), is_reached=np.zeros_like(metric.is_main))
    best_size = 0
    for arc in anchor.arcs:
        seed = np.zeros_like(metric.is_main)
        seed[arc] = True
        is_reached = reachable_states(metric.graph.first_out, metric.graph.head, seed)
        reaches = reaching(metric.graph, seed)
        part = is_reached & reaches
        size = int(part.sum())
        has_way_back = size > 1 or _turns_onto_itself(metric, arc)
        if has_way_back and size > best_size:
            best, best_size = Reach(reaches=reaches, is_reached=is_reached), size
    return best


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


def _turns_onto_itself(metric: Metric, state: int) -> bool:
    graph = metric.graph
    return bool((graph.head[graph.first_out[state] : graph.first_out[state + 1]] == state).any())
