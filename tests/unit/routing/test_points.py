from pathlib import Path

import pytest

from routing.errors import BrokenMapError
from routing.osm.points import read_points
from tests.unit.routing.town_sketch import Sketch


def test_baskets_recycling_places_and_addresses_are_found(helsinki_path: Path) -> None:
    points = read_points(helsinki_path)
    amenities = [point.tags.get("amenity") for point in points]
    assert amenities.count("waste_basket") + amenities.count("recycling") > 0
    assert sum("addr:housenumber" in point.tags for point in points) > 500
    assert {point.osm_id.split("/")[0] for point in points} == {"node", "way"}


def test_wanted_kinds_can_be_chosen(helsinki_path: Path) -> None:
    baskets = read_points(helsinki_path, amenities=("waste_basket",), has_addresses=False)
    assert {point.tags["amenity"] for point in baskets} <= {"waste_basket"}
    assert read_points(helsinki_path, amenities=(), has_addresses=False) == []


def test_box_leaves_out_what_is_outside(helsinki_path: Path) -> None:
    points = read_points(helsinki_path)
    middle = sorted(point.lon_deg for point in points)[len(points) // 2]
    western = read_points(helsinki_path, box_deg=(-180, -90, middle, 90))
    assert western == [point for point in points if point.lon_deg <= middle]


def test_building_becomes_the_middle_of_its_corners(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(20, 0), c=(20, 10), d=(0, 10), e=(50, 50))
    sketch.way(1, "a b c d a", addr__housenumber="7", highway="no")
    sketch.tag("e", amenity="waste_basket")
    basket, house = read_points(sketch.write())
    middle = sketch.at(10, 5).location
    assert (house.osm_id, house.tags["addr:housenumber"]) == ("way/1", "7")
    assert (house.lon_deg, house.lat_deg) == pytest.approx((middle.lon_deg, middle.lat_deg), abs=1e-7)
    assert basket.tags == {"amenity": "waste_basket"}


def test_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(b"no map")
    with pytest.raises(BrokenMapError):
        read_points(path)
