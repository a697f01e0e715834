"""From the arcs of a path to a line on the map and the names of its streets."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from routing.kernels.leg_lines import Shapes, leg_line
from routing.snapping import Snap
from routing.streets import StreetGraph


def leg_shape(streets: StreetGraph, arcs: tuple[int, ...], start: Snap, end: Snap) -> NDArray[np.float64]:
    """``(k, 2)`` longitude and latitude from the start's place on the first arc to the end's on the last."""
    shapes = Shapes(
        streets.segment_first_point,
        streets.segment_last_point,
        streets.point_along_mm,
        streets.point_lon_deg,
        streets.point_lat_deg,
    )
    from_mm, to_mm = along_mm(streets, start, arcs[0]), along_mm(streets, end, arcs[-1])
    line: NDArray[np.float64] = leg_line(np.asarray(arcs, dtype=np.int32), from_mm, to_mm, shapes)
    return line


def street_names(streets: StreetGraph, arcs: tuple[int, ...]) -> tuple[str, ...]:
    """Names in driving order, each once per stretch."""
    path = np.asarray(arcs, dtype=np.int64)
    indices = streets.way_name_index[streets.segment_way[path >> 1]].tolist()
    return tuple(streets.names[index] for index, _ in groupby(index for index in indices if index > 0))


def along_mm(streets: StreetGraph, snap: Snap, arc: int) -> int:
    """Millimetres from the start of one of the snap's arcs to its place."""
    return snap.offset_mm if arc % 2 == 0 else int(streets.segment_length_mm[arc >> 1]) - snap.offset_mm
