"""OSRM's table service in this process, with its contraction hierarchy or its multi-level Dijkstra.

Timed is the call alone: coordinates are handed over before and the answer is turned into an array after it. No
coordinates of waypoints, no distances and no hints are asked for, which is OSRM's fastest form of the question.
"""

import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import PROFILES_DIR, read_inputs
from benchmarks.routing.peer import Case, Preparation, Track
from benchmarks.routing.peers.osrm_files import OsrmFiles, run_osrm

MATCHED_PROFILE = PROFILES_DIR / "car_matched.lua"


class OsrmTable:
    """OSRM with one algorithm and one profile (its own ``car.lua`` unless another is named)."""

    track = Track.PLACES
    is_row_wise = False

    def __init__(self, algorithm: str, *, profile_path: Path | None = None) -> None:
        self.name = f"osrm_{algorithm.lower()}" + ("_matched" if profile_path else "")
        self.settings = (
            f"{algorithm}, {profile_path.name if profile_path else 'car.lua'}, in process, durations only, "
            "no hints, no waypoints, no limit of locations"
        )
        self._algorithm = algorithm
        self._profile_path = profile_path
        self._engine: Any = None
        self._lon_lat: list[tuple[float, float]] = []
        self._request: Any = None

    def prepare(self, case: Case) -> Preparation:
        """Extract, then contract or partition and customise."""
        return self._files(case).prepare()

    def load(self, case: Case) -> None:
        """Read OSRM's files into memory."""
        self._lon_lat = [(float(lon), float(lat)) for lon, lat in read_inputs(case.inputs_path).lon_lat_deg]
        self._open(self._files(case).stem)

    def ask(self, n: int, n_rows: int) -> None:
        """Table parameters for the first places."""
        osrm = importlib.import_module("osrm")
        sources = [] if n_rows == n else list(range(n_rows))
        self._request = osrm.TableParameters(
            coordinates=self._lon_lat[:n], sources=sources, annotations=["duration"], generate_hints=False
        )
        self._request.skip_waypoints = True

    def matrix(self) -> Any:
        """OSRM's own answer."""
        return self._engine.Table(self._request)

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Seconds; OSRM says ``None`` where there is no path."""
        return np.array([list(row) for row in answer["durations"]], dtype=np.float64)

    def change(self, case: Case) -> float:
        """Close a street by a segment speed file and read everything anew; copying the kept files is not counted."""
        stem = self._files(case).copy_to(case.scratch_dir / f"{self.name}-closed")
        closed_path = case.scratch_dir / f"{self.name}-closed.csv"
        one, other = read_inputs(case.inputs_path).closed_osm_nodes.tolist()
        closed_path.write_text(f"{one},{other},0\n{other},{one},0\n", encoding="utf-8")
        program = "osrm-contract" if self._algorithm == "CH" else "osrm-customize"
        begin = time.perf_counter()
        run_osrm(program, stem, "--segment-speed-file", closed_path)
        self._open(stem)
        return time.perf_counter() - begin

    def _files(self, case: Case) -> OsrmFiles:
        return OsrmFiles(case=case, algorithm=self._algorithm, profile_path=self._profile_path)

    def _open(self, stem: Path) -> None:
        osrm = importlib.import_module("osrm")
        self._engine = None
        self._engine = osrm.OSRM(
            algorithm=self._algorithm,
            storage_config=str(stem),
            use_shared_memory=False,
            max_locations_distance_table=-1,
        )
