"""Ours as users run it: waypoints in, complete matrix of whole seconds out, with metres or without."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import PROFILE, PROFILES_DIR, read_inputs
from benchmarks.routing.peer import Case, LeftOutError, Preparation, Track
from routing.location import Location, Waypoint
from routing.street_router import RoadRouter
from routing.streets_file import load_cached_streets


class OursPlaces:
    """``RoadRouter.durations``, or ``RoadRouter.travel`` with the metres of the same paths."""

    track = Track.PLACES
    is_row_wise = False

    def __init__(self, *, has_metres: bool = False) -> None:
        self.name = "ours_both" if has_metres else "ours"
        self.settings = (
            f"RoadRouter.{'travel' if has_metres else 'durations'}: snapping, reachability, "
            f"{'durations and metres of the same paths' if has_metres else 'durations'}, complete matrix"
        )
        self._has_metres = has_metres
        self._router: RoadRouter | None = None
        self._waypoints: list[Waypoint] = []
        self._asked: list[Waypoint] = []

    def prepare(self, case: Case) -> Preparation:
        """From the OSM file to the first answer with nothing kept but compiled kernels; made anew in every run."""
        shutil.rmtree(self._folder(case), ignore_errors=True)
        begin = time.perf_counter()
        self.load(case)
        self.ask(2, 2)
        self.matrix()
        return Preparation(seconds=time.perf_counter() - begin, is_kept=False)

    def load(self, case: Case) -> None:
        """Open the map from our cache."""
        places = read_inputs(case.inputs_path).lon_lat_deg.tolist()
        self._waypoints = [
            Waypoint(label=f"place {index}", location=Location(lon_deg=lon, lat_deg=lat))
            for index, (lon, lat) in enumerate(places)
        ]
        folder = self._folder(case)
        streets = load_cached_streets(case.map_path, cache_dir=folder)
        self._router = RoadRouter(streets, cache_dir=folder, profiles_dir=PROFILES_DIR, n_threads=1)

    def ask(self, n: int, n_rows: int) -> None:
        """Waypoints; the matrix is always whole."""
        assert n == n_rows
        self._asked = self._waypoints[:n]

    def matrix(self) -> Any:
        """What the router returns."""
        assert self._router is not None
        if self._has_metres:
            return self._router.travel(self._asked, profile=PROFILE)
        return self._router.durations(self._asked, profile=PROFILE)

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Seconds; rows and columns of places that were rejected are NaN."""
        full = np.full((len(self._asked), len(self._asked)), np.nan)
        placed = np.flatnonzero(answer.row_of >= 0)
        rows = answer.row_of[placed]
        duration_s = answer.matrix.duration_s if self._has_metres else answer.duration_s
        full[np.ix_(placed, placed)] = duration_s[np.ix_(rows, rows)]
        return full

    def change(self, case: Case) -> float:
        """Not measured here: see the same change on the bare graph."""
        raise LeftOutError(f"closing a street in {case.name} is measured on the bare graph")

    def _folder(self, case: Case) -> Path:
        return case.scratch_dir / self.name
