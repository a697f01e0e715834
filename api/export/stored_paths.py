"""A tour's streets as a JSON document beside the plan, so that its files can be made where there is no map."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from routing.path import LegPath, Manoeuvre

PATHS_FORMAT = "paths"
"""Name of the document among a tour's exports."""

_DECIMALS = 6
_MANOEUVRES = TypeAdapter(tuple[Manoeuvre, ...])

TourPaths = tuple[LegPath | None, ...]


def dump_paths(paths: TourPaths, *, attribution: str) -> bytes:
    """One entry per stop of the tour: the way that leads to it, null at the start and at breaks.

    Parameters
    ----------
    attribution
        What must be shown beside anything drawn from the map; empty for lines that come from no map.
    """
    document = {"attribution": attribution, "legs": [None if path is None else _leg(path) for path in paths]}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def load_paths(document: bytes) -> tuple[TourPaths, str]:
    """The paths and the attribution in a stored document."""
    found = json.loads(document)
    return tuple(None if leg is None else _path(leg) for leg in found["legs"]), found["attribution"]


def _leg(path: LegPath) -> dict[str, Any]:
    return {
        "lon_lat_deg": np.round(path.lon_lat_deg, _DECIMALS).tolist(),
        "duration_s": int(path.duration_s),
        "distance_m": int(path.distance_m),
        "street_names": list(path.street_names),
        "manoeuvres": [asdict(one) for one in path.manoeuvres],
    }


def _path(leg: dict[str, Any]) -> LegPath:
    return LegPath(
        lon_lat_deg=np.array(leg["lon_lat_deg"], dtype=np.float64),
        duration_s=leg["duration_s"],
        distance_m=leg["distance_m"],
        street_names=tuple(leg["street_names"]),
        manoeuvres=_MANOEUVRES.validate_python(leg["manoeuvres"]),
    )
