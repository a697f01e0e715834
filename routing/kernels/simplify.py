"""Which points of a line can be left out (Douglas and Peucker 1973, doi:10.3138/FM57-6770-U75U-7727)."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def keep_points(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], is_fixed: NDArray[np.bool_], tolerance_m: float
) -> NDArray[np.bool_]:
    """Which points stay, so that no other one is farther than the tolerance from the piece that replaces it."""
    n = x_m.size
    is_kept = is_fixed.copy()
    is_kept[0] = is_kept[n - 1] = True
    open_first = np.empty(n + 1, dtype=np.int64)
    open_last = np.empty(n + 1, dtype=np.int64)
    n_open = 0
    begin = 0
    for end in range(1, n):
        if not is_kept[end]:
            continue
        open_first[0], open_last[0], n_open = begin, end, 1
        while n_open > 0:
            n_open -= 1
            first, last = open_first[n_open], open_last[n_open]
            farthest, farthest_sq = -1, tolerance_m * tolerance_m
            for point in range(first + 1, last):
                off_sq = _distance_sq(x_m, y_m, point, first, last)
                if off_sq > farthest_sq:
                    farthest, farthest_sq = point, off_sq
            if farthest >= 0:
                is_kept[farthest] = True
                open_first[n_open], open_last[n_open] = first, farthest
                open_first[n_open + 1], open_last[n_open + 1] = farthest, last
                n_open += 2
        begin = end
    return is_kept


@njit(cache=True, nogil=True)
def _distance_sq(x_m: NDArray[np.float64], y_m: NDArray[np.float64], point: int, first: int, last: int) -> float:
    """Squared distance of a point from the straight piece between two others."""
    along_x, along_y = x_m[last] - x_m[first], y_m[last] - y_m[first]
    off_x, off_y = x_m[point] - x_m[first], y_m[point] - y_m[first]
    length_sq = along_x * along_x + along_y * along_y
    if length_sq > 0.0:
        share = min(1.0, max(0.0, (off_x * along_x + off_y * along_y) / length_sq))
        off_x -= share * along_x
        off_y -= share * along_y
    distance_sq: float = off_x * off_x + off_y * off_y
    return distance_sq
