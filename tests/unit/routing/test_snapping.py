import random

import numpy as np
import pytest

from routing.errors import OutsideMapError, TooFarFromRoadError, UnreachableError
from routing.location import Location, Side, Waypoint
from routing.query import QueryEngine
from routing.snapping import Snap, SnapIndex
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch, engine_on


@pytest.fixture
def long_road(sketch: Sketch) -> Sketch:
    """A road of one kilometre to the east, a way back in the north, a lake 2 km in the north-east."""
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(1000, 400), d=(0, 400), e=(3000, 3000), f=(3100, 3000))
    return sketch.way(1, "a b", name="Main Road").way(2, "b c d a", name="Back Road").way(3, "e f", name="Lake Road")


def _place(sketch: Sketch, *waypoints: Waypoint, profile: str = "truck_26t") -> tuple[list, QueryEngine]:
    engine = engine_on(sketch.streets(), profile)
    return SnapIndex(engine.streets).place(waypoints, engine.metric), engine


def test_waypoint_lands_on_the_nearest_street_at_its_offset(long_road: Sketch) -> None:
    [snap], engine = _place(long_road, long_road.at(250, 20))
    assert engine.streets.segment_name(snap.segment) == "Main Road"
    assert snap.offset_mm == pytest.approx(250_000, abs=50)
    assert snap.distance_m == pytest.approx(20, abs=0.05)
    assert snap.arcs == (2 * snap.segment, 2 * snap.segment + 1)


@pytest.mark.parametrize(("y_m", "direction"), [(-8, 0), (8, 1)])
def test_right_side_decides_the_direction(long_road: Sketch, y_m: float, direction: int) -> None:
    [snap], _ = _place(long_road, long_road.at(250, y_m, side=Side.RIGHT))
    assert snap.arcs == (2 * snap.segment + direction,)


def test_waypoint_on_the_line_may_be_served_in_both_directions(long_road: Sketch) -> None:
    [snap], _ = _place(long_road, long_road.at(250, 0.1, side=Side.RIGHT))
    assert len(snap.arcs) == 2


def test_right_side_of_a_one_way_street_is_honoured(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(1000, 300), d=(0, 300))
    sketch.way(1, "a b", oneway="yes", name="Single").way(2, "b c d a")
    placed, _ = _place(sketch, sketch.at(500, -8, side=Side.RIGHT), sketch.at(500, 8, side=Side.RIGHT))
    assert isinstance(placed[0], Snap)
    assert isinstance(placed[1], UnreachableError)
    assert (placed[1].street_name, "right" in placed[1].detail) == ("Single", True)


def test_other_carriageway_is_taken_when_the_right_side_asks_for_it(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(1000, 12), d=(0, 12))
    sketch.way(1, "a b", oneway="yes", name="East").way(2, "b c").way(3, "c d", oneway="yes", name="West").way(4, "d a")
    placed, engine = _place(sketch, sketch.at(500, 5, side=Side.RIGHT), sketch.at(500, 20, side=Side.RIGHT))
    assert isinstance(placed[0], UnreachableError)  # between the carriageways, on the left of both
    assert engine.streets.segment_name(placed[1].segment) == "West"


def test_waypoint_too_far_from_a_street_names_distance_and_street(long_road: Sketch) -> None:
    [error], _ = _place(long_road, long_road.at(2000, 100, label="bin 7"))
    assert isinstance(error, TooFarFromRoadError)
    assert (error.label, error.street_name) == ("bin 7", "Main Road") or error.street_name == "Back Road"
    assert error.distance_m == pytest.approx(1000, rel=0.01)


def test_waypoint_outside_the_map_is_named(long_road: Sketch) -> None:
    [error], _ = _place(long_road, Waypoint(label="bin 8", location=Location(lon_deg=0.0, lat_deg=0.0)))
    assert isinstance(error, OutsideMapError)
    assert not error.is_swapped


def test_swapped_coordinates_are_recognised(long_road: Sketch) -> None:
    place = long_road.at(250, 0).location
    swapped = Waypoint(label="bin 9", location=Location(lon_deg=place.lat_deg, lat_deg=place.lon_deg))
    [error], _ = _place(long_road, swapped)
    assert isinstance(error, OutsideMapError)
    assert error.is_swapped
    assert "swapped" in str(error)


def test_waypoint_just_outside_the_box_is_still_placed(long_road: Sketch) -> None:
    [snap], _ = _place(long_road, long_road.at(-40, -40))
    assert isinstance(snap, Snap)


def test_streets_closed_to_the_vehicle_are_passed_over(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(500, 0), c=(500, 60), d=(0, 60))
    sketch.way(1, "a b", maxweight="3.5", name="Light").way(2, "b c d a", name="Heavy")
    [truck], engine = _place(sketch, sketch.at(250, 5))
    assert engine.streets.segment_name(truck.segment) == "Heavy"
    [van], engine = _place(sketch, sketch.at(250, 5), profile="van_3_5t")
    assert engine.streets.segment_name(van.segment) == "Light"


def test_street_that_leads_nowhere_loses_against_one_nearly_as_near(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(500, 0), c=(500, 200), d=(0, 200), e=(0, 60), f=(500, 60), g=(600, 0))
    sketch.way(1, "a b c d a", name="Net").way(2, "e f", name="Island").way(3, "b g", name="Net")
    placed, engine = _place(sketch, sketch.at(250, 40), sketch.at(250, 55))
    assert [engine.streets.segment_name(snap.segment) for snap in placed] == ["Net", "Island"]


def test_answers_do_not_depend_on_the_other_waypoints(helsinki: StreetGraph) -> None:
    engine = engine_on(helsinki, "van_3_5t")
    index = SnapIndex(helsinki)
    rng = np.random.default_rng(5)
    west, south, east, north = helsinki.info.bounds_deg
    waypoints = [
        Waypoint(
            label=str(i),
            location=Location(lon_deg=float(lon), lat_deg=float(lat)),
            side=Side.RIGHT if i % 2 else Side.ANY,
        )
        for i, (lon, lat) in enumerate(zip(rng.uniform(west, east, 150), rng.uniform(south, north, 150), strict=True))
    ]
    together = {w.label: str(s) for w, s in zip(waypoints, index.place(waypoints, engine.metric), strict=True)}
    random.Random(1).shuffle(waypoints)
    for waypoint in waypoints:
        assert str(index.place([waypoint], engine.metric)[0]) == together[waypoint.label]


def test_nearest_named_street_ignores_unnamed_ones(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(500, 0), c=(500, 60), d=(0, 60))
    sketch.way(1, "a b", highway="service").way(2, "b c d a", name="Named")
    router = sketch.router()
    found = router.nearest_street(sketch.at(250, 5).location)
    assert found is not None
    assert (found.name, round(found.distance_m)) == ("Named", 55)
    assert router.nearest_street(sketch.at(250, 900).location) is None


def test_map_with_few_streets_over_a_wide_area_gets_larger_cells(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(80_000, 80_000))
    sketch.way(1, "a b").way(2, "b c")
    [snap], engine = _place(sketch, sketch.at(40_050, 40_000))
    assert isinstance(snap, Snap)
    grid = SnapIndex(engine.streets)._grid
    assert grid.n_columns * grid.n_rows < 100
