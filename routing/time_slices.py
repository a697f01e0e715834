"""Times of the day at which traffic is slower: rush hour, school hours, market days, as data of a vehicle profile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from routing.local_time import LocalTime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSlice:
    """Hours of the week with speeds of their own.

    Attributes
    ----------
    name
        Identity within a profile.
    hours
        When it runs, in OSM's ``opening_hours`` syntax, local time.
    speed_factor
        Pairs of ``highway`` class and what its speeds are multiplied by; a class that is missing keeps its speed.
    """

    name: str
    hours: str
    speed_factor: tuple[tuple[str, float], ...]

    @property
    def factors(self) -> Mapping[str, float]:
        """Factor by ``highway`` class."""
        return dict(self.speed_factor)


def slice_at(slices: Iterable[TimeSlice], at: datetime, local_time: LocalTime) -> TimeSlice | None:
    """The first slice that an instant falls into, ``None`` outside all of them."""
    return next((item for item in slices if local_time.is_running(item.hours, at)), None)
