"""Closures, limits and times as users of the router meet them: matrices, paths, undo."""

import importlib.resources
import pickle
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.errors import UnreachableError
from routing.location import Location, Waypoint
from routing.matrix import PlacedTravel
from routing.override_book import OverrideBook
from routing.overrides import (
    AllowPrivate,
    Change,
    CloseStreet,
    ForbidReversing,
    SetDirection,
    SetLimit,
    SetSpeed,
    StreetTarget,
    WayTarget,
)
from routing.street_router import RoadRouter, open_router
from routing.streets import StreetGraph
from tests.unit.routing.depot_notes import BERLIN, book_of, note
from tests.unit.routing.town_sketch import Sketch

TRUCK, VAN = "truck_26t", "van_3_5t"
BRIDGE, DETOUR = 2, 4
MONDAY_8 = datetime(2026, 5, 4, 8, tzinfo=BERLIN)
MONDAY_23 = datetime(2026, 5, 4, 23, tzinfo=BERLIN)


@pytest.fixture
def river(sketch: Sketch) -> Callable[..., Sketch]:
    """Two banks with places to turn round, a bridge with tags of its own, and a detour of 2 km more."""
    sketch.nodes(a=(0, 0), b=(300, 0), c=(500, 0), d=(800, 0), e=(300, 1000), f=(500, 1000))
    sketch.tag("a", highway="turning_circle").tag("d", highway="turning_circle")
    sketch.way(1, "a b", name="West").way(3, "c d", name="East").way(DETOUR, "b e f c", name="Detour")
    return lambda **tags: sketch.way(BRIDGE, "b c", name="Bridge", **tags)


def _stops(sketch: Sketch) -> list[Waypoint]:
    return [sketch.at(10, 0), sketch.at(790, 0)]


def _is_straight(router: RoadRouter, sketch: Sketch, profile: str = TRUCK, at: datetime | None = None) -> bool:
    """Whether the way over the bridge is taken, which matrix and path must agree on."""
    stops = _stops(sketch)
    distance_m = int(router.travel(stops, profile=profile, at=at).matrix.distance_m[0, 1])
    [path] = router.paths(stops, [(0, 1)], profile=profile, at=at)
    assert path.distance_m == distance_m
    assert ("Bridge" in path.street_names) == (distance_m == 780)
    assert ("Detour" in path.street_names) == (distance_m != 780)
    return distance_m == 780


@pytest.mark.parametrize(
    ("tags", "may_truck", "may_van"),
    [
        ({}, True, True),
        ({"maxheight": "3.5"}, False, True),
        ({"maxweight": "7.5"}, False, True),
        ({"maxweight": "3"}, False, False),
        ({"hgv": "no"}, False, True),
        ({"oneway": "-1"}, False, False),
        ({"maxweight__conditional": "7.5 @ (weight>7.5)"}, True, True),
    ],
)
def test_truck_avoids_what_the_van_may_use(
    river: Callable[..., Sketch], tags: dict[str, str], *, may_truck: bool, may_van: bool
) -> None:
    sketch = river(**tags)
    router = sketch.router()
    assert (_is_straight(router, sketch), _is_straight(router, sketch, VAN)) == (may_truck, may_van)


@pytest.mark.parametrize(
    ("change", "may_truck", "may_van"),
    [
        (CloseStreet(), False, False),
        (SetLimit(weight_kg=7_500), False, True),
        (SetLimit(height_cm=350), False, True),
        (SetSpeed(kph=1), False, False),
        (SetDirection(open_to="backward"), False, False),
        (SetDirection(open_to="forward"), True, True),
        (ForbidReversing(), True, True),
    ],
)
def test_override_leads_round_and_its_withdrawal_gives_the_old_matrix_bit_for_bit(
    river: Callable[..., Sketch], change: Change, *, may_truck: bool, may_van: bool
) -> None:
    sketch = river()
    plain = sketch.router()
    before = _arrays(plain.travel(_stops(sketch), profile=TRUCK))
    noted = plain.with_overrides(book_of(note(change, BRIDGE)))
    assert (_is_straight(noted, sketch), _is_straight(noted, sketch, VAN)) == (may_truck, may_van)
    undone = noted.with_overrides(noted.overrides.withdraw("note-1", by="lead", at=MONDAY_8))
    for router in (undone, plain):
        assert _arrays(router.travel(_stops(sketch), profile=TRUCK)) == before


def test_closure_of_one_direction_keeps_the_way_back(river: Callable[..., Sketch]) -> None:
    sketch = river()
    target = WayTarget(way_ids=(BRIDGE,), direction="forward")
    router = sketch.router(overrides=book_of(note(target=target)))
    distance_m = router.travel(_stops(sketch), profile=TRUCK).matrix.distance_m
    assert distance_m[0, 1] > 2_000
    assert distance_m[1, 0] == 780


def test_permit_opens_a_private_bridge_that_no_vehicle_used_before(river: Callable[..., Sketch]) -> None:
    sketch = river(access="private")
    plain = sketch.router()
    assert not _is_straight(plain, sketch)
    allowed = plain.with_overrides(book_of(note(AllowPrivate(), StreetTarget(name="Bridge"))))
    assert _is_straight(allowed, sketch)
    assert not _is_straight(plain, sketch)


@pytest.mark.parametrize(("at", "is_straight"), [(None, True), (MONDAY_8, False), (MONDAY_23, True)])
def test_instant_decides_over_signs_with_times(
    river: Callable[..., Sketch], at: datetime | None, *, is_straight: bool
) -> None:
    sketch = river(hgv__conditional="no @ (Mo-Fr 07:00-09:00)")
    assert _is_straight(sketch.router(), sketch, at=at) == is_straight
    assert _is_straight(sketch.router(), sketch, VAN, at=at)


@pytest.mark.parametrize(("at", "is_straight"), [(None, True), (MONDAY_8, False), (MONDAY_23, True)])
def test_instant_decides_over_dated_overrides(
    river: Callable[..., Sketch], at: datetime | None, *, is_straight: bool
) -> None:
    sketch = river()
    for fields in ({"valid_from_at": MONDAY_8, "valid_until_at": MONDAY_23}, {"hours": "Mo-Fr 07:30-08:15"}):
        router = sketch.router(overrides=book_of(note(target=BRIDGE, **fields)))
        assert _is_straight(router, sketch, at=at) == is_straight


def test_stop_on_a_closed_street_that_nothing_else_is_near_is_rejected_with_the_reason(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(500, 0), c=(1000, 0), d=(1500, 0)).way(1, "a b").way(2, "b c", name="Gap").way(3, "c d")
    sketch.tag("a", highway="turning_circle").tag("d", highway="turning_circle")
    router = sketch.router(overrides=book_of(note(target=2)))
    stops = [sketch.at(10, 0), sketch.at(1200, 0)]
    [rejection] = router.travel(stops, profile=TRUCK).rejections
    assert isinstance(rejection.error, UnreachableError)
    assert "Gap is closed (closed by override 'note-1': burst pipe)" in str(rejection.error)


def test_router_with_overrides_shares_everything_that_it_can(river: Callable[..., Sketch]) -> None:
    sketch = river()
    plain = sketch.router()
    plain.travel(_stops(sketch), profile=TRUCK)
    noted = plain.with_overrides(book_of(note(target=BRIDGE)))
    assert noted.streets is plain.streets
    noted.travel(_stops(sketch), profile=TRUCK)
    hierarchies = {id(one._engines.of(TRUCK, one._conditions(None)).query.hierarchy) for one in (plain, noted)}
    assert len(hierarchies) == 1
    assert (len(plain.overrides), len(noted.overrides)) == (0, 1)


def test_equal_situations_share_one_engine_and_old_ones_are_dropped(river: Callable[..., Sketch]) -> None:
    sketch = river(hgv__conditional="no @ (Mo-Fr 07:00-09:00)")
    router = sketch.router()
    instants = [MONDAY_8.replace(minute=minute) for minute in range(30)]
    engines = {id(router._engines.of(TRUCK, router._conditions(at)).query) for at in instants}
    assert len(engines) == 1
    for speed in range(1, 30):
        other = router.with_overrides(book_of(note(SetSpeed(kph=speed), BRIDGE)))
        other.travel(_stops(sketch), profile=TRUCK)
    assert len(router._engines._latest) == 8


def test_overrides_that_match_nothing_are_listed(river: Callable[..., Sketch]) -> None:
    router = river().router(overrides=book_of(note(target=77)))
    assert [issue.detail for issue in router.override_issues] == ["way 77 is not on this map"]
    assert router.with_overrides(OverrideBook()).override_issues == ()


def test_copy_for_another_process_keeps_the_overrides(river: Callable[..., Sketch]) -> None:
    sketch = river()
    router = pickle.loads(pickle.dumps(sketch.router(overrides=book_of(note(target=BRIDGE)))))
    assert not _is_straight(router, sketch)


def test_router_is_opened_with_overrides(river: Callable[..., Sketch], tmp_path: Path) -> None:
    sketch = river()
    for _ in range(2):  # from the file, and from the cache
        router = open_router(sketch.write(), cache_dir=tmp_path / "cache", overrides=book_of(note(target=BRIDGE)))
        assert not _is_straight(router, sketch)


def test_report_of_what_the_map_does_not_say_is_about_the_legs_that_are_driven(river: Callable[..., Sketch]) -> None:
    sketch = river(bridge="yes", width="4")
    router = sketch.router()
    bridge = "Maxweight is missing on 1 bridge on the tours (Bridge)."
    assert bridge in router.map_report(profile=TRUCK, waypoints=_stops(sketch), legs=[(0, 1)]).sentences()
    closed = router.with_overrides(book_of(note(target=BRIDGE)))
    found = closed.map_report(profile=TRUCK, waypoints=_stops(sketch), legs=[(0, 1)]).sentences()
    assert found == ("The width of 3 narrow streets is missing on the tours (Detour, East, West).",)
    assert router.map_report(profile=TRUCK).places("bridge_maxweight")
    assert not closed.map_report(profile=TRUCK).places("bridge_maxweight")


EVEN = "even"
GRID = 4
BLOCK_M = 400


@st.composite
def closures(draw: st.DrawFn) -> tuple[dict[int, dict[str, str]], list[int], list[int]]:
    """Tags of the streets of a grid, the streets that stops lie on, and those that are closed one after the other."""
    n_streets = 2 * GRID * (GRID - 1)
    kinds: list[dict[str, str]] = [{}, {}, {}, {"oneway": "yes"}, {"oneway": "-1"}, {"maxspeed": "50"}]
    tags = {way: draw(st.sampled_from(kinds)) for way in range(1, n_streets + 1)}
    shuffled = draw(st.permutations(range(1, n_streets + 1)))
    return tags, shuffled[:8], shuffled[8 : 8 + draw(st.integers(1, 6))]


def _grid(sketch: Sketch, tags: dict[int, dict[str, str]]) -> list[tuple[float, float]]:
    """Draw a grid; returns the middle of each street."""
    middles = []
    for x in range(GRID):
        for y in range(GRID):
            sketch.nodes(**{f"n{x}_{y}": (x * BLOCK_M, y * BLOCK_M)})
    for x in range(GRID):
        for y in range(GRID):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < GRID and y + dy < GRID:
                    way = len(middles) + 1
                    sketch.way(way, f"n{x}_{y} n{x + dx}_{y + dy}", **tags[way])
                    middles.append(((x + dx / 2) * BLOCK_M, (y + dy / 2) * BLOCK_M))
    return middles


@pytest.fixture
def even_profiles(tmp_path: Path) -> Path:
    """A van that turns round at junctions and dead ends in the same time.

    Where one is faster or forbidden, a closure may shorten a way: it makes a dead end, and so a place to turn round.
    """
    shipped = importlib.resources.files("routing.profiles").joinpath("van_3_5t.toml").read_text(encoding="utf-8")
    (tmp_path / "even.toml").write_text(re.sub(r"(dead_end_s|junction_s) = .*", r"\1 = 20", shipped), encoding="utf-8")
    return tmp_path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(closures())
def test_closing_streets_never_shortens_and_undoing_restores(
    new_sketch: Callable[[], Sketch], even_profiles: Path, drawn: tuple[dict[int, dict[str, str]], list[int], list[int]]
) -> None:
    tags, stop_ways, closed_ways = drawn
    sketch = new_sketch()
    middles = _grid(sketch, tags)
    stops = [sketch.at(*middles[way - 1]) for way in stop_ways]
    plain = sketch.router(n_threads=1, profiles_dir=even_profiles)
    books = [OverrideBook()]
    for way in closed_ways:
        books.append(books[-1].add(note(target=way, override_id=str(way))))
    found = [plain.with_overrides(book).travel(stops, profile=EVEN) for book in books]
    for earlier, later in pairwise(found):
        assert not (_spread(later) < _spread(earlier)).any()
    # What is worked out from the state before is what a router without history finds.
    fresh = RoadRouter(plain.streets, overrides=books[-1], n_threads=1, profiles_dir=even_profiles)
    assert _arrays(found[-1]) == _arrays(fresh.travel(stops, profile=EVEN))
    undone = books[-1]
    for way in closed_ways:
        undone = undone.withdraw(str(way), by="lead", at=MONDAY_8)
    assert _arrays(plain.with_overrides(undone).travel(stops, profile=EVEN)) == _arrays(found[0])


def test_closing_streets_of_a_real_town_is_exact_and_never_shortens(helsinki: StreetGraph, even_profiles: Path) -> None:
    rng = np.random.default_rng(7)
    plain = RoadRouter(helsinki, n_threads=1, profiles_dir=even_profiles)
    is_main = plain._engines.of(EVEN).query.metric.is_main[: 2 * helsinki.n_segments].reshape(-1, 2).any(axis=1)
    segments = rng.choice(np.flatnonzero(is_main), 60, replace=False)
    stops = [_middle(helsinki, int(segment)) for segment in segments]
    before = _spread(plain.travel(stops, profile=EVEN))
    own_ways = set(helsinki.segment_way[segments].tolist())
    other_ways = [way for way in np.unique(helsinki.segment_way[is_main]).tolist() if way not in own_ways]
    for way in rng.choice(other_ways, 12, replace=False).tolist():
        book = book_of(note(target=int(helsinki.way_osm_id[way]), override_id=f"way {way}"))
        found = plain.with_overrides(book).travel(stops, profile=EVEN)
        fresh = RoadRouter(helsinki, overrides=book, n_threads=1, profiles_dir=even_profiles)
        fresh._engines._hierarchy = plain._engines._hierarchy  # only the metric is worked out anew
        assert _arrays(found) == _arrays(fresh.travel(stops, profile=EVEN))
        # A stop whose street is cut off is served from the next one: only ways between the same places are compared.
        metrics = [router._engines.of(EVEN, router._conditions(None)).query.metric for router in (plain, fresh)]
        snaps = [plain._index.place(stops, metric) for metric in metrics]
        kept = [index for index in range(len(stops)) if snaps[0][index] == snaps[1][index]]
        assert len(kept) > len(stops) // 2
        assert not (_spread(found) < before - 1)[np.ix_(kept, kept)].any()


def _middle(streets: StreetGraph, segment: int) -> Waypoint:
    """A place on a segment, away from its ends, where a closed neighbour is no nearer."""
    point = (int(streets.segment_first_point[segment]) + int(streets.segment_last_point[segment]) - 1) // 2
    lon_deg, lat_deg = (
        float(values[point : point + 2].mean()) for values in (streets.point_lon_deg, streets.point_lat_deg)
    )
    return Waypoint(label=f"segment {segment}", location=Location(lon_deg=lon_deg, lat_deg=lat_deg))


def _arrays(found: PlacedTravel) -> tuple[Sequence[object], ...]:
    """All figures, to be compared bit for bit."""
    return tuple(array.tolist() for array in (found.matrix.duration_s, found.matrix.distance_m, found.row_of))


def _spread(found: PlacedTravel) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Durations between all waypoints, infinite for those without a row."""
    n = found.row_of.size
    spread = np.full((n, n), np.inf)
    placed = np.flatnonzero(found.row_of >= 0)
    spread[np.ix_(placed, placed)] = found.matrix.duration_s
    return spread
