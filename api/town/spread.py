"""Chooses points that lie evenly over an area."""

import math
from collections.abc import Sequence

import numpy as np

from routing.crow_flight import metres_per_degree
from routing.osm.points import OsmPoint


def choose_evenly(candidates: Sequence[OsmPoint], count: int, *, taken: Sequence[OsmPoint] = ()) -> list[OsmPoint]:
    """Up to ``count`` candidates, each the farthest from those chosen before and from ``taken``.

    Farthest-point sampling; ties go to the first candidate, so that the choice is always the same.
    """
    if not candidates:
        return []
    place = _metres([*candidates, *taken], candidates[0].lat_deg)
    free, occupied = place[: len(candidates)], place[len(candidates) :]
    if len(occupied):
        gap_m = np.min(np.hypot(*(free[:, None] - occupied[None]).transpose(2, 0, 1)), axis=1)
    else:
        gap_m = -np.hypot(*(free - free.mean(axis=0)).T)  # begin in the middle
    chosen: list[OsmPoint] = []
    while len(chosen) < min(count, len(candidates)):
        index = int(np.argmax(gap_m))
        chosen.append(candidates[index])
        distance_m = np.hypot(*(free - free[index]).T)
        gap_m = distance_m if len(chosen) == 1 and not len(occupied) else np.minimum(gap_m, distance_m)
        gap_m[index] = -math.inf
    return chosen


def nearest_to(candidates: Sequence[OsmPoint], lon_deg: float, lat_deg: float) -> OsmPoint:
    """The candidate nearest to a position."""
    east_m, north_m = metres_per_degree(lat_deg)
    return min(
        candidates,
        key=lambda point: math.hypot((point.lon_deg - lon_deg) * east_m, (point.lat_deg - lat_deg) * north_m),
    )


def _metres(points: Sequence[OsmPoint], lat_deg: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    degrees = np.array([(point.lon_deg, point.lat_deg) for point in points], dtype=np.float64)
    return np.asarray(degrees * metres_per_degree(lat_deg), dtype=np.float64)
