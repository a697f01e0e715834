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
from routing.kernels.nearest import Grid, Nearest, Pieces, nearest_pieces
from routing.location import Location, Side, Waypoint
from routing.metric import Metric
from routing.streets import StreetGraph

DEFAULT_LIMIT_M = 150.0
"""How far a street may be from its waypoint."""

_ISLAND_PENALTY_M = 30.0
"""A street that leads nowhere is chosen only where no other is nearly as near."""

_SIDE_SLACK_M = 40.0
"""A street with the waypoint on its right may be this much farther than the nearest one; beyond, blocks lie between."""

_CELL_M = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """A waypoint on the street.

    Attributes
    ----------
    segment
        The street segment.
    offset_mm
        Millimetres from the segment's tail.
    arcs
        Arcs on which a vehicle may stop here.
    distance_m
        From the waypoint to the street.
    """

    segment: int
    offset_mm: int
    arcs: tuple[int, ...]
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestStreet:
    """The named street at a location."""

    name: str
    distance_m: float


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
        columns = np.sort(np.stack((pieces.lon1_deg, pieces.lon2_deg)), axis=0)
        rows = np.sort(np.stack((pieces.lat1_deg, pieces.lat2_deg)), axis=0)
        columns = np.clip(((columns - west) / cell_lon).astype(np.int64), 0, n_columns - 1)
        rows = np.clip(((rows - south) / cell_lat).astype(np.int64), 0, n_rows - 1)
        width = columns[1] - columns[0] + 1
        n_cells = width * (rows[1] - rows[0] + 1)
        item = np.repeat(np.arange(pieces.segment.size, dtype=np.int32), n_cells)
        inside = np.arange(item.size) - np.repeat(np.cumsum(n_cells) - n_cells, n_cells)
        cell = (rows[0][item] + inside // width[item]) * n_columns + columns[0][item] + inside % width[item]
        by_cell = np.argsort(cell, kind="stable")
        first = np.searchsorted(cell[by_cell], np.arange(n_columns * n_rows + 1)).astype(np.int32)
        return Grid(west, south, cell_lon, cell_lat, n_columns, n_rows, first, item[by_cell])

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
        arcs_open, arcs_main = _arc_bits(is_open), _arc_bits(is_main[: is_open.size])
        return nearest_pieces(
            lon_lat_deg, is_right_only, self._grid, self._pieces[0], arcs_open, arcs_main, limit_m, _ISLAND_PENALTY_M
        )

    def place(
        self, waypoints: Sequence[Waypoint], metric: Metric, *, limit_m: float = DEFAULT_LIMIT_M
    ) -> list[Snap | WaypointError]:
        """Each waypoint's place on the street, or why it has none."""
        if not waypoints:
            return []
        lon_lat_deg = np.array([(item.location.lon_deg, item.location.lat_deg) for item in waypoints])
        is_right_only = np.array([item.side is Side.RIGHT for item in waypoints])
        found = self.nearest(lon_lat_deg, np.zeros(len(waypoints), dtype=np.bool_), metric, limit_m=limit_m)
        sided = found
        if is_right_only.any():
            sided = self.nearest(lon_lat_deg, is_right_only, metric, limit_m=limit_m)
        placed: list[Snap | WaypointError] = []
        for index, waypoint in enumerate(waypoints):
            error = self._outside(waypoint, limit_m=limit_m)
            if error is not None:
                placed.append(error)
            elif found.piece[index] < 0:
                placed.append(self._too_far(waypoint, metric, limit_m=limit_m))
            elif sided.piece[index] < 0 or sided.distance_m[index] > found.distance_m[index] + _SIDE_SLACK_M:
                name = self.streets.segment_name(int(self._pieces[0].segment[found.piece[index]]))
                detail = "in no permitted direction does it lie on the vehicle's right"
                placed.append(UnreachableError(label=waypoint.label, street_name=name, detail=detail))
            else:
                placed.append(self._snap(sided, index))
        return placed

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

    def _snap(self, found: Nearest, index: int) -> Snap:
        pieces, points = self._pieces
        piece = int(found.piece[index])
        segment = int(pieces.segment[piece])
        along = self.streets.point_along_mm
        start = along[points[piece]]
        length_mm = float(along[points[piece] + 1] - start)
        begin = along[self.streets.segment_first_point[segment]]
        offset_mm = int(start - begin) + round(float(found.fraction[index]) * length_mm)
        bits = int(found.arcs[index])
        return Snap(
            segment=segment,
            offset_mm=min(offset_mm, int(self.streets.segment_length_mm[segment])),
            arcs=tuple(2 * segment + side for side in (0, 1) if bits & (1 << side)),
            distance_m=float(found.distance_m[index]),
        )

    def _outside(self, waypoint: Waypoint, *, limit_m: float) -> OutsideMapError | None:
        lon, lat = waypoint.location.lon_deg, waypoint.location.lat_deg
        if self._is_inside(lon, lat, limit_m=limit_m):
            return None
        is_swapped = self._is_inside(lat, lon, limit_m=limit_m)
        return OutsideMapError(label=waypoint.label, lon_deg=lon, lat_deg=lat, is_swapped=is_swapped)

    def _is_inside(self, lon_deg: float, lat_deg: float, *, limit_m: float) -> bool:
        west, south, east, north = self.streets.info.bounds_deg
        metres_per_lon, metres_per_lat = metres_per_degree((south + north) / 2)
        lon_slack, lat_slack = limit_m / metres_per_lon, limit_m / metres_per_lat
        return west - lon_slack <= lon_deg <= east + lon_slack and south - lat_slack <= lat_deg <= north + lat_slack

    def _too_far(self, waypoint: Waypoint, metric: Metric, *, limit_m: float) -> TooFarFromRoadError:
        place = np.array([(waypoint.location.lon_deg, waypoint.location.lat_deg)])
        found = self.nearest(place, np.zeros(1, dtype=np.bool_), metric, limit_m=math.inf)
        piece = int(found.piece[0])
        name = self.streets.segment_name(int(self._pieces[0].segment[piece])) if piece >= 0 else ""
        return TooFarFromRoadError(
            label=waypoint.label, distance_m=float(found.distance_m[0]), limit_m=limit_m, street_name=name
        )


def _arc_bits(is_set: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Per segment: bit 1 for its arc along, bit 2 for the one against."""
    return (is_set[0::2].astype(np.uint8) | (is_set[1::2].astype(np.uint8) << 1)).astype(np.uint8)
