"""The hours of a simulated span with everything that depends on the local calendar."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.simulation.statistics import FillStatistics

HOUR_S = 3600
SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedHours:
    """Hours in elapsed time; a local day has 23 or 25 of them when the clock changes.

    Attributes
    ----------
    start_s
        ``(h,)`` int64: first second of each hour.
    local_hour, weekday, month, day_index
        ``(h,)``: local hour 0-23, Monday 0, January 0, and the position in ``days``.
    days
        The local days.
    is_holiday
        Per local day.
    """

    start_s: NDArray[np.int64]
    local_hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    month: NDArray[np.int64]
    day_index: NDArray[np.int64]
    days: tuple[date, ...]
    is_holiday: NDArray[np.bool_]

    def intensity(self, statistics: FillStatistics) -> NDArray[np.float64]:
        """Relative intensity of each hour, 1 on average over the hours of a day and the days of a week and a year."""
        weekday = _relative(statistics.weekday_weights)[self.weekday]
        on_holiday = self.is_holiday[self.day_index]
        return np.asarray(
            _relative(statistics.hour_weights)[self.local_hour // 3]
            * np.where(on_holiday, statistics.holiday_weight, weekday)
            * _relative(statistics.month_weights)[self.month],
            dtype=np.float64,
        )

    def is_working_day(self) -> NDArray[np.bool_]:
        """Per local day: no Sunday and no holiday."""
        return np.array([day.weekday() != SUNDAY for day in self.days]) & ~self.is_holiday


def hours_between(start_s: int, n_hours: int, zone: ZoneInfo, is_holiday: Callable[[date], bool]) -> SimulatedHours:
    """The hours from a whole hour on."""
    starts = start_s + HOUR_S * np.arange(n_hours, dtype=np.int64)
    local = [datetime.fromtimestamp(instant, zone) for instant in starts.tolist()]
    days = tuple(sorted({instant.date() for instant in local}))
    position = {day: index for index, day in enumerate(days)}
    return SimulatedHours(
        start_s=starts,
        local_hour=np.array([instant.hour for instant in local]),
        weekday=np.array([instant.weekday() for instant in local]),
        month=np.array([instant.month - 1 for instant in local]),
        day_index=np.array([position[instant.date()] for instant in local]),
        days=days,
        is_holiday=np.array([is_holiday(day) for day in days], dtype=np.bool_),
    )


def _relative(weights: tuple[float, ...]) -> NDArray[np.float64]:
    array = np.asarray(weights, dtype=np.float64)
    return np.asarray(array / array.mean(), dtype=np.float64)
