"""Read streets from an OSM file (``.osm.pbf``, ``.osm``, ``.osm.bz2``, ...): ours for plain PBF, pyosmium for the rest.

Guards against files that are cut off, empty or no OSM data: they end in ``BrokenMapError`` and nothing half-made.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from routing.errors import BrokenMapError
from routing.osm.builder import build_streets
from routing.osm.osmium_streets import data_at, read_with_osmium
from routing.osm.pbf_streets import read_plain_pbf
from routing.osm.raw import RawStreets
from routing.streets import StreetGraph


def load_streets(
    path: Path | str,
    *,
    box_deg: tuple[float, float, float, float] | None = None,
    polygon_deg: NDArray[np.float64] | None = None,
) -> StreetGraph:
    """Streets of an OSM file, all of them or those inside an area.

    Parameters
    ----------
    path
        An OSM file; the suffix tells its format.
    box_deg
        West, south, east, north; streets are cut at its border.
    polygon_deg
        ``(k, 2)`` longitude and latitude of an outline; streets are cut at its border.

    Raises
    ------
    BrokenMapError
        When the file is missing, cut off, empty, no OSM data, or has no streets in the area.
    """
    path = Path(path)
    raw = read_raw_streets(path)
    return build_streets(raw, source=path.name, box_deg=box_deg, polygon_deg=polygon_deg)


def read_raw_streets(path: Path) -> RawStreets:
    """Ways, tagged nodes and turn restrictions of an OSM file, unsplit.

    Raises
    ------
    BrokenMapError
        When the file is missing, cut off, empty or no OSM data.
    """
    require_map_file(path)
    try:
        raw = read_plain_pbf(path) if path.suffix == ".pbf" else None
        if raw is None:
            raw = read_with_osmium(path)
        raw.data_at = data_at(path)
    except (RuntimeError, ValueError, OSError) as error:  # pyosmium raises RuntimeError for whatever libosmium rejects
        raise BrokenMapError(source=path.name, detail=f"it is cut off or no OSM data ({error})") from error
    return raw


def require_map_file(path: Path) -> None:
    """Raise ``BrokenMapError`` unless there is a file with something in it."""
    if not path.is_file():
        raise BrokenMapError(source=path.name, detail="there is no such file")
    if path.stat().st_size == 0:
        raise BrokenMapError(source=path.name, detail="the file is empty")
