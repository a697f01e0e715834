"""The metric phase: what every arc and turn costs one vehicle, as arrays that the query phase searches.

Costs are whole milliseconds with the millimetres of the same stretch, packed into one 64-bit number, so that one
comparison finds the fastest path and, among equally fast ones, the shortest. Guards that closed arcs and turns are
not in the searched graph at all.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.arc_costs import ArcCosts, ArcCostTable
from routing.conditions import ALWAYS, NO_SITUATION, Conditions, Situation, conditional_hours, situation
from routing.connections import Connections, connections_of_most
from routing.kernels.components import reachable_states, states_around, strong_components
from routing.kernels.reverse import reversed_arcs
from routing.kernels.search import SearchGraph
from routing.local_time import LocalTime
from routing.profile import VehicleProfile
from routing.rows import entries_of, with_rows
from routing.streets import StreetGraph
from routing.turn_costs import TurnCostTable
from routing.turns import TurnGraph

MS_SHIFT = 32
"""A packed cost is ``ms << MS_SHIFT | mm``."""

_N_SEEDS = 3
"""States that are tried as part of the largest network before it is searched for."""

_Around = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChange:
    """Where a metric may differ from the one that overrides made it from.

    Attributes
    ----------
    before
        That one.
    opened
        Those of the arcs in question that are open now.
    turn_from, turn_to
        ``(n,)`` int32 states of turns, by the state they start from.
    weight
        ``(n,)`` int64 packed costs of the turns now, -1 where closed.
    removed, added
        Turns that were open and are not any more, and the other way round: ``from * n_states + to``, rising.
    """

    before: Metric
    opened: NDArray[np.int64]
    turn_from: NDArray[np.int32]
    turn_to: NDArray[np.int32]
    weight: NDArray[np.int64]
    removed: NDArray[np.int64]
    added: NDArray[np.int64]


class _Known(NamedTuple):
    """What is kept of a situation without overrides."""

    arcs: ArcCosts
    metric: Metric
    connections: Connections | None


class MetricTable:
    """Metrics of one profile on one map; what no situation changes is worked out once."""

    def __init__(self, streets: StreetGraph, turns: TurnGraph, profile: VehicleProfile) -> None:
        self.profile = profile
        self._streets = streets
        self._turns = turns
        self._known: dict[Situation, _Known] = {}
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
        return self.changed_metric(situation)[0]

    def changed_metric(self, situation: Situation) -> tuple[Metric, MetricChange | None]:
        """The same, and what the overrides changed, if there are any."""
        known = self._without_overrides(replace(situation, overrides=()))
        return self._with_overrides(known, situation) if situation.overrides else (known.metric, None)

    def _without_overrides(self, situation: Situation) -> _Known:
        """Driving times and metric, kept because many closures may follow: without times, and of the latest day."""
        if situation not in self._known:
            arcs = self._arc_costs.costs(situation)
            turn_ms = self._turn_costs.costs(situation, arc_ms=arcs.arc_ms, is_node_open=arcs.node_reason == 0)
            self._known = {key: known for key, known in self._known.items() if key == NO_SITUATION}
            metric = self._whole(arcs, turn_ms)
            self._known[situation] = _Known(arcs, metric, connections_of_most(metric.graph, metric.is_main))
        return self._known[situation]

    def _whole(self, arcs: ArcCosts, turn_ms: NDArray[np.int64]) -> Metric:
        """The metric of all arcs and turns."""
        turns = self._turns
        graph = _search_graph(turns.first_turn, turns.turn_to, self._weights(arcs.arc_ms, turns.turn_from, turn_ms))
        is_open = arcs.arc_ms[turns.state_arc] >= 0
        return _metric(arcs, graph, _connectivity(graph, is_open=is_open, is_likely=is_open))

    def _with_overrides(self, known: _Known, situation: Situation) -> tuple[Metric, MetricChange]:
        """The metric after overrides, with work for the turns at streets that they speak of."""
        turns = self._turns
        arcs, changed = self._arc_costs.with_overrides(known.arcs, situation)
        states = self._turn_costs.states_around(changed.arcs, changed.nodes)
        chosen = entries_of(turns.first_turn, states)
        turn_ms = self._turn_costs.costs(
            situation, arc_ms=arcs.arc_ms, is_node_open=arcs.node_reason == 0, chosen=chosen
        )
        turn_from, turn_to = turns.turn_from[chosen], turns.turn_to[chosen]
        weight = self._weights(arcs.arc_ms, turn_from, turn_ms)
        n_before = np.concatenate(([0], np.cumsum(turns.first_turn[states + 1] - turns.first_turn[states])))
        old, new = known.metric.graph, _search_graph(n_before, turn_to, weight)
        first_out, (head, weights) = with_rows(
            old.first_out, (old.head, old.weight), states, new.first_out, (new.head, new.weight)
        )
        opened = changed.arcs[arcs.arc_ms[changed.arcs] >= 0]
        removed, added = _differences(old, new, states)
        change = MetricChange(
            before=known.metric,
            opened=opened,
            turn_from=turn_from,
            turn_to=turn_to,
            weight=weight,
            removed=removed,
            added=added,
        )
        graph = SearchGraph(first_out=first_out, head=head, weight=weights)
        is_open = arcs.arc_ms[turns.state_arc] >= 0
        return _metric(arcs, graph, self._around(known, change, graph, is_open)), change

    def _around(self, known: _Known, change: MetricChange, graph: SearchGraph, is_open: NDArray[np.bool_]) -> _Around:
        """What ``_connectivity`` says of a changed graph, by following the changes where they leave most connected."""
        if known.connections is not None and is_open[known.connections.hub]:
            is_reached, reaches = known.connections.after(change.removed, change.added)
            is_main = is_reached & reaches
            if np.count_nonzero(is_main) > max(1, int(np.count_nonzero(is_open)) // 2):
                return is_main, reaches, is_reached
        return _connectivity(graph, is_open=is_open, is_likely=known.metric.is_main & is_open)

    def _weights(
        self, arc_ms: NDArray[np.int64], turn_from: NDArray[np.int32], turn_ms: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Packed costs of turns with the arcs that they start from, -1 where closed."""
        from_arc = self._turns.state_arc[turn_from]
        length_mm = self._streets.segment_length_mm[from_arc >> 1]
        weight: NDArray[np.int64] = ((arc_ms[from_arc] + turn_ms) << MS_SHIFT) | length_mm
        weight[turn_ms < 0] = -1
        return weight


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


def _metric(arcs: ArcCosts, graph: SearchGraph, around: _Around) -> Metric:
    is_main, reaches_main, is_reached = around
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


def _search_graph(
    first_turn: NDArray[np.integer], turn_to: NDArray[np.int32], weight: NDArray[np.int64]
) -> SearchGraph:
    """Turns that are not closed."""
    is_open = weight >= 0
    n_open_before = np.zeros(is_open.size + 1, dtype=np.int32)
    np.cumsum(is_open, out=n_open_before[1:])
    return SearchGraph(first_out=n_open_before[first_turn], head=turn_to[is_open], weight=weight[is_open])


def _differences(
    old: SearchGraph, new: SearchGraph, rows: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turns that some rows of a graph lose and gain when they become the rows of another."""
    n = old.first_out.size - 1
    rows = rows.astype(np.int64)
    n_before = old.first_out[rows + 1] - old.first_out[rows]
    before = np.repeat(rows, n_before) * n + old.head[entries_of(old.first_out, rows)]
    after = np.repeat(rows, np.diff(new.first_out)) * n + new.head
    return np.setdiff1d(before, after), np.setdiff1d(after, before)


def _around_most(graph: SearchGraph, is_likely: NDArray[np.bool_], *, n_most: int) -> _Around | None:
    """What ``_around_largest`` says, from a part of more than half of all open states if one is met at once.

    Such a part is the largest, and two plain searches cost much less than all strong components.
    """
    likely = np.flatnonzero(is_likely)
    for index in range(1, _N_SEEDS + 1 if likely.size else 0):
        is_reached, reaches = states_around(graph.first_out, graph.head, likely[likely.size * index // (_N_SEEDS + 1)])
        is_main = is_reached & reaches
        # A lone state may have no round trip; ``_around_largest`` looks at that.
        if np.count_nonzero(is_main) > max(1, n_most):
            return is_main, reaches, is_reached
    return None


def _connectivity(graph: SearchGraph, *, is_open: NDArray[np.bool_], is_likely: NDArray[np.bool_]) -> _Around:
    """The largest strongly connected part, what reaches it and what is reached from it."""
    around = _around_most(graph, is_likely, n_most=int(np.count_nonzero(is_open)) // 2)
    return around or _around_largest(graph, is_open)


def _around_largest(graph: SearchGraph, is_open: NDArray[np.bool_]) -> _Around:
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
