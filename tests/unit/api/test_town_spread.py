"""The choice of evenly spread places."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from api.town.spread import choose_evenly, nearest_to
from routing.osm.points import OsmPoint


def grid(size: int) -> list[OsmPoint]:
    return [
        OsmPoint(osm_id=f"node/{column * size + row}", lon_deg=7.5 + column / 1000, lat_deg=51.6 + row / 1000, tags={})
        for column, row in itertools.product(range(size), repeat=2)
    ]


def test_corners_are_chosen_after_the_middle() -> None:
    chosen = choose_evenly(grid(5), 5)
    assert chosen[0] == grid(5)[12]
    corners = {(7.5, 51.6), (7.504, 51.6), (7.5, 51.604), (7.504, 51.604)}
    assert {(round(one.lon_deg, 6), round(one.lat_deg, 6)) for one in chosen[1:]} == corners


def test_places_that_are_taken_are_kept_clear_of() -> None:
    points = grid(3)
    (chosen,) = choose_evenly(points, 1, taken=[points[0]])
    assert chosen == points[8]


@given(st.integers(1, 6), st.integers(0, 50))
def test_no_place_is_chosen_twice(size: int, count: int) -> None:
    chosen = choose_evenly(grid(size), count)
    assert len({one.osm_id for one in chosen}) == len(chosen) == min(count, size * size)


def test_no_candidates_give_no_places() -> None:
    assert choose_evenly([], 3) == []


def test_nearest_place_is_measured_in_metres() -> None:
    points = grid(2)
    assert nearest_to(points, 7.5009, 51.6004) == points[2]
