import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from routing.crow_flight import metres_per_degree
from routing.kernels.simplify import keep_points
from routing.simplify import simplify_leg, simplify_line
from routing.streets import StreetGraph
from tests.unit.routing.drawn_legs import arcs_along, leg_of_arcs
from tests.unit.routing.town_sketch import Sketch

_LON_M, _LAT_M = metres_per_degree(50.0)

steps = st.integers(-40, 40).map(float)
lines_m = st.integers(2, 40).flatmap(lambda n: arrays.arrays(np.float64, (n, 2), elements=steps))


def _degrees(line_m: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([10.0, 50.0]) + line_m / np.array([_LON_M, _LAT_M])


def _metres(line_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    return (line_deg - np.array([10.0, 50.0])) * np.array([_LON_M, _LAT_M])


def _twin(line_m: NDArray[np.float64], tolerance_m: float) -> list[int]:
    """Indices that stay, by recursion and shapely's distances."""
    if len(line_m) <= 2:
        return list(range(len(line_m)))
    chord = shapely.LineString(line_m[[0, -1]])
    off_m = shapely.distance(chord, shapely.points(line_m[1:-1]))
    farthest = int(np.argmax(off_m)) + 1
    if off_m[farthest - 1] <= tolerance_m:
        return [0, len(line_m) - 1]
    behind = _twin(line_m[farthest:], tolerance_m)
    return _twin(line_m[: farthest + 1], tolerance_m) + [farthest + index for index in behind[1:]]


@settings(max_examples=200, deadline=None)
@given(lines_m, st.floats(0.05, 30), st.data())
def test_line_stays_within_its_tolerance(line_m: NDArray[np.float64], tolerance_m: float, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.integers(0, len(line_m) - 1), max_size=4))
    line = _degrees(line_m)
    simple = simplify_line(line, tolerance_m, kept=kept)
    assert (simple[[0, -1]] == line[[0, -1]]).all()
    points = {tuple(point) for point in simple.tolist()}
    assert all(tuple(line[index].tolist()) in points for index in kept)
    assert points <= {tuple(point) for point in line.tolist()}
    new_line = shapely.LineString(_metres(simple))
    assert shapely.distance(new_line, shapely.points(_metres(line))).max() <= tolerance_m + 1e-4


@settings(max_examples=200, deadline=None)
@given(lines_m, st.sampled_from([0.7, 3.3, 11.1]))
def test_kernel_equals_its_slow_twin(line_m: NDArray[np.float64], tolerance_m: float) -> None:
    # Odd offsets, so that no two points are equally far from a chord but by being the same place.
    line_m = line_m + np.linspace(0, 0.1, len(line_m))[:, None] ** 2 * [1.0, 0.37]
    is_fixed = np.zeros(len(line_m), dtype=np.bool_)
    is_kept = keep_points(np.ascontiguousarray(line_m[:, 0]), line_m[:, 1].copy(), is_fixed, tolerance_m)
    assert np.flatnonzero(is_kept).tolist() == _twin(line_m, tolerance_m)


def test_straight_line_loses_its_middle_and_a_corner_stays() -> None:
    line = _degrees(np.array([(0, 0), (10, 0.4), (20, 0), (20, 20)], dtype=np.float64))
    assert np.array_equal(simplify_line(line, 1.0), line[[0, 2, 3]])
    assert np.array_equal(simplify_line(line, 1.0, kept=[1]), line)
    assert np.array_equal(simplify_line(line, 0.1), line)


def test_line_there_and_back_keeps_its_far_end() -> None:
    line = _degrees(np.array([(0, 0), (50, 0), (100, 0), (50, 0), (0, 0)], dtype=np.float64))
    assert np.array_equal(simplify_line(line, 5.0), line[[0, 2, 4]])


@pytest.mark.parametrize("n", [1, 2])
def test_shortest_lines_stay_as_they_are(n: int) -> None:
    line = _degrees(np.zeros((n, 2)))
    assert np.array_equal(simplify_line(line, 5.0), line)


def test_leg_keeps_the_places_of_its_manoeuvres(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0.5), c=(200, 0), d=(300, 1), side=(100, 80))
    sketch.way(1, "a b", name="West").way(2, "b c d", name="East").way(3, "b side", name="Side")
    streets: StreetGraph = sketch.streets()
    leg = leg_of_arcs(streets, arcs_along(sketch, streets, "a b d"), from_fraction=0.0, to_fraction=1.0)
    assert [item.kind.value for item in leg.manoeuvres] == ["depart", "continue", "arrive"]
    simple = simplify_leg(leg, 5.0)
    assert np.array_equal(simple.lon_lat_deg, leg.lon_lat_deg[[0, 1, 3]])
    assert (simple.distance_m, simple.manoeuvres) == (leg.distance_m, leg.manoeuvres)
