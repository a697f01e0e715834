"""Toll metres: those of the ways that seconds and metres describe, for every pair, against plain searches."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from routing.metric import build_metric
from routing.osm.builder import build_streets
from routing.osm.pbf import load_streets
from routing.osm.raw import RawStreets
from routing.places import Places, Snap
from routing.profile import load_profile
from routing.query import QueryEngine
from routing.street_router import RoadRouter
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turns import build_turns
from tests.unit.routing.depot_notes import book_of, note
from tests.unit.routing.test_query_twin import _random_snaps
from tests.unit.routing.toll_twin import tolls_by_plain_search, tolls_of_arcs
from tests.unit.routing.town_sketch import Sketch, engine_on

PROFILE = "truck_26t"


def _toll_lengths(
    engine: QueryEngine, snaps: list[Snap], is_toll: NDArray[np.bool_], *, n_threads: int = 1
) -> NDArray[np.int32]:
    out = np.empty((len(snaps), len(snaps)), dtype=np.int32)
    engine.toll_lengths(Places.of(snaps), is_toll, n_threads=n_threads, out=out)
    return out


def test_tolls_equal_the_plain_search_in_helsinki(helsinki: StreetGraph) -> None:
    engine = engine_on(helsinki)
    rng = np.random.default_rng(1)
    is_toll = rng.random(helsinki.n_segments) < 0.3
    snaps = _random_snaps(helsinki, engine.metric, 40, seed=3)
    found = _toll_lengths(engine, snaps, is_toll)
    assert np.array_equal(found, tolls_by_plain_search(engine, snaps, is_toll))
    assert len(np.unique(found)) > 50
    many = _random_snaps(helsinki, engine.metric, 600, seed=4)
    assert np.array_equal(_toll_lengths(engine, many, is_toll), _toll_lengths(engine, many, is_toll, n_threads=2))


def test_tolls_are_those_of_the_arcs_of_each_way(helsinki: StreetGraph) -> None:
    engine = engine_on(helsinki)
    is_toll = np.random.default_rng(2).random(helsinki.n_segments) < 0.5
    snaps = _random_snaps(helsinki, engine.metric, 60, seed=5)
    found = _toll_lengths(engine, snaps, is_toll)
    metres = engine.matrices(Places.of(snaps))[1]
    legs = [(a, b) for a in range(60) for b in range(60) if metres[a, b] < 10**6]
    expected = tolls_of_arcs(engine, snaps, legs, engine.traces(Places.of(snaps), legs), is_toll)
    assert [int(found[leg]) for leg in legs] == expected
    everywhere = _toll_lengths(engine, snaps, np.ones_like(is_toll))
    assert np.array_equal(everywhere, metres), "where every street is tolled, tolls are metres"
    assert (found <= metres).all()


@st.composite
def even_grids(draw: st.DrawFn) -> tuple[StreetGraph, NDArray[np.bool_]]:
    """Grids in which very many ways are equally fast and equally short, with tolls on some streets."""
    n = draw(st.integers(2, 4))
    raw = RawStreets()
    edges = [
        (node, other)
        for node in [column + 10 * row for row in range(n) for column in range(n)]
        for other in (node + 1, node + 10)
        if other % 10 < n and other // 10 < n
    ]
    for way_id in range(len(edges)):
        tags = draw(st.sampled_from([{}, {}, {"oneway": "yes"}]))
        raw.way_osm_id.append(way_id + 1)
        raw.way_name.append("")
        raw.way_number.append("")
        raw.way_tags.append(tuple(sorted({"highway": "residential", **tags}.items())))
    # On the equator a degree is as long eastwards as northwards.
    raw.set_points(
        [[a + 1, b + 1] for a, b in edges],
        [np.array([(p % 10 * 0.001, p // 10 * 0.001) for p in edge]) for edge in edges],
    )
    streets = build_streets(raw, source="grid")
    is_toll = draw(st.lists(st.booleans(), min_size=streets.n_segments, max_size=streets.n_segments))
    return streets, np.array(is_toll)


@settings(max_examples=40, deadline=None)
@given(even_grids(), st.integers(0, 100))
def test_the_least_toll_counts_among_equally_fast_and_short_ways(
    grid: tuple[StreetGraph, NDArray[np.bool_]], seed: int
) -> None:
    streets, is_toll = grid
    engine = engine_on(streets, "van_3_5t")
    snaps = _random_snaps(streets, engine.metric, 8, seed=seed)
    # Pairs on one street, the end behind the start, go round a block: of several such rounds the one that is shown.
    expected, found = tolls_by_plain_search(engine, snaps, is_toll), _toll_lengths(engine, snaps, is_toll)
    is_apart = np.array([[not set(a.arcs) & set(b.arcs) for b in snaps] for a in snaps])
    assert np.array_equal(found[is_apart], expected[is_apart])
    assert (found >= expected).all()


@pytest.fixture
def bypass(sketch: Sketch) -> Sketch:
    """A slow road through the village, and a fast B road around it."""
    sketch.nodes(a=(0, 0), b=(1_000, 0), c=(3_000, 0), d=(4_000, 0), e=(1_000, 500), f=(3_000, 500))
    sketch.way(1, "a b", highway="tertiary").way(2, "c d", highway="tertiary")
    sketch.way(3, "b c", highway="residential", maxspeed="10")
    return sketch.way(4, "b e f c", highway="primary", ref="L 77;B 4", maxspeed="80")


def test_router_counts_toll_metres_when_asked(bypass: Sketch) -> None:
    router = bypass.router()
    waypoints = [bypass.at(200, 0), bypass.at(3_800, 0), bypass.at(2_000, 500)]
    plain = router.travel(waypoints, profile=PROFILE).matrix
    asked = router.travel(waypoints, profile=PROFILE, with_tolls=True).matrix
    assert router.toll_rule.title == "BFStrMG"
    assert plain.toll_m is None
    assert np.array_equal(plain.duration_s, asked.duration_s)
    assert np.array_equal(plain.distance_m, asked.distance_m)
    assert asked.toll_m is not None
    assert asked.toll_m.tolist() == [[0, 3_000, 1_500], [3_000, 0, 1_500], [1_500, 1_500, 0]]
    assert not asked.toll_m.flags.writeable
    light = router.travel(waypoints, profile="van_3_5t", with_tolls=True).matrix
    assert light.toll_m is not None
    assert not light.toll_m.any(), "a van is too light to pay"


def test_router_counts_no_toll_on_a_map_without_toll_streets(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1_000, 0)).way(1, "a b", highway="primary", ref="L 1")
    asked = sketch.router().travel([sketch.at(100, 0), sketch.at(900, 0)], profile=PROFILE, with_tolls=True).matrix
    assert asked.toll_m is not None
    assert asked.toll_m.tolist() == [[0, 0], [0, 0]]


def test_tolls_follow_a_closure(bypass: Sketch) -> None:
    router = bypass.router(overrides=book_of(note(target=4)))
    asked = router.travel([bypass.at(200, 0), bypass.at(3_800, 0)], profile=PROFILE, with_tolls=True).matrix
    assert asked.toll_m is not None
    assert not asked.toll_m.any()


@pytest.mark.shared
def test_tolls_equal_the_plain_search_in_heidelberg(shared_data: Path) -> None:
    streets = load_streets(shared_data / "osm" / "heidelberg.osm.pbf")
    router = RoadRouter.from_streets(streets)
    is_toll = router._is_toll_segment  # the very streets that the router counts
    share = streets.segment_length_mm[is_toll].sum() / streets.segment_length_mm.sum()
    assert 0.01 < share < 0.2
    turns = build_turns(streets)
    metric = build_metric(streets, turns, load_profile(PROFILE))
    engine = QueryEngine.on(streets, turns, metric, build_turn_hierarchy(streets, turns, [metric]))
    snaps = _random_snaps(streets, metric, 12, seed=8)
    found = _toll_lengths(engine, snaps, is_toll)
    assert np.array_equal(found, tolls_by_plain_search(engine, snaps, is_toll))
    assert (found > 0).any()
