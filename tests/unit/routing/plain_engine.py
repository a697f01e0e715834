"""The slow twin of the query engine: plain searches, and ways along one arc added by hand."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.metric import MS_SHIFT, Metric
from routing.places import Snap
from routing.streets import StreetGraph
from routing.turns import TurnGraph
from tests.unit.routing.plain_search import UNREACHED, Entries, search_many

_CHUNK_ROWS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainEngine:
    """Answers for one map and one metric, one search per row."""

    streets: StreetGraph
    turns: TurnGraph
    metric: Metric

    def packed_costs(self, snaps: Sequence[Snap]) -> NDArray[np.int64]:
        """``(n, n)`` packed costs from row to column; ``UNREACHED`` where there is no path, zero on the diagonal."""
        n = len(snaps)
        cost = np.full((n, n), UNREACHED, dtype=np.int64)
        sources, targets = self._entries(snaps, is_target=False), self._entries(snaps, is_target=True)
        with ThreadPoolExecutor(max_workers=2) as pool:
            bounds = [(begin, min(begin + _CHUNK_ROWS, n)) for begin in range(0, n, _CHUNK_ROWS)]
            list(pool.map(lambda rows: search_many(self.metric.graph, sources, targets, *rows, cost), bounds))
        self._take_direct_ways(snaps, cost)
        np.fill_diagonal(cost, 0)
        return cost

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

    def direct(self, start: Snap, end: Snap) -> tuple[int, int] | None:
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
                    direct = self.direct(snaps[start], snaps[end])
                    if direct is not None:
                        cost[start, end] = min(int(cost[start, end]), direct[1])
