"""Probability that a level is reached, recalibrated with what happened in the past.

The closed form says how many standard deviations the needed growth lies above the expected one. A logistic curve of
two parameters turns that into a probability. It starts as the normal distribution and is fitted to past windows, of
which some reached the level and some did not. Two parameters keep the order of the containers; isotonic regression on
few events destroys it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_SLOPE = 1.702
"""The logistic curve of this slope differs from the normal distribution by less than 0.01."""

PRIOR_WINDOWS = 30.0
"""Past windows that weigh as much as the prior."""

ITERATIONS = 12
MOST_EXTREME_SCORE = 12.0
LEAST_SLOPE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachCurve:
    """``probability = 1 / (1 + exp(slope x score - offset))``."""

    offset: float = 0.0
    slope: float = NORMAL_SLOPE

    def probability(self, score: Floats) -> Floats:
        """Probability that the level is reached, by the normal score of the growth that is needed."""
        clipped = np.clip(score, -MOST_EXTREME_SCORE, MOST_EXTREME_SCORE)
        return np.asarray(1 / (1 + np.exp(self.slope * clipped - self.offset)), dtype=np.float64)


def fit_reach_curve(score: Floats, has_reached: NDArray[np.bool_], independent_share: float) -> ReachCurve:
    """The curve that explains which windows reached the level, by Newton's method with a normal prior.

    Parameters
    ----------
    independent_share
        Overlapping windows of one container tell the same thing several times; each counts by this share.
    """
    if not score.size:
        return ReachCurve()
    design = np.column_stack([np.ones_like(score), -np.clip(score, -MOST_EXTREME_SCORE, MOST_EXTREME_SCORE)])
    prior = np.array([0.0, NORMAL_SLOPE])
    precision = PRIOR_WINDOWS / 4 * np.eye(2)
    estimate = prior.copy()
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(design @ estimate, -30, 30)))
        gradient = independent_share * design.T @ (has_reached - probability) - precision @ (estimate - prior)
        spread = probability * (1 - probability)
        curvature = independent_share * (design * spread[:, None]).T @ design + precision
        step = np.linalg.solve(curvature, gradient)
        estimate += np.clip(step, -1.0, 1.0)
    return ReachCurve(offset=float(estimate[0]), slope=max(float(estimate[1]), LEAST_SLOPE))
