"""Replays forecasts over the recent past: how far levels were off, and how often the top was reached."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting import shifted_gamma
from optimizer.forecasting.demand import demand_of, level_after
from optimizer.forecasting.level_history import LevelHistory
from optimizer.forecasting.priors import StreamPrior
from optimizer.forecasting.reach_probability import ReachCurve, fit_reach_curve
from optimizer.forecasting.residuals import ResidualTable, residual_table

Floats = NDArray[np.float64]

ORIGIN_EVERY_CELLS = 4
HORIZON_CELLS = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 88, 112)
MOST_FORECASTS = 10_000
"""More change the quantiles by less than one in a thousand and only cost time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Residuals of the level, and the curve for the probability of an overflow."""

    level: ResidualTable
    reach: ReachCurve


def calibrate(
    history: LevelHistory,
    edge_at_s: NDArray[np.int64],
    exposure_days: Floats,
    rates_per_day: Floats,
    prior: StreamPrior,
    table: Floats,
    *,
    first_cell: int,
    overflow_fraction: float,
) -> Calibration:
    """Forecasts from every twelfth hour since ``first_cell`` to all horizons before the next emptying.

    Parameters
    ----------
    exposure_days
        ``(m,)`` at the grid's edges.
    rates_per_day
        ``(n,)``, learnt before ``first_cell``.
    table
        Demand from empty by level.
    """
    levels, segment = history.level_fraction, history.segment
    steady = _steady(levels, segment)
    n_edges = levels.shape[1]
    origins = np.arange(first_cell, n_edges - HORIZON_CELLS[0], ORIGIN_EVERY_CELLS)
    rows, columns = np.nonzero(~np.isnan(levels[:, origins]))
    thinning = max(1, round(rows.shape[0] / MOST_FORECASTS))
    rows, columns = rows[::thinning], origins[columns[::thinning]]
    start = levels[rows, columns]
    peak = np.zeros_like(start)
    is_open = np.ones(rows.shape[0], dtype=np.bool_)
    residuals, horizons, scores, reached_top = [], [], [], []
    for ahead in range(1, HORIZON_CELLS[-1] + 1):
        inside = columns + ahead < n_edges
        rows, columns, start, peak, is_open = (array[inside] for array in (rows, columns, start, peak, is_open))
        target = columns + ahead
        reached = levels[rows, target]
        is_open &= np.isnan(reached) | (segment[rows, target] == segment[rows, columns])
        peak = np.where(is_open, np.fmax(peak, steady[rows, target]), peak)
        if ahead not in HORIZON_CELLS:
            continue
        scored = is_open & ~np.isnan(reached)
        start_demand = demand_of(start, table)
        expected = rates_per_day[rows] * (exposure_days[target] - exposure_days[columns])
        variance = prior.variance(expected)
        residual = (reached - level_after(start_demand + expected, table)) / np.sqrt(variance)
        residuals.append(residual[scored])
        horizons.append((edge_at_s[target] - edge_at_s[columns])[scored])
        needed = demand_of(np.full_like(start, overflow_fraction), table) - start_demand
        score = shifted_gamma.normal_score(needed, expected, variance, np.sqrt(prior.variance_constant))
        undecided = scored & (start < overflow_fraction)
        scores.append(score[undecided])
        reached_top.append(peak[undecided] >= overflow_fraction)
    return Calibration(
        level=residual_table(np.concatenate(residuals), np.concatenate(horizons)),
        reach=fit_reach_curve(
            np.concatenate(scores), np.concatenate(reached_top), independent_share=1 / len(HORIZON_CELLS)
        ),
    )


def _steady(levels: Floats, segment: NDArray[np.int32]) -> Floats:
    """Median of three levels of one segment: a single high reading is no overflow."""
    if levels.shape[1] < 3:
        return levels
    steady = levels.copy()
    before, here, after = levels[:, :-2], levels[:, 1:-1], levels[:, 2:]
    median = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    is_one = (segment[:, :-2] == segment[:, 2:]) & ~np.isnan(median)
    steady[:, 1:-1] = np.where(is_one, median, here)
    return steady
