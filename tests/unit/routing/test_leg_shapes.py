"""Lines and names of legs against a slow twin, on random drives through a real city."""

import numpy as np
import pytest
from numpy.typing import NDArray

from routing.leg_shapes import along_mm, leg_shape, street_names
from routing.snapping import Snap
from routing.streets import StreetGraph
from tests.unit.routing.drawn_legs import arcs_along, snap_on
from tests.unit.routing.town_sketch import Sketch


def _shape_twin(streets: StreetGraph, arcs: tuple[int, ...], start: Snap, end: Snap) -> NDArray[np.float64]:
    pieces = []
    for index, arc in enumerate(arcs):
        points = slice(streets.segment_first_point[arc >> 1], streets.segment_last_point[arc >> 1] + 1)
        along = streets.point_along_mm[points] - streets.point_along_mm[points.start]
        shape = np.column_stack((streets.point_lon_deg[points], streets.point_lat_deg[points]))
        if arc % 2 == 1:
            along, shape = along[-1] - along[::-1], shape[::-1]
        low = along_mm(streets, start, arc) if index == 0 else 0
        high = along_mm(streets, end, arc) if index == len(arcs) - 1 else along[-1]
        ends = [[np.interp(at, along, shape[:, axis]) for axis in (0, 1)] for at in (low, high)]
        pieces.append(np.concatenate((ends[:1], shape[(along > low) & (along < high)], ends[1:])))
    line = np.concatenate(pieces)
    kept = line[np.append(True, (line[1:] != line[:-1]).any(axis=1))]
    return kept if len(kept) >= 2 else np.repeat(kept, 2, axis=0)


def _drive(streets: StreetGraph, rng: np.random.Generator) -> tuple[int, ...]:
    first, leaving = streets.leaving
    arcs = [int(rng.integers(2 * streets.n_segments))]
    for _ in range(rng.integers(0, 30)):
        node = streets.arc_head[arcs[-1]]
        arcs.append(int(rng.choice(leaving[first[node] : first[node + 1]])))
    return tuple(arcs)


def test_line_equals_its_slow_twin(helsinki: StreetGraph) -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        arcs = _drive(helsinki, rng)
        low, high = sorted(rng.choice([0.0, 1.0, rng.random()], 2).tolist())
        start, end = snap_on(helsinki, arcs[0], low), snap_on(helsinki, arcs[-1], high)
        line, expected = leg_shape(helsinki, arcs, start, end), _shape_twin(helsinki, arcs, start, end)
        # A place within rounding of a point may be told apart from it by one of the two only.
        assert abs(len(line) - len(expected)) <= 2
        assert line[[0, -1]] == pytest.approx(expected[[0, -1]], abs=1e-12)
        if len(line) == len(expected):
            assert line == pytest.approx(expected, abs=1e-12)


def test_line_runs_from_place_to_place(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0), c=(100, 50), d=(200, 50)).way(1, "a b c d").streets()
    [arc] = arcs_along(sketch, streets, "a d")
    line = leg_shape(streets, (arc,), snap_on(streets, arc, 0.2), snap_on(streets, arc, 0.8))
    expected = [sketch.at(*place).location for place in ((50, 0), (100, 0), (100, 50), (150, 50))]
    assert line == pytest.approx(np.array([(item.lon_deg, item.lat_deg) for item in expected]), abs=1e-7)
    back = leg_shape(streets, (arc ^ 1,), snap_on(streets, arc, 0.8), snap_on(streets, arc, 0.2))
    assert back == pytest.approx(line[::-1], abs=1e-12)


def test_line_that_does_not_move_has_two_points(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b").streets()
    place = snap_on(streets, 0, 0.4)
    line = leg_shape(streets, (0,), place, place)
    assert line.shape == (2, 2)
    assert (line[0] == line[1]).all()


def test_names_come_once_per_stretch(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(400, 0))
    sketch.way(1, "a b", name="One").way(2, "b c").way(3, "c d", name="One").way(4, "d e", name="Two")
    streets = sketch.streets()
    assert street_names(streets, arcs_along(sketch, streets, "a b c d e")) == ("One", "Two")
    assert street_names(streets, arcs_along(sketch, streets, "d e d c")) == ("Two", "One")
    assert street_names(streets, arcs_along(sketch, streets, "b c")) == ()
