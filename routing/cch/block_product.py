"""Labels and their product, in blocks of sources that threads share out.

Guards that memory beyond the output stays small for any number of points: a block keeps labels of its own sources only.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from routing.cch.columns import arrange
from routing.cch.hierarchy import Hierarchy
from routing.cch.phantoms import Phantoms
from routing.kernels.cch_labels import OpenArcs, Tree, Weights, sweep
from routing.kernels.cch_matrix import LANES, Rows, Targets, fill_costs

BLOCK_POINTS = 1024
"""Sources whose labels are kept at a time."""

BLOCKS_A_THREAD = 2
"""At least: blocks take unequal times, and each has labels of its own to prepare."""

Found = TypeVar("Found")

FillBlock = Callable[[Tree, Rows, Targets, int], None]
"""Writes the rows of a block; the last argument is what the labels hold too much."""

Points = tuple[Phantoms, Weights]
"""Places and what each of them costs, in the numbers of the labels."""


def fill_matrix(
    hierarchy: Hierarchy,
    arcs: tuple[OpenArcs, OpenArcs],
    sources: Points,
    targets: Points,
    fill: FillBlock,
    beside: Callable[[], Found],
    *,
    infinity: int,
    n_threads: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Found:
    """Call ``fill`` for every block of sources, in up to ``n_threads`` threads, and return what ``beside`` returns.

    Parameters
    ----------
    hierarchy, arcs
        The tree, and its arcs from sources upwards and downwards to targets.
    sources, targets
        The points of the rows and of the columns.
    fill
        Writes the rows of one block.
    beside
        Further work that does not need the matrix: it shares the threads.
    infinity
        A cost that counts as unreachable.
    n_threads
        Threads to use.
    progress
        Called with the share of blocks done.
    """
    sources, source_excess = _from_zero(sources)
    targets, target_excess = _from_zero(targets)
    with ThreadPoolExecutor(max_workers=max(1, n_threads)) as pool:
        in_parallel = pool.map if n_threads > 1 else map
        further = pool.submit(beside) if n_threads > 1 else None
        first, extra = arrange(hierarchy, targets[0])
        label, extra_label = (
            part.seeded(hierarchy, targets[1], infinity=infinity, n_spare=LANES) for part in (first, extra)
        )
        for part, its_label in ((first, label), (extra, extra_label)):
            befores = part.parts(max(1, n_threads)) if len(part) else ()
            list(in_parallel(partial(_sweep_part, hierarchy.tree, arcs[1], its_label), befores))
        column_of = np.full(len(targets[0]), len(first), dtype=np.int32)
        column_of[first.point] = np.arange(len(first), dtype=np.int32)
        columns = Targets(first.before, label, column_of, extra.before, extra_label, column_of[extra.point])

        def fill_block(points: NDArray[np.intp]) -> None:
            rows = _rows(hierarchy, arcs[0], sources, points, columns, infinity=infinity)
            fill(hierarchy.tree, rows, columns, source_excess + target_excess)

        blocks = _blocks(hierarchy, sources[0], n_threads)
        for n_done, _ in enumerate(in_parallel(fill_block, blocks), start=1):
            if progress is not None:
                progress(n_done / len(blocks))
        return beside() if further is None else further.result()


def _from_zero(points: Points) -> tuple[Points, int]:
    """Costs without negative ones, which could lift an infinite cost back among the finite, and what was added."""
    phantoms, cost = points
    excess = max(0, -int(cost.min(initial=0)))
    return (phantoms, cost + cost.dtype.type(excess)), excess


def _sweep_part(tree: Tree, arcs: OpenArcs, label: Weights, before: NDArray[np.int32]) -> None:
    sweep(tree, arcs, before, label)


def _rows(
    hierarchy: Hierarchy,
    arcs: OpenArcs,
    sources: Points,
    points: NDArray[np.intp],
    columns: Targets,
    *,
    infinity: int,
) -> Rows:
    """Labels of one block of sources, and the rows of further columns of its points, worked out in advance."""
    phantoms, chosen = sources[0].taken(points)
    cost = sources[1][chosen]
    first, extra = arrange(hierarchy, phantoms)
    label, extra_label = (part.seeded(hierarchy, cost, infinity=infinity) for part in (first, extra))
    sweep(hierarchy.tree, arcs, first.before, label)
    extra_cost = np.empty((len(extra), columns.label.shape[1]), dtype=cost.dtype)
    if len(extra):
        sweep(hierarchy.tree, arcs, extra.before, extra_label)
        fill_costs(hierarchy.tree, extra.rank, 0, extra_label, columns, infinity, extra_cost)
    row_of = np.empty(points.size, dtype=np.int32)
    row_of[first.point] = np.arange(len(first), dtype=np.int32)
    return Rows(first.rank, label, points[first.point].astype(np.int32), row_of[extra.point], extra_cost)


def _blocks(hierarchy: Hierarchy, sources: Phantoms, n_threads: int) -> list[NDArray[np.intp]]:
    """Points that have a place, in blocks of similar ranks; sizes are multiples of four but for the last."""
    has_place = np.flatnonzero(np.diff(sources.first))
    if not has_place.size:
        return []
    low_rank = np.minimum.reduceat(hierarchy.rank[sources.state], sources.first[has_place])
    points = has_place[np.argsort(low_rank, kind="stable")]
    n_blocks = -(-points.size // BLOCK_POINTS)
    if n_threads > 1:
        n_blocks = n_threads * max(BLOCKS_A_THREAD, -(-n_blocks // n_threads))
    size = -(-points.size // n_blocks // 4) * 4
    return [points[begin : begin + size] for begin in range(0, points.size, size)]
