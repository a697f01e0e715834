"""The line on the map behind a sequence of arcs, without repeated points."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray


class Shapes(NamedTuple):
    """Points of segments: those of segment ``s`` are ``first_point[s]`` to ``last_point[s]``, both included."""

    first_point: NDArray[np.int32]
    last_point: NDArray[np.int32]
    along_mm: NDArray[np.int64]
    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]


@njit(cache=True, nogil=True)
def leg_line(arcs: NDArray[np.int32], from_mm: int, to_mm: int, shapes: Shapes) -> NDArray[np.float64]:
    """``(k, 2)`` longitude and latitude, k >= 2, from ``from_mm`` along the first arc to ``to_mm`` along the last.

    A line that does not move at all is its point twice.
    """
    most = 2
    for arc in arcs:
        most += shapes.last_point[arc >> 1] - shapes.first_point[arc >> 1] + 3
    line = np.empty((most, 2), dtype=np.float64)
    count = 0
    for index in range(arcs.size):
        begin, end, step = _ends(arcs[index], shapes)
        length_mm = abs(shapes.along_mm[end] - shapes.along_mm[begin])
        low = min(from_mm, length_mm) if index == 0 else 0
        high = min(to_mm, length_mm) if index == arcs.size - 1 else length_mm
        count = _append_at(line, count, arcs[index], low, shapes)
        point = begin
        while point != end:
            if low < abs(shapes.along_mm[point] - shapes.along_mm[begin]) < high:
                count = _append(line, count, shapes.lon_deg[point], shapes.lat_deg[point])
            point += step
        count = _append_at(line, count, arcs[index], high, shapes)
    if count == 1:
        line[1] = line[0]
        count = 2
    return line[:count]


@njit(cache=True, nogil=True)
def _append_at(line: NDArray[np.float64], count: int, arc: int, at_mm: int, shapes: Shapes) -> int:
    """Add the place at a distance along an arc."""
    point, end, step = _ends(arc, shapes)
    begin_mm = shapes.along_mm[point]
    while point != end and abs(shapes.along_mm[point] - begin_mm) < at_mm:
        point += step
    over_mm = abs(shapes.along_mm[point] - begin_mm) - at_mm
    lon, lat = shapes.lon_deg[point], shapes.lat_deg[point]
    if over_mm > 0:
        share = over_mm / abs(shapes.along_mm[point] - shapes.along_mm[point - step])
        lon += share * (shapes.lon_deg[point - step] - lon)
        lat += share * (shapes.lat_deg[point - step] - lat)
    return _append(line, count, lon, lat)


@njit(cache=True, nogil=True)
def _append(line: NDArray[np.float64], count: int, lon: float, lat: float) -> int:
    """Add a point unless the line already stands there; returns the line's new length."""
    if count > 0 and line[count - 1, 0] == lon and line[count - 1, 1] == lat:
        return count
    line[count, 0] = lon
    line[count, 1] = lat
    return count + 1


@njit(cache=True, nogil=True)
def _ends(arc: int, shapes: Shapes) -> tuple[int, int, int]:
    """First and last point of an arc in driving order, and the step from one to the next."""
    segment = arc >> 1
    first, last = shapes.first_point[segment], shapes.last_point[segment]
    return (last, first, -1) if arc & 1 else (first, last, 1)
