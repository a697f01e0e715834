import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from routing import profile_engines, result_arrays, street_router
from routing.errors import BrokenMapError, BrokenProfileError, OutsideMapError, TooFarFromRoadError, UnreachableError
from routing.location import Location, Side, Waypoint
from routing.metric import build_metric
from routing.places import Places
from routing.profile import load_profile
from routing.snapping import SnapIndex
from routing.street_router import RoadRouter, open_router
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch, engine_on


def _helsinki_waypoints(streets: StreetGraph, n: int, seed: int = 4) -> list[Waypoint]:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, streets.point_lon_deg.size, n).tolist()
    return [
        Waypoint(
            label=f"stop {index}",
            location=Location(lon_deg=float(streets.point_lon_deg[at]), lat_deg=float(streets.point_lat_deg[at])),
            side=Side.RIGHT if index % 3 == 0 else Side.ANY,
        )
        for index, at in enumerate(points)
    ]


@pytest.fixture(scope="module")
def router(helsinki: StreetGraph) -> RoadRouter:
    return RoadRouter.from_streets(helsinki)


def test_matrix_and_paths_give_the_same_numbers(router: RoadRouter, helsinki: StreetGraph) -> None:
    waypoints = _helsinki_waypoints(helsinki, 60)
    found = router.travel(waypoints, profile="van_3_5t")
    placed = np.flatnonzero(found.row_of >= 0).tolist()
    assert len(placed) > 20
    legs = [(a, b) for a in placed[:12] for b in placed[:12]]
    for (a, b), path in zip(legs, router.paths(waypoints, legs, profile="van_3_5t"), strict=True):
        row, column = found.row_of[a], found.row_of[b]
        assert path.duration_s == found.matrix.duration_s[row, column]
        assert path.distance_m == found.matrix.distance_m[row, column]


def test_durations_alone_are_those_of_the_matrix(router: RoadRouter, helsinki: StreetGraph) -> None:
    places = [
        Waypoint(label=f"{index}", location=Location(lon_deg=lon, lat_deg=lat), side=side)
        for index, (lon, lat, side) in enumerate(
            zip(helsinki.point_lon_deg[::9], helsinki.point_lat_deg[::9], [Side.ANY, Side.RIGHT] * 10**4, strict=False)
        )
    ]
    places.insert(3, Waypoint(label="at sea", location=Location(lon_deg=0, lat_deg=0)))
    shares: list[float] = []
    alone = router.durations(places, profile="truck_18t", progress=shares.append)
    both = router.travel(places, profile="truck_18t")
    assert len(places) - len(alone.rejections) > 100
    assert np.array_equal(alone.duration_s, both.matrix.duration_s)
    assert not alone.duration_s.flags.writeable
    assert np.array_equal(alone.row_of, both.row_of)
    assert [str(one.error) for one in alone.rejections] == [str(one.error) for one in both.rejections]
    assert shares[-1] == 1.0


def test_leg_shape_has_the_length_of_the_leg_and_stays_on_the_streets(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(300, 0), bend=(400, 100), c=(400, 300))
    sketch.way(1, "a b", name="First Street").way(2, "b bend c", name="Second Street")
    router = sketch.router()
    ends = [sketch.at(50, 5), sketch.at(405, 250)]
    [there, back] = router.paths(ends, [(0, 1), (1, 0)], profile="truck_26t")
    expected = [(50, 0), (300, 0), (400, 100), (400, 250)]
    places = [(p.location.lon_deg, p.location.lat_deg) for p in (sketch.at(*place) for place in expected)]
    assert np.allclose(there.lon_lat_deg, places, atol=2e-7)
    assert np.allclose(back.lon_lat_deg, places[::-1], atol=2e-7)
    assert there.street_names == ("First Street", "Second Street")
    assert back.street_names == ("Second Street", "First Street")
    assert there.distance_m == back.distance_m == round(250 + 2**0.5 * 100 + 150)


def test_leg_within_one_segment_and_to_the_same_place(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(300, 0)).way(1, "a b", name="Street")
    router = sketch.router()
    stops = [sketch.at(50, 0), sketch.at(250, 0), sketch.at(50, 0)]
    there, back, still, same = router.paths(stops, [(0, 1), (1, 0), (0, 0), (0, 2)], profile="van_3_5t")
    assert (there.distance_m, back.distance_m) == (200, 200)
    for path in (still, same):
        assert (path.duration_s, path.distance_m, path.lon_lat_deg.shape) == (0, 0, (2, 2))
    assert still.street_names == ("Street",)


def test_truck_avoids_the_weak_bridge_that_the_van_uses(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(100, 400), f=(200, 400))
    sketch.way(1, "a b").way(2, "b c", maxweight="3.5", name="Bridge").way(3, "c d").way(4, "b e f c", name="Detour")
    router = sketch.router()
    legs = {
        profile: router.paths([sketch.at(50, 0), sketch.at(250, 0)], [(0, 1)], profile=profile)[0].street_names
        for profile in ("truck_26t", "truck_18t", "van_3_5t")
    }
    assert legs == {"truck_26t": ("Detour",), "truck_18t": ("Detour",), "van_3_5t": ("Bridge",)}


def test_waypoint_behind_a_closed_bridge_is_unreachable_by_name_and_rule(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(1100, 0), d=(2000, 0))
    sketch.way(1, "a b").way(2, "b c", maxweight="7.5", name="Weak Bridge").way(3, "c d", name="Far Street")
    router = sketch.router()
    stops = [sketch.at(100, 0, label="depot"), sketch.at(500, 0), sketch.at(1500, 0, label="bin 3")]
    found = router.travel(stops, profile="truck_26t")
    assert found.row_of.tolist() == [0, 1, -1]
    [rejection] = found.rejections
    assert isinstance(rejection.error, UnreachableError)
    assert rejection.error.street_name == "Far Street"
    assert "depot" in str(rejection.error)
    assert "Weak Bridge is closed (maxweight is 7500 kg" in str(rejection.error)
    assert len(router.travel(stops, profile="van_3_5t").matrix) == 3
    with pytest.raises(UnreachableError, match="bin 3"):
        router.paths(stops, [(0, 2)], profile="truck_26t")


def test_waypoint_behind_a_bollard_names_the_barrier(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(2000, 0)).tag("b", barrier="bollard").way(1, "a b c")
    [rejection] = sketch.router().travel([sketch.at(100, 0), sketch.at(1500, 0)], profile="van_3_5t").rejections
    assert "blocked by barrier=bollard" in str(rejection.error)


def test_one_way_trap_is_rejected_in_both_senses(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(1000, 1000), d=(0, 1000))
    sketch.way(1, "a b").way(2, "b c", oneway="yes", name="Only In").way(3, "d a", oneway="yes", name="Only Out")
    stops = [sketch.at(100, 0, label="depot"), sketch.at(1000, 500), sketch.at(0, 500)]
    rejections = sketch.router().travel(stops, profile="van_3_5t").rejections
    assert [(r.waypoint_index, r.error.street_name) for r in rejections] == [(1, "Only In"), (2, "Only Out")]
    assert "no way to depot" in str(rejections[0].error)
    assert "no way from depot" in str(rejections[1].error)


def test_anchor_on_an_island_keeps_the_island(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(0, 1000), d=(1000, 1000), e=(2000, 1000))
    sketch.way(1, "a b", name="Island").way(2, "c d e", name="Land").way(3, "d c")
    stops = [sketch.at(500, 0), sketch.at(700, 0), sketch.at(500, 1000), sketch.at(1500, 1000)]
    router = sketch.router()
    assert router.travel(stops, profile="van_3_5t", anchor_index=0).row_of.tolist() == [0, 1, -1, -1]
    assert router.travel(stops, profile="van_3_5t", anchor_index=2).row_of.tolist() == [-1, -1, 0, 1]


def test_anchor_that_cannot_be_placed_rejects_everything(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0)).way(1, "a b", name="Street")
    away = Waypoint(label="depot", location=Location(lon_deg=0, lat_deg=0))
    found = sketch.router().travel([sketch.at(10, 0), away, sketch.at(90, 0)], profile="van_3_5t", anchor_index=1)
    assert found.row_of.tolist() == [-1, -1, -1]
    assert len(found.matrix) == 0
    assert [type(r.error) for r in found.rejections] == [UnreachableError, OutsideMapError, UnreachableError]
    assert "depot" in str(found.rejections[0].error)


def test_anchor_on_a_street_without_a_way_back_rejects_everything(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0)).way(1, "a b", oneway="yes")
    found = sketch.router().travel([sketch.at(100, 0), sketch.at(900, 0)], profile="van_3_5t")
    assert found.row_of.tolist() == [-1, -1]


def test_kerb_side_waypoints_still_give_a_complete_matrix(router: RoadRouter, helsinki: StreetGraph) -> None:
    stops = [Waypoint(label=w.label, location=w.location, side=Side.RIGHT) for w in _helsinki_waypoints(helsinki, 200)]
    for anchor in (0, 3, 50):
        found = router.travel(stops, profile="truck_26t", anchor_index=anchor)
        assert len(found.matrix) + len(found.rejections) == 200
        assert found.matrix.duration_s.max(initial=0) < 3 * 3600


def test_pickled_router_answers_alike(router: RoadRouter, helsinki: StreetGraph) -> None:
    copy = pickle.loads(pickle.dumps(router))
    waypoints = _helsinki_waypoints(helsinki, 20)
    one, other = (r.travel(waypoints, profile="van_3_5t") for r in (router, copy))
    assert np.array_equal(one.matrix.duration_s, other.matrix.duration_s)
    assert copy.map_info == router.map_info


def test_pickled_router_takes_its_hierarchy_from_the_cache(
    router: RoadRouter, helsinki_path: Path, helsinki: StreetGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waypoints = _helsinki_waypoints(helsinki, 20)
    cached = open_router(helsinki_path, cache_dir=tmp_path)
    cached.travel(waypoints, profile="truck_18t")
    copy = pickle.loads(pickle.dumps(cached))
    monkeypatch.setattr(profile_engines, "build_turn_hierarchy", lambda *_, **__: pytest.fail("it was built again"))
    one, other = (r.travel(waypoints, profile="truck_18t") for r in (copy, router))
    assert np.array_equal(one.matrix.duration_s, other.matrix.duration_s)


def test_threads_and_place_of_the_matrix_change_nothing(
    helsinki: StreetGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waypoints = _helsinki_waypoints(helsinki, 1000)
    alone = RoadRouter.from_streets(helsinki, n_threads=1).travel(waypoints, profile="van_3_5t").matrix
    monkeypatch.setattr(street_router, "_SMALL_POINTS", 400)
    assert len(alone) > 400  # fewer are left to one thread
    monkeypatch.setattr(result_arrays, "LARGE_POINTS", 100)
    for n_threads in (2, 3):
        router = RoadRouter.from_streets(helsinki, n_threads=n_threads, cache_dir=tmp_path)
        found = router.travel(waypoints, profile="van_3_5t").matrix
        assert np.array_equal(found.duration_s, alone.duration_s)
        assert np.array_equal(found.distance_m, alone.distance_m)
        assert not found.duration_s.flags.writeable
        assert not found.distance_m.flags.writeable


def test_replaced_metric_changes_matrices_and_paths(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(300, 0), c=(600, 0), d=(300, 200))
    sketch.way(1, "a b", name="Short").way(2, "b c").way(3, "a d c", name="Long")
    router = sketch.router()
    stops = [sketch.at(1, 0), sketch.at(550, 0)]
    before = router.travel(stops, profile="truck_26t").matrix
    engine = router._engines.of("truck_26t").query
    slow = dataclasses.replace(load_profile("truck_26t"), class_kph={"residential": 5.0})
    router.replace_metric("truck_26t", build_metric(router.streets, engine.turns, slow))
    after = router.travel(stops, profile="truck_26t").matrix
    fresh = engine_on(router.streets, slow)
    places = Places.of(SnapIndex(router.streets).place(stops, fresh.metric))
    assert np.array_equal(after.duration_s, fresh.matrices(places)[0])
    assert after.duration_s[0, 1] > 2 * before.duration_s[0, 1]
    [path] = router.paths(stops, [(0, 1)], profile="truck_26t")
    assert path.duration_s == after.duration_s[0, 1]


def test_anchor_may_be_counted_from_the_end(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(0, 1000), d=(1000, 1000), e=(2000, 1000))
    sketch.way(1, "a b", name="Island").way(2, "c d e", name="Land")
    stops = [sketch.at(500, 1000), sketch.at(1500, 1000), sketch.at(500, 0)]
    assert sketch.router().travel(stops, profile="van_3_5t", anchor_index=-1).row_of.tolist() == [-1, -1, 0]


def test_map_that_no_vehicle_may_use_rejects_everything(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0)).way(1, "a b", access="no")
    found = sketch.router().travel([sketch.at(100, 0), sketch.at(900, 0)], profile="van_3_5t")
    assert found.row_of.tolist() == [-1, -1]
    assert [type(r.error) for r in found.rejections] == [TooFarFromRoadError, TooFarFromRoadError]


def test_router_can_be_shared_between_threads(helsinki: StreetGraph) -> None:
    router = RoadRouter.from_streets(helsinki)
    waypoints = _helsinki_waypoints(helsinki, 25)
    names = ["van_3_5t", "truck_26t", "truck_18t"] * 4
    with ThreadPoolExecutor(max_workers=6) as pool:
        found = list(pool.map(lambda name: router.travel(waypoints, profile=name).matrix.duration_s, names))
    for name, duration_s in zip(names, found, strict=True):
        alone = RoadRouter.from_streets(helsinki).travel(waypoints, profile=name)
        assert np.array_equal(duration_s, alone.matrix.duration_s)


def test_own_profiles_are_offered_and_driven(helsinki_path: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("title = 3", encoding="utf-8")
    router = open_router(helsinki_path, profiles_dir=tmp_path)
    assert "broken" in router.profiles
    with pytest.raises(BrokenProfileError, match=r"broken\.toml"):
        router.travel([], profile="broken")
    assert load_profile("van_3_5t").name in router.profiles


def test_cached_router_answers_alike(helsinki_path: Path, helsinki: StreetGraph, tmp_path: Path) -> None:
    waypoints = _helsinki_waypoints(helsinki, 20)
    first, second = (
        open_router(helsinki_path, cache_dir=tmp_path).travel(waypoints, profile="truck_18t") for _ in range(2)
    )
    assert np.array_equal(first.matrix.distance_m, second.matrix.distance_m)


def test_broken_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenMapError):
        open_router(tmp_path / "town.osm.pbf", cache_dir=tmp_path)
