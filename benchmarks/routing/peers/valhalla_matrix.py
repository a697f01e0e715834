"""Valhalla's sources_to_targets in this process."""

import importlib
import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import read_inputs
from benchmarks.routing.kept import keep, versioned
from benchmarks.routing.peer import Case, LeftOutError, Preparation, Track

_NO_LIMIT = 1_000_000_000


class ValhallaMatrix:
    """Valhalla with its costing ``auto``."""

    name = "valhalla"
    track = Track.PLACES
    settings = (
        "costing auto, in process, terse answer, limits of the matrix lifted, memory for 5,000 locations kept between "
        "calls, reverse connections not checked (the switch its manual names as costing speed)"
    )
    is_row_wise = False

    def __init__(self) -> None:
        self._actor: Any = None
        self._locations: list[dict[str, float]] = []
        self._request = ""

    def prepare(self, case: Case) -> Preparation:
        """Build routing tiles on one thread."""
        return keep(self._folder(case), lambda folder: self._build(case, folder))

    def load(self, case: Case) -> None:
        """Open the tiles."""
        valhalla = importlib.import_module("valhalla")
        places = read_inputs(case.inputs_path).lon_lat_deg
        self._locations = [{"lat": float(lat), "lon": float(lon)} for lon, lat in places]
        self._actor = valhalla.Actor(_configuration(self._folder(case) / "tiles"))

    def ask(self, n: int, n_rows: int) -> None:
        """The request as the JSON text that Valhalla takes."""
        places = self._locations[:n]
        self._request = json.dumps({"sources": places[:n_rows], "targets": places, "costing": "auto", "verbose": False})

    def matrix(self) -> Any:
        """Valhalla's JSON text."""
        return self._actor.matrix(self._request)

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Seconds; Valhalla says null where there is no path."""
        return np.array(json.loads(answer)["sources_to_targets"]["durations"], dtype=np.float64)

    def change(self, case: Case) -> float:
        """Closures need new tiles or live traffic tiles, which the wheel has no writer for."""
        raise LeftOutError(f"Valhalla has no way to close a street in {case.name} but to build its tiles anew")

    @staticmethod
    def _folder(case: Case) -> Path:
        return case.kept_dir / versioned("pyvalhalla")

    @staticmethod
    def _build(case: Case, folder: Path) -> None:
        spec = importlib.util.find_spec("valhalla")
        if spec is None or not spec.submodule_search_locations:
            raise LeftOutError("the package pyvalhalla is not installed")
        program = Path(spec.submodule_search_locations[0]) / "bin" / "valhalla_build_tiles"
        (folder / "tiles").mkdir()
        settings = folder / "valhalla.json"
        settings.write_text(json.dumps(_configuration(folder / "tiles")), encoding="utf-8")
        done = subprocess.run([program, "-c", settings, case.map_path], capture_output=True, text=True, check=False)  # noqa: S603 - a program of an installed wheel
        if done.returncode:
            raise LeftOutError(f"valhalla_build_tiles failed: {done.stderr.strip()[-300:]}")


def _configuration(tiles_dir: Path) -> dict[str, Any]:
    valhalla = importlib.import_module("valhalla")
    settings: dict[str, Any] = valhalla.get_config(tile_extract="", tile_dir=str(tiles_dir), verbose=False)
    settings["mjolnir"]["concurrency"] = 1
    settings["service_limits"]["auto"]["max_matrix_location_pairs"] = _NO_LIMIT
    settings["service_limits"]["auto"]["max_matrix_distance"] = _NO_LIMIT
    settings["thor"]["costmatrix"]["max_reserved_locations"] = 5_000
    settings["thor"]["costmatrix"]["check_reverse_connection"] = False
    return settings
