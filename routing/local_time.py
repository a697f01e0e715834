"""What the clock on the wall shows at a place, and whether hours in OSM's ``opening_hours`` syntax are running then.

Guards that signs and school hours follow local time, over both changes of summer time, whatever zone an instant comes
in; zone and public holidays are those of the place.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, validate

from routing.ports import MapInfo

MAX_HOURS_LENGTH = 255
"""OpenStreetMap stores no longer values."""

_SCHOOL_HOLIDAYS = re.compile(r"\bSH\b")
_BARE_NUMBER = re.compile(r"[\s\d,;+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """Local time around a point."""

    lon_deg: float
    lat_deg: float

    @classmethod
    def of_map(cls, info: MapInfo) -> "LocalTime":
        """Local time in the middle of a map."""
        west, south, east, north = info.bounds_deg
        return cls(lon_deg=(west + east) / 2, lat_deg=(south + north) / 2)

    def is_running(self, hours: str, at: datetime) -> bool:
        """Whether an instant lies in hours that ``hours_problem`` found nothing wrong with."""
        clock = at.astimezone(self.zone).replace(tzinfo=None)
        return _parse(hours, self.lat_deg, self.lon_deg).is_open(clock)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the place."""
        return _zone(self.lat_deg, self.lon_deg)


def in_utc(at: datetime) -> datetime:
    """The same instant in the one form that all equal instants share."""
    return at.astimezone(UTC).replace(fold=0)


def hours_problem(hours: str) -> str:
    """What is wrong with an ``opening_hours`` expression, as a clause, empty when it can be followed."""
    if len(hours) > MAX_HOURS_LENGTH:
        return f"the hours '{hours[:40]}...' are longer than {MAX_HOURS_LENGTH} characters"
    if _SCHOOL_HOLIDAYS.search(hours):
        return f"the hours '{hours}' ask for school holidays, which no calendar here knows"
    if _BARE_NUMBER.fullmatch(hours) or not validate(hours):
        return f"the hours '{hours}' cannot be understood"
    return ""


@lru_cache(maxsize=64)
def _zone(lat_deg: float, lon_deg: float) -> ZoneInfo:
    # The library knows the zone and tells it with the instants it gives back. Our own conversion is used all the same:
    # the library takes the last minute before clocks are set back for closed.
    begin, *_ = next(OpeningHours("Mo", coords=(lat_deg, lon_deg)).intervals(datetime(2026, 1, 1)))  # noqa: DTZ001 - local
    assert isinstance(begin.tzinfo, ZoneInfo)
    return begin.tzinfo


@lru_cache(maxsize=4096)
def _parse(hours: str, lat_deg: float, lon_deg: float) -> OpeningHours:
    return OpeningHours(hours, coords=(lat_deg, lon_deg))
