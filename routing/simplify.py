"""Lines with fewer points, for screens and slow networks.

Guards that ends and manoeuvre points stay where they are, and that no point that is left out lies farther from the
new line than the tolerance.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from routing.crow_flight import metres_per_degree
from routing.kernels.simplify import keep_points
from routing.path import LegPath


def simplify_line(
    lon_lat_deg: NDArray[np.float64], tolerance_m: float, *, kept: Sequence[int] = ()
) -> NDArray[np.float64]:
    """A part of the line's points, both ends among them, within the tolerance of all of them.

    Parameters
    ----------
    lon_lat_deg
        ``(k, 2)`` longitude and latitude.
    tolerance_m
        How far the new line may pass by an old point, in metres on a plane at the line's middle latitude.
    kept
        Indices of points that must stay.
    """
    if len(lon_lat_deg) <= 2:
        return lon_lat_deg
    is_fixed = np.zeros(len(lon_lat_deg), dtype=np.bool_)
    is_fixed[list(kept)] = True
    return _simplified(lon_lat_deg, tolerance_m, is_fixed)


def simplify_leg(path: LegPath, tolerance_m: float) -> LegPath:
    """The leg with a simpler line; the places of its manoeuvres stay on it."""
    if len(path.lon_lat_deg) <= 2:
        return path
    places = {(item.location.lon_deg, item.location.lat_deg) for item in path.manoeuvres}
    is_fixed = np.array([(lon, lat) in places for lon, lat in path.lon_lat_deg.tolist()], dtype=np.bool_)
    return replace(path, lon_lat_deg=_simplified(path.lon_lat_deg, tolerance_m, is_fixed))


def _simplified(
    lon_lat_deg: NDArray[np.float64], tolerance_m: float, is_fixed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    metres_per_lon, metres_per_lat = metres_per_degree(float(lon_lat_deg[:, 1].min() + lon_lat_deg[:, 1].max()) / 2)
    x_m, y_m = lon_lat_deg[:, 0] * metres_per_lon, lon_lat_deg[:, 1] * metres_per_lat
    chosen: NDArray[np.float64] = lon_lat_deg[keep_points(x_m, y_m, is_fixed, tolerance_m)]
    return chosen
