"""A vehicle drives into a private street where it has work to do, and nowhere else."""

from pathlib import Path

import pytest

from routing.location import Location, Waypoint
from routing.private_streets import PrivateStreets
from routing.street_router import RoadRouter, open_router

NODES = {  # a public ladder with a private rung (20-21) and a private drive (11-31-32)
    10: (7.5000, 51.600), 11: (7.5030, 51.600), 12: (7.5060, 51.600),
    20: (7.5000, 51.603), 21: (7.5060, 51.603),
    31: (7.5030, 51.601), 32: (7.5030, 51.602),
}  # fmt: skip
WAYS = {
    1: ([10, 11, 12], {"highway": "residential", "name": "Street"}),
    2: ([10, 20], {"highway": "residential", "name": "West"}),
    3: ([12, 21], {"highway": "residential", "name": "East"}),
    4: ([20, 21], {"highway": "service", "access": "private", "name": "Short cut"}),
    5: ([11, 31], {"highway": "service", "access": "private", "name": "Drive"}),
    6: ([31, 32], {"highway": "service", "access": "private", "name": "Yard"}),
}
WEST = Waypoint(label="west", location=Location(lon_deg=7.5000, lat_deg=51.6025))
EAST = Waypoint(label="east", location=Location(lon_deg=7.5060, lat_deg=51.6025))
YARD = Waypoint(label="yard", location=Location(lon_deg=7.50301, lat_deg=51.6018))


@pytest.fixture
def router(tmp_path: Path) -> RoadRouter:
    lines = ['<osm version="0.6">']
    lines += [f'<node id="{key}" version="1" lon="{lon}" lat="{lat}"/>' for key, (lon, lat) in NODES.items()]
    for key, (nodes, tags) in WAYS.items():
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        pairs = "".join(f'<tag k="{name}" v="{value}"/>' for name, value in tags.items())
        lines.append(f'<way id="{key}" version="1">{refs}{pairs}</way>')
    path = tmp_path / "map.osm"
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return open_router(path)


def test_private_stretch_of_a_place_is_found_whole_and_alone(router: RoadRouter) -> None:
    private = PrivateStreets(router.streets, classes=frozenset({"residential", "service"}))
    assert private.ways_at([YARD.location], limit_m=100) == (5, 6)
    assert private.ways_at([WEST.location, EAST.location], limit_m=100) == ()
    assert private.ways_at([], limit_m=100) == ()


def test_vehicle_drives_into_the_yard_it_serves(router: RoadRouter) -> None:
    far = router.travel([WEST, EAST, YARD], profile="van_3_5t")
    near = router.serving([YARD]).travel([WEST, EAST, YARD], profile="van_3_5t")
    assert near.rejections == ()
    in_yard_m = int(near.matrix.distance_m[0, 2])
    assert in_yard_m > 400  # down the west side, along the street and up the drive
    assert far.rejections or int(far.matrix.distance_m[0, 2]) < in_yard_m  # without it: rejected, or left on the street


def test_private_short_cut_stays_closed(router: RoadRouter) -> None:
    around = router.travel([WEST, EAST], profile="van_3_5t").matrix
    serving = router.serving([YARD]).travel([WEST, EAST], profile="van_3_5t").matrix
    assert (around.distance_m == serving.distance_m).all()
    assert int(around.distance_m[0, 1]) > 900  # the rung would be 530 m


def test_paths_and_matrix_of_a_serving_router_agree(router: RoadRouter) -> None:
    waypoints = [WEST, EAST, YARD]
    serving = router.serving([YARD])
    matrix = serving.travel(waypoints, profile="van_3_5t").matrix
    for leg, path in zip([(0, 2), (2, 1)], serving.paths(waypoints, [(0, 2), (2, 1)], profile="van_3_5t"), strict=True):
        assert path.distance_m == matrix.distance_m[leg]
        assert "Drive" in path.street_names


def test_serving_again_changes_nothing(router: RoadRouter) -> None:
    serving = router.serving([YARD])
    assert serving.serving([YARD]).overrides == serving.overrides
    assert router.serving([WEST]) is router


def test_unknown_place_is_not_served(router: RoadRouter) -> None:
    ocean = Waypoint(label="far", location=Location(lon_deg=7.4, lat_deg=51.6))
    assert router.serving([ocean]) is router
