"""What a container's fill will be, as a distribution over time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Trust(StrEnum):
    """What a forecast rests on."""

    SENSOR = "sensor"
    STALE_SENSOR = "stale_sensor"
    PRIOR = "prior"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The fill of one container over a grid of instants.

    Attributes
    ----------
    origin_at
        The last trusted observation (or emptying) that the forecast starts from.
    level_fraction
        Fill at the origin.
    grid_at_s
        ``(m,)`` int64: seconds since 1970-01-01 UTC, rising.
    expected_fraction, lower_fraction, upper_fraction
        ``(m,)`` float32: mean, 5 % and 95 % quantile of the fill at each instant, 0 to 1.
    overflow_probability
        ``(m,)`` float32: probability that the container was overfull at any time up to the instant; never falls.
    rate_per_day
        Expected growth, as a fraction of the container per day.
    last_emptied_at
        The last emptying, logged or inferred; None when none is known.
    """

    container_id: str
    origin_at: datetime
    level_fraction: float
    rate_per_day: float
    trust: Trust
    grid_at_s: NDArray[np.int64]
    expected_fraction: NDArray[np.float32]
    lower_fraction: NDArray[np.float32]
    upper_fraction: NDArray[np.float32]
    overflow_probability: NDArray[np.float32]
    reasons: tuple[str, ...] = ()
    last_emptied_at: datetime | None = None

    def expected_at(self, instant: datetime) -> float:
        """Expected fill, linear between grid points and constant beyond the ends."""
        return float(np.interp(instant.timestamp(), self.grid_at_s, self.expected_fraction))

    def overflow_probability_before(self, instant: datetime) -> float:
        """Probability that the container is overfull at any time before the instant."""
        return float(np.interp(instant.timestamp(), self.grid_at_s, self.overflow_probability))
