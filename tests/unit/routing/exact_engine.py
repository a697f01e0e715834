"""The query engine, asked for whole milliseconds and millimetres and for single paths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cch.legs import leg_arcs
from routing.cch.many_to_many import durations_and_lengths
from routing.kernels.cch_matrix import UNREACHABLE
from routing.metric import MS_SHIFT
from routing.places import Places, Snap
from routing.ports import ProgressCallback
from routing.query import QueryEngine
from tests.unit.routing.plain_search import UNREACHED


@dataclass(frozen=True, kw_only=True)
class Trace:
    arcs: tuple[int, ...]
    cost: int


class ExactEngine(QueryEngine):
    def packed_costs(
        self, snaps: Sequence[Snap], *, n_threads: int = 1, progress: ProgressCallback | None = None
    ) -> NDArray[np.int64]:
        """``(n, n)`` packed costs from row to column; ``UNREACHED`` where there is no path."""
        places = Places.of(snaps)
        ms, mm = durations_and_lengths(
            self.weights, self.sources(places), self.targets(places), n_threads=n_threads, progress=progress
        )
        return np.where(ms == UNREACHABLE, UNREACHED, (ms.astype(np.int64) << MS_SHIFT) | mm)

    def trace(self, start: Snap, end: Snap) -> Trace | None:
        """The path behind one packed cost, ``None`` where there is none."""
        places = Places.of([start, end])
        traces = self.traces(places, [(0, 1)])
        way = leg_arcs(self.weights, self.sources(places), self.targets(places), np.array([0]), np.array([1]))
        if traces.duration_s[0] == UNREACHABLE:
            return None
        return Trace(arcs=tuple(traces.arc.tolist()), cost=int(way.duration_ms[0] << MS_SHIFT | way.length[0]))

    def part(self, snap: Snap, arc: int) -> int:
        """Packed cost from the arc's start to the point."""
        ms, mm = self.parts(Places.of([snap]), np.array([0]), np.array([arc]))
        return int(ms[0] << MS_SHIFT | mm[0])
