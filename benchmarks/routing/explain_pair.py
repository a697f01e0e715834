"""Lays our path between two places beside OSRM's with the same speeds, and says why their durations differ.

``python -m benchmarks.routing.explain_pair heidelberg 22 662`` asks for two places of the benchmark by their numbers;
``python -m benchmarks.routing.explain_pair heidelberg 49.3800,8.6700 49.3700,8.6611`` for a latitude and longitude.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.draw_inputs import make_inputs
from benchmarks.routing.explain import differences_on
from benchmarks.routing.extracts import NoExtractError, case_of, find_maps
from benchmarks.routing.table import RATIO_N


def main() -> int:
    """Print where both paths part, and the reason."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing.explain_pair", description=__doc__)
    parser.add_argument("map", help="name of an extract")
    parser.add_argument("start", help="number of a place, or latitude,longitude")
    parser.add_argument("end", help="number of a place, or latitude,longitude")
    parser.add_argument("--out", type=Path, default=Path("bench-results"), help="folder for kept data")
    given = parser.parse_args()
    try:
        maps, _ = find_maps((given.map,), out_dir=given.out)
    except NoExtractError as error:
        print(error, file=sys.stderr)
        return 1
    name, map_path = next(iter(maps.items()))
    places = np.array([_place(text, map_path) for text in (given.start, given.end)])
    differences = differences_on(case_of(name, map_path, out_dir=given.out), places)
    theirs = differences.theirs.path(tuple(places[0].tolist()), tuple(places[1].tolist()))
    found = differences.explain(0, 1, table_s=float("nan") if theirs is None else theirs.duration_s)
    print("\n".join(found.notes))
    print(f"ours {found.ours_s:.1f} s, OSRM {found.theirs_s:.1f} s: {found.reason.value}\n{found.where}")
    return 0


def _place(text: str, map_path: Path) -> NDArray[np.float64]:
    """Longitude and latitude of what was asked for."""
    if text.isdigit():
        place: NDArray[np.float64] = make_inputs(map_path, n=RATIO_N).lon_lat_deg[int(text)]
        return place
    lat, lon = map(float, text.split(","))
    return np.array((lon, lat))


if __name__ == "__main__":
    sys.exit(main())
