"""How growth depends on the level: people press paper down, and nobody throws into a full container.

Only for fast streams; learnt from slow containers with echoes it does harm.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.simulation.statistics import LEVELS

WEIGHT = 2.0
"""Containers' worth of expected growth that weigh as much as the prior, per level."""

LOWEST, HIGHEST = 0.03, 2.0
_EDGES = (np.asarray(LEVELS)[1:] + np.asarray(LEVELS)[:-1]) / 2


def learn_level_multiplier(
    level: NDArray[np.float64],
    grown: NDArray[np.float64],
    expected: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """``(11,)`` growth relative to the expected at ``LEVELS``, shrunk towards the prior."""
    where = np.digitize(level, _EDGES)
    total = np.bincount(where, weights=grown, minlength=len(LEVELS))
    base = np.bincount(where, weights=expected, minlength=len(LEVELS))
    return np.clip((total + WEIGHT * prior) / (base + WEIGHT), LOWEST, HIGHEST)


def multiplier_at(level: NDArray[np.float64], multiplier: NDArray[np.float64] | None) -> NDArray[np.float64] | float:
    """Growth relative to the usual at any level."""
    if multiplier is None:
        return 1.0
    return np.interp(level, LEVELS, multiplier)
