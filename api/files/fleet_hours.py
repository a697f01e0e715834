"""Clock times and what depends on the hour in fleet.toml: slices of the day, queues."""

import contextlib
import re
from datetime import time
from typing import Any

from api.files.toml_section import Section
from optimizer.domain.places import HOURS_A_DAY

_CLOCK = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?")
_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})")


def clock_time(section: Section, key: str) -> time | None:
    """The clock time under a key; None, perhaps with an issue noted, where there is none."""
    return _clock(section, key, section.raw(key, None))


def travel_slices(section: Section) -> tuple[time, ...]:
    """Clock times from which travel takes another time."""
    given = section.raw("travel_slices", [])
    if not isinstance(given, list):
        section.add("travel_slices", "wrong_kind", f'travel_slices is {given!r}; write it as in ["07:00", "09:00"].')
        return ()
    times = [one for value in given if (one := _clock(section, "travel_slices", value)) is not None]
    if times != sorted(set(times)):
        section.add("travel_slices", "travel_slices", "travel_slices: write each clock time once, the earliest first.")
        return ()
    return tuple(times)


def queue_by_hour(section: Section) -> tuple[int, ...]:
    """Seconds for every hour of the clock, from 24 numbers or from ranges of hours; empty where nobody queues."""
    given = section.raw("queue_s_by_hour", {})
    if isinstance(given, list) and len(given) == HOURS_A_DAY and all(type(one) is int for one in given):
        return tuple(given) if any(given) else ()
    if not isinstance(given, dict):
        message = f'queue_s_by_hour is {given!r}; write 24 whole numbers, or hours as in {{"7-9" = 1200}}.'
        section.add("queue_s_by_hour", "queue_hours", message)
        return ()
    queue_s = [0] * HOURS_A_DAY
    for hours, seconds in given.items():
        found = _HOURS.fullmatch(hours.strip())
        first, end = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 0 <= first < end <= HOURS_A_DAY or type(seconds) is not int:
            unclear = f'queue_s_by_hour: "{hours}" = {seconds!r} is unclear'
            message = f'{unclear}; write seconds from hour to hour, as in "7-9" = 1200.'
            section.add("queue_s_by_hour", "queue_hours", message)
            continue
        queue_s[first:end] = [seconds] * (end - first)
    return tuple(queue_s) if any(queue_s) else ()


def _clock(section: Section, key: str, value: Any) -> time | None:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and _CLOCK.fullmatch(value.strip()):
        with contextlib.suppress(ValueError):
            return time.fromisoformat("00:00" if value.strip() == "24:00" else value.strip())
    if value is not None:
        section.add(key, "clock_time", f'{key} is {value!r}; write a clock time, as in "06:30".')
    return None
