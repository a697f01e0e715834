"""The way from one waypoint to the next: a line on the map and what the driver has to do along it."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from routing.location import Location


class ManoeuvreKind(StrEnum):
    """What the driver does."""

    DEPART = "depart"
    CONTINUE = "continue"
    SLIGHT_LEFT = "slight_left"
    LEFT = "left"
    SHARP_LEFT = "sharp_left"
    SLIGHT_RIGHT = "slight_right"
    RIGHT = "right"
    SHARP_RIGHT = "sharp_right"
    U_TURN = "u_turn"
    ROUNDABOUT = "roundabout"
    ARRIVE = "arrive"


class ArrivalSide(StrEnum):
    """Where a waypoint lies, seen from the vehicle that stops for it."""

    LEFT = "left"
    RIGHT = "right"
    STRAIGHT = "straight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manoeuvre:
    """One instruction on a leg.

    Attributes
    ----------
    kind
        What to do.
    at_m
        Metres from the leg's start.
    location
        Where on the street.
    street_name
        The street driven on afterwards, or that the leg ends on; for slip roads the street they lead to. Empty when
        it has no name.
    bearing_deg
        Compass direction driven on in, 0 to 360.
    is_ramp
        Whether the way on is a slip road of a motorway or trunk road.
    exit_number
        Of a roundabout, counted from 1; ``None`` when the leg ends inside it, and for every other kind.
    arrival_side, aside_m
        Of an arrival: where the waypoint lies and how many metres from the middle of the street.
    """

    kind: ManoeuvreKind
    at_m: int
    location: Location
    street_name: str
    bearing_deg: float
    is_ramp: bool = False
    exit_number: int | None = None
    arrival_side: ArrivalSide | None = None
    aside_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPath:
    """Street geometry of the fastest path between two waypoints.

    Attributes
    ----------
    lon_lat_deg
        ``(k, 2)`` float64, k >= 2: longitude and latitude along the streets, from snapped start to snapped end.
    duration_s, distance_m
        The same values as in the travel matrix.
    street_names
        Names in the order driven, each once per stretch; unnamed streets are left out.
    manoeuvres
        Instructions by ``at_m``: the first departs, the last arrives. Empty where the router knows no streets.
    """

    lon_lat_deg: NDArray[np.float64]
    duration_s: int
    distance_m: int
    street_names: tuple[str, ...] = ()
    manoeuvres: tuple[Manoeuvre, ...] = ()
