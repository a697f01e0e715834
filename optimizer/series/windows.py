"""Filters over time windows of unevenly spaced readings.

Windows are spans of time and not counts of readings, so that gaps and changes of the reporting rhythm do not change
what a filter means.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]
Indices = NDArray[np.int64]


def window_bounds(times_s: Instants, half_width_s: int) -> tuple[Indices, Indices]:
    """First index, and one past the last index, of the readings within ``half_width_s`` of each reading."""
    first = np.searchsorted(times_s, times_s - half_width_s, side="left")
    stop = np.searchsorted(times_s, times_s + half_width_s, side="right")
    return first.astype(np.int64), stop.astype(np.int64)


def range_minimum(values: Floats, first: Indices, stop: Indices) -> Floats:
    """Minimum of ``values[first:stop]`` for every pair; each range holds at least one value.

    A sparse table (minima of all spans of length 1, 2, 4, ...): two overlapping spans cover any range.
    """
    n = values.shape[0]
    if n == 0:
        return values.copy()
    length = stop - first
    longest = int(length.max())
    rows = [values]
    span = 1
    while 2 * span <= longest:
        shorter = rows[-1]
        row = shorter.copy()
        row[: n - span] = np.minimum(shorter[: n - span], shorter[span:])
        rows.append(row)
        span *= 2
    table = np.stack(rows)
    exponent = np.frexp(length.astype(np.float64))[1] - 1  # floor(log2(length)), exact
    lowest: Floats = np.minimum(table[exponent, first], table[exponent, stop - (1 << exponent)])
    return lowest


def opening(times_s: Instants, levels: Floats, width_s: int) -> Floats:
    """Morphological opening: peaks shorter than the window are cut off, steps and valleys stay.

    Erosion (lowest of the window), then dilation (highest of the window of the eroded).
    """
    first, stop = window_bounds(times_s, width_s // 2)
    eroded = range_minimum(levels, first, stop)
    return np.asarray(-range_minimum(-eroded, first, stop), dtype=np.float64)
