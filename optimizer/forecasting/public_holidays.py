"""Which days people treat like Sundays."""

from collections.abc import Callable
from datetime import date

import holidays

IsHoliday = Callable[[date], bool]
"""Whether a local day is a public holiday."""


def german_holidays(state: str = "NW") -> IsHoliday:
    """Public holidays of a German state by its two letters; North Rhine-Westphalia unless told."""
    calendar = holidays.country_holidays("DE", subdiv=state)

    def is_holiday(day: date) -> bool:
        return day in calendar

    return is_holiday
