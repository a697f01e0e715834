"""The hierarchy against plain searches on whole maps: every pair, in whole seconds and metres, to the last bit."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from routing.kernels.cch_matrix import UNREACHABLE
from routing.metric import MS_SHIFT, Metric, build_metric
from routing.osm.pbf import load_streets
from routing.places import Places, Snap
from routing.profile import load_profile
from routing.query import QueryEngine
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turns import TurnGraph, build_turns
from tests.unit.routing.plain_engine import PlainEngine
from tests.unit.routing.plain_search import UNREACHED

PROFILES = ("truck_26t", "truck_18t", "van_3_5t")


def _random_snaps(streets: StreetGraph, metric: Metric, n: int, seed: int) -> list[Snap]:
    """Stops on open arcs, on one side or both, in clusters on the same segments and on their very ends."""
    rng = np.random.default_rng(seed)
    is_open = metric.arc_ms.reshape(-1, 2) >= 0
    segments = rng.choice(np.flatnonzero(is_open.any(axis=1)), n // 2)
    snaps = []
    for segment in np.concatenate((segments, rng.choice(segments, n - segments.size))).tolist():
        arcs = [2 * segment + side for side in (0, 1) if is_open[segment, side]]
        chosen = arcs if rng.random() < 0.5 else [arcs[int(rng.integers(len(arcs)))]]
        length_mm = int(streets.segment_length_mm[segment])
        offset_mm = int(rng.choice([0, length_mm, rng.integers(0, length_mm + 1)], p=[0.1, 0.1, 0.8]))
        snaps.append(Snap(segment=segment, offset_mm=offset_mm, arcs=tuple(chosen), distance_m=0.0))
    return snaps


def _in_units(cost: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    seconds = ((cost >> MS_SHIFT) + 500) // 1000
    metres = ((cost & ((1 << MS_SHIFT) - 1)) + 500) // 1000
    return tuple(np.where(cost == UNREACHED, UNREACHABLE, value) for value in (seconds, metres))


def _assert_equals_plain_search(
    streets: StreetGraph, turns: TurnGraph, query: QueryEngine, metric: Metric, n: int, seed: int
) -> None:
    snaps = _random_snaps(streets, metric, n, seed)
    plain = PlainEngine(streets=streets, turns=turns, metric=metric)
    expected = _in_units(plain.packed_costs(snaps))
    found = query.matrices(Places.of(snaps), n_threads=2)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)
    assert (found[0] < UNREACHABLE).mean() > 0.5
    legs = [tuple(leg) for leg in np.random.default_rng(seed).integers(0, n, (200, 2)).tolist()]
    traces = query.traces(Places.of(snaps), legs)
    start, end = np.array(legs).T
    assert np.array_equal(traces.duration_s, found[0][start, end])
    assert np.array_equal(traces.distance_m, found[1][start, end])


def _assert_all_profiles_equal_plain_search(streets: StreetGraph, n: int) -> None:
    turns = build_turns(streets)
    metrics = [build_metric(streets, turns, load_profile(name)) for name in PROFILES]
    hierarchy = build_turn_hierarchy(streets, turns, metrics)
    for seed, metric in enumerate(metrics):
        query = QueryEngine.on(streets, turns, metric, hierarchy)
        _assert_equals_plain_search(streets, turns, query, metric, n, seed)


def test_all_profiles_equal_the_plain_search_in_helsinki(helsinki: StreetGraph) -> None:
    _assert_all_profiles_equal_plain_search(helsinki, 300)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["heidelberg", "bad_hersfeld", "porto_alegre", "testfeld_niedersachsen"])
def test_all_profiles_equal_the_plain_search_on_real_maps(name: str, shared_data: Path) -> None:
    _assert_all_profiles_equal_plain_search(load_streets(shared_data / "osm" / f"{name}.osm.pbf"), 80)


def _with_closures(metric: Metric, rng: np.random.Generator, share: float) -> Metric:
    """Some turns gone, some dearer."""
    graph = metric.graph
    is_kept = rng.random(graph.head.size) >= share
    tails = np.repeat(np.arange(graph.first_out.size - 1), np.diff(graph.first_out))[is_kept]
    weight = graph.weight[is_kept]
    weight[rng.random(weight.size) < share] += np.int64(7000) << MS_SHIFT
    first_out = np.searchsorted(tails, np.arange(graph.first_out.size)).astype(np.int32)
    return dataclasses.replace(
        metric, graph=graph._replace(first_out=first_out, head=graph.head[is_kept], weight=weight)
    )


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3])
def test_changed_metric_equals_one_weighed_from_the_start(helsinki: StreetGraph, share: float) -> None:
    turns = build_turns(helsinki)
    metric = build_metric(helsinki, turns, load_profile("van_3_5t"))
    hierarchy = build_turn_hierarchy(helsinki, turns, [metric])
    before = QueryEngine.on(helsinki, turns, metric, hierarchy)
    changed = _with_closures(metric, np.random.default_rng(5), share)
    after = before.with_metric(changed)
    assert np.array_equal(after.weights.slot_cost, hierarchy.weighed(changed).slot_cost)
    assert np.array_equal(after.with_metric(metric).weights.slot_cost, before.weights.slot_cost)
    snaps = Places.of(_random_snaps(helsinki, metric, 80, 3))
    plain = PlainEngine(streets=helsinki, turns=turns, metric=changed)
    expected = _in_units(plain.packed_costs([snaps.snap(index) for index in range(len(snaps))]))
    assert np.array_equal(after.matrices(snaps), expected)


def test_one_hierarchy_serves_metrics_only_that_it_holds(helsinki: StreetGraph) -> None:
    turns = build_turns(helsinki)
    truck, van = (build_metric(helsinki, turns, load_profile(name)) for name in ("truck_26t", "van_3_5t"))
    narrow = build_turn_hierarchy(helsinki, turns, [truck])
    assert narrow.covers(truck)
    assert not narrow.covers(van)
    wide = build_turn_hierarchy(helsinki, turns, [van], wider_than=narrow)
    for metric in (truck, van):
        assert wide.covers(metric)
        _assert_equals_plain_search(helsinki, turns, QueryEngine.on(helsinki, turns, metric, wide), metric, 60, seed=1)
