"""Gradient-boosted trees for the distribution of a level, and for the probability of an overflow.

The only door to scikit-learn, which is an extra. Quantiles are of what differs from the level that the recent rate
leads to, so that trees need not extrapolate growth; they are made as frequent as they say on windows which the trees
have not seen (conformalised quantile regression, Romano, Patterson and Candes 2019, arXiv:1905.03222).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.issues import InvalidInputError, Issue

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEARNT = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Probabilities whose quantiles are learnt; those between are interpolated."""

MEAN_WEIGHTS = (0.15, 0.225, 0.25, 0.225, 0.15)
"""Of the learnt quantiles in the mean of a distribution that is even between them."""

HORIZON_EDGES_S = (25 * 3600, 97 * 3600)
FEWEST_MISSES = 100
FEWEST_OF_BOTH = 30
"""Windows with an overflow, and without, from which on trees may say how likely one is."""

LEAST_RISK = 1e-4
SETTINGS = {
    "max_iter": 100,
    "learning_rate": 0.08,
    "max_leaf_nodes": 16,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTrees:
    """Trees for five quantiles of the level.

    Attributes
    ----------
    shifts
        ``(3, 5)`` what is added to each quantile, by length of the window.
    """

    models: tuple[Any, ...]
    shifts: Floats

    def quantiles(self, seen: Floats, expected: Floats, horizon_s: NDArray[np.int64]) -> Floats:
        """``(n, 5)`` rising quantiles of the level at ``LEARNT``."""
        said = _raw(self.models, seen) + expected[:, None] + self.shifts[np.searchsorted(HORIZON_EDGES_S, horizon_s)]
        return np.asarray(np.clip(np.sort(said, axis=1), 0.0, 1.0), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTrees:
    """Trees for the probability of an overflow; its log-odds are moved and stretched by ``offset`` and ``slope``."""

    model: Any
    offset: float
    slope: float

    def probability(self, seen: Floats) -> Floats:
        """Probability that the container becomes overfull within each window."""
        return np.asarray(1 / (1 + np.exp(-self.offset - self.slope * _log_odds(self.model, seen))), dtype=np.float64)


def require_trees() -> None:
    """Sees to it that trees can be trained.

    Raises
    ------
    InvalidInputError
        When scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        message = "The blended forecaster needs scikit-learn, which is not installed: pip install 'fuhre[ml]'."
        raise InvalidInputError([Issue(where="forecaster", code="missing_extra", message=message)])


def one_thread() -> AbstractContextManager[Any]:
    """Trees that wait for a busy core are slower than a single thread, and jobs run side by side."""
    import sklearn.ensemble  # noqa: F401, PLC0415 - only libraries that are loaded already can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # noqa: PLC0415 - comes with the extra, untyped

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def train_levels(seen: Floats, difference: Floats) -> tuple[Any, ...]:
    """A model for each of ``LEARNT``.

    Parameters
    ----------
    difference
        ``(n,)`` true level minus the expected one.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - an extra

    return tuple(
        HistGradientBoostingRegressor(loss="quantile", quantile=one, **SETTINGS).fit(seen, difference) for one in LEARNT
    )


def conformal(models: tuple[Any, ...], seen: Floats, difference: Floats, horizon_s: NDArray[np.int64]) -> LevelTrees:
    """The models with the shifts that make each quantile as frequent as it says on windows they have not seen."""
    miss = difference[:, None] - np.sort(_raw(models, seen), axis=1)
    length = np.searchsorted(HORIZON_EDGES_S, horizon_s)
    shifts = np.empty((len(HORIZON_EDGES_S) + 1, len(LEARNT)))
    for row in range(shifts.shape[0]):
        here = miss[length == row]
        enough = here if here.shape[0] >= FEWEST_MISSES else miss
        shifts[row] = [np.quantile(enough[:, column], one) for column, one in enumerate(LEARNT)]
    return LevelTrees(models=models, shifts=shifts)


def train_risk(seen: Floats, has_reached: Flags) -> Any | None:
    """A classifier; None when too few windows ended with an overflow, or without."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - an extra

    return HistGradientBoostingClassifier(**SETTINGS).fit(seen, has_reached) if has_both(has_reached) else None


def recalibrated(model: Any, seen: Floats, has_reached: Flags) -> RiskTrees:
    """The classifier with the logistic curve that fits windows it has not seen; as it is when they tell too little."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - an extra

    if not has_both(has_reached):
        return RiskTrees(model=model, offset=0.0, slope=1.0)
    curve = LogisticRegression(C=10.0).fit(_log_odds(model, seen)[:, None], has_reached)
    # A negative slope would turn the order of the containers round.
    return RiskTrees(model=model, offset=float(curve.intercept_[0]), slope=max(float(curve.coef_[0, 0]), 0.0))


def has_both(has_reached: Flags) -> bool:
    """Whether there are enough windows with an overflow and without."""
    n_reached = int(np.count_nonzero(has_reached))
    n_kept: int = has_reached.shape[0] - n_reached
    return min(n_reached, n_kept) >= FEWEST_OF_BOTH


def _raw(models: tuple[Any, ...], seen: Floats) -> Floats:
    return np.column_stack([one.predict(seen) for one in models])


def _log_odds(model: Any, seen: Floats) -> Floats:
    risk = np.clip(model.predict_proba(seen)[:, 1], LEAST_RISK, 1 - LEAST_RISK)
    return np.asarray(np.log(risk / (1 - risk)), dtype=np.float64)
