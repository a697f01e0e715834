"""Ways arc by arc: connected, as long as the matrix says, and between the places they name."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cch.hierarchy import build_hierarchy
from routing.cch.legs import leg_arcs
from routing.cch.phantoms import Phantoms
from routing.cch.weights import customise
from routing.kernels.cch_matrix import UNREACHABLE
from tests.unit.routing.cch_twins import WeightedGraph, grid_city, matrix_twin, random_graph, random_phantoms


def _assert_legs_equal_matrix(weighted: WeightedGraph, sources: Phantoms, targets: Phantoms) -> None:
    weights = customise(build_hierarchy(weighted.graph), duration_ms=weighted.duration_ms, length=weighted.length)
    expected = matrix_twin(weighted, sources, targets)
    source, target = (index.ravel() for index in np.indices(expected.shape[:2]))
    legs = leg_arcs(weights, sources, targets, source, target)
    assert np.array_equal(legs.duration_ms.reshape(expected.shape[:2]), expected[..., 0])
    assert np.array_equal(legs.length.reshape(expected.shape[:2]), expected[..., 1])
    tails, heads = weighted.graph.tails(), weighted.graph.head
    for leg, (one, other) in enumerate(zip(source, target, strict=True)):
        arcs = legs.arcs_of(leg)
        if legs.duration_ms[leg] == UNREACHABLE:
            assert (arcs.size, legs.source_place[leg], legs.target_place[leg]) == (0, -1, -1)
            continue
        start, end = legs.source_place[leg], legs.target_place[leg]
        assert sources.first[one] <= start < sources.first[one + 1]
        assert targets.first[other] <= end < targets.first[other + 1]
        states = [sources.state[start], *heads[arcs]]
        assert states[:-1] == tails[arcs].tolist()
        assert states[-1] == targets.state[end]
        assert (weighted.duration_ms[arcs] >= 0).all()
        added_ms = sources.duration_ms[start] + targets.duration_ms[end]
        added_length = sources.length[start] + targets.length[end]
        assert weighted.duration_ms[arcs].sum() + added_ms == legs.duration_ms[leg]
        assert weighted.length[arcs].sum() + added_length == legs.length[leg]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_legs_drive_what_the_matrix_says(seed: int, most_places: int) -> None:
    weighted = random_graph(seed)
    sources = random_phantoms(seed + 1, weighted, 9, most_places=most_places, is_source=True)
    targets = random_phantoms(seed + 2, weighted, 11, most_places=most_places, is_source=False)
    _assert_legs_equal_matrix(weighted, sources, targets)


def test_legs_cross_a_grid_city() -> None:
    weighted = grid_city(10, 10, seed=3)
    sources = random_phantoms(1, weighted, 25, is_source=True)
    targets = random_phantoms(2, weighted, 25, is_source=False)
    _assert_legs_equal_matrix(weighted, sources, targets)


def test_no_legs_give_no_arcs() -> None:
    weighted = grid_city(3, 3)
    weights = customise(build_hierarchy(weighted.graph), duration_ms=weighted.duration_ms, length=weighted.length)
    points = Phantoms.at_states(np.arange(3))
    nothing = np.zeros(0, dtype=np.intp)
    legs = leg_arcs(weights, points, points, nothing, nothing)
    assert (legs.arc.size, legs.first.tolist()) == (0, [0])
