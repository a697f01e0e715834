"""The structure: order, elimination tree, completion and triangles against the elimination game played by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cch.hierarchy import Hierarchy, build_hierarchy
from routing.cch.order import contraction_ranks
from routing.cch.state_graph import StateGraph
from tests.unit.routing.cch_twins import eliminated, grid_city, random_graph

SEEDS = st.integers(0, 2**32 - 1)


def _edges(hierarchy: Hierarchy) -> list[tuple[int, int]]:
    low = np.repeat(np.arange(hierarchy.n_states), np.diff(hierarchy.up_first))
    return list(zip(low.tolist(), hierarchy.up_head.tolist(), strict=True))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_completion_equals_the_elimination_game(seed: int) -> None:
    graph = random_graph(seed).graph
    hierarchy = build_hierarchy(graph)
    rank = hierarchy.rank
    links = set(zip(rank[graph.tails()].tolist(), rank[graph.head].tolist(), strict=True))
    for states in (np.flatnonzero(graph.street == street) for street in np.unique(graph.street)):
        links |= set(itertools.pairwise(sorted(rank[states].tolist())))
    edges = _edges(hierarchy)
    game = eliminated(graph.n_states, links)
    # The order's own street pairs are linked before the tree is put into post-order, which may part them again.
    assert set(edges) <= game
    assert eliminated(graph.n_states, set(edges)) == set(edges)
    arcs = {
        (min(link), max(link)) for link in zip(rank[graph.tails()].tolist(), rank[graph.head].tolist(), strict=True)
    }
    assert {arc for arc in arcs if arc[0] != arc[1]} <= set(edges)
    assert edges == sorted(edges)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_tree_has_contiguous_subtrees_and_lowest_neighbours_as_parents(seed: int) -> None:
    hierarchy = build_hierarchy(random_graph(seed).graph)
    edges = _edges(hierarchy)
    below: dict[int, set[int]] = {rank: {rank} for rank in range(hierarchy.n_states)}
    for rank in range(hierarchy.n_states):
        parent = min((high for low, high in edges if low == rank), default=-1)
        assert hierarchy.parent[rank] == parent
        assert below[rank] == set(range(hierarchy.first_descendant[rank], rank + 1))
        if parent >= 0:
            below[parent] |= below[rank]
            assert hierarchy.level[rank] == hierarchy.level[parent] + 1


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_triangles_are_all_lower_triangles(seed: int) -> None:
    hierarchy = build_hierarchy(random_graph(seed).graph)
    edges = _edges(hierarchy)
    number = {edge: index for index, edge in enumerate(edges)}
    for index, (low, high) in enumerate(edges):
        span = slice(hierarchy.triangle_first[index], hierarchy.triangle_first[index + 1])
        found = set(
            zip(hierarchy.triangle_to_low[span].tolist(), hierarchy.triangle_to_high[span].tolist(), strict=True)
        )
        corners = [rank for rank in range(low) if (rank, low) in number and (rank, high) in number]
        assert found == {(number[rank, low], number[rank, high]) for rank in corners}


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_every_arc_has_its_slot_and_loops_have_none(seed: int) -> None:
    graph = random_graph(seed).graph
    hierarchy = build_hierarchy(graph)
    edges = _edges(hierarchy)
    for arc, (tail, head) in enumerate(zip(hierarchy.rank[graph.tails()], hierarchy.rank[graph.head], strict=True)):
        slot = int(hierarchy.arc_slot[arc])
        if tail == head:
            assert slot == -1
            assert arc in hierarchy.loop_arc
        else:
            assert edges[slot // 2] == (min(tail, head), max(tail, head))
            assert slot % 2 == (tail > head)
            assert arc in hierarchy.slot_arc[hierarchy.slot_first[slot] : hierarchy.slot_first[slot + 1]]
    assert sorted([*hierarchy.slot_arc, *hierarchy.loop_arc]) == list(range(graph.n_arcs))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_states_of_a_street_lie_on_one_path_of_the_tree(seed: int) -> None:
    graph = random_graph(seed).graph
    hierarchy = build_hierarchy(graph)
    for street in np.unique(graph.street):
        ranks = np.sort(hierarchy.rank[graph.street == street])
        for low, high in itertools.pairwise(ranks.tolist()):
            assert hierarchy.first_descendant[high] <= low


def test_order_separates_a_grid_by_small_cuts() -> None:
    graph = grid_city(12, 12).graph
    ranks = contraction_ranks(graph)
    assert sorted(ranks) == list(range(graph.n_states))
    hierarchy = build_hierarchy(graph)
    # 12 streets in two directions cut the city in halves; the cuts of the smaller parts follow on top of each other.
    assert hierarchy.n_levels <= 110
    assert hierarchy.n_edges <= 22 * graph.n_states


def test_order_of_two_runs_is_the_same() -> None:
    graph = random_graph(5, n=40).graph
    assert np.array_equal(contraction_ranks(graph), contraction_ranks(graph))


def test_arrays_give_the_hierarchy_back() -> None:
    hierarchy = build_hierarchy(random_graph(3).graph)
    again = Hierarchy.from_arrays(hierarchy.arrays())
    assert all(np.array_equal(array, again.arrays()[name]) for name, array in hierarchy.arrays().items())
    assert not hierarchy.rank.flags.writeable


def test_empty_graph_has_an_empty_hierarchy() -> None:
    nothing = np.zeros(0, dtype=np.int32)
    places = np.zeros(0)
    graph = StateGraph(
        first_out=np.zeros(1, dtype=np.int32), head=nothing, lon_deg=places, lat_deg=places, street=nothing
    )
    hierarchy = build_hierarchy(graph)
    assert (hierarchy.n_states, hierarchy.n_edges, hierarchy.n_arcs) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head": np.array([0, 3], dtype=np.int32)}, "between 0 and 2"),
        ({"head": np.array([0, -1], dtype=np.int32)}, "between 0 and 2"),
        ({"first_out": np.array([0, 2, 1, 2], dtype=np.int32)}, "rise"),
        ({"first_out": np.array([0, 1, 1, 1], dtype=np.int32)}, "rise"),
        ({"lon_deg": np.zeros(2)}, "shape"),
        ({"lat_deg": np.array([0, np.nan, 0])}, "finite"),
        ({"street": np.array([0, -1, 0], dtype=np.int32)}, "numbered from zero"),
    ],
)
def test_graph_refuses_arrays_that_do_not_fit(change: dict[str, object], message: str) -> None:
    arrays: dict[str, object] = {
        "first_out": np.array([0, 1, 2, 2], dtype=np.int32),
        "head": np.array([1, 2], dtype=np.int32),
        "lon_deg": np.zeros(3),
        "lat_deg": np.zeros(3),
        "street": np.zeros(3, dtype=np.int32),
    }
    with pytest.raises(ValueError, match=message):
        StateGraph(**(arrays | change))  # type: ignore[arg-type]  # the table holds arrays only
