"""Probability that a level is reached, recalibrated with what happened in the past.

The closed form says how many standard deviations the needed growth lies above the expected one. A logistic curve of
three parameters turns that into a probability: an offset, a slope, and what the horizon adds, because a nearly full
container that is asked about the next hours is where the closed form errs most. It starts as the normal distribution
and is fitted to past windows, of which some reached the level and some did not. Few parameters keep the order of the
containers; isotonic regression on few events destroys it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_SLOPE = 1.702
"""The logistic curve of this slope differs from the normal distribution by less than 0.01."""

PRIOR_WINDOWS = 30.0
"""Past windows that weigh as much as the prior."""

OWN_PRECISION = 1.0
"""Of the prior of a container's own offset: how many independent windows its prior is worth, times four."""

HALF_WAY_S = 6 * 3600
AHEAD_PRECISION = 0.05
ITERATIONS = 12
MOST_EXTREME_SCORE = 12.0
LEAST_SLOPE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachCurve:
    """``probability = 1 / (1 + exp(slope x score - offset - ahead x lateness))``; lateness is a function of time."""

    offset: float = 0.0
    slope: float = NORMAL_SLOPE
    ahead: float = 0.0

    def log_odds(self, score: Floats, horizon_s: Floats | NDArray[np.int64]) -> Floats:
        """Logarithm of the odds that the level is reached within the horizon."""
        clipped = np.clip(score, -MOST_EXTREME_SCORE, MOST_EXTREME_SCORE)
        return np.asarray(self.offset - self.slope * clipped + self.ahead * lateness(horizon_s), dtype=np.float64)

    def probability(
        self, score: Floats, horizon_s: Floats | NDArray[np.int64], own_offset: Floats | float = 0.0
    ) -> Floats:
        """Probability that the level is reached, by the normal score of the growth that is needed."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds(score, horizon_s) - own_offset)), dtype=np.float64)


def lateness(horizon_s: Floats | NDArray[np.int64]) -> Floats:
    """-1 now, 0 in the long run, half-way after half a day."""
    return np.asarray(-HALF_WAY_S / (np.asarray(horizon_s, dtype=np.float64) + HALF_WAY_S), dtype=np.float64)


def fit_own_offsets(
    curve: ReachCurve,
    score: Floats,
    horizon_s: Floats | NDArray[np.int64],
    has_reached: NDArray[np.bool_],
    row: NDArray[np.int64],
    *,
    n: int,
    independent_share: float,
) -> Floats:
    """``(n,)`` what to add to the curve's offset for each container, shrunk towards 0.

    Some containers never report the top because of how their sensor is mounted, others report it early; the shared
    curve is wrong for both, always in the same way.

    Parameters
    ----------
    row
        Container of each window, below ``n``.
    """
    own = np.zeros(n)
    base = curve.log_odds(score, horizon_s)
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(base + own[row], -30, 30)))
        gradient = np.bincount(row, weights=has_reached - probability, minlength=n) * independent_share
        curvature = np.bincount(row, weights=probability * (1 - probability), minlength=n) * independent_share
        step = (gradient - OWN_PRECISION * own) / (curvature + OWN_PRECISION)
        own += np.clip(step, -1.0, 1.0)
    return own


def fit_reach_curve(
    score: Floats,
    horizon_s: Floats | NDArray[np.int64],
    has_reached: NDArray[np.bool_],
    *,
    independent_share: float,
) -> ReachCurve:
    """The curve that explains which windows reached the level, by Newton's method with a normal prior.

    Parameters
    ----------
    independent_share
        Overlapping windows of one container tell the same thing several times; each counts by this share.
    """
    if not score.size:
        return ReachCurve()
    clipped = np.clip(score, -MOST_EXTREME_SCORE, MOST_EXTREME_SCORE)
    design = np.column_stack([np.ones_like(score), -clipped, lateness(horizon_s)])
    estimate = _newton(design, has_reached, independent_share)
    if estimate[2] < 0:  # a longer wait never makes it less likely
        estimate = np.append(_newton(design[:, :2], has_reached, independent_share), 0.0)
    return ReachCurve(offset=float(estimate[0]), slope=max(float(estimate[1]), LEAST_SLOPE), ahead=float(estimate[2]))


def _newton(design: Floats, has_reached: NDArray[np.bool_], independent_share: float) -> Floats:
    prior = np.array([0.0, NORMAL_SLOPE, 0.0])[: design.shape[1]]
    precision = PRIOR_WINDOWS / 4 * np.diag(np.array([1.0, 1.0, AHEAD_PRECISION])[: design.shape[1]])
    estimate = prior.copy()
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(design @ estimate, -30, 30)))
        gradient = independent_share * design.T @ (has_reached - probability) - precision @ (estimate - prior)
        spread = probability * (1 - probability)
        curvature = independent_share * (design * spread[:, None]).T @ design + precision
        estimate += np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
    return estimate
