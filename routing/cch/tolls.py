"""Toll lengths of the fastest ways from many points to many points: a second pass beside durations and lengths.

Guards that a matrix nobody asks tolls for costs nothing more, and that tolls belong to the ways of the first pass: the
fastest, among equally fast ones the shortest, and among those that with the least toll.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.cch.columns import Columns, arrange
from routing.cch.legs import leg_arcs
from routing.cch.many_to_many import Matrix, pairs_behind
from routing.cch.phantoms import Phantoms
from routing.cch.weights import INFINITE, HierarchyWeights
from routing.kernels.cch_labels import OpenArcs
from routing.kernels.cch_matrix import UNREACHABLE
from routing.kernels.cch_tolls import fold_tolls, seed_tolls, slot_tolls, sweep_tolls

_BLOCK_POINTS = 256
"""Sources whose labels and rows are kept at a time."""

_Labels = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class TollPlaces:
    """Points with the toll length that each of their places adds to a way, also negative."""

    phantoms: Phantoms
    toll: NDArray[np.int64]

    @cached_property
    def cost(self) -> NDArray[np.int64]:
        """Packed costs without negative ones, which could lift an infinite cost back among the finite."""
        packed = self.phantoms.packed()
        return packed - min(0, int(packed.min(initial=0)))

    def taken(self, points: NDArray[np.intp]) -> tuple[Phantoms, NDArray[np.int64], NDArray[np.int64]]:
        """Places of some points, with their costs and tolls."""
        phantoms, chosen = self.phantoms.taken(points)
        return phantoms, self.cost[chosen], self.toll[chosen]


@dataclass(frozen=True, kw_only=True)
class TollWeights:
    """A weighted hierarchy with the toll length of every edge's way.

    Attributes
    ----------
    weights
        What ways cost.
    arc_toll
        ``(n_arcs,)`` int64 toll length of each arc of the graph.
    """

    weights: HierarchyWeights
    arc_toll: NDArray[np.int64]

    @cached_property
    def open_tolls(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Toll lengths of the edges in ``HierarchyWeights.open_arcs``, upwards and downwards."""
        weights, structure = self.weights, self.weights.hierarchy
        toll = slot_tolls(
            structure.triangles, structure.slot_arcs, weights.arc_cost, weights.slot_cost, self.arc_toll, INFINITE
        )
        is_open = weights.slot_cost < INFINITE
        return toll[0::2][is_open[0::2]], toll[1::2][is_open[1::2]]

    def labels(
        self, columns: Columns, cost: NDArray[np.int64], toll: NDArray[np.int64], *, arcs: OpenArcs, direction: int
    ) -> _Labels:
        """Costs and tolls from, or to, every ancestor of some columns."""
        structure = self.weights.hierarchy
        shape = (structure.n_levels, len(columns))
        label = np.full(shape, INFINITE, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        seed_tolls(columns.place_level, columns.place_column, (cost[columns.place], toll[columns.place]), label)
        sweep_tolls(structure.tree, arcs, self.open_tolls[direction], columns.before, label)
        return label


def toll_lengths(
    tolls: TollWeights,
    sources: TollPlaces,
    targets: TollPlaces,
    *,
    unit_length: int = 1,
    n_threads: int = 1,
    out: Matrix | None = None,
) -> Matrix:
    """Lengths on toll streets of the ways that ``durations_and_lengths`` describes, in the same units and form."""
    shape = len(sources.phantoms), len(targets.phantoms)
    result = np.empty(shape, dtype=np.int32) if out is None else out
    weights, structure = tolls.weights, tolls.weights.hierarchy
    upwards, downwards = weights.open_arcs
    to_targets = [
        (columns, tolls.labels(columns, targets.cost, targets.toll, arcs=downwards, direction=1))
        for columns in arrange(structure, targets.phantoms)
        if len(columns)
    ]

    def fill(points: NDArray[np.intp]) -> None:
        phantoms, its_cost, its_toll = sources.taken(points)
        best = np.full((points.size, shape[1]), INFINITE, dtype=np.int64), np.zeros((points.size, shape[1]), np.int64)
        for rows in arrange(structure, phantoms):
            if not len(rows):
                continue
            label = tolls.labels(rows, its_cost, its_toll, arcs=upwards, direction=0)
            for columns, its_label in to_targets:
                both = rows.point, columns.point
                fold_tolls(structure.tree, rows.rank, label, columns.before, its_label, both, INFINITE, best)
        result[points] = np.where(best[0] < INFINITE, (best[1] + unit_length // 2) // unit_length, UNREACHABLE)

    with ThreadPoolExecutor(max_workers=max(1, n_threads)) as pool:
        in_parallel: Callable[..., Iterator[None]] = pool.map if n_threads > 1 else map
        for _ in in_parallel(fill, _blocks(sources.phantoms, structure.rank)):
            pass
    _put_right(result, tolls, sources, targets, unit_length=unit_length)
    return result


def _blocks(sources: Phantoms, rank: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Points in blocks of similar ranks, whose ways up the tree are much the same."""
    low_rank = np.full(len(sources), -1, dtype=np.int32)
    low_rank[sources.points()[::-1]] = rank[sources.state[::-1]]
    by_rank = np.argsort(low_rank, kind="stable")
    return [by_rank[begin : begin + _BLOCK_POINTS] for begin in range(0, by_rank.size, _BLOCK_POINTS)]


def _put_right(
    result: Matrix, tolls: TollWeights, sources: TollPlaces, targets: TollPlaces, *, unit_length: int
) -> None:
    """Pairs with the target behind the source on one state: labels take them for a step back, so their arcs count."""
    row, column, _ = pairs_behind(tolls.weights, sources.phantoms, targets.phantoms)
    pairs = np.unique(np.column_stack((row, column)), axis=0).astype(np.intp)
    ways = leg_arcs(tolls.weights, sources.phantoms, targets.phantoms, pairs[:, 0], pairs[:, 1])
    running = np.concatenate(([0], np.cumsum(tolls.arc_toll[ways.arc])))
    length = running[ways.first[1:]] - running[ways.first[:-1]]
    length += sources.toll[ways.source_place] + targets.toll[ways.target_place]
    is_found = ways.source_place >= 0
    in_units = np.where(is_found, (length + unit_length // 2) // unit_length, UNREACHABLE)
    result[pairs[:, 0], pairs[:, 1]] = in_units
