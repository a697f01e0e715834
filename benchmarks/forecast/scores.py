"""Scores of forecasts: errors of the level, of its distribution, and of the probability of an overflow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PROBABILITIES = np.linspace(0.05, 0.95, 19)
BINS = 10
ROUNDING_FRACTION = 0.005
"""Sensors report whole percents: an interval's end may be off by half of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a method says of ``n`` windows.

    Attributes
    ----------
    middle
        ``(n,)`` the level it names.
    quantiles
        ``(n, 19)`` at ``PROBABILITIES``.
    risk
        ``(n,)`` probability of reaching 90 %.
    """

    middle: Floats
    quantiles: Floats
    risk: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Scores of one method over one kind of window; levels in percent of a container, NaN where nothing happened."""

    n: int
    mae: float
    crps: float
    bss: float
    auc: float
    ece: float
    coverage: float


def score(said: Predictions, truth: Floats, reached: NDArray[np.bool_], is_due: NDArray[np.bool_]) -> Score:
    """Scores; the risk counts only where the container was not yet due when asked."""
    if not truth.size:
        return Score(n=0, **dict.fromkeys(("mae", "crps", "bss", "auc", "ece", "coverage"), float("nan")))
    open_, happened = ~is_due, reached[~is_due]
    risk = said.risk[open_]
    base = float(happened.mean()) if happened.size else 0.0
    brier = float(np.square(risk - happened).mean()) if happened.size else float("nan")
    has_both = 0 < base < 1
    return Score(
        n=int(truth.shape[0]),
        mae=100 * float(np.abs(said.middle - truth).mean()),
        crps=100 * crps(said.quantiles, truth),
        bss=1 - brier / (base * (1 - base)) if has_both else float("nan"),
        auc=auc(risk, happened) if has_both else float("nan"),
        ece=calibration_error(risk, happened) if happened.size else float("nan"),
        coverage=float(
            np.mean(
                (said.quantiles[:, 0] - ROUNDING_FRACTION <= truth)
                & (truth <= said.quantiles[:, -1] + ROUNDING_FRACTION)
            )
        ),
    )


def crps(quantiles: Floats, truth: Floats) -> float:
    """Continuous ranked probability score as twice the mean pinball loss over the 19 levels."""
    miss = truth[:, None] - quantiles
    return 2 * float(np.maximum(PROBABILITIES * miss, (PROBABILITIES - 1) * miss).mean())


def auc(risk: Floats, happened: NDArray[np.bool_]) -> float:
    """Probability that a window in which it happened got a higher risk than one in which it did not; ties half."""
    _, position, count = np.unique(risk, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[position]
    n_yes = int(happened.sum())
    n_no = happened.shape[0] - n_yes
    return float((rank[happened].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def reliability(risk: Floats, happened: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Mean risk, share in which it happened, and number of windows, per tenth of the risk."""
    where = np.minimum((risk * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(where, minlength=BINS).astype(np.float64)
    with np.errstate(invalid="ignore"):
        said = np.bincount(where, weights=risk, minlength=BINS) / count
        seen = np.bincount(where, weights=happened, minlength=BINS) / count
    return said, seen, count


def calibration_error(risk: Floats, happened: NDArray[np.bool_]) -> float:
    """Expected calibration error: mean distance between said and seen over ten equal bins, weighted by count."""
    said, seen, count = reliability(risk, happened)
    return float(np.nansum(np.abs(said - seen) * count) / count.sum())
