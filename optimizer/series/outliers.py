"""Finds readings that no waste explains: single spikes and drop-outs, and phantom echoes that last for hours."""

import numpy as np
from numpy.typing import NDArray

from optimizer.series.windows import Floats, Instants, opening

SINGLE_HEIGHT_FRACTION = 0.20
SINGLE_DEPTH_FRACTION = 0.15
SINGLE_SPAN_S = 12 * 3600
PHANTOM_WIDTH_S = 18 * 3600
PHANTOM_HEIGHT_FRACTION = 0.12
RETURN_FRACTION = 0.08
"""A level counts as back where it was when it differs by no more than this."""

Flags = NDArray[np.bool_]


def find_single_outliers(times_s: Instants, levels: Floats) -> Flags:
    """One reading far above, or far below, both neighbours, which agree with each other.

    A container that is emptied right after a burst looks alike only when it was empty before the burst too, within
    hours; that is rarer by far than a spike.
    """
    found = np.zeros(levels.shape[0], dtype=np.bool_)
    if levels.shape[0] < 3:
        return found
    before, here, after = levels[:-2], levels[1:-1], levels[2:]
    height = here - np.maximum(before, after)
    depth = np.minimum(before, after) - here
    extent = np.maximum(height, depth)
    returns = np.abs(after - before) <= np.maximum(RETURN_FRACTION, 0.25 * extent)
    is_short = times_s[2:] - times_s[:-2] <= SINGLE_SPAN_S
    found[1:-1] = ((height >= SINGLE_HEIGHT_FRACTION) | (depth >= SINGLE_DEPTH_FRACTION)) & returns & is_short
    return found


def find_phantoms(times_s: Instants, levels: Floats) -> tuple[Flags, Flags]:
    """Excursions above the opened curve that come back, and those at the end whose outcome is still open.

    Slow containers only: in fast ones a rise of hours may be waste. An excursion that ends in an emptying is waste
    too, and is left alone.
    """
    n = levels.shape[0]
    phantom, undecided = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    if n < 3:
        return phantom, undecided
    opened = opening(times_s, levels, PHANTOM_WIDTH_S)
    is_above = levels - opened >= PHANTOM_HEIGHT_FRACTION
    edges = np.flatnonzero(np.diff(is_above, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if stop == n:
            undecided[start:stop] = True
            continue
        level_before = levels[start - 1] if start else opened[start]
        if levels[stop] >= level_before - RETURN_FRACTION:
            phantom[start:stop] = True
    return phantom, undecided
