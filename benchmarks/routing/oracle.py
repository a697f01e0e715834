"""The independent judge of the graph track: SciPy's Dijkstra, which shares no code with ours.

Weights are whole milliseconds below 2**53, so its floating-point sums are exact and may be compared bit by bit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.routing.inputs import Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many pairs were compared, and how many differ."""

    n_pairs: int
    n_mismatches: int


def as_sparse(given: Inputs, weight_ms: NDArray[np.int64]) -> Any:
    """The graph as SciPy takes it."""
    shape = (given.n_states, given.n_states)
    return csr_matrix((weight_ms.astype(np.float64), (given.tail, given.head)), shape=shape)


def dijkstra_rows(graph: Any, sources: NDArray[np.int32], targets: NDArray[np.int32]) -> NDArray[np.float64]:
    """``(n_sources, n_targets)`` milliseconds, infinite where there is no path."""
    found: NDArray[np.float64] = dijkstra(graph, indices=sources)
    return found[:, targets]


def true_durations(given: Inputs, weight_ms: NDArray[np.int64], *, n: int, n_rows: int) -> NDArray[np.float64]:
    """``(n_rows, n)`` milliseconds between the states that are asked for, searched in slices to keep memory small."""
    graph = as_sparse(given, weight_ms)
    slices = [
        dijkstra_rows(graph, given.states[begin : min(begin + 100, n_rows)], given.states[:n])
        for begin in range(0, n_rows, 100)
    ]
    return np.concatenate(slices)


def compare(answer: NDArray[np.float64], truth: NDArray[np.float64]) -> Comparison:
    """Bit-by-bit comparison of as many rows as both have; NaN never equals anything."""
    n_rows = min(len(answer), len(truth))
    differs = answer[:n_rows] != truth[:n_rows]
    return Comparison(n_pairs=int(differs.size), n_mismatches=int(differs.sum()))
