"""The closed form of a growth's distribution: a gamma moved to the left by the measurement noise.

Used while there are too few residuals to count. The gamma's distribution function is that of Wilson and Hilferty
(1931, doi:10.1073/pnas.17.12.684): its cube root is nearly normal, within 0.005 for the shapes that occur here.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHIFT_IN_NOISE_SD = 2.0
_NORMAL = NormalDist()


def normal_score(growth: Floats, mean: Floats, variance: Floats, noise_sd: Floats) -> Floats:
    """How many standard deviations a normal variable lies where the gamma lies at this growth."""
    shift, shape = _shape(mean, variance, noise_sd)
    ratio = np.maximum(growth + shift, 0.0) / (mean + shift)
    return np.asarray((np.cbrt(ratio) - (1 - 1 / (9 * shape))) * 3 * np.sqrt(shape), dtype=np.float64)


def quantile(probability: float, mean: Floats, variance: Floats, noise_sd: Floats) -> Floats:
    """The growth that is not exceeded with this probability."""
    shift, shape = _shape(mean, variance, noise_sd)
    root = 1 - 1 / (9 * shape) + _NORMAL.inv_cdf(probability) / (3 * np.sqrt(shape))
    return np.asarray((mean + shift) * np.maximum(root, 0.0) ** 3 - shift, dtype=np.float64)


def _shape(mean: Floats, variance: Floats, noise_sd: Floats) -> tuple[Floats, Floats]:
    shift = SHIFT_IN_NOISE_SD * noise_sd
    return shift, np.square(mean + shift) / variance
