"""The contraction hierarchy of a map's turns: built once for the turns that any vehicle takes, weighed for each.

A street that no vehicle may use would only make the hierarchy deeper, so it is built on the turns of given metrics.
Guards that a metric with a turn beyond those is noticed: ``covers`` says so, and ``build_turn_hierarchy`` widens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.cch.hierarchy import Hierarchy, build_hierarchy
from routing.cch.state_graph import StateGraph
from routing.cch.weights import INFINITE, HierarchyWeights, customise
from routing.kernels.cch_matrix import LENGTH_BITS
from routing.metric import MS_SHIFT, Metric, MetricChange
from routing.streets import StreetGraph
from routing.turns import TurnGraph

assert MS_SHIFT == LENGTH_BITS  # costs of metrics and of hierarchies are packed alike

_LARGE_CHANGE = 0.05
"""Share of changed turns above which weighing everything anew is faster."""


@dataclass(frozen=True, kw_only=True)
class TurnHierarchy:
    """A hierarchy on some of a map's turns.

    Attributes
    ----------
    node_of
        ``(n_states,)`` int32: each state's node in the hierarchy, -1 for states that no vehicle uses.
    key
        ``(n_turns,)`` int64, rising: ``from * n_states + to`` of each turn, in the order of the hierarchy's arcs.
    hierarchy
        The hierarchy.
    """

    node_of: NDArray[np.int32]
    key: NDArray[np.int64]
    hierarchy: Hierarchy

    @cached_property
    def turn_from(self) -> NDArray[np.int64]:
        """``(n_turns,)`` state that each turn starts from."""
        return self.key // max(1, self.node_of.size)

    @cached_property
    def state_of(self) -> NDArray[np.intp]:
        """``(n_nodes,)`` state of each of the hierarchy's nodes."""
        return np.flatnonzero(self.node_of >= 0)

    @cached_property
    def turn_to(self) -> NDArray[np.int64]:
        """``(n_turns,)`` state that each turn leads to."""
        return self.key % max(1, self.node_of.size)

    def covers(self, metric: Metric) -> bool:
        """Whether every turn and arc that the metric opens is part of the hierarchy."""
        keys = _turn_keys(metric)
        at = np.searchsorted(self.key, keys)
        has_all_turns = not keys.size or (int(at.max()) < self.key.size and np.array_equal(self.key[at], keys))
        return has_all_turns and bool((self.node_of[: metric.arc_ms.size][metric.arc_ms >= 0] >= 0).all())

    def weighed(self, metric: Metric) -> HierarchyWeights:
        """The hierarchy with a metric's costs."""
        cost = self._costs(metric)
        return customise(self.hierarchy, duration_ms=_ms(cost), length=_mm(cost))

    def weighed_again(self, before: HierarchyWeights, metric: Metric) -> HierarchyWeights:
        """The same, with work only for what differs from ``before``."""
        cost = self._costs(metric)
        changed = np.flatnonzero(cost != before.arc_cost)
        if changed.size > _LARGE_CHANGE * cost.size:
            return customise(self.hierarchy, duration_ms=_ms(cost), length=_mm(cost))
        return before.with_changes(changed, duration_ms=_ms(cost[changed]), length=_mm(cost[changed]))

    def weighed_change(self, before: HierarchyWeights, change: MetricChange) -> HierarchyWeights | None:
        """The same for a change of the metric behind ``before``, ``None`` where it opens what is not covered.

        The work depends on how much has changed, and next to not at all on the size of the map.
        """
        is_open = change.weight >= 0
        key = change.turn_from.astype(np.int64) * self.node_of.size + change.turn_to
        at = np.minimum(np.searchsorted(self.key, key), self.key.size - 1)
        is_covered = self.key[at] == key if self.key.size else np.zeros(key.size, dtype=np.bool_)
        if (is_open & ~is_covered).any() or (self.node_of[change.opened] < 0).any():
            return None
        cost = np.where(is_open, change.weight, INFINITE)
        changed = np.flatnonzero(is_covered & (cost != before.arc_cost[at]))
        cost, at = cost[changed], at[changed]
        return before.with_changes(at, duration_ms=_ms(cost), length=_mm(cost))

    def _costs(self, metric: Metric) -> NDArray[np.int64]:
        """``(n_turns,)`` packed costs, ``INFINITE`` where closed."""
        cost = np.full(self.key.size, INFINITE, dtype=np.int64)
        cost[np.searchsorted(self.key, _turn_keys(metric))] = metric.graph.weight
        return cost


def build_turn_hierarchy(
    streets: StreetGraph, turns: TurnGraph, metrics: Sequence[Metric], *, wider_than: TurnHierarchy | None = None
) -> TurnHierarchy:
    """The hierarchy on all turns of some metrics, and on those of a hierarchy before."""
    n_states = turns.n_states
    keys = [_turn_keys(metric) for metric in metrics]
    is_used = np.zeros(n_states, dtype=np.bool_)
    if wider_than is not None:
        keys.append(wider_than.key)
        is_used |= wider_than.node_of >= 0
    key = np.unique(np.concatenate(keys)) if keys else np.zeros(0, dtype=np.int64)
    tail, head = np.divmod(key, max(1, n_states))
    for metric in metrics:
        is_used[: metric.arc_ms.size] |= metric.arc_ms >= 0
    is_used[tail] = is_used[head] = True
    state = np.flatnonzero(is_used)
    node_of = np.full(n_states, -1, dtype=np.int32)
    node_of[state] = np.arange(state.size, dtype=np.int32)
    segment = turns.state_arc[state] >> 1
    middle = (streets.segment_first_point[segment] + streets.segment_last_point[segment]) // 2
    graph = StateGraph(
        first_out=np.searchsorted(node_of[tail], np.arange(state.size + 1)).astype(np.int32),
        head=node_of[head],
        lon_deg=streets.point_lon_deg[middle],
        lat_deg=streets.point_lat_deg[middle],
        street=segment.astype(np.int32),
    )
    return TurnHierarchy(node_of=node_of, key=key, hierarchy=build_hierarchy(graph))


def _turn_keys(metric: Metric) -> NDArray[np.int64]:
    """``from * n_states + to`` of every open turn; no two are equal, because no two turns join the same states."""
    n_states = metric.graph.first_out.size - 1
    tails = np.repeat(np.arange(n_states, dtype=np.int64), np.diff(metric.graph.first_out))
    return tails * n_states + metric.graph.head


def _ms(cost: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(cost < INFINITE, cost >> LENGTH_BITS, -1)


def _mm(cost: NDArray[np.int64]) -> NDArray[np.int64]:
    return cost & ((1 << LENGTH_BITS) - 1)
