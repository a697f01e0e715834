"""Our hierarchy without the router around it: on the same graph and the same states as the peers that take a graph."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import Inputs, read_inputs
from benchmarks.routing.peer import Case, Preparation, Track
from routing.cch.hierarchy import Hierarchy, build_hierarchy
from routing.cch.many_to_many import durations, durations_and_lengths
from routing.cch.phantoms import Phantoms
from routing.cch.state_graph import StateGraph
from routing.cch.weights import HierarchyWeights, customise


class OursGraph:
    """``routing.cch``: durations alone, or together with the metres of the same paths."""

    track = Track.GRAPH
    is_row_wise = False

    def __init__(self, *, has_metres: bool = False) -> None:
        self.name = "ours_with_metres" if has_metres else "ours_bare"
        self.settings = f"own order, elimination-tree labels, {'durations and metres' if has_metres else 'durations'}"
        self._has_metres = has_metres
        self._given: Inputs | None = None
        self._weights: HierarchyWeights | None = None
        self._opened: HierarchyWeights | None = None
        self._sources = self._targets = Phantoms.at_states(np.empty(0, dtype=np.int32))

    def prepare(self, case: Case) -> Preparation:
        """Order and contract; made anew in every run, because it belongs to this run's graph."""
        graph = _state_graph(read_inputs(case.inputs_path))
        build_hierarchy(_corner(graph))  # reads the compiled kernels from disk, or compiles them for the first time
        begin = time.perf_counter()
        hierarchy = build_hierarchy(graph)
        seconds = time.perf_counter() - begin
        with (case.scratch_dir / f"{self.name}.npz").open("wb") as file:
            np.savez(file, allow_pickle=False, **hierarchy.arrays())
        self.load(case)
        self.ask(2, 2)
        self.matrix()  # compiles the other kernels, so that the next process finds them on disk
        self.change(case)
        return Preparation(seconds=seconds, is_kept=False)

    def load(self, case: Case) -> None:
        """Read the hierarchy and customise it."""
        self._given = read_inputs(case.inputs_path)
        with np.load(case.scratch_dir / f"{self.name}.npz") as arrays:
            hierarchy = Hierarchy.from_arrays(arrays)
        self._opened = customise(hierarchy, duration_ms=self._given.weight_ms, length=self._given.length_mm)
        self._weights = self._opened

    def ask(self, n: int, n_rows: int) -> None:
        """Sources and targets."""
        assert self._given is not None
        self._sources = Phantoms.at_states(self._given.states[:n_rows])
        self._targets = Phantoms.at_states(self._given.states[:n])

    def matrix(self) -> Any:
        """Whole milliseconds as int32."""
        assert self._weights is not None
        if self._has_metres:
            return durations_and_lengths(self._weights, self._sources, self._targets, unit_length=1000)[0]
        return durations(self._weights, self._sources, self._targets)

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Milliseconds."""
        found: NDArray[np.float64] = answer.astype(np.float64)
        found[answer == np.iinfo(np.int32).max] = np.nan  # unreachable
        return found

    def change(self, case: Case) -> float:  # noqa: ARG002 - the closed metric was read with the inputs
        """Take up the closed metric: customise every edge anew, or (with metres) only what the closure touches."""
        assert self._given is not None
        assert self._weights is not None
        assert self._opened is not None
        closed_ms, length_mm = self._given.closed_weight_ms, self._given.length_mm
        if self._has_metres:
            begin = time.perf_counter()
            changed = np.flatnonzero(closed_ms != self._given.weight_ms)
            self._weights = self._opened.with_changes(
                changed, duration_ms=closed_ms[changed], length=length_mm[changed]
            )
            return time.perf_counter() - begin
        begin = time.perf_counter()
        self._weights = customise(self._weights.hierarchy, duration_ms=closed_ms, length=length_mm)
        return time.perf_counter() - begin


def _state_graph(given: Inputs) -> StateGraph:
    counts = np.bincount(given.tail, minlength=given.n_states)
    return StateGraph(
        first_out=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        head=given.head,
        lon_deg=given.state_lon_deg,
        lat_deg=given.state_lat_deg,
        street=given.street,
    )


def _corner(graph: StateGraph) -> StateGraph:
    """The first states of a graph with the arcs between them."""
    n = min(64, graph.n_states)
    tails = graph.tails()
    is_inside = (tails < n) & (graph.head < n)
    counts = np.bincount(tails[is_inside], minlength=n)
    return StateGraph(
        first_out=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        head=graph.head[is_inside],
        lon_deg=graph.lon_deg[:n],
        lat_deg=graph.lat_deg[:n],
        street=graph.street[:n],
    )
