"""Many places on streets as columns: what the queries take instead of one object per waypoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """A waypoint on the street.

    Attributes
    ----------
    segment
        The street segment.
    offset_mm
        Millimetres from the segment's tail.
    arcs
        Arcs on which a vehicle may stop here.
    distance_m
        From the waypoint to the street.
    """

    segment: int
    offset_mm: int
    arcs: tuple[int, ...]
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Waypoints on streets.

    Attributes
    ----------
    segment
        ``(n,)`` int64 street segments.
    offset_mm
        ``(n,)`` int64 millimetres from the segments' tails.
    sides
        ``(n,)`` uint8: bit 1 where a vehicle may stop on the arc along the segment, bit 2 on the one against it.
    distance_m
        ``(n,)`` float64 from the waypoints to the streets.
    """

    segment: NDArray[np.int64]
    offset_mm: NDArray[np.int64]
    sides: NDArray[np.uint8]
    distance_m: NDArray[np.float64]

    @classmethod
    def of(cls, snaps: Sequence[Snap]) -> "Places":
        """Columns of single snaps."""
        return cls(
            segment=np.array([snap.segment for snap in snaps], dtype=np.int64),
            offset_mm=np.array([snap.offset_mm for snap in snaps], dtype=np.int64),
            sides=np.array([sum(1 << (arc & 1) for arc in snap.arcs) for snap in snaps], dtype=np.uint8),
            distance_m=np.array([snap.distance_m for snap in snaps], dtype=np.float64),
        )

    def __len__(self) -> int:
        return int(self.segment.size)

    def snap(self, index: int) -> Snap:
        """One of the places."""
        segment, sides = int(self.segment[index]), int(self.sides[index])
        return Snap(
            segment=segment,
            offset_mm=int(self.offset_mm[index]),
            arcs=tuple(2 * segment + side for side in (0, 1) if sides & (1 << side)),
            distance_m=float(self.distance_m[index]),
        )

    def taken(self, chosen: NDArray[np.integer]) -> "Places":
        """Some of the places, in the order given."""
        return Places(
            segment=self.segment[chosen],
            offset_mm=self.offset_mm[chosen],
            sides=self.sides[chosen],
            distance_m=self.distance_m[chosen],
        )

    def stops(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The place and the arc of every way to stop, place by place, the arc along the segment first."""
        has_side = (self.sides[:, None] >> np.arange(2, dtype=np.uint8)) & 1
        place, side = np.nonzero(has_side)
        return place, 2 * self.segment[place] + side


def arc_sides(is_set: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """``(n_segments,)``: bit 1 where the arc along is set, bit 2 where the one against it is."""
    return (is_set[0::2].astype(np.uint8) | (is_set[1::2].astype(np.uint8) << 1)).astype(np.uint8)
