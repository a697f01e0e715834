"""Finds longitude and latitude exchanged in a whole file, so that 500 lines give one clear report."""

import math
from collections.abc import Sequence

from optimizer.domain.issues import Issue
from routing.location import Location

_NEAR_DEG = 1.5
"""A town's containers lie within about 100 km of its depot."""

_BULK_SHARE = 0.5


def swapped_issues(
    points: Sequence[tuple[int, float, float]], *, near: Location | None, source: str
) -> tuple[Issue, ...]:
    """Reports on points (line, lon, lat) that make sense only with longitude and latitude exchanged.

    One report when they are most of the file, else one per line. Without a point of the town to compare with, only
    impossible latitudes tell.
    """
    usable = [point for point in points if math.isfinite(point[1]) and math.isfinite(point[2])]
    lines = [line for line, lon, lat in usable if _is_swapped(lon, lat, near)]
    if not lines:
        return ()
    if near is None:
        evidence = "the latitude is beyond 90 degrees"
    else:
        evidence = f"exchanged, they lie near the depot ({near.lon_deg:.3f} E, {near.lat_deg:.3f} N)"
    if len(lines) >= _BULK_SHARE * len(usable):
        message = (
            f"Longitude and latitude look swapped in {len(lines)} of {len(usable)} lines, first in line {lines[0]}: "
            f"{evidence}. Exchange the two headings lon and lat."
        )
        return (Issue(where=source, code="coordinates_swapped", message=message),)
    message = f"Longitude and latitude look swapped: {evidence}. Exchange the two values."
    return tuple(Issue(where=f"{source}, line {n}", code="coordinates_swapped", message=message) for n in lines)


def _is_swapped(lon: float, lat: float, near: Location | None) -> bool:
    if near is None:
        return abs(lat) > 90 >= abs(lon)
    return not _is_near(lon, lat, near) and _is_near(lat, lon, near)


def _is_near(lon: float, lat: float, near: Location) -> bool:
    return abs(lat - near.lat_deg) <= _NEAR_DEG and abs(lon - near.lon_deg) <= _NEAR_DEG * 2
