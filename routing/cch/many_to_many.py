"""The query phase: durations, and lengths of the same ways, from many points to many points.

Guards that the answer is the same, bit for bit, for any number of threads, and that a way between two places on one
state never has a negative cost.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from routing.cch.block_product import fill_matrix
from routing.cch.hierarchy import Hierarchy
from routing.cch.phantoms import Phantoms
from routing.cch.weights import INFINITE, INFINITE_MS, HierarchyWeights
from routing.huge_pages import in_huge_pages
from routing.kernels.cch_behind import Cycles, Ends, costs_behind
from routing.kernels.cch_labels import Tree
from routing.kernels.cch_matrix import (
    LENGTH_BITS,
    UNREACHABLE,
    Rows,
    Targets,
    fill_durations,
    fill_durations_and_lengths,
)

Matrix = NDArray[np.int32]


def durations(
    weights: HierarchyWeights,
    sources: Phantoms,
    targets: Phantoms,
    *,
    unit_ms: int = 1,
    n_threads: int = 1,
    out: Matrix | None = None,
    progress: Callable[[float], None] | None = None,
) -> Matrix:
    """Durations of the fastest ways.

    Parameters
    ----------
    weights
        A weighted hierarchy.
    sources, targets
        The points of the rows and of the columns.
    unit_ms
        Unit of the answer; half units are rounded up.
    n_threads
        Threads to use.
    out
        ``(n_sources, n_targets)`` int32 to write to, such as a memory-mapped file.
    progress
        Called with the share of the work done.

    Returns
    -------
    ndarray
        ``out``, or a new array; ``UNREACHABLE`` where there is no way.
    """
    out = _output(sources, targets, out)

    def fill(tree: Tree, rows: Rows, columns: Targets, excess: int) -> None:
        fill_durations(tree, rows, columns, INFINITE_MS, excess, unit_ms, out)

    rows, columns, cost = fill_matrix(
        weights.hierarchy,
        weights.open_arcs_ms,
        (sources, sources.duration_ms.astype(np.int32)),
        (targets, targets.duration_ms.astype(np.int32)),
        fill,
        partial(pairs_behind, weights, sources, targets),
        infinity=INFINITE_MS,
        n_threads=n_threads,
        progress=progress,
    )
    out[sources.without_place()] = UNREACHABLE
    out[rows, columns] = _in_units(cost, cost >> LENGTH_BITS, unit_ms)
    return out


def durations_and_lengths(
    weights: HierarchyWeights,
    sources: Phantoms,
    targets: Phantoms,
    *,
    unit_ms: int = 1,
    unit_length: int = 1,
    n_threads: int = 1,
    out: tuple[Matrix, Matrix] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Matrix, Matrix]:
    """Durations of the fastest ways, and lengths of the same ways: the shortest among equally fast ones.

    The parameters are those of ``durations``; lengths come in units of ``unit_length`` units of the weights.
    """
    duration = _output(sources, targets, None if out is None else out[0])
    length = _output(sources, targets, None if out is None else out[1])

    def fill(tree: Tree, rows: Rows, columns: Targets, excess: int) -> None:
        fill_durations_and_lengths(tree, rows, columns, INFINITE, excess, (unit_ms, unit_length), duration, length)

    rows, columns, cost = fill_matrix(
        weights.hierarchy,
        weights.open_arcs,
        (sources, sources.packed()),
        (targets, targets.packed()),
        fill,
        partial(pairs_behind, weights, sources, targets),
        infinity=INFINITE,
        n_threads=n_threads,
        progress=progress,
    )
    no_place = sources.without_place()
    duration[no_place], length[no_place] = UNREACHABLE, UNREACHABLE
    duration[rows, columns] = _in_units(cost, cost >> LENGTH_BITS, unit_ms)
    length[rows, columns] = _in_units(cost, cost & ((1 << LENGTH_BITS) - 1), unit_length)
    return duration, length


def _output(sources: Phantoms, targets: Phantoms, out: Matrix | None) -> Matrix:
    shape = (len(sources), len(targets))
    if out is None:
        return in_huge_pages(shape[0] * shape[1]).reshape(shape)
    if out.shape != shape or out.dtype != np.int32:
        raise ValueError(f"The output is {out.dtype} {out.shape}; it must be int32 {shape}.")
    return out


def pairs_behind(
    weights: HierarchyWeights, sources: Phantoms, targets: Phantoms
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Rows, columns and costs of pairs with the target behind the source on one state.

    Labels take such a pair for a way of negative cost.
    """
    structure, costs = weights.hierarchy, weights.costs
    cycles = Cycles(structure.down_first, structure.down_edge, costs.slot, costs.loop)
    sides = _ends(structure, sources), _ends(structure, targets)
    return costs_behind(structure.tree, weights.open_arcs, cycles, *sides, structure.n_levels, INFINITE)


def _ends(hierarchy: Hierarchy, phantoms: Phantoms) -> Ends:
    rank = hierarchy.rank[phantoms.state]
    by_rank = np.argsort(rank, kind="stable")
    return Ends(phantoms.first, phantoms.points(), rank, phantoms.packed(), by_rank)


def _in_units(cost: NDArray[np.int64], value: NDArray[np.int64], unit: int) -> NDArray[np.int32]:
    return np.where(cost < INFINITE, (value + unit // 2) // unit, UNREACHABLE).astype(np.int32)
