"""Our forecaster on windows of the past: learnt once before the test, or anew each week like the service."""

from collections.abc import Mapping

import numpy as np

from benchmarks.forecast.scores import PROBABILITIES, Predictions
from benchmarks.forecast.series import Source, make_town
from benchmarks.forecast.windows import DAY_S, DUE_FRACTION, Windows, history_at
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.outlook import Outlook
from optimizer.forecasting.slots import slot_grid
from optimizer.forecasting.stream_model import StreamModel
from optimizer.forecasting.streaming import RELEARN_DAYS
from optimizer.simulation.statistics import FillStatistics

RELEARN_S = int(RELEARN_DAYS * DAY_S)


def forecast_windows(
    source: Source, stream: str, windows: Windows, statistics: Mapping[str, FillStatistics], *, learns_once: bool
) -> Predictions:
    """Quantiles and risks of the windows by the model that was learnt last before each."""
    series = source.by_stream[stream]
    forecaster = EmpiricalBayesForecaster(statistics=statistics, is_holiday=source.is_holiday)
    town = make_town(sorted(series), stream, source.zone, dict(statistics))
    first_s = int(windows.now_s.min())
    epoch = np.zeros(len(windows), dtype=np.int64) if learns_once else (windows.now_s - first_s) // RELEARN_S
    middle, risk = np.empty(len(windows)), np.empty(len(windows))
    quantiles = np.empty((len(windows), PROBABILITIES.shape[0]))
    for one in np.unique(epoch).tolist():
        here = epoch == one
        learnt_s = first_s + one * RELEARN_S
        history = history_at(series, learnt_s, is_fast=statistics[stream].is_fast)
        model = forecaster.learn_stream(stream, history, town=town, as_of_s=learnt_s)
        middle[here], quantiles[here], risk[here] = _predict(model, windows.where(here), source, sorted(series))
    return Predictions(middle=middle, quantiles=quantiles, risk=risk)


def _predict(
    model: StreamModel, windows: Windows, source: Source, ids: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    grid = slot_grid(int(windows.origin_s.min()), int(windows.target_s.max()) + 1, source.zone, source.is_holiday)
    exposure = grid.exposure_days(model.profile)
    span = np.interp(windows.target_s, grid.edge_at_s, exposure) - np.interp(windows.origin_s, grid.edge_at_s, exposure)
    rates = np.array([model.rates_per_day.get(ids[row], model.pool_rate_per_day) for row in windows.row.tolist()])
    outlook = Outlook(
        model=model,
        levels=windows.origin_level[:, None],
        demand=(rates * span)[:, None],
        extra=windows.extra[:, None],
        rate_doubt=np.array([[model.rate_doubt(ids[row])] for row in windows.row.tolist()]),
        horizon_s=(windows.target_s - windows.origin_s)[:, None],
        own_offset=np.array([[model.own_offsets.get(ids[row], 0.0)] for row in windows.row.tolist()]),
        own_shift=np.array([[model.own_shifts.get(ids[row], 0.0)] for row in windows.row.tolist()]),
    )
    quantiles = np.column_stack([outlook.level_quantile(float(one))[:, 0] for one in PROBABILITIES])
    middle = quantiles[:, PROBABILITIES.shape[0] // 2]  # the median is what an absolute error asks for
    return middle, quantiles, outlook.overflow_probability(DUE_FRACTION)[:, 0]
