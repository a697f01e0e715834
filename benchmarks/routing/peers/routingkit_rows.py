"""RoutingKit's customizable contraction hierarchy on our turn-aware graph: pinned targets, one sweep a source.

Its order comes from its own inertial nested dissection. The wheel answers with Python lists; building them is part of
its time, since there is no other door.
"""

import importlib
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import read_inputs
from benchmarks.routing.peer import Case, Preparation, Track


class RoutingKitRows:
    """CCH one-to-many."""

    name = "routingkit_cch"
    track = Track.GRAPH
    settings = "own inertial order, basic customisation, one-to-many with pinned targets (pinning included)"
    is_row_wise = False

    def __init__(self) -> None:
        self._kit: Any = None
        self._metric: Any = None
        self._pinned: Any = None
        self._closed_weights: list[int] = []
        self._all_states: list[int] = []
        self._sources: list[int] = []
        self._targets: list[int] = []

    def prepare(self, case: Case) -> Preparation:
        """Compute an order; made anew in every run, because it belongs to this run's graph."""
        kit = importlib.import_module("routingkit_cch")
        given = read_inputs(case.inputs_path)
        begin = time.perf_counter()
        order = kit.compute_order_inertial(
            given.n_states,
            given.tail.tolist(),
            given.head.tolist(),
            given.state_lat_deg.tolist(),
            given.state_lon_deg.tolist(),
        )
        np.save(case.scratch_dir / "routingkit_order.npy", np.array(order, dtype=np.int64))
        return Preparation(seconds=time.perf_counter() - begin, is_kept=False)

    def load(self, case: Case) -> None:
        """Build the hierarchy in the order and customise it."""
        self._kit = importlib.import_module("routingkit_cch")
        given = read_inputs(case.inputs_path)
        order = np.load(case.scratch_dir / "routingkit_order.npy").tolist()
        hierarchy = self._kit.CCH(order, given.tail.tolist(), given.head.tolist(), False)
        self._metric = self._kit.CCHMetric(hierarchy, given.weight_ms.tolist())
        self._closed_weights = given.closed_weight_ms.tolist()
        self._all_states = given.states.tolist()

    def ask(self, n: int, n_rows: int) -> None:
        """Sources and targets."""
        self._targets = self._all_states[:n]
        self._sources = self._all_states[:n_rows]

    def matrix(self) -> Any:
        """Lists of milliseconds, one a source."""
        self._pinned = self._kit.CCHOneToMany(self._metric, self._targets)
        answer = [self._pinned.distances_from(source) for source in self._sources]
        self._pinned = None
        return answer

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Milliseconds."""
        return np.array(answer, dtype=np.float64)

    def change(self, case: Case) -> float:  # noqa: ARG002 - the closed metric was read with the inputs
        """Take up the closed metric."""
        begin = time.perf_counter()
        self._metric.reset(self._closed_weights)
        return time.perf_counter() - begin
