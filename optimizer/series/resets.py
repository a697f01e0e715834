"""Finds emptyings, which no sensor reports, in the levels; a visit logged by a crew wins over inference.

Fast containers (litter, paper) fall within one reporting step. Slow ones (glass, plastic) carry phantom echoes that
last for hours, so their levels are opened first and the hours before and after a fall are compared. On public series
the first rule finds emptyings of fast containers with F1 0.95, the second those of slow ones with 0.97; either does
badly on the other kind.
"""

import numpy as np

from optimizer.series.outliers import PHANTOM_WIDTH_S
from optimizer.series.windows import Floats, Instants, opening

FAST_MERGE_S = 6 * 3600
SLOW_MERGE_S = 18 * 3600
MEDIAN_SPAN_S = 9 * 3600
FEWEST_FOR_MEDIAN = 3
LOGGED_MATCH_S = 12 * 3600


def empty_level(levels: Floats) -> float:
    """What the sensor reports when the container is empty: a low quantile of its levels."""
    return float(np.quantile(levels, 0.05)) if levels.size else 0.0


def find_fast_resets(times_s: Instants, levels: Floats) -> Instants:
    """Instants of the first low reading after each sudden, confirmed fall."""
    if levels.shape[0] < 3:
        return np.empty(0, dtype=np.int64)
    before, after, confirming = levels[:-2], levels[1:-1], levels[2:]
    drop = before - after
    is_deep = drop >= np.maximum(0.15, 0.30 * before)
    is_low = after <= np.maximum(empty_level(levels) + 0.15, 0.60 * before)
    is_confirmed = confirming <= after + 0.7 * drop
    found = np.flatnonzero(is_deep & is_low & is_confirmed) + 1
    return _merge(times_s[found], drop[found - 1], FAST_MERGE_S)


def find_slow_resets(times_s: Instants, levels: Floats) -> Instants:
    """Instants of the first low reading after each fall of the opened, median-filtered level."""
    if levels.shape[0] < 3:
        return np.empty(0, dtype=np.int64)
    opened = opening(times_s, levels, PHANTOM_WIDTH_S)
    falls = np.flatnonzero(opened[:-1] - opened[1:] >= 0.03) + 1
    empty = empty_level(opened)
    found, drops = [], []
    for index in falls.tolist():
        fall = _steepest_fall(times_s, levels, index)
        before, after = _levels_around(times_s, levels, opened, index, fall)
        drop = before - after
        if drop >= max(0.08, 0.25 * before) and after <= max(empty + 0.15, 0.30 * before):
            found.append(fall)
            drops.append(drop)
    return _merge(times_s[np.asarray(found, dtype=np.int64)], np.asarray(drops), SLOW_MERGE_S)


def fuse_with_logged(detected_at_s: Instants, logged_at_s: Instants, observed_at_s: Instants) -> Instants:
    """All logged emptyings, and the detected ones that no logged one explains.

    A detected emptying is seen only at the next reading, so the span without readings before it counts as its doubt.
    """
    if not logged_at_s.size or not detected_at_s.size:
        return np.union1d(detected_at_s, logged_at_s).astype(np.int64)
    previous = np.searchsorted(observed_at_s, detected_at_s) - 1
    last_seen_s = np.where(previous >= 0, observed_at_s[np.maximum(previous, 0)], detected_at_s)
    start = np.minimum(last_seen_s, detected_at_s) - LOGGED_MATCH_S
    stop = detected_at_s + LOGGED_MATCH_S
    is_explained = np.searchsorted(logged_at_s, start) < np.searchsorted(logged_at_s, stop, side="right")
    return np.union1d(detected_at_s[~is_explained], logged_at_s).astype(np.int64)


def _levels_around(times_s: Instants, levels: Floats, opened: Floats, index: int, fall: int) -> tuple[float, float]:
    """Level before the opened curve falls, and level from the container's own fall on.

    Lower quartiles rather than medians where echoes, or a busy afternoon after the visit, may have raised some levels.
    """
    first = min(int(np.searchsorted(times_s, times_s[index] - MEDIAN_SPAN_S)), max(index - FEWEST_FOR_MEDIAN, 0))
    stop = max(int(np.searchsorted(times_s, times_s[fall] + MEDIAN_SPAN_S, side="right")), fall + FEWEST_FOR_MEDIAN)
    # The opened curve misses what was thrown in during the last hours; three of four levels must show it.
    before = max(float(np.median(opened[first:index])), float(np.quantile(levels[first:index], 0.25)))
    return before, float(np.quantile(levels[fall:stop], 0.25))


def _steepest_fall(times_s: Instants, levels: Floats, index: int) -> int:
    """The reading after the largest single fall nearby: the opened curve may begin to fall some readings early."""
    first = max(int(np.searchsorted(times_s, times_s[index] - MEDIAN_SPAN_S)), 1)
    stop = max(int(np.searchsorted(times_s, times_s[index] + MEDIAN_SPAN_S, side="right")), index + 2)
    steps = np.diff(levels[first - 1 : stop])
    return first + int(np.argmin(steps))


def _merge(found_at_s: Instants, drop: Floats, within_s: int) -> Instants:
    """Of falls that follow each other within the span, the deepest stays: it is one emptying."""
    kept: list[int] = []
    for index in range(found_at_s.shape[0]):
        if kept and found_at_s[index] - found_at_s[kept[-1]] <= within_s:
            if drop[index] > drop[kept[-1]]:
                kept[-1] = index
        else:
            kept.append(index)
    return found_at_s[np.asarray(kept, dtype=np.int64)]
