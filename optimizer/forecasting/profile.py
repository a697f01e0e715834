"""When in the week containers grow: 56 slots shrunk towards weekday x hour, and those towards the prior."""

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.slots import SLOTS_PER_DAY, SLOTS_PER_WEEK

MARGIN_WEIGHT = 0.5
"""Expected containers' worth of growth that weigh as much as the prior, for the margins."""

SLOT_WEIGHT = 1.0
LOWEST, HIGHEST = 0.02, 6.0


def learn_profile(
    slot: NDArray[np.int64],
    grown: NDArray[np.float64],
    expected: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """``(56,)`` relative activity with mean 1.

    Parameters
    ----------
    slot
        Slot of each step of one cell.
    grown, expected
        What was added, and what a flat profile expects, weighted alike.
    prior
        ``(56,)``.
    """
    total = np.bincount(slot, weights=grown, minlength=SLOTS_PER_WEEK).reshape(7, SLOTS_PER_DAY)
    flat = np.bincount(slot, weights=expected, minlength=SLOTS_PER_WEEK).reshape(7, SLOTS_PER_DAY)
    shape = prior.reshape(7, SLOTS_PER_DAY)
    for axis in (0, 1):  # first the hours (sum over the weekdays), then the weekdays
        base = (flat * shape).sum(axis=axis)
        factor = (total.sum(axis=axis) + MARGIN_WEIGHT) / (base + MARGIN_WEIGHT)
        shape = shape * np.expand_dims(np.clip(factor, LOWEST, HIGHEST), axis)
    shape = (total + SLOT_WEIGHT * shape) / (flat + SLOT_WEIGHT)
    profile = np.clip(shape.ravel(), LOWEST, HIGHEST)
    return np.asarray(profile / profile.mean(), dtype=np.float64)
