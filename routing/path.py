"""The way from one waypoint to the next, as a line on the map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPath:
    """Street geometry of the fastest path between two waypoints.

    Attributes
    ----------
    lon_lat_deg
        ``(k, 2)`` float64, k >= 2: longitude and latitude along the streets, from snapped start to snapped end.
    duration_s, distance_m
        The same values as in the travel matrix.
    street_names
        Names in the order driven, each once per stretch; unnamed streets are left out.
    """

    lon_lat_deg: NDArray[np.float64]
    duration_s: int
    distance_m: int
    street_names: tuple[str, ...] = ()
