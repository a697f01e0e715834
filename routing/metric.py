"""The metric phase: what every arc and turn costs one vehicle, as arrays that the query phase searches.

Costs are whole milliseconds with the millimetres of the same stretch, packed into one 64-bit number, so that one
comparison finds the fastest path and, among equally fast ones, the shortest. Guards that closed arcs and turns are
not in the searched graph at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.kernels.components import reachable_states, strong_components
from routing.kernels.search import SearchGraph
from routing.permissions import Passage, node_reason, way_passage
from routing.profile import VehicleProfile
from routing.streets import StreetGraph
from routing.turns import TurnGraph

MS_SHIFT = 32
"""A packed cost is ``ms << MS_SHIFT | mm``."""

_TURN_PLACES = frozenset({"turning_circle", "turning_loop"})
_STRAIGHT_DEG = 35.0
_SHARP_DEG = 120.0


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


def build_metric(streets: StreetGraph, turns: TurnGraph, profile: VehicleProfile) -> Metric:
    """Costs of everything that the profile may use."""
    reasons: dict[str, int] = {"": 0}
    arc_ms, arc_reason = _arc_costs(streets, profile, reasons)
    closed_node = _closed_nodes(streets, profile, reasons)
    turn_ms = _turn_costs(streets, turns, profile, arc_ms=arc_ms, is_node_open=closed_node == 0)
    graph = _search_graph(streets, turns, arc_ms=arc_ms, turn_ms=turn_ms)
    is_main, reaches_main, is_reached = _connectivity(graph, is_open=arc_ms[turns.state_arc] >= 0)
    return Metric(
        arc_ms=arc_ms,
        arc_reason=arc_reason,
        node_reason=closed_node,
        reasons=tuple(reasons),
        graph=graph,
        is_main=is_main,
        reaches_main=reaches_main,
        is_reached=is_reached,
    )


def _arc_costs(
    streets: StreetGraph, profile: VehicleProfile, reasons: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    kph = np.zeros((len(streets.way_tags), 2))
    reason = np.zeros((len(streets.way_tags), 2), dtype=np.int32)
    for index, pairs in enumerate(streets.way_tags):
        tags = dict(pairs)
        for side, direction in enumerate(("forward", "backward")):
            passage: Passage = way_passage(tags, profile, direction=direction)
            kph[index, side] = passage.kph
            reason[index, side] = reasons.setdefault(passage.reason, len(reasons))
    tags_of_segment = streets.way_tags_index[streets.segment_way]
    arc_kph = kph[tags_of_segment].ravel()
    length_mm = np.repeat(streets.segment_length_mm, 2)
    is_open = arc_kph > 0
    arc_ms = np.full(arc_kph.size, -1, dtype=np.int64)
    arc_ms[is_open] = np.maximum(1, np.rint(length_mm[is_open] * 3.6 / arc_kph[is_open])).astype(np.int64)
    return arc_ms, reason[tags_of_segment].ravel()


def _closed_nodes(streets: StreetGraph, profile: VehicleProfile, reasons: dict[str, int]) -> NDArray[np.int32]:
    by_tags = [reasons.setdefault(node_reason(dict(tags), profile), len(reasons)) for tags in streets.node_tags]
    return np.array([0, *by_tags], dtype=np.int32)[streets.node_tags_index + 1]  # entry 0: nodes without tags


def _turn_costs(
    streets: StreetGraph,
    turns: TurnGraph,
    profile: VehicleProfile,
    *,
    arc_ms: NDArray[np.int64],
    is_node_open: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """``(n_turns,)`` milliseconds, -1 where the turn is closed."""
    from_arc, to_arc = turns.state_arc[turns.turn_from], turns.state_arc[turns.turn_to]
    node = streets.arc_head[from_arc]
    is_u_turn = to_arc == (from_arc ^ 1)
    is_forbidden = np.append([_applies(rule, streets, profile) for rule in turns.rules], False)[turns.turn_rule]
    is_drivable = (arc_ms[from_arc] >= 0) & (arc_ms[to_arc] >= 0) & ~is_forbidden.astype(np.bool_)

    angle = turns.turn_angle_deg
    cost_s = np.where(
        np.abs(angle) < _STRAIGHT_DEG, profile.straight_s, np.where(angle > 0, profile.right_s, profile.left_s)
    )
    cost_s = cost_s + np.where(np.abs(angle) > _SHARP_DEG, profile.sharp_s, 0.0)
    degree = np.bincount(streets.segment_tail, minlength=streets.n_nodes) + np.bincount(
        streets.segment_head, minlength=streets.n_nodes
    )
    cost_s = np.where(degree[node] >= 3, cost_s, 0.0)
    has_signals, has_barrier, may_turn_round = _node_kinds(streets)
    cost_s += np.where(has_signals[node], profile.traffic_signals_s, 0.0)
    cost_s += np.where(has_barrier[node], profile.barrier_s, 0.0)

    is_through = is_drivable & ~is_u_turn & is_node_open[node]
    has_way_on = np.zeros(turns.n_states, dtype=np.bool_)
    has_way_on[turns.turn_from[is_through]] = True
    u_turn_s = np.where(has_way_on[turns.turn_from], profile.junction_u_turn_s, profile.dead_end_s)
    u_turn_s = np.where(may_turn_round[node], profile.turning_circle_s, u_turn_s)
    is_turning_round = is_drivable & is_u_turn & (u_turn_s >= 0)

    turn_ms = np.full(turns.turn_to.size, -1, dtype=np.int64)
    turn_ms[is_through] = np.rint(cost_s[is_through] * 1000).astype(np.int64)
    turn_ms[is_turning_round] = np.rint(u_turn_s[is_turning_round] * 1000).astype(np.int64)
    return turn_ms


def _applies(rule: tuple[int, ...], streets: StreetGraph, profile: VehicleProfile) -> bool:
    """Whether one of the restrictions of a rule binds the profile."""
    for index in rule:
        restriction = streets.restrictions[index]
        is_meant = not restriction.vehicle or restriction.vehicle in profile.access_keys
        if restriction.vehicle == "hgv" and not profile.is_heavy:
            is_meant = False
        is_exempt = any(key in profile.access_keys for key in restriction.exempt)
        if is_meant and not is_exempt and not restriction.condition:
            return True
    return False


def _node_kinds(streets: StreetGraph) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Per node: traffic signals, a barrier, a place to turn round."""
    kinds = [(False, False, False)]
    for pairs in streets.node_tags:
        tags = dict(pairs)
        highway = tags.get("highway")
        kinds.append((highway == "traffic_signals", "barrier" in tags, highway in _TURN_PLACES))
    by_node = np.array(kinds, dtype=np.bool_)[streets.node_tags_index + 1]
    return by_node[:, 0], by_node[:, 1], by_node[:, 2]


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
    return is_main, reaching(graph, is_main), reachable_states(graph.first_out, graph.head, is_main)


def reaching(graph: SearchGraph, seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """States from which one of the seeds can be reached."""
    n_states = graph.first_out.size - 1
    by_head = np.argsort(graph.head, kind="stable")
    tails = np.repeat(np.arange(n_states, dtype=np.int32), np.diff(graph.first_out))
    first_in = np.searchsorted(graph.head[by_head], np.arange(n_states + 1)).astype(np.int32)
    return reachable_states(first_in, tails[by_head], seeds)
