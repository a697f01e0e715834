"""The query phase: durations, distances and paths between places, for one map and one metric.

Guards that matrices and paths give one number for one pair: both are the cheapest packed cost in whole milliseconds
and millimetres, rounded once, half a second or metre up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.cch.legs import leg_arcs
from routing.cch.many_to_many import Matrix, durations, durations_and_lengths
from routing.cch.phantoms import Phantoms
from routing.cch.tolls import TollPlaces, TollWeights, toll_lengths
from routing.cch.weights import HierarchyWeights
from routing.kernels.cch_matrix import UNREACHABLE
from routing.metric import Metric
from routing.places import Places
from routing.ports import ProgressCallback
from routing.streets import StreetGraph
from routing.turn_hierarchy import TurnHierarchy
from routing.turns import TurnGraph

_UNIT = 1000
"""Milliseconds of a second, millimetres of a metre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Paths of some legs.

    Attributes
    ----------
    duration_s, distance_m
        ``(n_legs,)`` int64, ``UNREACHABLE`` where there is no path.
    first, arc
        ``(n_legs + 1,)`` int64, ``(n_arcs_of_all_legs,)`` int32: arcs of leg ``l``, in driving order, are
        ``arc[first[l]:first[l + 1]]``; the first and last are driven in part. None where there is no path.
    """

    duration_s: NDArray[np.int64]
    distance_m: NDArray[np.int64]
    first: NDArray[np.int64]
    arc: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEngine:
    """Answers for one map and one metric."""

    streets: StreetGraph
    turns: TurnGraph
    metric: Metric
    hierarchy: TurnHierarchy
    weights: HierarchyWeights

    @classmethod
    def on(cls, streets: StreetGraph, turns: TurnGraph, metric: Metric, hierarchy: TurnHierarchy) -> Self:
        """Weigh a hierarchy that covers the metric."""
        return cls(streets=streets, turns=turns, metric=metric, hierarchy=hierarchy, weights=hierarchy.weighed(metric))

    def with_metric(self, metric: Metric) -> "QueryEngine":
        """The same with other costs, which the hierarchy covers; only what changed is worked out anew."""
        weights = self.hierarchy.weighed_again(self.weights, metric)
        return QueryEngine(
            streets=self.streets, turns=self.turns, metric=metric, hierarchy=self.hierarchy, weights=weights
        )

    def matrices(
        self,
        places: Places,
        *,
        n_threads: int = 1,
        progress: ProgressCallback | None = None,
        out: tuple[Matrix, Matrix] | None = None,
    ) -> tuple[Matrix, Matrix]:
        """``(n, n)`` seconds and metres from row to column; ``UNREACHABLE`` where there is no path."""
        return durations_and_lengths(
            self.weights,
            self.sources(places),
            self.targets(places),
            unit_ms=_UNIT,
            unit_length=_UNIT,
            n_threads=n_threads,
            out=out,
            progress=progress,
        )

    def durations(
        self,
        places: Places,
        *,
        n_threads: int = 1,
        progress: ProgressCallback | None = None,
        out: Matrix | None = None,
    ) -> Matrix:
        """``(n, n)`` seconds alone, the same as in ``matrices``."""
        return durations(
            self.weights,
            self.sources(places),
            self.targets(places),
            unit_ms=_UNIT,
            n_threads=n_threads,
            out=out,
            progress=progress,
        )

    def toll_lengths(self, places: Places, is_toll: NDArray[np.bool_], *, n_threads: int = 1, out: Matrix) -> Matrix:
        """``(n, n)`` metres of the ways in ``matrices`` that lie on toll streets; ``is_toll`` is given per segment."""
        arc = self.turns.state_arc[self.hierarchy.turn_from]
        arc_toll = np.where(is_toll[arc >> 1], self.streets.segment_length_mm[arc >> 1], 0)
        return toll_lengths(
            TollWeights(weights=self.weights, arc_toll=arc_toll),
            self._toll_places(self.sources(places), is_toll),
            self._toll_places(self.targets(places), is_toll),
            unit_length=_UNIT,
            n_threads=n_threads,
            out=out,
        )

    def _toll_places(self, phantoms: Phantoms, is_toll: NDArray[np.bool_]) -> TollPlaces:
        segment = self.turns.state_arc[self.hierarchy.state_of[phantoms.state]] >> 1
        return TollPlaces(phantoms=phantoms, toll=np.where(is_toll[segment], phantoms.length, 0))

    def traces(self, places: Places, legs: NDArray[np.intp] | Sequence[tuple[int, int]]) -> Traces:
        """The paths behind some entries of the matrices, as pairs of places."""
        start, end = np.asarray(legs, dtype=np.intp).reshape(-1, 2).T
        sources, targets = self.sources(places), self.targets(places)
        ways = leg_arcs(self.weights, sources, targets, start, end)
        is_found = ways.source_place >= 0
        first = np.concatenate(([0], np.cumsum(np.diff(ways.first) + is_found)))
        # Turns lead to all arcs of a path but the first, which is the one that its source stands on.
        _, arc_of_stop = places.stops()
        arc = np.empty(int(first[-1]), dtype=np.int32)
        is_start = np.zeros(arc.size, dtype=np.bool_)
        is_start[first[:-1][is_found]] = True
        arc[is_start] = arc_of_stop[self._stops_in_use(arc_of_stop)][ways.source_place[is_found]]
        arc[~is_start] = self.turns.state_arc[self.hierarchy.turn_to[ways.arc]]
        return Traces(
            duration_s=_rounded(ways.duration_ms, is_found),
            distance_m=_rounded(ways.length, is_found),
            first=first,
            arc=arc,
        )

    def sources(self, places: Places) -> Phantoms:
        """Where the places are left: on their arcs, less what lies behind them."""
        place, arc = places.stops()
        in_use = self._stops_in_use(arc)
        ms, mm = self.parts(places, place, arc)
        return _phantoms(len(places), place[in_use], self.hierarchy.node_of[arc[in_use]], -ms[in_use], -mm[in_use])

    def targets(self, places: Places) -> Phantoms:
        """Where the places are reached: on their arcs and all copies of these."""
        place, arc = places.stops()
        ms, mm = self.parts(places, place, arc)
        first_copy = self.turns.first_copy
        counts = 1 + first_copy[arc + 1] - first_copy[arc]
        stop = np.repeat(np.arange(arc.size), counts)
        inside = np.arange(stop.size) - np.repeat(np.cumsum(counts) - counts, counts)
        state = arc[stop]
        is_copy = inside > 0
        state[is_copy] = self.turns.copies[first_copy[state[is_copy]] + inside[is_copy] - 1]
        node = self.hierarchy.node_of[state]
        in_use = node >= 0
        stop = stop[in_use]
        return _phantoms(len(places), place[stop], node[in_use], ms[stop], mm[stop])

    def parts(
        self, places: Places, place: NDArray[np.int64], arc: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Milliseconds and millimetres from the arcs' starts to the places, milliseconds rounded down."""
        length_mm = self.streets.segment_length_mm[arc >> 1]
        offset_mm = places.offset_mm[place]
        along_mm = np.where(arc % 2 == 0, offset_mm, length_mm - offset_mm)
        return self.metric.arc_ms[arc] * along_mm // length_mm, along_mm

    def _stops_in_use(self, arc: NDArray[np.int64]) -> NDArray[np.bool_]:
        return self.hierarchy.node_of[arc] >= 0


def _phantoms(
    n: int, place: NDArray[np.int64], node: NDArray[np.int32], ms: NDArray[np.int64], mm: NDArray[np.int64]
) -> Phantoms:
    first = np.concatenate(([0], np.cumsum(np.bincount(place, minlength=n)))).astype(np.int32)
    return Phantoms(first=first, state=node, duration_ms=ms, length=mm)


def _rounded(value: NDArray[np.int64], is_found: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.where(is_found, (value + _UNIT // 2) // _UNIT, UNREACHABLE)
