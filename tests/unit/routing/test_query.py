"""Whole matrices and paths against the obvious search, on drawn towns, random grids and Helsinki."""

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing.metric import MS_SHIFT
from routing.osm.builder import build_streets
from routing.osm.pbf import load_streets
from routing.osm.raw import RawRestriction, RawStreets
from routing.profile import VehicleProfile, load_profile
from routing.snapping import Snap, SnapIndex
from routing.streets import StreetGraph
from tests.unit.routing.exact_engine import ExactEngine
from tests.unit.routing.obvious_search import ObviousSearch
from tests.unit.routing.plain_engine import PlainEngine
from tests.unit.routing.plain_search import UNREACHED
from tests.unit.routing.town_sketch import Sketch, engine_on

TRUCK = load_profile("truck_26t")
VAN = load_profile("van_3_5t")
_LOW = (1 << MS_SHIFT) - 1
_KINDS: list[tuple[str, tuple[str, ...]]] = [
    ("no_straight_on", ()),
    ("no_straight_on", ()),
    ("only_straight_on", ()),
    ("no_straight_on", ("hgv",)),
]


def _random_snaps(engine: ExactEngine, n: int, seed: int) -> list[Snap]:
    """Points on open segments, one or both directions, several on the same segment, some on its very ends."""
    rng = np.random.default_rng(seed)
    segments = np.flatnonzero((engine.metric.arc_ms.reshape(-1, 2) >= 0).any(axis=1))
    snaps = []
    for segment in rng.choice(segments, n // 2 + 1).tolist() * 2:
        arcs = [arc for arc in (2 * segment, 2 * segment + 1) if engine.metric.arc_ms[arc] >= 0]
        chosen = arcs if rng.random() < 0.6 else [arcs[int(rng.integers(len(arcs)))]]
        length = int(engine.streets.segment_length_mm[segment])
        offset = int(rng.choice([0, length, rng.integers(0, length + 1)], p=[0.1, 0.1, 0.8]))
        snaps.append(Snap(segment=segment, offset_mm=offset, arcs=tuple(chosen), distance_m=0.0))
    return snaps[:n]


def _assert_equals_obvious_search(engine: ExactEngine, profile: VehicleProfile, snaps: list[Snap]) -> int:
    search = ObviousSearch(engine, profile)
    cost = engine.packed_costs(snaps)
    for source, start in enumerate(snaps):
        reached = search.costs_from(start)
        for target, end in enumerate(snaps):
            if source == target:
                assert cost[source, target] == 0
                continue
            expected = search.cost(reached, start, end)
            if expected is None:
                assert cost[source, target] == UNREACHED
            else:
                found = int(cost[source, target])
                assert (found >> MS_SHIFT, found & _LOW) == expected
    return len(snaps) ** 2


@st.composite
def walks(draw: st.DrawFn, edges: list[tuple[int, int]]) -> list[int]:
    """Up to five neighbouring nodes in a row, without turning round."""
    walk = list(draw(st.sampled_from(edges))) if edges else []
    for _ in range(draw(st.integers(1, 3))):
        onward = [a + b - walk[-1] for a, b in edges if walk[-1] in {a, b} and walk[-2] not in {a, b}]
        onward = [node for node in onward if node not in walk]
        if onward:
            walk.append(draw(st.sampled_from(sorted(onward))))
    return walk


def _restriction(
    osm_id: int, walk: list[int], edges: list[tuple[int, int]], kind: tuple[str, tuple[str, ...]]
) -> RawRestriction:
    ways = [next(i for i, edge in enumerate(edges) if set(edge) == set(pair)) for pair in pairwise(walk)]
    return RawRestriction(
        osm_id=osm_id,
        kind=kind[0],
        from_ways=(ways[0],),
        via_node=walk[1] if len(ways) == 2 else None,
        via_ways=tuple(ways[1:-1]),
        to_ways=(ways[-1],),
        exempt=kind[1],
    )


@st.composite
def grids(draw: st.DrawFn) -> StreetGraph:
    """Grids with random one-way streets, limits, barriers, signals and restrictions over nodes and ways."""
    n_columns, n_rows = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    raw = RawStreets()
    places = {
        column + 10 * row: (10 + column * 0.001 + draw(st.integers(0, 3)) * 0.0001, 50 + row * 0.0007)
        for row in range(n_rows)
        for column in range(n_columns)
    }
    edges = [
        (node, other)
        for node in places
        for other in (node + 1, node + 10)
        if other in places and draw(st.integers(0, 9)) > 0
    ]
    for way_id in range(len(edges)):
        tags = draw(
            st.sampled_from(
                [
                    {},
                    {},
                    {},
                    {"oneway": "yes"},
                    {"oneway": "-1"},
                    {"maxspeed": "50"},
                    {"maxweight": "7.5"},
                    {"hgv": "no"},
                ]
            )
        )
        raw.way_osm_id.append(way_id)
        raw.way_name.append(f"Street {way_id}")
        raw.way_number.append("")
        raw.way_tags.append(tuple(sorted({"highway": "residential", **tags}.items())))
    for node in places:
        tags = draw(
            st.sampled_from(
                [None] * 6 + [{"highway": "traffic_signals"}, {"barrier": "bollard"}, {"highway": "turning_circle"}]
            )
        )
        if tags:
            raw.node_tags[node] = tuple(tags.items())
    for index in range(draw(st.integers(0, 6))):
        walk = draw(walks(edges))
        if len(walk) > 2:
            raw.restrictions.append(_restriction(index, walk, edges, draw(st.sampled_from(_KINDS))))
    if not edges:
        raw.way_osm_id, raw.way_name, raw.way_number = [0], ["Only"], [""]
        raw.way_tags = [(("highway", "residential"),)]
    lines = edges or [(0, 1)]
    raw.set_points(lines, [np.array([places[tail], places[head]]) for tail, head in lines])
    return build_streets(raw, source="grid")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(grids(), st.sampled_from([TRUCK, VAN]), st.integers(0, 2**16))
def test_matrix_equals_the_obvious_search_on_random_grids(
    streets: StreetGraph, profile: VehicleProfile, seed: int
) -> None:
    engine = engine_on(streets, profile)
    if (engine.metric.arc_ms >= 0).any():
        _assert_equals_obvious_search(engine, profile, _random_snaps(engine, 8, seed))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(grids(), st.integers(0, 2**16))
def test_path_costs_what_the_matrix_says(streets: StreetGraph, seed: int) -> None:
    engine = engine_on(streets, VAN)
    snaps = _random_snaps(engine, 5, seed) if (engine.metric.arc_ms >= 0).any() else []
    cost = engine.packed_costs(snaps)
    for source, start in enumerate(snaps):
        for target, end in enumerate(snaps):
            trace = engine.trace(start, end)
            if source == target:
                continue
            assert (trace.cost if trace else UNREACHED) == cost[source, target]
            if trace:
                assert trace.arcs[0] in start.arcs
                assert trace.arcs[-1] in end.arcs
                heads, tails = streets.arc_head[list(trace.arcs[:-1])], streets.arc_tail[list(trace.arcs[1:])]
                assert np.array_equal(heads, tails)


def _permuted(streets: StreetGraph, **changes: np.ndarray) -> StreetGraph:
    return dataclasses.replace(streets, **changes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(grids(), st.integers(0, 2**16), st.data())
def test_closing_a_street_never_shortens(streets: StreetGraph, seed: int, data: st.DataObject) -> None:
    # A ban on turning round at dead ends: closing a street may otherwise make a new dead end to turn in.
    profile = dataclasses.replace(TRUCK, dead_end_s=-1.0, turning_circle_s=-1.0)
    before = engine_on(streets, profile)
    if not (before.metric.arc_ms >= 0).any():
        return
    snaps = _random_snaps(before, 6, seed)
    free = sorted(set(range(streets.n_segments)) - {snap.segment for snap in snaps})
    if not free:
        return
    closed = data.draw(st.sampled_from(free))
    tags = (*streets.way_tags, (("access", "no"), ("highway", "residential")))
    index = streets.way_tags_index.copy()
    index[streets.segment_way[closed]] = len(tags) - 1
    after = engine_on(dataclasses.replace(streets, way_tags=tags, way_tags_index=index), profile)
    assert (after.packed_costs(snaps) >= before.packed_costs(snaps)).all()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(grids(), st.integers(0, 2**16))
def test_reversed_streets_transpose_the_matrix(streets: StreetGraph, seed: int) -> None:
    # Turn costs alike on both sides, no turning round, no restrictions: driving backwards costs the same.
    profile = dataclasses.replace(TRUCK, left_s=3.0, right_s=3.0, dead_end_s=-1.0, turning_circle_s=-1.0)
    plain = dataclasses.replace(streets, restrictions=())
    opposite = {"yes": "-1", "-1": "yes"}
    tags = tuple(
        tuple((key, opposite.get(value, value) if key == "oneway" else value) for key, value in pairs)
        for pairs in plain.way_tags
    )
    engine = engine_on(plain, profile)
    if not (engine.metric.arc_ms >= 0).any():
        return
    snaps = [
        dataclasses.replace(s, offset_mm=0 if s.offset_mm % 2 else int(plain.segment_length_mm[s.segment]))
        for s in _random_snaps(engine, 6, seed)
    ]
    # Whole segments only: parts of milliseconds are rounded down from the start of an arc in both directions.
    turned = [dataclasses.replace(s, arcs=tuple(arc ^ 1 for arc in s.arcs)) for s in snaps]
    mirror = engine_on(dataclasses.replace(plain, way_tags=tags), profile)
    assert np.array_equal(engine.packed_costs(snaps).T, mirror.packed_costs(turned))


@pytest.mark.parametrize("profile", [TRUCK, VAN])
def test_matrix_equals_the_obvious_search_in_helsinki(helsinki: StreetGraph, profile: VehicleProfile) -> None:
    engine = engine_on(helsinki, profile)
    assert _assert_equals_obvious_search(engine, profile, _random_snaps(engine, 60, seed=11)) == 3600


def test_triangle_inequality_holds_in_helsinki(helsinki: StreetGraph) -> None:
    # With both directions open at every stop, going through a third place may turn round there for free.
    engine = engine_on(helsinki, VAN)
    snaps = [snap for snap in _random_snaps(engine, 120, seed=3) if len(snap.arcs) == 1]
    ms = engine.packed_costs(snaps) >> MS_SHIFT
    through = (ms[:, :, None] + ms[None, :, :]).min(axis=1)
    assert (ms <= through + 2).all()


def test_every_part_of_a_fastest_path_is_fastest(helsinki: StreetGraph) -> None:
    # Without restrictions: one over several streets forgets its beginning when a path is cut in two.
    engine = engine_on(dataclasses.replace(helsinki, restrictions=()), VAN)
    snaps = _random_snaps(engine, 80, seed=17)
    looked_at = 0
    for start, end in pairwise(snaps):
        trace = engine.trace(start, end)
        if trace is None or len(trace.arcs) < 3:
            continue
        arc = trace.arcs[len(trace.arcs) // 2]
        at_its_start = 0 if arc % 2 == 0 else int(helsinki.segment_length_mm[arc >> 1])
        middle = Snap(segment=arc >> 1, offset_mm=at_its_start, arcs=(arc,), distance_m=0.0)
        cost = engine.packed_costs([start, middle, end])
        assert int(cost[0, 1]) + int(cost[1, 2]) == int(cost[0, 2]) == trace.cost
        looked_at += 1
    assert looked_at > 40


def test_threads_and_order_change_nothing(helsinki: StreetGraph) -> None:
    engine = engine_on(helsinki, VAN)
    snaps = _random_snaps(engine, 100, seed=9)
    alone = engine.packed_costs(snaps, n_threads=1)
    assert np.array_equal(alone, engine.packed_costs(snaps, n_threads=4))
    order = np.random.default_rng(0).permutation(len(snaps))
    shuffled = engine.packed_costs([snaps[index] for index in order])
    assert np.array_equal(alone[np.ix_(order, order)], shuffled)


def test_progress_rises_to_one(helsinki: StreetGraph) -> None:
    seen: list[float] = []
    engine = engine_on(helsinki, VAN)
    engine.packed_costs(_random_snaps(engine, 70, seed=1), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def _on_segment(engine: ExactEngine, sketch: Sketch, *places: tuple[float, float]) -> list[Snap]:
    found = SnapIndex(engine.streets).place([sketch.at(*place) for place in places], engine.metric)
    return [snap for snap in found if isinstance(snap, Snap)]


def test_target_behind_on_a_one_way_ring_takes_the_whole_way_round(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(400, 0), c=(400, 100), d=(0, 100))
    sketch.way(1, "a b c d a", oneway="yes")
    engine = engine_on(sketch.streets())
    ahead, behind = _on_segment(engine, sketch, (300, 0), (100, 0))
    cost = engine.packed_costs([ahead, behind])
    assert (cost[1, 0] & _LOW) == pytest.approx(200_000, abs=200)
    assert (cost[0, 1] & _LOW) == pytest.approx(800_000, abs=400)


def test_target_behind_on_the_same_arc_of_a_two_way_street_turns_at_the_dead_end(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(400, 0)).way(1, "a b")
    engine = engine_on(sketch.streets())
    near, far = (
        dataclasses.replace(snap, arcs=(2 * snap.segment,)) for snap in _on_segment(engine, sketch, (100, 0), (300, 0))
    )
    cost = engine.packed_costs([near, far])
    assert (cost[0, 1] & _LOW) == pytest.approx(200_000, abs=100)
    assert (cost[1, 0] & _LOW) == pytest.approx(600_000, abs=300)


def test_equal_places_cost_nothing(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(400, 0)).way(1, "a b", oneway="yes")
    engine = engine_on(sketch.streets())
    snaps = _on_segment(engine, sketch, (100, 0), (100, 0))
    assert (engine.packed_costs(snaps) == 0).all()


@pytest.mark.shared
@pytest.mark.parametrize(("town", "profile"), [("heidelberg", TRUCK), ("bad_hersfeld", VAN), ("porto_alegre", TRUCK)])
def test_durations_equal_scipy_on_whole_towns(shared_data: Path, town: str, profile: VehicleProfile) -> None:
    engine = engine_on(load_streets(shared_data / "osm" / f"{town}.osm.pbf"), profile)
    plain = PlainEngine(streets=engine.streets, turns=engine.turns, metric=engine.metric)
    snaps = _random_snaps(engine, 100, seed=2)
    cost = engine.packed_costs(snaps, n_threads=2)
    # One more node per point in front of scipy's graph: leaving a point is an edge to the start of the next arc.
    graph, n_states = engine.metric.graph, engine.turns.n_states
    tails = np.repeat(np.arange(n_states), np.diff(graph.first_out))
    ms = (graph.weight >> MS_SHIFT).astype(np.float64)
    rows, columns, values = [tails], [graph.head.astype(np.int64)], [ms]
    for index, snap in enumerate(snaps):
        for arc in snap.arcs:
            outs = np.arange(graph.first_out[arc], graph.first_out[arc + 1])
            rows.append(np.full(outs.size, n_states + index))
            columns.append(graph.head[outs].astype(np.int64))
            values.append(ms[outs] - (engine.part(snap, arc) >> MS_SHIFT))
    size = n_states + len(snaps)
    best: dict[tuple[int, int], float] = {}
    for row, column, value in zip(*map(np.concatenate, (rows, columns, values)), strict=True):
        best[row, column] = min(best.get((row, column), np.inf), value)
    keys = np.array(list(best))
    matrix = csr_array((np.array(list(best.values())) + 1e-9, (keys[:, 0], keys[:, 1])), (size, size))
    reached = dijkstra(matrix, indices=np.arange(n_states, size))
    for target, snap in enumerate(snaps):
        ends = [
            reached[:, state] + (engine.part(snap, arc) >> MS_SHIFT)
            for arc in snap.arcs
            for state in engine.turns.states_of(arc)
        ]
        expected = np.min(ends, axis=0)
        for source in range(len(snaps)):
            direct = plain.direct(snaps[source], snap)
            options = [expected[source]] + ([direct[1] >> MS_SHIFT] if direct else [])
            wanted = 0 if source == target else min(options)
            if np.isinf(wanted):
                assert cost[source, target] == UNREACHED
            else:
                assert cost[source, target] >> MS_SHIFT == round(wanted)
