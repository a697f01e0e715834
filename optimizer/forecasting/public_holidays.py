"""Which days people treat like Sundays."""

from collections.abc import Callable
from datetime import date

import holidays

IsHoliday = Callable[[date], bool]
"""Whether a local day is a public holiday."""


def german_holidays(state: str = "NW") -> IsHoliday:
    """Public holidays of a German state by its two letters; North Rhine-Westphalia unless told."""
    return regional_holidays(f"DE-{state}")


def regional_holidays(region: str) -> IsHoliday:
    """Public holidays of a region as in ISO 3166: a country (``"DE"``), or a part of one (``"DE-NW"``, ``"AT-9"``).

    Raises
    ------
    ValueError
        When no calendar of that region is known.
    """
    country, _, part = region.partition("-")
    try:
        calendar = holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:
        message = f"There is no calendar of public holidays for '{region}'. Write it as 'DE-NW' or 'DE'."
        raise ValueError(message) from error

    def is_holiday(day: date) -> bool:
        return day in calendar

    return is_holiday
