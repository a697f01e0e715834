from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from routing.kernels.components import reachable_states, states_around, strong_components

edge_lists = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40))
)


def _arrays(n: int, edges: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    tails = np.array([tail for tail, _ in sorted(edges)], dtype=np.int64)
    first = np.searchsorted(tails, np.arange(n + 1)).astype(np.int32)
    return first, np.array([head for _, head in sorted(edges)], dtype=np.int32)


def plain_reachable(n: int, edges: list[tuple[int, int]], seeds: set[int]) -> set[int]:
    reached = set(seeds)
    for _ in range(n):
        reached |= {head for tail, head in edges if tail in reached}
    return reached


@settings(deadline=None)  # the first call compiles
@given(edge_lists)
def test_components_are_those_of_mutual_reachability(case: Any) -> None:
    n, edges = case
    component = strong_components(*_arrays(n, edges))
    reached = [plain_reachable(n, edges, {state}) for state in range(n)]
    for a in range(n):
        for b in range(n):
            assert (component[a] == component[b]) == (b in reached[a] and a in reached[b])


@settings(deadline=None)  # the first call compiles
@given(edge_lists, st.data())
def test_reachable_states_are_those_of_the_plain_search(case: Any, data: st.DataObject) -> None:
    n, edges = case
    seeds = data.draw(st.sets(st.integers(0, n - 1)))
    is_seed = np.isin(np.arange(n), list(seeds))
    first, head = _arrays(n, edges)
    assert set(np.flatnonzero(reachable_states(first, head, is_seed)).tolist()) == plain_reachable(n, edges, seeds)


@settings(deadline=None)  # the first call compiles
@given(edge_lists, st.data())
def test_states_around_one_reach_it_or_are_reached(case: Any, data: st.DataObject) -> None:
    n, edges = case
    seed = data.draw(st.integers(0, n - 1))
    is_reached, reaches = states_around(*_arrays(n, edges), seed)
    assert set(np.flatnonzero(is_reached).tolist()) == plain_reachable(n, edges, {seed})
    assert set(np.flatnonzero(reaches).tolist()) == plain_reachable(n, [(head, tail) for tail, head in edges], {seed})


@pytest.mark.parametrize("seed", range(3))
def test_components_agree_with_scipy_on_a_large_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 20_000
    edges = sorted(set(map(tuple, rng.integers(0, n, (26_000, 2)).tolist())))
    ours = strong_components(*_arrays(n, edges))
    tails, heads = np.array(edges).T
    count, theirs = connected_components(csr_array((np.ones(len(edges)), (tails, heads)), (n, n)), connection="strong")
    assert ours.max() + 1 == count
    assert np.unique(np.stack((ours, theirs)), axis=1).shape[1] == count


def test_long_chain_needs_no_recursion() -> None:
    n = 200_000
    first = np.append(np.arange(n), n - 1).astype(np.int32)
    assert strong_components(first, np.arange(1, n, dtype=np.int32)).max() == n - 1
