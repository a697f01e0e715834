"""What is assumed of a stream before its containers have told anything."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.slots import SLOTS_PER_WEEK
from optimizer.simulation.statistics import LEVELS, FillStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPrior:
    """Prior knowledge of a stream; all shares are of a full container.

    Attributes
    ----------
    rate_per_day
        Typical growth.
    rate_log_sd
        How much containers differ (standard deviation of the logarithm).
    weight_days
        Days of own data that weigh as much as the siblings.
    half_life_days
        Age at which data count half.
    variance_constant, variance_linear, variance_square
        Variance of the growth: constant + linear x mean + square x mean^2.
    profile
        ``(56,)`` relative activity by weekday and 3 h, 1 on average.
    level_multiplier
        Growth relative to the usual at ``LEVELS``; None when the level does not matter (slow streams).
    """

    rate_per_day: float
    rate_log_sd: float
    weight_days: float
    half_life_days: float
    variance_constant: float
    variance_linear: float
    variance_square: float
    profile: NDArray[np.float64]
    level_multiplier: NDArray[np.float64] | None

    def variance(self, mean: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance of a growth of this mean."""
        variance: NDArray[np.float64] = (
            self.variance_constant + self.variance_linear * mean + self.variance_square * np.square(mean)
        )
        return variance

    def rate_doubt(self, known_days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance of a container's rate, as a share of its square, after so many days of own data."""
        return np.asarray(self.rate_log_sd**2 * self.weight_days / (known_days + self.weight_days), dtype=np.float64)


def prior_from_statistics(statistics: FillStatistics) -> StreamPrior:
    """The prior that a stream's statistics imply."""
    hours = np.asarray(statistics.hour_weights)
    weekdays = np.asarray(statistics.weekday_weights)
    profile = np.outer(weekdays / weekdays.mean(), hours / hours.mean()).ravel()
    learning = statistics.learning
    return StreamPrior(
        rate_per_day=statistics.rate_per_day,
        rate_log_sd=statistics.rate_log_sd,
        weight_days=learning.prior_weight_days,
        half_life_days=learning.half_life_days,
        variance_constant=learning.variance_constant,
        variance_linear=learning.variance_linear,
        variance_square=learning.variance_square,
        profile=profile,
        level_multiplier=np.asarray(statistics.level_multiplier) if statistics.is_fast else None,
    )


def prior_for_unknown_stream(*, is_fast: bool) -> StreamPrior:
    """A cautious prior for a stream without statistics: paper-like when fast, glass-like when slow."""
    day = np.array([0.3, 0.1, 0.3, 1.1, 1.6, 1.9, 1.7, 1.0])
    return StreamPrior(
        rate_per_day=0.35 if is_fast else 0.035,
        rate_log_sd=0.5,
        weight_days=4.5 if is_fast else 9.0,
        half_life_days=45.0 if is_fast else 90.0,
        variance_constant=0.004,
        variance_linear=0.10 if is_fast else 0.03,
        variance_square=0.0 if is_fast else 0.2,
        profile=np.tile(day / day.mean(), SLOTS_PER_WEEK // day.shape[0]),
        level_multiplier=np.interp(LEVELS, (0.0, 0.5, 0.96), (1.2, 1.2, 0.1)) if is_fast else None,
    )
