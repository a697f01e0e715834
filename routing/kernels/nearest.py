"""The nearest usable street to each point, by a grid over straight street pieces.

A piece is the straight line between two neighbouring points of a segment's shape. Distances are metres on a plane
that touches the Earth at the point asked for, so an answer never depends on the other points.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

ON_THE_LINE_M = 0.5
"""Nearer than this, nobody can tell on which side of the street a point lies."""

_ROUNDING = 1.0 + 1e-9
"""A little more than the rounding of a squared distance."""

_CELL_SLACK_M2 = 1e-4
"""A piece may reach beyond its cell by the rounding of degrees."""


class Grid(NamedTuple):
    """Pieces by cell: those of cell ``row * n_columns + column`` are ``items[first[cell]:first[cell + 1]]``.

    ``ends`` is ``(n_items, 4)``: longitudes and latitudes of both ends, beside each other for all pieces of a cell.
    """

    west_deg: float
    south_deg: float
    cell_lon_deg: float
    cell_lat_deg: float
    n_columns: int
    n_rows: int
    first: NDArray[np.int32]
    items: NDArray[np.int32]
    ends: NDArray[np.float64]


class Pieces(NamedTuple):
    """Straight pieces of streets: ends in degrees and the segment each belongs to."""

    lon1_deg: NDArray[np.float64]
    lat1_deg: NDArray[np.float64]
    lon2_deg: NDArray[np.float64]
    lat2_deg: NDArray[np.float64]
    segment: NDArray[np.int32]


class Nearest(NamedTuple):
    """One entry per point: the piece (-1 for none), the share along it, the metres to it, the arcs that serve it.

    ``arcs`` has bit 1 for the arc along the segment and bit 2 for the one against it.
    """

    piece: NDArray[np.int32]
    fraction: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    arcs: NDArray[np.uint8]


@njit(cache=True, nogil=True)
def fill_cells(
    columns: NDArray[np.int32], rows: NDArray[np.int32], n_columns: int, n_rows: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """``first`` and ``items`` of a grid; ``columns`` and ``rows`` are the cells of the pieces' ends, ``(2, n)``.

    A piece lies in all cells of the rectangle between its ends.
    """
    first = np.zeros(n_columns * n_rows + 1, dtype=np.int32)
    items = np.empty(0, dtype=np.int32)
    for is_filling in range(2):
        for index in range(columns.shape[1]):
            # Later pieces first: counting down from a cell's end leaves its items in rising order.
            piece = columns.shape[1] - 1 - index
            low, high = _sorted_pair(columns[0, piece], columns[1, piece])
            bottom, top = _sorted_pair(rows[0, piece], rows[1, piece])
            for row in range(bottom, top + 1):
                for cell in range(row * n_columns + low, row * n_columns + high + 1):
                    if is_filling:
                        first[cell] -= 1
                        items[first[cell]] = piece
                    else:
                        first[cell] += 1
        if not is_filling:
            for cell in range(first.size - 1):
                first[cell + 1] += first[cell]
            items = np.empty(first[-1], dtype=np.int32)
    return first, items


@njit(cache=True, nogil=True)
def _sorted_pair(one: int, other: int) -> tuple[int, int]:
    """The smaller and the larger."""
    return (one, other) if one < other else (other, one)


@njit(cache=True, nogil=True)
def _outside(offset_m: float, n_cells: int, cell_m: float) -> float:
    """Metres along one axis from a point, ``offset_m`` inside its cell, to the cell ``n_cells`` further."""
    if n_cells > 0:
        return n_cells * cell_m - offset_m
    return offset_m - (n_cells + 1) * cell_m if n_cells < 0 else 0.0


@njit(cache=True, nogil=True)
def nearest_pieces(
    lon_lat_deg: NDArray[np.float64],
    is_right_only: NDArray[np.bool_],
    grid: Grid,
    segment_of: NDArray[np.int32],
    arcs_open: NDArray[np.uint8],
    arcs_main: NDArray[np.uint8],
    limit_m: float,
    island_penalty_m: float,
) -> Nearest:
    """The nearest piece within a limit for each point.

    ``segment_of`` holds the segment of each piece; ``arcs_open`` and ``arcs_main`` hold per segment which arcs the
    vehicle may use and which belong to the largest connected part; a street outside that part counts as
    ``island_penalty_m`` farther away.
    """
    n = lon_lat_deg.shape[0]
    found = Nearest(np.full(n, -1, dtype=np.int32), np.zeros(n), np.full(n, np.inf), np.zeros(n, dtype=np.uint8))
    metres_per_lat = 6_371_008.8 * np.pi / 180
    for index in range(n):
        lon = lon_lat_deg[index, 0]
        lat = lon_lat_deg[index, 1]
        metres_per_lon = metres_per_lat * np.cos(lat * np.pi / 180)
        cell_lon_m, cell_lat_m = grid.cell_lon_deg * metres_per_lon, grid.cell_lat_deg * metres_per_lat
        column = int(np.floor((lon - grid.west_deg) / grid.cell_lon_deg))
        row = int(np.floor((lat - grid.south_deg) / grid.cell_lat_deg))
        # How far the point's own cell reaches in the nearest of the four directions.
        east_m = (lon - grid.west_deg) * metres_per_lon - column * cell_lon_m
        north_m = (lat - grid.south_deg) * metres_per_lat - row * cell_lat_m
        own_m = max(0.0, min(east_m, cell_lon_m - east_m, north_m, cell_lat_m - north_m))
        best_m = np.inf
        most_squared = limit_m * limit_m * _ROUNDING  # what lies farther cannot be the best
        ring = 0
        while True:
            for cell_row in range(max(0, row - ring), min(grid.n_rows - 1, row + ring) + 1):
                is_full_row = cell_row == row - ring or cell_row == row + ring
                step = 1 if is_full_row or ring == 0 else 2 * ring
                for cell_column in range(column - ring, column + ring + 1, step):
                    if cell_column < 0 or cell_column >= grid.n_columns:
                        continue
                    away_x = _outside(east_m, cell_column - column, cell_lon_m)
                    away_y = _outside(north_m, cell_row - row, cell_lat_m)
                    if away_x * away_x + away_y * away_y > most_squared + _CELL_SLACK_M2:
                        continue
                    cell = cell_row * grid.n_columns + cell_column
                    for item in range(grid.first[cell], grid.first[cell + 1]):
                        x1 = (grid.ends[item, 0] - lon) * metres_per_lon
                        y1 = (grid.ends[item, 1] - lat) * metres_per_lat
                        dx = (grid.ends[item, 2] - lon) * metres_per_lon - x1
                        dy = (grid.ends[item, 3] - lat) * metres_per_lat - y1
                        squared = dx * dx + dy * dy
                        share = 0.0
                        if squared > 0.0:
                            share = min(1.0, max(0.0, -(x1 * dx + y1 * dy) / squared))
                        x, y = x1 + share * dx, y1 + share * dy
                        if x * x + y * y > most_squared:
                            continue
                        piece = grid.items[item]
                        segment = segment_of[piece]
                        usable = arcs_open[segment]
                        if usable == 0:
                            continue
                        distance_m = np.hypot(x, y)
                        if is_right_only[index] and distance_m > ON_THE_LINE_M:
                            # Cross product of the direction and the way to the point: negative is to the right.
                            usable &= np.uint8(1) if dy * x1 - dx * y1 < 0.0 else np.uint8(2)
                            if usable == 0:
                                continue
                        ranked_m = distance_m
                        if usable & arcs_main[segment] == 0:
                            ranked_m += island_penalty_m
                        is_nearer = ranked_m < best_m or (ranked_m == best_m and piece < found.piece[index])
                        if is_nearer and distance_m <= limit_m:
                            best_m = ranked_m
                            most_squared = min(most_squared, best_m * best_m * _ROUNDING)
                            found.piece[index] = piece
                            found.fraction[index] = share
                            found.distance_m[index] = distance_m
                            found.arcs[index] = usable
            reach_m = own_m + ring * min(cell_lon_m, cell_lat_m)
            is_everything_seen = (
                row - ring <= 0
                and column - ring <= 0
                and row + ring >= grid.n_rows - 1
                and column + ring >= grid.n_columns - 1
            )
            if best_m <= reach_m or reach_m >= limit_m or is_everything_seen:
                break
            ring += 1
    return found
