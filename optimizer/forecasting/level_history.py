"""Cleaned series of a stream as one matrix of levels on the slot grid, cut into spans without emptying."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.reading import CleanSeries, Quality
from optimizer.forecasting.slots import SlotGrid

FRESH_S = 4 * 3600
LONGEST_BRIDGE_CELLS = 16
CENSORED_FRACTION = 0.92
"""Growth above this level says nothing of what people would have thrown in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelHistory:
    """Levels of ``n`` containers at ``m`` instants.

    Attributes
    ----------
    level_fraction
        ``(n, m)`` float64: last trusted level at each edge of the grid; NaN when it is hours old.
    segment
        ``(n, m)`` int32: number of emptyings before that reading; only levels of one segment may be compared.
    """

    level_fraction: NDArray[np.float64]
    segment: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Steps between consecutive known levels of a span without emptying, one row each.

    Attributes
    ----------
    row
        Container.
    first_cell, stop_cell
        The step lasts from one edge of the grid to the other.
    start_fraction, growth_fraction
        Level at its start, and what was added.
    is_least
        Whether at least so much was added: nobody could see more.
    """

    row: NDArray[np.int64]
    first_cell: NDArray[np.int64]
    stop_cell: NDArray[np.int64]
    start_fraction: NDArray[np.float64]
    growth_fraction: NDArray[np.float64]
    is_least: NDArray[np.bool_]


def trusted_readings(clean: CleanSeries) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Instants and levels (0 to 1) of the readings that are to be believed."""
    is_trusted = clean.series.quality >= Quality.SUSPICIOUS
    levels = np.clip(clean.series.fill_fraction[is_trusted].astype(np.float64), 0.0, 1.0)
    return clean.series.observed_at_s[is_trusted], levels


def level_history(series: Sequence[CleanSeries | None], grid: SlotGrid) -> LevelHistory:
    """Levels at the grid's edges; a row of NaN for a container without a healthy series."""
    edges = grid.edge_at_s
    levels = np.full((len(series), edges.shape[0]), np.nan)
    segments = np.zeros((len(series), edges.shape[0]), dtype=np.int32)
    for row, clean in enumerate(series):
        if clean is None or not clean.is_healthy:
            continue
        times, known = trusted_readings(clean)
        if not times.size:
            continue
        last = np.searchsorted(times, edges, side="right") - 1
        seen = np.maximum(last, 0)
        is_fresh = (last >= 0) & (edges - times[seen] <= FRESH_S)
        levels[row, is_fresh] = known[seen[is_fresh]]
        segments[row] = np.searchsorted(clean.reset_at_s, times[seen], side="right")
    return LevelHistory(level_fraction=levels, segment=segments)


def growth_steps(history: LevelHistory) -> Growth:
    """All usable steps: same segment, no long gap, and not from a nearly full container."""
    levels = history.level_fraction
    n_edges = levels.shape[1]
    is_known = ~np.isnan(levels)
    cell = np.where(is_known, np.arange(n_edges), -1)
    before = np.full(cell.shape, -1)
    before[:, 1:] = np.maximum.accumulate(cell, axis=1)[:, :-1]
    rows, stops = np.nonzero(is_known & (before >= 0))
    firsts = before[rows, stops]
    is_usable = (
        (history.segment[rows, firsts] == history.segment[rows, stops])
        & (stops - firsts <= LONGEST_BRIDGE_CELLS)
        & (levels[rows, firsts] < CENSORED_FRACTION)
    )
    rows, firsts, stops = rows[is_usable], firsts[is_usable], stops[is_usable]
    start = levels[rows, firsts]
    return Growth(
        row=rows,
        first_cell=firsts,
        stop_cell=stops,
        start_fraction=start,
        growth_fraction=levels[rows, stops] - start,
        is_least=np.zeros(rows.shape[0], dtype=np.bool_),
    )
