"""Our forecaster with trees blended in: trees, and whether they count, are learnt anew each month from the past alone.

Recent rates are those of the month's beginning, as they are of the forecaster that trees are mixed with; the service
knows both up to the hour.
"""

from collections.abc import Mapping

import numpy as np

from benchmarks.forecast.scores import PROBABILITIES, Predictions
from benchmarks.forecast.series import Source, make_town
from benchmarks.forecast.windows import DAY_S, DUE_FRACTION, Windows, history_at
from optimizer.forecasting.blend import windows as asked
from optimizer.forecasting.blend.blended_forecaster import rates_now
from optimizer.forecasting.blend.fit_blend import fit_blend
from optimizer.forecasting.blend.stream_blend import at_probabilities
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.slots import slot_grid
from optimizer.simulation.statistics import FillStatistics

RETRAIN_S = 30 * DAY_S


def forecast_windows(
    source: Source, stream: str, windows: Windows, plain: Predictions, statistics: Mapping[str, FillStatistics]
) -> Predictions:
    """Quantiles and risks of the windows, mixed from what our forecaster and trees say."""
    series = source.by_stream[stream]
    base = EmpiricalBayesForecaster(statistics=statistics, is_holiday=source.is_holiday)
    ids = sorted(series)
    town = make_town(ids, stream, source.zone, dict(statistics))
    quantiles, risk = plain.quantiles.copy(), plain.risk.copy()
    first_s, last_s = int(windows.now_s.min()), int(windows.now_s.max())
    weights = []
    for learnt_s in range(first_s, last_s + 1, RETRAIN_S):
        history = history_at(series, learnt_s, is_fast=statistics[stream].is_fast)
        blend = fit_blend(base, stream, history, town=town, as_of_s=learnt_s)
        weights.append((0.0, 0.0) if blend is None else (blend.level_weight, blend.risk_weight))
        # A doubtful origin is left to our forecaster alone.
        here = (windows.now_s >= learnt_s) & (windows.now_s < learnt_s + RETRAIN_S) & (windows.extra == 0)
        if blend is None or not blend.is_used or not here.any():
            continue
        chosen = windows.where(here)
        until_s = max(int(chosen.target_s.max()), learnt_s) + 1
        grid = slot_grid(learnt_s - int(blend.prior.half_life_days * DAY_S), until_s, source.zone, source.is_holiday)
        habits = asked.Habits(grid=grid, profile=blend.profile, demand=blend.demand)
        rates = rates_now(blend, [history[name] for name in ids], grid, as_of_s=learnt_s)
        row_of = np.array([blend.row_of.get(name, -1) for name in ids])
        question = asked.Windows(
            row=row_of[chosen.row],
            origin_s=chosen.origin_s,
            target_s=chosen.target_s,
            level=chosen.origin_level,
            emptied_s=chosen.emptied_s.astype(np.float64),
            rate_per_day=rates[chosen.row],
        )
        trees = at_probabilities(blend.tree_quantiles(question, habits), PROBABILITIES)
        quantiles[here] = blend.mixed_levels(quantiles[here], trees, question)
        risk[here] = blend.mixed_risk(risk[here], question, habits, overflow_fraction=DUE_FRACTION)
    print(f"{stream}: weights of trees in levels and risks, month by month: {weights}")
    return Predictions(middle=quantiles[:, PROBABILITIES.shape[0] // 2], quantiles=quantiles, risk=risk)
