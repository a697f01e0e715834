"""Random places on drivable streets: the same coordinates for every peer, chosen by a fixed seed.

Guards that a comparison of durations is one of routes and not of snapping: every place lies exactly on a street that
a car may use in at least one direction and that belongs to the strongly connected part.
"""

import numpy as np
from numpy.typing import NDArray

from routing.metric import Metric
from routing.streets import StreetGraph

SEED = 20_240_229


def usable_segments(streets: StreetGraph, metric: Metric) -> NDArray[np.int64]:
    """Segments with an arc in the largest strongly connected part."""
    is_main = metric.is_main[: 2 * streets.n_segments]
    return np.flatnonzero(is_main[0::2] | is_main[1::2])


def random_places(
    streets: StreetGraph, segments: NDArray[np.int64], *, n: int, seed: int = SEED
) -> NDArray[np.float64]:
    """``(n, 2)`` longitude and latitude, uniform over the segments' length."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum(streets.segment_length_mm[segments])
    drawn_mm = rng.integers(0, ends[-1], size=n)
    which = np.searchsorted(ends, drawn_mm, side="right")
    segment = segments[which]
    along_mm = drawn_mm - (ends[which] - streets.segment_length_mm[segment])
    return np.array([_position(streets, int(one), int(mm)) for one, mm in zip(segment, along_mm, strict=True)])


def random_states(n_states: int, *, n: int, seed: int = SEED) -> NDArray[np.int32]:
    """``(n,)`` states of a graph, each at most once as long as there are enough."""
    rng = np.random.default_rng(seed)
    return rng.choice(n_states, size=n, replace=n > n_states).astype(np.int32)


def _position(streets: StreetGraph, segment: int, along_mm: int) -> tuple[float, float]:
    first, last = int(streets.segment_first_point[segment]), int(streets.segment_last_point[segment])
    along = streets.point_along_mm[first : last + 1] - streets.point_along_mm[first]
    lon = np.interp(along_mm, along, streets.point_lon_deg[first : last + 1])
    lat = np.interp(along_mm, along, streets.point_lat_deg[first : last + 1])
    return float(lon), float(lat)
