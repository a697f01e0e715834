"""Random places on the streets of an OSM file, read without our router: they stay the same whatever becomes of it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import osmium.filter
from numpy.typing import NDArray
from osmium import osm

from routing.geodesy import great_circle_m

LIVED_IN = ("residential", "living_street", "unclassified", "tertiary", "secondary")
"""Where containers stand, and trucks may come: values of ``highway``."""
FREE = ("yes", "permissive", "destination", "designated")
"""Access that closes a street to nobody who works there."""
_KEYS = ("access", "vehicle", "motor_vehicle", "hgv")


def raw_places(map_path: Path, *, n: int, seed: int) -> NDArray[np.float64]:
    """``(n, 2)`` longitude and latitude, uniform over the length of the streets where people live."""
    ends = np.array(_pieces(map_path), dtype=np.float64).reshape(-1, 4)
    length_m = great_circle_m(*ends.T)
    rng = np.random.default_rng(seed)
    upto_m = np.cumsum(length_m)
    drawn_m = rng.random(n) * upto_m[-1]
    piece = np.minimum(np.searchsorted(upto_m, drawn_m, side="right"), len(ends) - 1)
    share = 1.0 - (upto_m[piece] - drawn_m) / np.maximum(length_m[piece], 1e-6)
    first, last = ends[piece, :2], ends[piece, 2:]
    # Seven decimals are OSM's own: places are equal wherever they are drawn.
    return np.round(first + share[:, None] * (last - first), 7)


def _pieces(map_path: Path) -> list[tuple[float, float, float, float]]:
    """Longitude and latitude of both ends of every straight piece, in the order of the file."""
    lived_in = osmium.filter.TagFilter(*(("highway", value) for value in LIVED_IN))
    pieces = []
    for way in osmium.FileProcessor(str(map_path), osm.NODE | osm.WAY).with_locations().with_filter(lived_in):
        if not isinstance(way, osm.Way) or any(way.tags.get(key, "yes") not in FREE for key in _KEYS):
            continue
        for one, other in pairwise(way.nodes):
            if one.location.valid() and other.location.valid():
                pieces.append((one.location.lon, one.location.lat, other.location.lon, other.location.lat))
    return pieces
