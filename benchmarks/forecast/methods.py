"""Simple methods beside ours: a level each, made a distribution by the same conformal wrapper.

The wrapper takes the residuals of the calibration span, by kind of window, and a logistic curve through how high the
method's level lies; both are made without any look at the test span.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast.scores import PROBABILITIES, Predictions
from benchmarks.forecast.windows import DAY_S, DUE_FRACTION, KINDS, Windows

Floats = NDArray[np.float64]

SHORTEST_RISE_DAYS = 0.125
NEWTON_STEPS = 25
RIDGE = 1e-3


def last_value(windows: Windows) -> Floats:
    """Nothing changes."""
    return windows.level


def linear_since_emptying(windows: Windows) -> Floats:
    """Goes on as it went since the last emptying."""
    since_days = np.maximum((windows.read_s - windows.emptied_s) / DAY_S, SHORTEST_RISE_DAYS)
    slope = np.maximum(windows.level - windows.emptied_level, 0) / since_days
    return np.clip(windows.level + slope * _ahead_days(windows), 0, 1)


def own_mean_rate(windows: Windows) -> Floats:
    """Grows by the container's own mean rate of the last 45 days."""
    usual = float(np.nanmean(windows.own_rate))
    rate = np.where(np.isnan(windows.own_rate), usual, np.maximum(windows.own_rate, 0))
    return np.clip(windows.level + rate * _ahead_days(windows), 0, 1)


METHODS: dict[str, Callable[[Windows], Floats]] = {
    "last value": last_value,
    "linear since emptying": linear_since_emptying,
    "container's mean rate": own_mean_rate,
}


def predict(method: Callable[[Windows], Floats], calibrate: Windows, test: Windows) -> Predictions:
    """The method's level in the test span with the distribution that the calibration span gives it."""
    return wrap(method(calibrate), calibrate, method(test), test)


def wrap(level_before: Floats, calibrate: Windows, level: Floats, test: Windows) -> Predictions:
    """Quantiles from residuals by kind of window, and a risk from the level, both of the calibration span."""
    quantiles = np.empty((len(test), PROBABILITIES.shape[0]))
    risk = np.empty(len(test))
    residual = calibrate.truth - level_before
    for kind in range(len(KINDS)):
        before, here = calibrate.kind == kind, test.kind == kind
        if not before.any():
            before = np.ones_like(before)
        offsets = np.quantile(residual[before], PROBABILITIES)
        quantiles[here] = np.clip(level[here, None] + offsets, 0, 1)
        open_ = before & (calibrate.level < DUE_FRACTION)
        risk[here] = _logistic(level_before[open_], calibrate.reached[open_], level[here])
    return Predictions(middle=level, quantiles=quantiles, risk=risk)


def _logistic(level_before: Floats, reached: NDArray[np.bool_], level: Floats) -> Floats:
    design = np.column_stack([np.ones_like(level_before), level_before - DUE_FRACTION])
    weights = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        risk = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        curvature = (design * (risk * (1 - risk))[:, None]).T @ design + RIDGE * np.eye(2)
        weights += np.linalg.solve(curvature, design.T @ (reached - risk) - RIDGE * weights)
    return np.asarray(1 / (1 + np.exp(-np.clip(weights[0] + weights[1] * (level - DUE_FRACTION), -30, 30))))


def _ahead_days(windows: Windows) -> Floats:
    return np.asarray((windows.target_s - windows.read_s) / DAY_S, dtype=np.float64)
