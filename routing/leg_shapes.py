"""From the arcs of paths to lines on the map and the names of their streets, for all legs at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.kernels.leg_lines import Shapes, leg_lines
from routing.places import Places
from routing.streets import StreetGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Drives:
    """What is driven on some legs: one arc or more each, the first and the last one only in part.

    Attributes
    ----------
    first, arc
        ``(n + 1,)`` int64, ``(n_arcs_of_all_legs,)`` int32: the arcs of leg ``i``, in driving order, are
        ``arc[first[i]:first[i + 1]]``.
    from_mm, to_mm
        ``(n,)`` int64: where a leg begins along its first arc and ends along its last.
    """

    first: NDArray[np.int64]
    arc: NDArray[np.int32]
    from_mm: NDArray[np.int64]
    to_mm: NDArray[np.int64]

    @classmethod
    def between(
        cls, streets: StreetGraph, first: NDArray[np.int64], arc: NDArray[np.int32], *, starts: Places, ends: Places
    ) -> Self:
        """Drives over arcs that begin at the first places and end at the other ones."""
        return cls(
            first=first,
            arc=arc,
            from_mm=_along_mm(streets, starts, arc[first[:-1]]),
            to_mm=_along_mm(streets, ends, arc[first[1:] - 1]),
        )

    def __len__(self) -> int:
        return int(self.first.size) - 1


def draw_lines(streets: StreetGraph, drives: Drives) -> list[NDArray[np.float64]]:
    """``(k, 2)`` longitude and latitude of each leg, from its place on the first arc to its place on the last."""
    shapes = Shapes(
        streets.segment_first_point,
        streets.segment_last_point,
        streets.point_along_mm,
        streets.point_lon_deg,
        streets.point_lat_deg,
    )
    line, begins = leg_lines(drives.first, drives.arc, drives.from_mm, drives.to_mm, shapes)
    bounds = begins.tolist()
    return [line[begin:end] for begin, end in pairwise(bounds)]


def name_streets(streets: StreetGraph, drives: Drives) -> list[tuple[str, ...]]:
    """Names of each leg in driving order, each once per stretch."""
    name = streets.way_name_index[streets.segment_way[drives.arc >> 1]]
    leg = np.repeat(np.arange(len(drives), dtype=np.int32), np.diff(drives.first))
    is_named = name > 0
    name, leg = name[is_named], leg[is_named]
    is_new = np.ones(name.size, dtype=np.bool_)
    is_new[1:] = (name[1:] != name[:-1]) | (leg[1:] != leg[:-1])
    chosen = [streets.names[index] for index in name[is_new].tolist()]
    bounds = np.searchsorted(leg[is_new], np.arange(len(drives) + 1)).tolist()
    return [tuple(chosen[begin:end]) for begin, end in pairwise(bounds)]


def _along_mm(streets: StreetGraph, places: Places, arc: NDArray[np.int32]) -> NDArray[np.int64]:
    """Millimetres from the starts of arcs to places on them."""
    length_mm = streets.segment_length_mm[places.segment]
    along_mm: NDArray[np.int64] = np.where(arc % 2 == 0, places.offset_mm, length_mm - places.offset_mm)
    return along_mm
