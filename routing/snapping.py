"""Place waypoints on streets: nearest usable street within a limit, at an offset along it, on the right side.

Guards that nothing is moved far or silently: what is outside the map or too far from a street is named with its
distance, and no answer depends on the other waypoints of a call.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.crow_flight import metres_per_degree
from routing.errors import OutsideMapError, TooFarFromRoadError, UnreachableError, WaypointError
from routing.kernels.nearest import Grid, Nearest, Pieces, fill_cells, nearest_pieces
from routing.location import Location, Side, Waypoint
from routing.metric import Metric
from routing.places import Places, Snap, arc_sides
from routing.streets import StreetGraph

__all__ = ["DEFAULT_LIMIT_M", "NearestStreet", "Placement", "Snap", "SnapIndex"]

DEFAULT_LIMIT_M = 150.0
"""How far a street may be from its waypoint."""

_ISLAND_PENALTY_M = 30.0
"""A street that leads nowhere is chosen only where no other is nearly as near."""

_SIDE_SLACK_M = 40.0
"""A street with the waypoint on its right may be this much farther than the nearest one; beyond, blocks lie between."""

_CELL_M = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestStreet:
    """The named street at a location."""

    name: str
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where waypoints lie on streets.

    Attributes
    ----------
    places
        One for each waypoint; those of waypoints with an error mean nothing.
    errors
        Why a waypoint has no place, by its index.
    """

    places: Places
    errors: dict[int, WaypointError]


@dataclass(frozen=True)
class SnapIndex:
    """Grid over all street pieces of a map."""

    streets: StreetGraph

    @cached_property
    def _pieces(self) -> tuple[Pieces, NDArray[np.int64]]:
        """Pieces and the point at which each starts."""
        streets = self.streets
        counts = streets.segment_last_point - streets.segment_first_point
        segment = np.repeat(np.arange(streets.n_segments, dtype=np.int32), counts)
        begins = np.concatenate(([0], np.cumsum(counts)[:-1]))
        point = np.repeat(streets.segment_first_point.astype(np.int64) - begins, counts) + np.arange(segment.size)
        lon, lat = streets.point_lon_deg, streets.point_lat_deg
        return Pieces(lon[point], lat[point], lon[point + 1], lat[point + 1], segment), point

    @cached_property
    def _grid(self) -> Grid:
        pieces, _ = self._pieces
        west, south, east, north = self.streets.info.bounds_deg
        metres_per_lon, metres_per_lat = metres_per_degree((south + north) / 2)
        # Never many more cells than pieces: a wide map with few streets gets larger cells.
        area_m2 = max(1.0, (east - west) * metres_per_lon) * max(1.0, (north - south) * metres_per_lat)
        cell_m = max(_CELL_M, math.sqrt(area_m2 / (4 * pieces.segment.size)))
        cell_lon, cell_lat = cell_m / metres_per_lon, cell_m / metres_per_lat
        n_columns, n_rows = int((east - west) / cell_lon) + 1, int((north - south) / cell_lat) + 1
        columns = (np.stack((pieces.lon1_deg, pieces.lon2_deg)) - west) / cell_lon
        rows = (np.stack((pieces.lat1_deg, pieces.lat2_deg)) - south) / cell_lat
        first, items = fill_cells(
            np.clip(columns, 0, n_columns - 1).astype(np.int32),
            np.clip(rows, 0, n_rows - 1).astype(np.int32),
            n_columns,
            n_rows,
        )
        ends = np.column_stack([end[items] for end in pieces[:4]])
        return Grid(west, south, cell_lon, cell_lat, n_columns, n_rows, first, items, ends)

    def nearest(
        self, lon_lat_deg: NDArray[np.float64], is_right_only: NDArray[np.bool_], metric: Metric, *, limit_m: float
    ) -> Nearest:
        """The nearest street pieces that the vehicle may use."""
        return self._search(lon_lat_deg, is_right_only, metric.arc_ms >= 0, metric.is_main, limit_m=limit_m)

    def _search(
        self,
        lon_lat_deg: NDArray[np.float64],
        is_right_only: NDArray[np.bool_],
        is_open: NDArray[np.bool_],
        is_main: NDArray[np.bool_],
        *,
        limit_m: float,
    ) -> Nearest:
        arcs_open, arcs_main = arc_sides(is_open), arc_sides(is_main[: is_open.size])
        return nearest_pieces(
            lon_lat_deg,
            is_right_only,
            self._grid,
            self._pieces[0].segment,
            arcs_open,
            arcs_main,
            limit_m,
            _ISLAND_PENALTY_M,
        )

    def locate(self, waypoints: Sequence[Waypoint], metric: Metric, *, limit_m: float = DEFAULT_LIMIT_M) -> Placement:
        """All waypoints' places on the street, or why they have none."""
        lon_lat_deg = np.empty((len(waypoints), 2), dtype=np.float64)
        lon_lat_deg[:, 0] = [item.location.lon_deg for item in waypoints]  # flat lists are read three times as fast
        lon_lat_deg[:, 1] = [item.location.lat_deg for item in waypoints]
        found = self.nearest(lon_lat_deg, np.zeros(len(waypoints), dtype=np.bool_), metric, limit_m=limit_m)
        is_placed = self._are_inside(lon_lat_deg, limit_m=limit_m) & (found.piece >= 0)
        # Only those who ask for a side are searched for a second time.
        right = np.flatnonzero(np.array([item.side is Side.RIGHT for item in waypoints], dtype=np.bool_) & is_placed)
        nearest_piece = found.piece.copy()
        if right.size:
            sided = self.nearest(lon_lat_deg[right], np.ones(right.size, dtype=np.bool_), metric, limit_m=limit_m)
            is_served = (sided.piece >= 0) & (sided.distance_m <= found.distance_m[right] + _SIDE_SLACK_M)
            found.piece[right], found.fraction[right] = sided.piece, sided.fraction
            found.distance_m[right], found.arcs[right] = sided.distance_m, sided.arcs
            is_placed[right] = is_served
        errors: dict[int, WaypointError] = {}
        for index in np.flatnonzero(~is_placed).tolist():
            outside = self._outside(waypoints[index], limit_m=limit_m)
            if outside is not None:
                errors[index] = outside
            elif nearest_piece[index] >= 0:
                errors[index] = self._not_on_the_right(waypoints[index], int(nearest_piece[index]))
        far = np.array([index for index in np.flatnonzero(~is_placed).tolist() if index not in errors], dtype=np.intp)
        errors.update(self._too_far(waypoints, far, lon_lat_deg, metric, limit_m=limit_m))
        return Placement(places=self._places(found), errors=errors)

    def place(
        self, waypoints: Sequence[Waypoint], metric: Metric, *, limit_m: float = DEFAULT_LIMIT_M
    ) -> list[Snap | WaypointError]:
        """Each waypoint's place on the street, or why it has none."""
        found = self.locate(waypoints, metric, limit_m=limit_m)
        return [found.errors.get(index) or found.places.snap(index) for index in range(len(waypoints))]

    def nearest_named(self, location: Location, metric: Metric, *, limit_m: float) -> NearestStreet | None:
        """The nearest usable street that has a name."""
        has_name = self.streets.way_name_index[self.streets.segment_way] > 0
        named = np.where(np.repeat(has_name, 2), metric.arc_ms, -1)
        place = np.array([(location.lon_deg, location.lat_deg)])
        found = self._search(place, np.zeros(1, dtype=np.bool_), named >= 0, metric.is_main, limit_m=limit_m)
        piece = int(found.piece[0])
        if piece < 0:
            return None
        name = self.streets.segment_name(int(self._pieces[0].segment[piece]))
        return NearestStreet(name=name, distance_m=float(found.distance_m[0]))

    def _places(self, found: Nearest) -> Places:
        pieces, points = self._pieces
        piece = np.maximum(found.piece, 0)  # those without a piece have an error
        segment, point = pieces.segment[piece].astype(np.int64), points[piece]
        along = self.streets.point_along_mm
        start_mm, length_mm = along[point], along[point + 1] - along[point]
        offset_mm = start_mm - along[self.streets.segment_first_point[segment]]
        offset_mm += np.rint(found.fraction * length_mm).astype(np.int64)
        return Places(
            segment=segment,
            offset_mm=np.minimum(offset_mm, self.streets.segment_length_mm[segment]),
            sides=found.arcs,
            distance_m=found.distance_m,
        )

    def _not_on_the_right(self, waypoint: Waypoint, piece: int) -> UnreachableError:
        name = self.streets.segment_name(int(self._pieces[0].segment[piece]))
        detail = "in no permitted direction does it lie on the vehicle's right"
        return UnreachableError(label=waypoint.label, street_name=name, detail=detail)

    def _outside(self, waypoint: Waypoint, *, limit_m: float) -> OutsideMapError | None:
        lon, lat = waypoint.location.lon_deg, waypoint.location.lat_deg
        is_inside, is_inside_swapped = self._are_inside(np.array([(lon, lat), (lat, lon)]), limit_m=limit_m).tolist()
        if is_inside:
            return None
        return OutsideMapError(label=waypoint.label, lon_deg=lon, lat_deg=lat, is_swapped=is_inside_swapped)

    def _are_inside(self, lon_lat_deg: NDArray[np.float64], *, limit_m: float) -> NDArray[np.bool_]:
        west, south, east, north = self.streets.info.bounds_deg
        slack_deg = limit_m / np.array(metres_per_degree((south + north) / 2))
        low_deg, high_deg = np.array((west, south)) - slack_deg, np.array((east, north)) + slack_deg
        is_inside = (lon_lat_deg >= low_deg) & (lon_lat_deg <= high_deg)
        return is_inside[:, 0] & is_inside[:, 1]

    def _too_far(
        self,
        waypoints: Sequence[Waypoint],
        chosen: NDArray[np.intp],
        lon_lat_deg: NDArray[np.float64],
        metric: Metric,
        *,
        limit_m: float,
    ) -> dict[int, WaypointError]:
        """Errors with the nearest street at any distance, for some of the waypoints."""
        errors: dict[int, WaypointError] = {}
        if chosen.size:
            is_right_only = np.zeros(chosen.size, dtype=np.bool_)
            found = self.nearest(lon_lat_deg[chosen], is_right_only, metric, limit_m=math.inf)
            for index, piece, distance_m in zip(chosen.tolist(), found.piece, found.distance_m.tolist(), strict=True):
                name = self.streets.segment_name(int(self._pieces[0].segment[piece])) if piece >= 0 else ""
                errors[index] = TooFarFromRoadError(
                    label=waypoints[index].label, distance_m=distance_m, limit_m=limit_m, street_name=name
                )
        return errors
