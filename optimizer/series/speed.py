"""Tells containers that fill within days from those that fill within weeks; the two need different cleaning."""

import numpy as np

from optimizer.series.windows import Floats, Instants

BLOCK_S = 12 * 3600
NOISE_FRACTION = 0.03
SHORTEST_SPAN_S = 2 * 86_400
FAST_PER_DAY = 0.15


def growth_per_day(times_s: Instants, levels: Floats) -> float:
    """Rises between medians of half days, per day; NaN when less than two days are known.

    Medians, so that echoes of hours do not count; rises within the noise do not count either.
    """
    if levels.shape[0] < 4 or times_s[-1] - times_s[0] < SHORTEST_SPAN_S:
        return float("nan")
    block = times_s // BLOCK_S
    order = np.lexsort((levels, block))
    starts = np.flatnonzero(np.diff(block, prepend=block[0] - 1))
    counts = np.diff(np.append(starts, block.shape[0]))
    medians = levels[order][starts + (counts - 1) // 2]
    rises = np.diff(medians)
    is_adjacent = np.diff(block[starts]) <= 4
    rise = float(rises[(rises > NOISE_FRACTION) & is_adjacent].sum())
    span_s = float(np.diff(block[starts])[is_adjacent].sum()) * BLOCK_S
    return rise / (span_s / 86_400) if span_s else float("nan")


def is_fast_container(times_s: Instants, levels: Floats) -> bool:
    """Whether the container fills by more than 15 % a day; one that is not known long enough counts as slow."""
    growth = growth_per_day(times_s, levels)
    return bool(growth > FAST_PER_DAY)
