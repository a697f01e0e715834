"""Streets that a vehicle drives on without reversing: where it comes from the network and gets back into it.

Setting back a few metres while turning at a junction does not count as reversing. Guards that after a closure the same
streets are found as from nothing, with work for what changed only.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.connections import Connections
from routing.kernels.components import reachable_states, strong_components
from routing.kernels.reverse import reversed_arcs
from routing.kernels.turning_depths import around_by_turning, junction_nodes
from routing.metric import Metric, MetricChange
from routing.streets import StreetGraph
from routing.turning_ground import TurningGround, TurningPlace
from routing.turns import TurnGraph

_N_SEEDS = 3
"""Streets that are tried as part of the largest network before it is searched for."""

_Reach = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Per state: it is reached from the largest network, and it leads into it."""


@dataclass(frozen=True, kw_only=True)
class ForwardStreets:
    """One map for one vehicle under one set of costs.

    Attributes
    ----------
    streets, turns, metric
        What the vehicle may drive.
    ground
        What the map offers for turning round in every situation.
    since
        The same under other costs and what changed since then, where that is known.
    """

    streets: StreetGraph
    turns: TurnGraph
    metric: Metric
    ground: TurningGround
    since: "tuple[ForwardStreets, MetricChange] | None" = None

    @cached_property
    def node_kind(self) -> NDArray[np.int8]:
        """``(n_nodes,)`` values of ``TurningPlace``."""
        streets, ground = self.streets, self.ground
        is_junction = junction_nodes(
            streets.arc_head, self.metric.arc_ms, ground.is_street, ground.is_long, streets.n_nodes
        )
        kind = np.where(ground.node_kind > 0, ground.node_kind, is_junction * np.int8(TurningPlace.JUNCTION))
        kind[self.metric.node_reason > 0] = TurningPlace.NONE
        return kind

    @cached_property
    def is_forward(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: the vehicle can come here and go on without reversing, setting back at junctions apart."""
        is_open = self.metric.arc_ms >= 0
        is_state_open = is_open[self.turns.state_arc]
        is_reached, leads_out = (
            self._around_before(is_state_open)
            or self._around_most(is_state_open)
            or self._around_largest(is_state_open)
        )
        is_arc_reached = is_reached[: is_open.size].copy()
        is_arc_reached[self.turns.state_arc[is_open.size :][is_reached[is_open.size :]]] = True
        forward: NDArray[np.bool_] = is_arc_reached & leads_out[: is_open.size] & is_open
        return forward

    def _around_before(self, is_state_open: NDArray[np.bool_]) -> _Reach | None:
        """What ``_around_most`` finds, by following what changed since other costs."""
        if self.since is None:
            return None
        before, change = self.since
        connections, n_states = before.connections, np.int64(is_state_open.size)
        if connections is None or not is_state_open[connections.hub]:
            return None
        closed = np.flatnonzero(before.may_turn & ~self.may_turn)
        opened = np.flatnonzero(self.may_turn & ~before.may_turn)
        removed, added = (
            np.sort(np.concatenate((self._straight_on(keys), arcs * n_states + (arcs ^ 1))))
            for keys, arcs in ((change.removed, closed), (change.added, opened))
        )
        is_reached, leads_out = connections.after(removed, added)
        n_most = np.count_nonzero(is_state_open) // 2
        return (is_reached, leads_out) if np.count_nonzero(leads_out & is_reached) > n_most else None

    def _straight_on(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some turns, ``from * n_states + to``, that do not turn round."""
        start, end = np.divmod(keys, self.turns.n_states)
        is_turning_round: NDArray[np.bool_] = self.turns.state_arc[end] == self.turns.state_arc[start] ^ 1
        return keys[~is_turning_round]

    @cached_property
    def connections(self) -> Connections | None:
        """Ways around a street of the largest network, for closures that follow."""
        main = np.flatnonzero(self.is_forward)
        return Connections(*self._turning_graph(), int(main[main.size // 2])) if main.size else None

    def _around_most(self, is_state_open: NDArray[np.bool_]) -> _Reach | None:
        """What is reached from, and what leads into, a part of more than half of all streets, if one is met at once.

        Such a part is the largest, and two plain searches cost much less than all strong components.
        """
        graph, state_arc, may_turn = self.metric.graph, self.turns.state_arc, self.may_turn
        main = np.flatnonzero(self.metric.is_main)
        n_most = np.count_nonzero(is_state_open) // 2
        for index in range(1, _N_SEEDS + 1 if main.size else 0):
            seed = main[main.size * index // (_N_SEEDS + 1)]
            is_reached, leads_out = around_by_turning(graph.first_out, graph.head, state_arc, may_turn, seed)
            if np.count_nonzero(leads_out & is_reached) > n_most:
                return is_reached, leads_out
        return None

    def _around_largest(self, is_state_open: NDArray[np.bool_]) -> _Reach:
        """What is reached from the largest strongly connected part, and what leads into it."""
        first_out, head = self._turning_graph()
        component = strong_components(first_out, head)
        sizes = np.bincount(component[is_state_open], minlength=1)
        is_main = is_state_open & (component == int(np.argmax(sizes)))
        leads_out = reachable_states(*reversed_arcs(first_out, head), is_main)
        return reachable_states(first_out, head, is_main), leads_out

    @cached_property
    def may_turn(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: the vehicle may turn round at the end of the arc."""
        is_open = (self.metric.arc_ms >= 0).reshape(-1, 2)
        may_turn: NDArray[np.bool_] = (self.node_kind > 0)[self.streets.arc_head]
        may_turn.reshape(-1, 2)[...] &= (is_open[:, 0] & is_open[:, 1])[:, None]
        return may_turn

    def _turning_graph(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The vehicle's turns, with turning round at turning places and nowhere else."""
        turns, graph = self.turns, self.metric.graph
        tails = np.repeat(np.arange(turns.n_states, dtype=np.int32), np.diff(graph.first_out))
        is_u_turn = turns.state_arc[graph.head] == turns.state_arc[tails] ^ 1
        turning = np.flatnonzero(self.may_turn).astype(np.int32)
        tails = np.concatenate((tails[~is_u_turn], turning))
        heads = np.concatenate((graph.head[~is_u_turn], turning ^ 1))
        by_tail = np.argsort(tails, kind="stable")
        first_out = np.searchsorted(tails[by_tail], np.arange(turns.n_states + 1)).astype(np.int32)
        return first_out, heads[by_tail].astype(np.int32)
