"""What the driver is told along a path: turns, names, roundabouts, arrival.

Guards that instructions stay few and plain: bends are silent, and so is every place without a choice. What counts
as a choice is what a driver sees, not what this vehicle may use: a street closed to trucks is still a street.
"""

import math
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from routing import rules
from routing.crow_flight import metres_per_degree
from routing.geodesy import bearing_deg
from routing.kernels import turning_points as points
from routing.leg_shapes import along_mm
from routing.location import Location
from routing.path import ArrivalSide, Manoeuvre, ManoeuvreKind
from routing.snapping import Snap
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
_TURNS = {
    points.SLIGHT: (ManoeuvreKind.SLIGHT_LEFT, ManoeuvreKind.SLIGHT_RIGHT),
    points.TURN: (ManoeuvreKind.LEFT, ManoeuvreKind.RIGHT),
    points.SHARP: (ManoeuvreKind.SHARP_LEFT, ManoeuvreKind.SHARP_RIGHT),
    points.CONTINUE: (ManoeuvreKind.CONTINUE, ManoeuvreKind.CONTINUE),
    points.U_TURN: (ManoeuvreKind.U_TURN, ManoeuvreKind.U_TURN),
    points.ROUNDABOUT: (ManoeuvreKind.ROUNDABOUT, ManoeuvreKind.ROUNDABOUT),
}


class TurnGuide:
    """Instructions for paths on one map."""

    def __init__(self, streets: StreetGraph) -> None:
        self.streets = streets

    def manoeuvres(
        self,
        arcs: tuple[int, ...],
        start: Snap,
        end: Snap,
        *,
        line: NDArray[np.float64],
        distance_m: int,
        place: Location | None = None,
    ) -> tuple[Manoeuvre, ...]:
        """Instructions in driving order, from departure to arrival.

        Parameters
        ----------
        arcs
            The path; the first and last arcs are driven only in part.
        line
            The leg's line on the map, from ``leg_shape``.
        distance_m
            The leg's length, which the arrival repeats.
        place
            The waypoint at the end, which lies beside the street; without it the arrival is straight ahead.
        """
        path = np.asarray(arcs, dtype=np.int32)
        *_, before_last, last = ends = line[[0, 1, -2, -1]].tolist()
        standing_deg = float(self._junctions.start_deg[arcs[0]])
        heading_deg = _bearing(before_last, last, standing_deg)
        destination = Location(lon_deg=last[0], lat_deg=last[1])
        departure = Manoeuvre(
            kind=ManoeuvreKind.DEPART,
            at_m=0,
            location=Location(lon_deg=ends[0][0], lat_deg=ends[0][1]),
            street_name=self.streets.segment_name(arcs[0] >> 1),
            bearing_deg=_bearing(ends[0], ends[1], standing_deg),
        )
        arrival = Manoeuvre(
            kind=ManoeuvreKind.ARRIVE,
            at_m=distance_m,
            location=destination,
            street_name=self.streets.segment_name(arcs[-1] >> 1),
            bearing_deg=heading_deg,
            arrival_side=_arrival_side(destination, place, heading_deg),
            aside_m=end.distance_m,
        )
        return (departure, *self._turns(path, start, distance_m=distance_m), arrival)

    def _turns(self, path: NDArray[np.int32], start: Snap, *, distance_m: int) -> list[Manoeuvre]:
        """Everything between departure and arrival."""
        streets, junctions = self.streets, self._junctions
        found = points.find_turning_points(path, junctions)
        driven_mm = np.cumsum(streets.segment_length_mm[path >> 1]) - along_mm(streets, start, int(path[0]))
        turns = []
        for position, onward, named, kind, angle_deg, exit_number in zip(*(one.tolist() for one in found), strict=True):
            node, arc = streets.arc_tail[path[position]], path[onward]
            turns.append(
                Manoeuvre(
                    kind=_TURNS[kind][angle_deg > 0],
                    at_m=min((int(driven_mm[position - 1]) + 500) // 1000, distance_m),
                    location=Location(
                        lon_deg=float(streets.node_lon_deg[node]), lat_deg=float(streets.node_lat_deg[node])
                    ),
                    street_name=streets.names[junctions.name[path[named]]],
                    bearing_deg=float(junctions.start_deg[arc]),
                    is_ramp=bool(self._is_ramp[arc]),
                    exit_number=exit_number or None,
                )
            )
        return turns

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
            length_m=np.repeat(streets.segment_length_mm / 1000.0, 2),
            name=np.repeat(streets.way_name_index[streets.segment_way], 2),
            rank=np.repeat(np.array([sign.rank for sign in signs], dtype=np.int8)[of_segment], 2),
            is_enterable=enterable[of_segment].ravel(),
            is_roundabout=np.repeat(np.array([sign.is_roundabout for sign in signs], dtype=np.bool_)[of_segment], 2),
            is_link=np.repeat(np.array([sign.is_link for sign in signs], dtype=np.bool_)[of_segment], 2),
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
