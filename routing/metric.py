"""The metric phase: what every arc and turn costs one vehicle, as arrays that the query phase searches.

Costs are whole milliseconds with the millimetres of the same stretch, packed into one 64-bit number, so that one
comparison finds the fastest path and, among equally fast ones, the shortest. Guards that closed arcs and turns are
not in the searched graph at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.arc_costs import ArcCostTable
from routing.conditions import ALWAYS, Conditions, Situation, conditional_hours, situation
from routing.kernels.components import reachable_states, strong_components
from routing.kernels.reverse import reversed_arcs
from routing.kernels.search import SearchGraph
from routing.local_time import LocalTime
from routing.profile import VehicleProfile
from routing.streets import StreetGraph
from routing.turn_costs import TurnCostTable
from routing.turns import TurnGraph

MS_SHIFT = 32
"""A packed cost is ``ms << MS_SHIFT | mm``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Costs of one vehicle profile on one map.

    Attributes
    ----------
    arc_ms
        ``(n_arcs,)`` int64 driving time, -1 where the vehicle may not drive.
    arc_reason, node_reason
        Per arc and node the index into ``reasons``; 0 where it is open.
    reasons
        Why something is closed; entry 0 is empty.
    graph
        Open turns only: ``first_out``, ``head``, ``weight``; a weight is the packed cost of driving the state's arc to
        its end and turning.
    is_main
        ``(n_states,)``: the state belongs to the largest strongly connected part.
    reaches_main, is_reached
        ``(n_states,)``: the largest part can be reached from the state, and the state from it.
    """

    arc_ms: NDArray[np.int64]
    arc_reason: NDArray[np.int32]
    node_reason: NDArray[np.int32]
    reasons: tuple[str, ...]
    graph: SearchGraph
    is_main: NDArray[np.bool_]
    reaches_main: NDArray[np.bool_]
    is_reached: NDArray[np.bool_]


class MetricTable:
    """Metrics of one profile on one map; what no situation changes is worked out once."""

    def __init__(self, streets: StreetGraph, turns: TurnGraph, profile: VehicleProfile) -> None:
        self.profile = profile
        self._streets = streets
        self._turns = turns
        self._arc_costs = ArcCostTable(streets, profile)
        self._turn_costs = TurnCostTable(streets, turns, profile)
        self._hours = conditional_hours(streets)
        self._local_time = LocalTime.of_map(streets.info)

    def situation(self, conditions: Conditions) -> Situation:
        """What conditions come down to for the profile on this map.

        Raises
        ------
        UnknownTimeSliceError
            When the profile has no time slice of the name asked for.
        """
        return situation(conditions, self.profile, hours=self._hours, local_time=self._local_time)

    def metric(self, situation: Situation) -> Metric:
        """Costs of everything that the profile may use in a situation."""
        arcs = self._arc_costs.costs(situation)
        turn_ms = self._turn_costs.costs(situation, arc_ms=arcs.arc_ms, is_node_open=arcs.node_reason == 0)
        graph = _search_graph(self._streets, self._turns, arc_ms=arcs.arc_ms, turn_ms=turn_ms)
        is_main, reaches_main, is_reached = _connectivity(graph, is_open=arcs.arc_ms[self._turns.state_arc] >= 0)
        return Metric(
            arc_ms=arcs.arc_ms,
            arc_reason=arcs.arc_reason,
            node_reason=arcs.node_reason,
            reasons=arcs.reasons,
            graph=graph,
            is_main=is_main,
            reaches_main=reaches_main,
            is_reached=is_reached,
        )


def build_metric(
    streets: StreetGraph, turns: TurnGraph, profile: VehicleProfile, *, conditions: Conditions = ALWAYS
) -> Metric:
    """Costs of everything that the profile may use under some conditions.

    Raises
    ------
    UnknownTimeSliceError
        When the conditions name a time slice that the profile does not have.
    """
    table = MetricTable(streets, turns, profile)
    return table.metric(table.situation(conditions))


def _search_graph(
    streets: StreetGraph, turns: TurnGraph, *, arc_ms: NDArray[np.int64], turn_ms: NDArray[np.int64]
) -> SearchGraph:
    is_open = turn_ms >= 0
    turn_from = turns.turn_from[is_open]
    from_arc = turns.state_arc[turn_from]
    weight = ((arc_ms[from_arc] + turn_ms[is_open]) << MS_SHIFT) | streets.segment_length_mm[from_arc >> 1]
    counts = np.bincount(turn_from, minlength=turns.n_states)
    first_out = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return SearchGraph(first_out=first_out, head=turns.turn_to[is_open], weight=weight)


def _connectivity(
    graph: SearchGraph, *, is_open: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    if not is_open.any():
        return is_open, is_open, is_open
    component = strong_components(graph.first_out, graph.head)
    # Only what lies on a round trip counts: a lone one-way street is no part that a vehicle can come back in.
    tails = np.repeat(np.arange(is_open.size), np.diff(graph.first_out))
    inner = component[graph.head[component[tails] == component[graph.head]]]
    has_round_trip = np.bincount(inner, minlength=int(component.max()) + 1) > 0
    sizes = np.bincount(component[is_open], minlength=has_round_trip.size) * has_round_trip
    is_main = is_open & has_round_trip[component] & (component == int(np.argmax(sizes)))
    reaches_main = reachable_states(*reversed_arcs(graph.first_out, graph.head), is_main)
    return is_main, reaches_main, reachable_states(graph.first_out, graph.head, is_main)
