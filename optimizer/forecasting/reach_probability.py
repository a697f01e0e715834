"""Probability that a level is reached, recalibrated with what happened in the past.

The closed form says how many standard deviations the needed growth lies above the expected one. A logistic curve of
five parameters turns that into a probability: an offset, a slope and another one for what is unlikely, what the horizon
adds, because a nearly full container that is asked about the next hours is where the closed form errs most, and what a
nearly full start adds, because there people stop throwing in. It starts as the normal distribution and is fitted to
past windows, of which some reached the level and some did not. Few parameters keep the order of the containers;
isotonic regression on few events destroys it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_SLOPE = 1.702
"""The logistic curve of this slope differs from the normal distribution by less than 0.01."""

PRIOR_WINDOWS = 30.0
"""Past windows that weigh as much as the prior."""

OWN_PRECISION = 3.0
"""Of the prior of a container's own offset: how many independent windows its prior is worth, times four."""

HALF_WAY_S = 6 * 3600
SIDE_PRECISION = 0.05
"""Of the prior of whatever is added to offset and slope, in the same measure as theirs."""

NEARLY_FULL_FRACTION = 0.75
ITERATIONS = 12
MOST_EXTREME_SCORE = 12.0
LEAST_SLOPE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachCurve:
    """The probability's log-odds are ``offset - slope x score`` and three things that are added to that.

    Attributes
    ----------
    bend
        By how much the slope is less where the score is above 0: where the level is unlikely to be reached.
    ahead
        Times ``lateness``, a function of the horizon.
    topped
        Times ``fullness``, a function of the level at the start.
    """

    offset: float = 0.0
    slope: float = NORMAL_SLOPE
    bend: float = 0.0
    ahead: float = 0.0
    topped: float = 0.0

    def log_odds(self, score: Floats, horizon_s: Floats | NDArray[np.int64], start: Floats) -> Floats:
        """Logarithm of the odds that the level is reached within the horizon from this level on."""
        clipped = np.clip(score, -MOST_EXTREME_SCORE, MOST_EXTREME_SCORE)
        added = self.ahead * lateness(horizon_s) + self.topped * fullness(start)
        odds = self.offset - self.slope * clipped + self.bend * np.maximum(clipped, 0.0) + added
        return np.asarray(odds, dtype=np.float64)

    def probability(
        self,
        score: Floats,
        horizon_s: Floats | NDArray[np.int64],
        start: Floats,
        own_offset: Floats | float = 0.0,
    ) -> Floats:
        """Probability that the level is reached, by the normal score of the growth that is needed."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds(score, horizon_s, start) - own_offset)), dtype=np.float64)


def lateness(horizon_s: Floats | NDArray[np.int64]) -> Floats:
    """-1 now, 0 in the long run, half-way after half a day."""
    return np.asarray(-HALF_WAY_S / (np.asarray(horizon_s, dtype=np.float64) + HALF_WAY_S), dtype=np.float64)


def fullness(start: Floats) -> Floats:
    """0 up to three quarters, 1 when full."""
    return np.asarray(np.maximum(start - NEARLY_FULL_FRACTION, 0.0) / (1.0 - NEARLY_FULL_FRACTION), dtype=np.float64)


def fit_own_offsets(
    curve: ReachCurve,
    score: Floats,
    horizon_s: Floats | NDArray[np.int64],
    start: Floats,
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
    base = curve.log_odds(score, horizon_s, start)
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
    start: Floats,
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
    columns = [np.ones_like(score), -clipped, np.maximum(clipped, 0.0), fullness(start), lateness(horizon_s)]
    design = np.column_stack(columns)
    estimate = _newton(design, has_reached, independent_share)
    if estimate[-1] < 0:  # a longer wait never makes it less likely
        estimate = np.append(_newton(design[:, :-1], has_reached, independent_share), 0.0)
    offset, slope, bend, topped, ahead = estimate.tolist()
    slope = max(slope, LEAST_SLOPE)
    return ReachCurve(offset=offset, slope=slope, bend=min(bend, slope - LEAST_SLOPE), ahead=ahead, topped=topped)


def _newton(design: Floats, has_reached: NDArray[np.bool_], independent_share: float) -> Floats:
    n_added = design.shape[1] - 2
    prior = np.array([0.0, NORMAL_SLOPE, *[0.0] * n_added])
    precision = PRIOR_WINDOWS / 4 * np.diag([1.0, 1.0, *[SIDE_PRECISION] * n_added])
    estimate = prior.copy()
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(design @ estimate, -30, 30)))
        gradient = independent_share * design.T @ (has_reached - probability) - precision @ (estimate - prior)
        spread = probability * (1 - probability)
        curvature = independent_share * (design * spread[:, None]).T @ design + precision
        estimate += np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
    return estimate
