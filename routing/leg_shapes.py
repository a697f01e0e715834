"""From the arcs of a path to a line on the map and the names of its streets."""

import numpy as np
from numpy.typing import NDArray

from routing.snapping import Snap
from routing.streets import StreetGraph


def leg_shape(streets: StreetGraph, arcs: tuple[int, ...], start: Snap, end: Snap) -> NDArray[np.float64]:
    """``(k, 2)`` longitude and latitude from the start's place on the first arc to the end's on the last."""
    pieces = []
    for index, arc in enumerate(arcs):
        length_mm = int(streets.segment_length_mm[arc >> 1])
        from_mm = _along(start, arc, length_mm) if index == 0 else 0
        to_mm = _along(end, arc, length_mm) if index == len(arcs) - 1 else length_mm
        pieces.append(_arc_shape(streets, arc, from_mm, to_mm))
    line = np.concatenate(pieces)
    is_new = np.append(True, (line[1:] != line[:-1]).any(axis=1))
    kept = line[is_new]
    return kept if len(kept) >= 2 else np.repeat(kept, 2, axis=0)


def street_names(streets: StreetGraph, arcs: tuple[int, ...]) -> tuple[str, ...]:
    """Names in driving order, each once per stretch."""
    names: list[str] = []
    for arc in arcs:
        name = streets.segment_name(arc >> 1)
        if name and (not names or names[-1] != name):
            names.append(name)
    return tuple(names)


def _along(snap: Snap, arc: int, length_mm: int) -> int:
    return snap.offset_mm if arc % 2 == 0 else length_mm - snap.offset_mm


def _arc_shape(streets: StreetGraph, arc: int, from_mm: int, to_mm: int) -> NDArray[np.float64]:
    """The arc's shape between two distances from its start."""
    segment = arc >> 1
    points = slice(int(streets.segment_first_point[segment]), int(streets.segment_last_point[segment]) + 1)
    along_mm = streets.point_along_mm[points] - streets.point_along_mm[points.start]
    shape = np.column_stack((streets.point_lon_deg[points], streets.point_lat_deg[points]))
    if arc % 2 == 1:
        along_mm, shape = along_mm[-1] - along_mm[::-1], shape[::-1]
    is_between = (along_mm > from_mm) & (along_mm < to_mm)
    ends = [[np.interp(at, along_mm, shape[:, axis]) for axis in (0, 1)] for at in (from_mm, to_mm)]
    return np.concatenate((ends[:1], shape[is_between], ends[1:]))
