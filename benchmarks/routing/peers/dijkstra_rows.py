"""Plain Dijkstra on our turn-aware graph in libraries that people reach for: SciPy and igraph."""

import importlib
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import Inputs, read_inputs
from benchmarks.routing.oracle import as_sparse, dijkstra_rows
from benchmarks.routing.peer import Case, Preparation, Track


class _DijkstraRows:
    """What both have in common: a graph without preparation, and one search a source."""

    name = ""
    track = Track.GRAPH
    is_row_wise = True

    def __init__(self) -> None:
        self._given: Inputs | None = None
        self._graph: Any = None
        self._sources = np.empty(0, dtype=np.int32)
        self._targets = np.empty(0, dtype=np.int32)

    def prepare(self, case: Case) -> Preparation:  # noqa: ARG002 - nothing to prepare
        """Do nothing."""
        return Preparation(seconds=0.0, is_kept=False)

    def load(self, case: Case) -> None:
        """Build the library's graph."""
        self._given = read_inputs(case.inputs_path)
        self._build(self._given.weight_ms)

    def ask(self, n: int, n_rows: int) -> None:
        """Sources and targets."""
        assert self._given is not None
        self._sources, self._targets = self._given.states[:n_rows], self._given.states[:n]

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Milliseconds."""
        found = np.array(answer, dtype=np.float64)
        found[np.isinf(found)] = np.nan
        return found

    def change(self, case: Case) -> float:  # noqa: ARG002 - the closed metric was read with the inputs
        """Build the graph anew with the closed metric."""
        assert self._given is not None
        begin = time.perf_counter()
        self._build(self._given.closed_weight_ms)
        return time.perf_counter() - begin

    def _build(self, weight_ms: NDArray[np.int64]) -> None:
        raise NotImplementedError


class ScipyRows(_DijkstraRows):
    """``scipy.sparse.csgraph.dijkstra``."""

    name = "scipy"
    settings = "csgraph.dijkstra with a list of sources on a CSR matrix, columns of the targets picked from its answer"

    def matrix(self) -> Any:
        """Float milliseconds."""
        return dijkstra_rows(self._graph, self._sources, self._targets)

    def _build(self, weight_ms: NDArray[np.int64]) -> None:
        assert self._given is not None
        self._graph = as_sparse(self._given, weight_ms)


class IgraphRows(_DijkstraRows):
    """``igraph.Graph.distances``."""

    name = "igraph"
    settings = "Graph.distances with algorithm dijkstra, integer weights"

    def __init__(self) -> None:
        super().__init__()
        self._weights: list[int] = []

    def matrix(self) -> Any:
        """Lists of milliseconds."""
        return self._graph.distances(
            source=self._sources.tolist(), target=self._targets.tolist(), weights=self._weights, algorithm="dijkstra"
        )

    def _build(self, weight_ms: NDArray[np.int64]) -> None:
        assert self._given is not None
        igraph = importlib.import_module("igraph")
        edges = np.column_stack((self._given.tail, self._given.head))
        self._graph = igraph.Graph(n=self._given.n_states, edges=edges, directed=True)
        self._weights = weight_ms.tolist()
