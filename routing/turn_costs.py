"""What every turn costs one vehicle: angle, signals, barriers and turning round, and which restrictions bind it."""

import numpy as np
from numpy.typing import NDArray

from routing.conditional import Clause, parse_condition
from routing.conditions import Situation
from routing.profile import VehicleProfile
from routing.streets import StreetGraph
from routing.turns import TurnGraph

_TURN_PLACES = frozenset({"turning_circle", "turning_loop"})
_STRAIGHT_DEG = 35.0
_SHARP_DEG = 120.0


class TurnCostTable:
    """Weighs the turns of a map for a profile once and answers for any situation."""

    def __init__(self, streets: StreetGraph, turns: TurnGraph, profile: VehicleProfile) -> None:
        self._streets = streets
        self._turns = turns
        self._profile = profile
        self._from_arc, self._to_arc = turns.state_arc[turns.turn_from], turns.state_arc[turns.turn_to]
        self._node = streets.arc_head[self._from_arc]
        self._end_node = streets.arc_head[turns.state_arc]
        self._is_u_turn = self._to_arc == (self._from_arc ^ 1)
        has_signals, has_barrier, may_turn_round = _node_kinds(streets)
        self._through_ms = self._angle_costs_ms(has_signals, has_barrier)
        self._may_turn_round = may_turn_round[self._node]
        self._latest_allowed: tuple[frozenset[str] | None, NDArray[np.bool_] | None] = (None, None)
        self._clauses = [_clause(item.condition) for item in streets.restrictions]

    def costs(
        self,
        situation: Situation,
        *,
        arc_ms: NDArray[np.int64],
        is_node_open: NDArray[np.bool_],
        chosen: NDArray[np.intp] | slice = slice(None),
    ) -> NDArray[np.int64]:
        """Milliseconds of turns, -1 where a turn is closed.

        Parameters
        ----------
        situation, arc_ms, is_node_open
            What decides.
        chosen
            The turns in question, all turns of a state or none of them; all turns of the map, if not given.
        """
        turns, profile = self._turns, self._profile
        is_u_turn = self._is_u_turn[chosen]
        is_drivable = (arc_ms[self._from_arc[chosen]] >= 0) & (arc_ms[self._to_arc[chosen]] >= 0)
        is_drivable &= self._is_allowed(situation.running)[chosen]

        is_through = is_drivable & ~is_u_turn & is_node_open[self._node[chosen]]
        has_way_on = np.zeros(turns.n_states, dtype=np.bool_)
        has_way_on[turns.turn_from[chosen][is_through]] = True
        at = np.flatnonzero(is_drivable & is_u_turn)
        has_way_on_at, may_turn_at = has_way_on[turns.turn_from[chosen][at]], self._may_turn_round[chosen][at]
        u_turn_s = np.where(has_way_on_at, profile.junction_u_turn_s, profile.dead_end_s)
        u_turn_s = np.where(may_turn_at, profile.turning_circle_s, u_turn_s)

        turn_ms: NDArray[np.int64] = np.where(is_through, self._through_ms[chosen], np.int64(-1))
        turn_ms[at[u_turn_s >= 0]] = np.rint(u_turn_s[u_turn_s >= 0] * 1000).astype(np.int64)
        return turn_ms

    def states_around(self, arcs: NDArray[np.int64], nodes: NDArray[np.int64]) -> NDArray[np.intp]:
        """States, rising, with a turn whose cost may change when these arcs and nodes do."""
        is_near = np.zeros(self._streets.n_nodes, dtype=np.bool_)
        is_near[nodes] = is_near[self._streets.arc_tail[arcs]] = is_near[self._streets.arc_head[arcs]] = True
        return np.flatnonzero(is_near[self._end_node])

    def _angle_costs_ms(self, has_signals: NDArray[np.bool_], has_barrier: NDArray[np.bool_]) -> NDArray[np.int64]:
        streets, profile, angle = self._streets, self._profile, self._turns.turn_angle_deg
        cost_s = np.where(
            np.abs(angle) < _STRAIGHT_DEG, profile.straight_s, np.where(angle > 0, profile.right_s, profile.left_s)
        )
        cost_s = cost_s + np.where(np.abs(angle) > _SHARP_DEG, profile.sharp_s, 0.0)
        degree = np.bincount(streets.segment_tail, minlength=streets.n_nodes) + np.bincount(
            streets.segment_head, minlength=streets.n_nodes
        )
        cost_s = np.where(degree[self._node] >= 3, cost_s, 0.0)
        cost_s += np.where(has_signals[self._node], profile.traffic_signals_s, 0.0)
        cost_s += np.where(has_barrier[self._node], profile.barrier_s, 0.0)
        cost_ms: NDArray[np.int64] = np.rint(cost_s * 1000).astype(np.int64)
        return cost_ms

    def _is_allowed(self, running: frozenset[str] | None) -> NDArray[np.bool_]:
        """``(n_turns,)``: no restriction that binds the vehicle forbids the turn. The latest answer is kept."""
        known, is_allowed = self._latest_allowed
        if is_allowed is None or known != running:
            binds = [self._binds(index, running) for index in range(len(self._streets.restrictions))]
            by_rule = [not any(binds[index] for index in rule) for rule in self._turns.rules]
            is_allowed = np.array([*by_rule, True], dtype=np.bool_)[self._turns.turn_rule]  # -1 is the last: no rule
            self._latest_allowed = running, is_allowed
        return is_allowed

    def _binds(self, index: int, running: frozenset[str] | None) -> bool:
        """Whether a restriction binds the vehicle; conditional ones do only at a time."""
        restriction, profile, clause = self._streets.restrictions[index], self._profile, self._clauses[index]
        is_meant = not restriction.vehicle or restriction.vehicle in profile.access_keys
        if restriction.vehicle == "hgv" and not profile.is_heavy:
            is_meant = False
        if not is_meant or any(key in profile.access_keys for key in restriction.exempt):
            return False
        return clause is None or (running is not None and clause.holds(profile, running))


def _clause(condition: str) -> Clause | None:
    return parse_condition(condition) if condition else None


def _node_kinds(streets: StreetGraph) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Per node: traffic signals, a barrier, a place to turn round."""
    kinds = [(False, False, False)]
    for pairs in streets.node_tags:
        tags = dict(pairs)
        highway = tags.get("highway")
        kinds.append((highway == "traffic_signals", "barrier" in tags, highway in _TURN_PLACES))
    by_node = np.array(kinds, dtype=np.bool_)[streets.node_tags_index + 1]
    return by_node[:, 0], by_node[:, 1], by_node[:, 2]
