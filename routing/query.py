"""The query phase: costs between snapped points and the paths behind them.

Guards that matrices and paths give one number for one pair: both come from the same packed costs and are rounded
once, here.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.kernels.search import UNREACHED, Entries, search_many, search_tree
from routing.metric import MS_SHIFT, Metric
from routing.snapping import Snap
from routing.streets import StreetGraph
from routing.turns import TurnGraph

_CHUNK_ROWS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A path: the arcs in driving order, first and last only in part."""

    arcs: tuple[int, ...]
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEngine:
    """Answers for one map and one profile."""

    streets: StreetGraph
    turns: TurnGraph
    metric: Metric

    def packed_costs(
        self, snaps: Sequence[Snap], *, n_threads: int = 1, progress: Callable[[float], None] | None = None
    ) -> NDArray[np.int64]:
        """``(n, n)`` packed costs from row to column; ``UNREACHED`` where there is no path, zero on the diagonal."""
        n = len(snaps)
        cost = np.full((n, n), UNREACHED, dtype=np.int64)
        sources, targets = self._entries(snaps, is_target=False), self._entries(snaps, is_target=True)
        bounds = [(begin, min(begin + _CHUNK_ROWS, n)) for begin in range(0, n, _CHUNK_ROWS)]
        with ThreadPoolExecutor(max_workers=max(1, n_threads)) as pool:
            futures = [pool.submit(search_many, self.metric.graph, sources, targets, *rows, cost) for rows in bounds]
            for done, future in enumerate(futures, start=1):
                future.result()
                if progress is not None:
                    progress(done / len(futures))
        self._take_direct_ways(snaps, cost)
        np.fill_diagonal(cost, 0)
        return cost

    def trace(self, start: Snap, end: Snap) -> Trace | None:
        """The path behind one packed cost, ``None`` where there is none."""
        sources = self._entries([start], is_target=False)
        targets = self._entries([end], is_target=True)
        n_states = self.turns.n_states
        label = np.full(n_states, UNREACHED, dtype=np.int64)
        previous = np.zeros(n_states, dtype=np.int32)
        search_tree(self.metric.graph, sources, targets.state, label, previous)
        best, best_state = int(UNREACHED), -1
        for state, part in zip(targets.state.tolist(), targets.cost.tolist(), strict=True):
            if label[state] < UNREACHED and int(label[state]) + part < best:
                best, best_state = int(label[state]) + part, state
        direct = self._direct(start, end)
        if direct is not None and direct[1] <= best:
            return Trace(arcs=(direct[0],), cost=direct[1])
        if best_state < 0:
            return None
        arcs = [int(self.turns.state_arc[best_state])]
        state = int(previous[best_state])
        while state >= 0:
            arcs.append(int(self.turns.state_arc[state]))
            state = int(previous[state])
        arcs.append(int(sources.state[-1 - state]))
        return Trace(arcs=tuple(reversed(arcs)), cost=best)

    def standstill(self, snap: Snap) -> Trace:
        """The path from a point to itself."""
        return Trace(arcs=snap.arcs[:1], cost=0)

    def part(self, snap: Snap, arc: int) -> int:
        """Packed cost from the arc's start to the point."""
        length_mm = int(self.streets.segment_length_mm[arc >> 1])
        along_mm = snap.offset_mm if arc % 2 == 0 else length_mm - snap.offset_mm
        return (int(self.metric.arc_ms[arc]) * along_mm // length_mm) << MS_SHIFT | along_mm

    def _entries(self, snaps: Sequence[Snap], *, is_target: bool) -> Entries:
        first, states, costs = [0], [], []
        for snap in snaps:
            for arc in snap.arcs:
                for state in self.turns.states_of(arc) if is_target else (arc,):
                    states.append(state)
                    costs.append(self.part(snap, arc))
            first.append(len(states))
        return Entries(
            first=np.array(first, dtype=np.int32),
            state=np.array(states, dtype=np.int32),
            cost=np.array(costs, dtype=np.int64),
        )

    def _direct(self, start: Snap, end: Snap) -> tuple[int, int] | None:
        """The way along one arc from a point to a later one."""
        ways = [(self.part(end, arc) - self.part(start, arc), arc) for arc in start.arcs if arc in end.arcs]
        ahead = [(cost, arc) for cost, arc in ways if cost >= 0]
        if not ahead:
            return None
        cost, arc = min(ahead)
        return arc, cost

    def _take_direct_ways(self, snaps: Sequence[Snap], cost: NDArray[np.int64]) -> None:
        by_segment: dict[int, list[int]] = {}
        for index, snap in enumerate(snaps):
            by_segment.setdefault(snap.segment, []).append(index)
        for members in by_segment.values():
            for start in members if len(members) > 1 else ():
                for end in members:
                    direct = self._direct(snaps[start], snaps[end])
                    if direct is not None:
                        cost[start, end] = min(int(cost[start, end]), direct[1])


def seconds(cost: NDArray[np.int64]) -> NDArray[np.int32]:
    """Whole seconds of packed costs, half a second rounded up."""
    return (((cost >> MS_SHIFT) + 500) // 1000).astype(np.int32)


def metres(cost: NDArray[np.int64]) -> NDArray[np.int32]:
    """Whole metres of packed costs, half a metre rounded up."""
    return (((cost & ((1 << MS_SHIFT) - 1)) + 500) // 1000).astype(np.int32)
