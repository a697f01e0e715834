"""Travel times and distances between waypoints: complete matrices, and the waypoints that had to be left out."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.errors import WaypointError


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelMatrix:
    """Seconds and metres of the fastest path between every two points.

    Both arrays describe the same paths. There are no holes: a point that cannot reach the others is rejected by
    name before a matrix is made.

    Attributes
    ----------
    duration_s, distance_m
        ``(n, n)`` int32, C-contiguous, read-only; row = from, column = to; zero on the diagonal.
    toll_m
        The same for the metres that lie on toll roads; None where nobody has counted them.
    """

    duration_s: NDArray[np.int32]
    distance_m: NDArray[np.int32]
    toll_m: NDArray[np.int32] | None = None

    @classmethod
    def from_arrays(cls, *, duration_s: ArrayLike, distance_m: ArrayLike, toll_m: ArrayLike | None = None) -> Self:
        """Copy two or three square arrays of non-negative whole numbers.

        Raises
        ------
        ValueError
            When a shape is not ``(n, n)``, the shapes differ, an entry is negative or the diagonal is not zero.
        """
        arrays = []
        given_arrays = {"duration_s": duration_s, "distance_m": distance_m}
        if toll_m is not None:
            given_arrays["toll_m"] = toll_m
        for name, given in given_arrays.items():
            array = np.array(given, dtype=np.int32, order="C", copy=True)
            if array.ndim != 2 or array.shape[0] != array.shape[1]:
                raise ValueError(f"{name} has the shape {array.shape}; it must be (n, n).")
            if array.size and (array.min() < 0 or array.diagonal().any()):
                raise ValueError(f"{name} must not be negative and must be zero on its diagonal.")
            array.setflags(write=False)
            arrays.append(array)
        if len({array.shape for array in arrays}) > 1:
            raise ValueError(f"{' and '.join(given_arrays)} must have one shape, not {[one.shape for one in arrays]}.")
        return cls(duration_s=arrays[0], distance_m=arrays[1], toll_m=arrays[2] if toll_m is not None else None)

    def __len__(self) -> int:
        return int(self.duration_s.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A waypoint that has no row in the matrix, and why."""

    waypoint_index: int
    error: WaypointError


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTravel:
    """The matrix over the waypoints that could be placed, with the others named.

    Attributes
    ----------
    matrix
        Over the placed waypoints, in their given order.
    row_of
        ``(n_waypoints,)`` int32: the matrix row of each waypoint, -1 for a rejected one.
    rejections
        One entry per waypoint without a row.
    """

    matrix: TravelMatrix
    row_of: NDArray[np.int32]
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedDurations:
    """Durations alone over the waypoints that could be placed; entry for entry those of ``PlacedTravel``.

    Attributes
    ----------
    duration_s
        ``(n, n)`` int32 like ``TravelMatrix.duration_s``.
    row_of, rejections
        As in ``PlacedTravel``.
    """

    duration_s: NDArray[np.int32]
    row_of: NDArray[np.int32]
    rejections: tuple[Rejection, ...]
