"""Where something is, and from which side of the street it is served."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """From which side of the street a vehicle may serve a waypoint."""

    ANY = "any"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point on Earth, WGS 84.

    Attributes
    ----------
    lon_deg
        Degrees east, -180 to 180.
    lat_deg
        Degrees north, -90 to 90.
    """

    lon_deg: float
    lat_deg: float

    def __post_init__(self) -> None:
        if -180.0 <= self.lon_deg <= 180.0 and -90.0 <= self.lat_deg <= 90.0:  # a path has thousands of these
            return
        for name, value, limit in (("longitude", self.lon_deg, 180.0), ("latitude", self.lat_deg, 90.0)):
            if not math.isfinite(value) or abs(value) > limit:
                raise ValueError(f"The {name} {value} is not a number between -{limit:.0f} and {limit:.0f} degrees.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A place that a vehicle is to visit.

    Attributes
    ----------
    label
        What messages call the place, e.g. ``"container G-017"``.
    location
        Where it is; the router moves it to the nearest street.
    side
        Whether the place must lie on the vehicle's right when it stops.
    has_room_to_turn
        Whether vehicles turn round on the place's own ground, as in a depot's yard: a profile's limits of reversing
        do not count there.
    """

    label: str
    location: Location
    side: Side = Side.ANY
    has_room_to_turn: bool = False
