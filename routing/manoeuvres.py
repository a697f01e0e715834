"""What the driver is told along a path: turns, names, roundabouts, arrival.

Guards that instructions stay few and plain: bends are silent, and so is every place without a choice. What counts
as a choice is what a driver sees, not what this vehicle may use: a street closed to trucks is still a street.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from routing import rules
from routing.crow_flight import metres_per_degree
from routing.geodesy import bearing_deg
from routing.kernels import turning_points as points
from routing.leg_shapes import Drives
from routing.location import Location
from routing.path import ArrivalSide, Manoeuvre, ManoeuvreKind
from routing.streets import StreetGraph

_LOOK_MM = 15_000
"""Bearings at junctions are taken over this length, so that a crooked last metre does not make a turn."""

_ON_THE_LINE_M = 2.0
_AHEAD_DEG = 25.0
_RANKS = {
    "motorway": 7,
    "trunk": 6,
    "primary": 5,
    "secondary": 4,
    "tertiary": 3,
    "service": 1,
    "track": 0,
    "pedestrian": 1,
}
_OTHER_STREET_RANK = 2
_MINOR_SERVICES = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})
_RAMPS = frozenset({"motorway_link", "trunk_link"})
_SEEN_BY = ("access", "vehicle", "motor_vehicle")
_SIDES = {
    points.CONTINUE: (ManoeuvreKind.CONTINUE, ManoeuvreKind.CONTINUE),
    points.SLIGHT: (ManoeuvreKind.SLIGHT_LEFT, ManoeuvreKind.SLIGHT_RIGHT),
    points.TURN: (ManoeuvreKind.LEFT, ManoeuvreKind.RIGHT),
    points.SHARP: (ManoeuvreKind.SHARP_LEFT, ManoeuvreKind.SHARP_RIGHT),
    points.U_TURN: (ManoeuvreKind.U_TURN, ManoeuvreKind.U_TURN),
    points.ROUNDABOUT: (ManoeuvreKind.ROUNDABOUT, ManoeuvreKind.ROUNDABOUT),
}
_TURNS = tuple(kind for turn in sorted(_SIDES) for kind in _SIDES[turn])
"""By twice the kernel's kind, plus one to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnd:
    """How a leg begins and ends.

    Attributes
    ----------
    line
        The leg's line on the map.
    distance_m
        The leg's length, which the arrival repeats.
    place
        The waypoint at the end, which lies beside the street; without it the arrival is straight ahead.
    aside_m
        From the waypoint to the street.
    """

    line: NDArray[np.float64]
    distance_m: int
    place: Location | None
    aside_m: float


class TurnGuide:
    """Instructions for paths on one map."""

    def __init__(self, streets: StreetGraph) -> None:
        self.streets = streets

    def manoeuvres(self, drives: Drives, ends: Sequence[LegEnd]) -> list[tuple[Manoeuvre, ...]]:
        """Instructions of each leg in driving order, from departure to arrival."""
        turns, bounds = self._turns(drives, np.array([end.distance_m for end in ends], dtype=np.int64))
        departing, arriving = drives.arc[drives.first[:-1]], drives.arc[drives.first[1:] - 1]
        name, standing_deg = self._junctions.name, self._junctions.start_deg[departing].tolist()
        found = []
        for leg, (start_name, end_name) in enumerate(
            zip(name[departing].tolist(), name[arriving].tolist(), strict=True)
        ):
            departure, arrival = _frame(
                ends[leg],
                standing_deg=standing_deg[leg],
                start_name=self.streets.names[start_name],
                end_name=self.streets.names[end_name],
            )
            found.append((departure, *turns[bounds[leg] : bounds[leg + 1]], arrival))
        return found

    def _turns(self, drives: Drives, distance_m: NDArray[np.int64]) -> tuple[list[Manoeuvre], list[int]]:
        """Everything between departures and arrivals, and where each leg's begins."""
        streets, junctions = self.streets, self._junctions
        begins, with_room = points.find_turning_points(drives.first, drives.arc, junctions)
        found = with_room.until(int(begins[-1]))
        n_turns = np.diff(begins)
        node, onward = streets.arc_tail[drives.arc[found.position]], drives.arc[found.onward]
        at_m = (found.driven_mm - np.repeat(drives.from_mm, n_turns) + 500) // 1000
        nodes, place = np.unique(node, return_inverse=True)  # legs of a day turn at the same places again and again
        places = [
            Location(lon_deg=lon_deg, lat_deg=lat_deg)
            for lon_deg, lat_deg in zip(
                streets.node_lon_deg[nodes].tolist(), streets.node_lat_deg[nodes].tolist(), strict=True
            )
        ]
        columns = (
            found.kind * 2 + (found.angle_deg > 0),
            np.minimum(at_m, np.repeat(distance_m, n_turns)),
            place,
            junctions.name[drives.arc[found.named]],
            junctions.start_deg[onward],
            self._is_ramp[onward],
            found.exit_number,
        )
        names = streets.names
        turns = [
            Manoeuvre(
                kind=_TURNS[kind],
                at_m=metres,
                location=places[place],
                street_name=names[name],
                bearing_deg=bearing_deg,
                is_ramp=is_ramp,
                exit_number=exit_number or None,
            )
            for kind, metres, place, name, bearing_deg, is_ramp, exit_number in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]
        return turns, begins.tolist()

    @cached_property
    def _junctions(self) -> points.Junctions:
        streets = self.streets
        first, leaving = streets.leaving
        signs = [_Sign.of(dict(pairs)) for pairs in streets.way_tags]
        of_segment = streets.way_tags_index[streets.segment_way]
        start_deg, end_deg = _bearings(streets)
        enterable = np.array([(sign.may_forward, sign.may_backward) for sign in signs], dtype=np.bool_)
        return points.Junctions(
            first=first,
            leaving=leaving,
            head=streets.arc_head,
            start_deg=start_deg,
            end_deg=end_deg,
            name=np.repeat(streets.way_name_index[streets.segment_way], 2),
            rank=np.repeat(np.array([sign.rank for sign in signs], dtype=np.int8)[of_segment], 2),
            is_enterable=enterable[of_segment].ravel(),
            is_roundabout=np.repeat(np.array([sign.is_roundabout for sign in signs], dtype=np.bool_)[of_segment], 2),
            is_link=np.repeat(np.array([sign.is_link for sign in signs], dtype=np.bool_)[of_segment], 2),
            segment_mm=streets.segment_length_mm,
        )

    @cached_property
    def _is_ramp(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: a slip road of a motorway or trunk road."""
        is_ramp = np.array([dict(tags).get("highway") in _RAMPS for tags in self.streets.way_tags], dtype=np.bool_)
        return np.repeat(is_ramp[self.streets.way_tags_index[self.streets.segment_way]], 2)


class _Sign(NamedTuple):
    """What a driver makes of a street."""

    may_forward: bool
    may_backward: bool
    rank: int
    is_roundabout: bool
    is_link: bool

    @classmethod
    def of(cls, tags: dict[str, str]) -> Self:
        highway = tags.get("highway", "")
        access, _ = rules.access(tags, vehicle_keys=_SEEN_BY)
        is_walked = highway == "pedestrian" and access not in {"yes", "destination", "delivery", "permissive"}
        is_closed = access == "no" or is_walked
        directions = rules.directions(tags, vehicle_keys=())
        rank = _RANKS.get(highway.removesuffix("_link"), _OTHER_STREET_RANK)
        if access == "private" or tags.get("service") in _MINOR_SERVICES:
            rank = 0
        return cls(
            may_forward=directions.may_forward and not is_closed,
            may_backward=directions.may_backward and not is_closed,
            rank=rank,
            is_roundabout=tags.get("junction") in {"roundabout", "circular"},
            is_link=highway.endswith("_link"),
        )


def _bearings(streets: StreetGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compass bearings at the start and at the end of each arc, taken over a few metres."""
    first, last = streets.segment_first_point, streets.segment_last_point
    look_mm = np.minimum(_LOOK_MM, streets.segment_length_mm)
    tail = streets.point_lon_deg[first], streets.point_lat_deg[first]
    head = streets.point_lon_deg[last], streets.point_lat_deg[last]
    near_tail = _points_at(streets, streets.point_along_mm[first] + look_mm)
    near_head = _points_at(streets, streets.point_along_mm[last] - look_mm)
    leaving, arriving = bearing_deg(*tail, *near_tail), bearing_deg(*near_head, *head)
    start_deg = np.column_stack((leaving, (arriving + 180.0) % 360.0)).ravel()
    end_deg = np.column_stack((arriving, (leaving + 180.0) % 360.0)).ravel()
    return start_deg, end_deg


def _points_at(streets: StreetGraph, at_mm: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude, for each segment, of the point with a running length."""
    along = streets.point_along_mm
    piece = np.searchsorted(along, at_mm, side="right") - 1
    piece = np.clip(piece, streets.segment_first_point, streets.segment_last_point - 1)
    share = np.clip((at_mm - along[piece]) / np.maximum(1, along[piece + 1] - along[piece]), 0.0, 1.0)
    lon, lat = streets.point_lon_deg, streets.point_lat_deg
    return lon[piece] + share * (lon[piece + 1] - lon[piece]), lat[piece] + share * (lat[piece + 1] - lat[piece])


def _frame(end: LegEnd, *, standing_deg: float, start_name: str, end_name: str) -> tuple[Manoeuvre, Manoeuvre]:
    """Departure and arrival of a leg."""
    line = end.line
    first, second, before_last, last = line[0].tolist(), line[1].tolist(), line[-2].tolist(), line[-1].tolist()
    heading_deg = _bearing(before_last, last, standing_deg)
    destination = Location(lon_deg=last[0], lat_deg=last[1])
    departure = Manoeuvre(
        kind=ManoeuvreKind.DEPART,
        at_m=0,
        location=Location(lon_deg=first[0], lat_deg=first[1]),
        street_name=start_name,
        bearing_deg=_bearing(first, second, standing_deg),
    )
    arrival = Manoeuvre(
        kind=ManoeuvreKind.ARRIVE,
        at_m=end.distance_m,
        location=destination,
        street_name=end_name,
        bearing_deg=heading_deg,
        arrival_side=_arrival_side(destination, end.place, heading_deg),
        aside_m=end.aside_m,
    )
    return departure, arrival


def _bearing(one: list[float], other: list[float], standing_deg: float) -> float:
    """Compass bearing between two points as longitude and latitude; of a vehicle that does not move, where it faces."""
    if one == other:
        return standing_deg
    east = (other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.degrees(math.atan2(east, other[1] - one[1])) % 360.0


def _arrival_side(stop: Location, place: Location | None, heading_deg: float) -> ArrivalSide:
    """On which side of the vehicle a place lies."""
    if place is None:
        return ArrivalSide.STRAIGHT
    metres_per_lon, metres_per_lat = metres_per_degree(stop.lat_deg)
    east_m = (place.lon_deg - stop.lon_deg) * metres_per_lon
    north_m = (place.lat_deg - stop.lat_deg) * metres_per_lat
    if math.hypot(east_m, north_m) < _ON_THE_LINE_M:
        return ArrivalSide.STRAIGHT
    aside_deg = (math.degrees(math.atan2(east_m, north_m)) - heading_deg + 180.0) % 360.0 - 180.0
    if abs(aside_deg) < _AHEAD_DEG:
        return ArrivalSide.STRAIGHT
    return ArrivalSide.RIGHT if aside_deg > 0 else ArrivalSide.LEFT
