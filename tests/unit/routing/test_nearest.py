"""The grid kernel against the plain look at every piece."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.crow_flight import metres_per_degree
from routing.kernels.nearest import ON_THE_LINE_M, Grid, Nearest, Pieces, fill_cells, nearest_pieces

_LIMIT_M = 150.0
_PENALTY_M = 30.0
_GRID_ORIGIN = (10.0, 50.0)
_STEP_DEG = 0.0005


@st.composite
def maps(draw: st.DrawFn) -> tuple[Pieces, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pieces with ends on a coarse raster, so that equal distances happen; then arcs, and points to place."""
    corner = st.tuples(st.integers(0, 12), st.integers(0, 8))
    lines = draw(st.lists(st.tuples(corner, corner), min_size=1, max_size=12))
    ends = np.array(lines, dtype=np.float64) * _STEP_DEG + np.array(_GRID_ORIGIN)
    n = len(lines)
    pieces = Pieces(
        *(np.ascontiguousarray(ends[:, a, b]) for a in (0, 1) for b in (0, 1)), np.arange(n, dtype=np.int32)
    )
    arcs_open = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), dtype=np.uint8)
    arcs_main = arcs_open & np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), dtype=np.uint8)
    quarter = st.tuples(st.integers(-8, 56), st.integers(-8, 40))
    points = draw(st.lists(quarter, min_size=1, max_size=6))
    places = np.array(points, dtype=np.float64) * _STEP_DEG / 4 + np.array(_GRID_ORIGIN)
    is_right_only = np.array(draw(st.lists(st.booleans(), min_size=len(points), max_size=len(points))))
    return pieces, arcs_open, arcs_main, places, is_right_only


def _grid(pieces: Pieces, cell_deg: float) -> Grid:
    west, south = _GRID_ORIGIN
    n_columns, n_rows = int(12 * _STEP_DEG / cell_deg) + 1, int(8 * _STEP_DEG / cell_deg) + 1
    cells: list[list[int]] = [[] for _ in range(n_columns * n_rows)]
    for piece, (lon1, lat1, lon2, lat2) in enumerate(zip(*pieces[:4], strict=True)):
        columns = sorted(min(n_columns - 1, int((lon - west) / cell_deg)) for lon in (lon1, lon2))
        rows = sorted(min(n_rows - 1, int((lat - south) / cell_deg)) for lat in (lat1, lat2))
        for row in range(rows[0], rows[1] + 1):
            for column in range(columns[0], columns[1] + 1):
                cells[row * n_columns + column].append(piece)
    first = np.cumsum([0, *map(len, cells)]).astype(np.int32)
    items = np.array([piece for cell in cells for piece in cell], dtype=np.int32)
    ends = np.column_stack([end[items] for end in pieces[:4]])
    return Grid(west, south, cell_deg, cell_deg, n_columns, n_rows, first, items, ends)


def plain_nearest(
    pieces: Pieces, arcs_open: np.ndarray, arcs_main: np.ndarray, place: np.ndarray, *, is_right_only: bool
) -> tuple[int, float, int]:
    """Piece, metres to it and arcs, by looking at every piece."""
    best: tuple[float, int, float, int] = (math.inf, -1, math.inf, 0)
    metres_per_lon, metres_per_lat = metres_per_degree(place[1])
    for piece, (lon1, lat1, lon2, lat2) in enumerate(zip(*pieces[:4], strict=True)):
        ax, ay = (lon1 - place[0]) * metres_per_lon, (lat1 - place[1]) * metres_per_lat
        bx, by = (lon2 - place[0]) * metres_per_lon, (lat2 - place[1]) * metres_per_lat
        length_sq = (bx - ax) ** 2 + (by - ay) ** 2
        share = 0.0 if length_sq == 0 else min(1.0, max(0.0, -(ax * (bx - ax) + ay * (by - ay)) / length_sq))
        distance_m = math.hypot(ax + share * (bx - ax), ay + share * (by - ay))
        arcs = int(arcs_open[piece])
        if is_right_only and distance_m > ON_THE_LINE_M:
            is_left = (bx - ax) * (0 - ay) - (by - ay) * (0 - ax) >= 0
            arcs &= 2 if is_left else 1
        ranked_m = distance_m + (0 if arcs & int(arcs_main[piece]) else _PENALTY_M)
        if arcs and distance_m <= _LIMIT_M and (ranked_m, piece) < best[:2]:
            best = (ranked_m, piece, distance_m, arcs)
    return best[1:]


@settings(max_examples=400, deadline=None)  # the first call compiles
@given(maps(), st.sampled_from([0.0004, 0.0011, 0.1]))
def test_grid_finds_what_looking_at_every_piece_finds(
    case: tuple[Pieces, np.ndarray, np.ndarray, np.ndarray, np.ndarray], cell_deg: float
) -> None:
    pieces, arcs_open, arcs_main, places, is_right_only = case
    grid = _grid(pieces, cell_deg)
    found: Nearest = nearest_pieces(
        places, is_right_only, grid, pieces.segment, arcs_open, arcs_main, _LIMIT_M, _PENALTY_M
    )
    for index, place in enumerate(places):
        piece, distance_m, arcs = plain_nearest(
            pieces, arcs_open, arcs_main, place, is_right_only=bool(is_right_only[index])
        )
        if piece < 0:
            assert found.piece[index] == -1
        elif found.piece[index] == piece:
            assert found.distance_m[index] == distance_m or abs(found.distance_m[index] - distance_m) < 1e-6
            assert found.arcs[index] == arcs
        else:  # only rounding may tell two equally near pieces apart
            other = int(found.piece[index])
            assert abs(found.distance_m[index] - distance_m) < 1e-6 or bool(arcs_main[other]) != bool(arcs_main[piece])


@settings(max_examples=100, deadline=None)  # the first call compiles
@given(maps(), st.sampled_from([0.0004, 0.0011, 0.1]))
def test_cells_hold_the_pieces_that_touch_their_rectangles(
    case: tuple[Pieces, np.ndarray, np.ndarray, np.ndarray, np.ndarray], cell_deg: float
) -> None:
    pieces = case[0]
    grid = _grid(pieces, cell_deg)
    columns = np.stack([((lon - grid.west_deg) / cell_deg).astype(np.int32) for lon in pieces[0:4:2]])
    rows = np.stack([((lat - grid.south_deg) / cell_deg).astype(np.int32) for lat in pieces[1:4:2]])
    columns, rows = np.minimum(columns, grid.n_columns - 1), np.minimum(rows, grid.n_rows - 1)
    first, items = fill_cells(columns, rows, grid.n_columns, grid.n_rows)
    assert first.tolist() == grid.first.tolist()
    assert items.tolist() == grid.items.tolist()
