"""The peer: gradient-boosted trees (scikit-learn's HistGradientBoosting) on the same windows, quantile by quantile.

Trained on the train span, its quantiles widened on the calibrate span (conformalised quantile regression, Romano,
Patterson and Candes 2019), its overflow classifier recalibrated there as well.
"""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast.scores import PROBABILITIES, Predictions
from benchmarks.forecast.windows import DAY_S, DUE_FRACTION, KINDS, Windows

Floats = NDArray[np.float64]

LEARNT = (0.05, 0.25, 0.5, 0.75, 0.95)
SETTINGS = {
    "max_iter": 120,
    "learning_rate": 0.08,
    "max_leaf_nodes": 24,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
    "random_state": 1,
}


def is_there() -> bool:
    """Whether scikit-learn is installed."""
    return find_spec("sklearn") is not None


def predict(train: Windows, calibrate: Windows, test: Windows) -> Predictions:
    """Quantiles and risks of the test windows."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor  # noqa: PLC0415 - optional

    growth = train.truth - train.level
    raw_before, raw = np.empty((len(calibrate), len(LEARNT))), np.empty((len(test), len(LEARNT)))
    for column, quantile in enumerate(LEARNT):
        model = HistGradientBoostingRegressor(loss="quantile", quantile=quantile, **SETTINGS)
        model.fit(features(train), growth)
        raw_before[:, column] = calibrate.level + model.predict(features(calibrate))
        raw[:, column] = test.level + model.predict(features(test))
    quantiles = np.empty((len(test), PROBABILITIES.shape[0]))
    for kind in range(len(KINDS)):
        before, here = calibrate.kind == kind, test.kind == kind
        if not before.any():
            before = np.ones_like(before)
        # One shift per quantile makes each as frequent as it says on the calibrate span.
        miss = calibrate.truth[before, None] - np.sort(raw_before[before], axis=1)
        shift = np.array([np.quantile(miss[:, column], one) for column, one in enumerate(LEARNT)])
        knots = np.clip(np.sort(np.sort(raw[here], axis=1) + shift, axis=1), 0, 1)
        quantiles[here] = np.stack([np.interp(PROBABILITIES, LEARNT, row) for row in knots]) if here.any() else 0
    return Predictions(
        middle=quantiles[:, PROBABILITIES.shape[0] // 2],
        quantiles=quantiles,
        risk=_risk(HistGradientBoostingClassifier(**SETTINGS), train, calibrate, test),
    )


def features(windows: Windows) -> Floats:
    """What the trees see; times of day and week in UTC, which they can shift for themselves."""
    hour = windows.now_s / 3600
    return np.column_stack(
        [
            windows.level,
            (windows.target_s - windows.read_s) / DAY_S,
            (windows.read_s - windows.emptied_s) / DAY_S,
            windows.level - windows.emptied_level,
            windows.own_rate,
            windows.own_rate * (windows.target_s - windows.read_s) / DAY_S,
            hour % 24,
            (hour // 24 + 3) % 7,
            (windows.target_s / 3600) % 24,
            (windows.target_s // DAY_S + 3) % 7,
            windows.row,
        ]
    )


def _risk(model: object, train: Windows, calibrate: Windows, test: Windows) -> Floats:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - optional

    open_ = train.level < DUE_FRACTION
    if not 0 < train.reached[open_].mean() < 1:
        return np.full(len(test), float(train.reached[open_].mean()))
    model.fit(features(train.where(open_)), train.reached[open_])  # type: ignore[attr-defined]  # a classifier

    def log_odds(windows: Windows) -> Floats:
        risk = np.clip(model.predict_proba(features(windows))[:, 1], 1e-4, 1 - 1e-4)  # type: ignore[attr-defined]  # as above
        return np.log(risk / (1 - risk))[:, None]

    before = calibrate.where(calibrate.level < DUE_FRACTION)
    if not 0 < before.reached.mean() < 1:
        return np.asarray(1 / (1 + np.exp(-log_odds(test)[:, 0])))
    scale = LogisticRegression(C=10.0).fit(log_odds(before), before.reached)
    return np.asarray(scale.predict_proba(log_odds(test))[:, 1])
