"""What notes of crews say of a rate: a container noted as full has had at least so much thrown in.

Guards the rates of containers without a sensor: to count the notes as they stand makes those that overflow look slow,
so that they are visited too late again.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from optimizer.forecasting.level_history import Growth
from optimizer.forecasting.priors import StreamPrior

Floats = NDArray[np.float64]

LEAST_TAIL = 1e-6


def with_hidden_growth(growth: Growth, expected: Floats, prior: StreamPrior) -> Growth:
    """The steps, with what is expected to be hidden behind those that only say "at least so much".

    Growth is taken to be gamma distributed with the stream's variance: one step of the EM algorithm (Dempster, Laird
    and Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x), for the rates are estimated anew from its outcome.

    Parameters
    ----------
    expected
        Of each step, by the rates known so far.
    """
    hidden = np.flatnonzero(growth.is_least)
    mean, least = np.maximum(expected[hidden], 1e-6), growth.growth_fraction[hidden]
    # The noise of sensors, which is the variance's constant, does not make anything grow.
    variance = np.maximum(prior.variance(mean) - prior.variance_constant, 1e-9)
    shape, scale = np.square(mean) / variance, variance / mean
    tail = gammaincc(shape, least / scale)
    beyond = mean * gammaincc(shape + 1, least / scale) / np.maximum(tail, LEAST_TAIL)
    grown = growth.growth_fraction.copy()
    grown[hidden] = np.where(tail > LEAST_TAIL, np.maximum(beyond, least), least)
    return replace(growth, growth_fraction=grown)
