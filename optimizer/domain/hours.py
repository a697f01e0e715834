"""Opening hours in OpenStreetMap's syntax, turned into instants of one day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, validate

from optimizer.domain.issues import InvalidInputError, Issue

ALWAYS_OPEN = "24/7"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A span of time.

    Attributes
    ----------
    start_at, end_at
        Aware instants, start before end.
    """

    start_at: datetime
    end_at: datetime

    def __post_init__(self) -> None:
        if self.start_at.tzinfo is None or self.end_at.tzinfo is None or self.start_at >= self.end_at:
            message = f"{self.start_at} to {self.end_at} is no span of time: give zones, and start before end."
            raise InvalidInputError([Issue(where="time window", code="time_window", message=message)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When something is open, e.g. ``"Mo-Fr 06:00-15:00; Sa 07:00-12:00; PH off"``.

    The syntax is OSM's ``opening_hours``, read by the library opening-hours-py; public holidays (``PH``) are those
    of ``country``.
    """

    expression: str = ALWAYS_OPEN
    country: str = "DE"

    def __post_init__(self) -> None:
        if not validate(self.expression):
            message = f"'{self.expression}' is not understood. Write hours as in 'Mo-Fr 06:00-15:00; PH off' or '24/7'."
            raise InvalidInputError([Issue(where="opening hours", code="opening_hours", message=message)])

    def windows_on(self, day: date, zone: ZoneInfo) -> tuple[TimeWindow, ...]:
        """Spans within the local day (23, 24 or 25 h long) in which it is open; empty when it stays closed."""
        start = datetime.combine(day, time(), tzinfo=None)
        end = start + timedelta(days=1)
        windows = []
        for span_start, span_end, state, _comment in _parse(self.expression, self.country).intervals(start, end):
            if str(state).lower().endswith("open"):
                opens = max(span_start, start).replace(tzinfo=zone)
                closes = min(span_end, end).replace(tzinfo=zone)
                if opens.timestamp() < closes.timestamp():
                    windows.append(TimeWindow(start_at=opens, end_at=closes))
        return tuple(windows)


@lru_cache(maxsize=4096)
def _parse(expression: str, country: str) -> OpeningHours:
    # Parsed values cannot be sent to other processes, so they are kept here and not in the frozen value.
    return OpeningHours(expression, country=country)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the local day begins."""
    return datetime.combine(day, time(), tzinfo=zone)


def driving_instant(day: date, zone: ZoneInfo) -> datetime:
    """The instant whose signs, closures and traffic stand for the whole day: 10:00, when most tours are under way.

    A plan has one travel matrix per vehicle profile; signs with times (a street closed to trucks on weekdays) and dated
    overrides count as they are then.
    """
    return datetime.combine(day, time(10), tzinfo=zone)


def seconds_between(start: datetime, end: datetime) -> int:
    """Elapsed seconds, also over a change of summer time."""
    return round(end.timestamp() - start.timestamp())
