"""Lines on the map behind sequences of arcs, without repeated points."""

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
def leg_lines(
    first: NDArray[np.int64],
    arcs: NDArray[np.int32],
    from_mm: NDArray[np.int64],
    to_mm: NDArray[np.int64],
    shapes: Shapes,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """``(k, 2)`` longitudes and latitudes of all lines, one after the other, and where each of them begins.

    Line ``i`` follows ``arcs[first[i]:first[i + 1]]``, one arc or more, from ``from_mm[i]`` along the first of them to
    ``to_mm[i]`` along the last. It has two points at least: one that does not move at all is its point twice.
    """
    n = first.size - 1
    most = 2 * n
    for arc in arcs:
        most += shapes.last_point[arc >> 1] - shapes.first_point[arc >> 1] + 3
    line = np.empty((most, 2), dtype=np.float64)
    begins = np.zeros(n + 1, dtype=np.int64)
    count = 0
    for leg in range(n):
        begin = count
        for index in range(first[leg], first[leg + 1]):
            segment, is_back = arcs[index] >> 1, arcs[index] & 1
            point, end = shapes.first_point[segment], shapes.last_point[segment]
            length_mm = shapes.along_mm[end] - shapes.along_mm[point]
            if is_back:
                point, end = end, point
            step = -1 if is_back else 1
            low_mm = min(from_mm[leg], length_mm) if index == first[leg] else 0
            high_mm = min(to_mm[leg], length_mm) if index == first[leg + 1] - 1 else length_mm
            zero_mm, at_mm, start = shapes.along_mm[point], 0, point
            while start != end and at_mm < low_mm:
                start += step
                at_mm = abs(shapes.along_mm[start] - zero_mm)
            count = _append(line, begin, count, (start, step, at_mm - low_mm), shapes)
            at_mm = 0
            while point != end and at_mm < high_mm:
                if at_mm > low_mm:
                    count = _append(line, begin, count, (point, step, 0), shapes)
                point += step
                at_mm = abs(shapes.along_mm[point] - zero_mm)
            count = _append(line, begin, count, (point, step, at_mm - high_mm), shapes)
        if count == begin + 1:
            line[count, 0], line[count, 1] = line[begin, 0], line[begin, 1]
            count += 1
        begins[leg + 1] = count
    return line[:count], begins


@njit(cache=True, nogil=True)
def _append(line: NDArray[np.float64], begin: int, count: int, place: tuple[int, int, int], shapes: Shapes) -> int:
    """Add a place unless the line that began at ``begin`` already stands there; returns the new count.

    The place is a point, the step that led to it, and how many millimetres before it.
    """
    point, step, over_mm = place
    lon, lat = shapes.lon_deg[point], shapes.lat_deg[point]
    if over_mm > 0:
        share = over_mm / abs(shapes.along_mm[point] - shapes.along_mm[point - step])
        lon += share * (shapes.lon_deg[point - step] - lon)
        lat += share * (shapes.lat_deg[point - step] - lat)
    if count > begin and line[count - 1, 0] == lon and line[count - 1, 1] == lat:
        return count
    line[count, 0] = lon
    line[count, 1] = lat
    return count + 1
