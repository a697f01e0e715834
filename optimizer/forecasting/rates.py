"""Growth rate of each container, shrunk towards its siblings (empirical Bayes).

A container with little data of its own is taken to be like its siblings, and the siblings, while there are few, to be
like the prior. Shrinkage matters in the first one or two weeks and costs nothing later.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.level_history import Growth

POOL_WEIGHT_DAYS = 20.0
"""Days of data of all siblings together that weigh as much as the prior."""

LOWEST_RATE_PER_DAY = 1e-4
RECENT_HALF_LIFE_DAYS = 30.0
PACE_WEIGHT = 0.5
"""Containers' worth of expected growth that weigh as much as the usual pace."""

SLOWEST_PACE, FASTEST_PACE = 0.5, 2.0


def shrunk_rates(
    growth: Growth,
    exposure_days: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    n: int,
    prior_rate_per_day: float,
    prior_weight_days: float,
) -> tuple[NDArray[np.float64], float]:
    """``(n,)`` rates per day of average activity, and the rate of the pool.

    Parameters
    ----------
    exposure_days
        Days of average activity of each step.
    weight
        Of each step, less for old ones.
    """
    grown = np.bincount(growth.row, weights=weight * growth.growth_fraction, minlength=n)
    exposed = np.bincount(growth.row, weights=weight * exposure_days, minlength=n)
    # Each container counts at most as much as a few of the prior's weights, so that no single one rules the pool.
    share = prior_weight_days / (exposed + prior_weight_days)
    pool = float(
        (POOL_WEIGHT_DAYS * prior_rate_per_day + (share * grown).sum()) / (POOL_WEIGHT_DAYS + (share * exposed).sum())
    )
    pool = max(pool, LOWEST_RATE_PER_DAY)
    rates = (grown + prior_weight_days * pool) / (exposed + prior_weight_days)
    return np.maximum(rates, LOWEST_RATE_PER_DAY), pool


def recent_paces(
    growth: Growth, expected: NDArray[np.float64], age_days: NDArray[np.float64], *, n: int
) -> NDArray[np.float64]:
    """``(n,)`` growth of each container in the last weeks, relative to what its rate says; 1 where little is known.

    The half-life of a slow container's rate is months, because it needs them to know it; habits change faster.

    Parameters
    ----------
    expected
        Growth of each step by the container's rate.
    age_days
        Of each step.
    """
    weight = 0.5 ** (age_days / RECENT_HALF_LIFE_DAYS)
    grown = np.bincount(growth.row, weights=weight * growth.growth_fraction, minlength=n)
    usual = np.bincount(growth.row, weights=weight * expected, minlength=n)
    return np.clip((grown + PACE_WEIGHT) / (usual + PACE_WEIGHT), SLOWEST_PACE, FASTEST_PACE)
