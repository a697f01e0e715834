"""Customised weights against their definition, and changed ones against fresh ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cch.hierarchy import build_hierarchy
from routing.cch.weights import INFINITE, HierarchyWeights, customise, packed_costs
from routing.kernels.cch_matrix import LENGTH_BITS
from tests.unit.routing.cch_twins import Cost, WeightedGraph, grid_city, random_graph

SEEDS = st.integers(0, 2**32 - 1)


def _ways_below(weighted: WeightedGraph, rank: np.ndarray) -> dict[tuple[int, int], Cost]:
    """Cheapest ways between ranks with only lower ranks between: all pairs, one middle after the other."""
    best: dict[tuple[int, int], Cost] = {}
    for tail, head, cost in weighted.arcs():
        pair = (int(rank[tail]), int(rank[head]))
        best[pair] = min(best.get(pair, cost), cost)
    for middle in range(rank.size):
        into = [(pair[0], cost) for pair, cost in best.items() if pair[1] == middle and pair[0] > middle]
        out = [(pair[1], cost) for pair, cost in best.items() if pair[0] == middle and pair[1] > middle]
        for start, one in into:
            for end, other in out:
                cost = (one[0] + other[0], one[1] + other[1])
                best[start, end] = min(best.get((start, end), cost), cost)
    return best


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_slots_hold_the_cheapest_ways_over_lower_ranks(seed: int) -> None:
    weighted = random_graph(seed)
    hierarchy = build_hierarchy(weighted.graph)
    weights = customise(hierarchy, duration_ms=weighted.duration_ms, length=weighted.length)
    best = _ways_below(weighted, hierarchy.rank)
    low = np.repeat(np.arange(hierarchy.n_states), np.diff(hierarchy.up_first)).tolist()
    for edge, (one, other) in enumerate(zip(low, hierarchy.up_head.tolist(), strict=True)):
        for slot, pair in ((2 * edge, (one, other)), (2 * edge + 1, (other, one))):
            cost = best.get(pair)
            expected = INFINITE if cost is None else (cost[0] << LENGTH_BITS) + cost[1]
            assert weights.slot_cost[slot] == expected


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_changed_weights_equal_fresh_ones(seed: int) -> None:
    weighted = random_graph(seed)
    rng = np.random.default_rng(seed)
    hierarchy = build_hierarchy(weighted.graph)
    before = customise(hierarchy, duration_ms=weighted.duration_ms, length=weighted.length)
    slots_before = before.slot_cost.copy()
    arcs = rng.choice(hierarchy.n_arcs, rng.integers(0, hierarchy.n_arcs + 1), replace=False)
    duration_ms, length = weighted.duration_ms.copy(), weighted.length.copy()
    duration_ms[arcs], length[arcs] = rng.integers(-1, 9, arcs.size), rng.integers(0, 9, arcs.size)
    changed = before.with_changes(arcs, duration_ms=duration_ms[arcs], length=length[arcs])
    fresh = customise(hierarchy, duration_ms=duration_ms, length=length)
    assert np.array_equal(changed.slot_cost, fresh.slot_cost)
    assert np.array_equal(changed.arc_cost, fresh.arc_cost)
    assert np.array_equal(changed.loop_arc, fresh.loop_arc)
    assert np.array_equal(before.slot_cost, slots_before)


@pytest.mark.parametrize("ms", [-1, 0, 1, 100])
def test_open_arcs_of_changed_weights_equal_fresh_ones(ms: int) -> None:
    weighted = grid_city(16, 16)
    rng = np.random.default_rng(0)
    hierarchy = build_hierarchy(weighted.graph)
    duration_ms = np.where(rng.random(hierarchy.n_arcs) < 0.3, -1, weighted.duration_ms)
    before = customise(hierarchy, duration_ms=duration_ms, length=weighted.length)
    is_open = [arcs.weight.size for arcs in before.open_arcs]
    sizes, n_taken_over = set(), 0
    for arc in rng.choice(hierarchy.n_arcs, 30, replace=False).tolist():
        after = before.with_changes([arc], duration_ms=[ms], length=[7])
        n_taken_over += "open_arcs" in vars(after)
        fresh = HierarchyWeights(hierarchy=hierarchy, arc_cost=after.arc_cost, slot_cost=after.slot_cost)
        for found, expected in zip(after.open_arcs, fresh.open_arcs, strict=True):
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(one, other)
                assert one.dtype == other.dtype
        sizes.update(arcs.weight.size - n for arcs, n in zip(after.open_arcs, is_open, strict=True))
    assert n_taken_over > 10  # where much changes, all are looked up anew
    assert len(sizes) > 1  # some arcs were closed before, some are closed now


def test_open_arcs_leave_closed_directions_out() -> None:
    weighted = grid_city(5, 5)
    hierarchy = build_hierarchy(weighted.graph)
    weights = customise(hierarchy, duration_ms=weighted.duration_ms, length=weighted.length)
    low = np.repeat(np.arange(hierarchy.n_states), np.diff(hierarchy.up_first))
    for direction, (packed, plain) in enumerate(zip(weights.open_arcs, weights.open_arcs_ms, strict=True)):
        cost = weights.slot_cost[direction::2]
        is_open = cost < INFINITE
        assert not is_open.all()
        assert np.array_equal(packed.weight, cost[is_open])
        assert np.array_equal(packed.level, hierarchy.up_level[is_open])
        assert np.array_equal(np.diff(packed.first), np.bincount(low[is_open], minlength=hierarchy.n_states))
        assert np.array_equal(plain.weight, cost[is_open] >> LENGTH_BITS)
        assert plain.weight.dtype == np.int32


def test_cheapest_open_self_loop_is_kept() -> None:
    weighted = random_graph(1, n=5)
    arcs = [(2, 2), (2, 2), (2, 2), (1, 1)]
    cost = [(9, 9), (3, 4), (3, 5), (-1, 0)]
    looped = type(weighted)(
        graph=weighted.graph.__class__(
            first_out=np.array([0, 0, 1, 4, 4, 4], dtype=np.int32),
            head=np.array([1, 2, 2, 2], dtype=np.int32),
            lon_deg=weighted.graph.lon_deg,
            lat_deg=weighted.graph.lat_deg,
            street=weighted.graph.street,
        ),
        duration_ms=np.array([-1, 9, 3, 3]),
        length=np.array([0, 9, 4, 5]),
    )
    assert len(arcs) == len(cost) == looped.graph.n_arcs
    hierarchy = build_hierarchy(looped.graph)
    weights = customise(hierarchy, duration_ms=looped.duration_ms, length=looped.length)
    assert weights.loop_arc[hierarchy.rank[2]] == 2
    assert weights.loop_arc[hierarchy.rank[1]] == -1
    assert weights.costs.loop[hierarchy.rank[2]] == (3 << LENGTH_BITS) + 4
    assert weights.costs.loop[hierarchy.rank[0]] == INFINITE


@pytest.mark.parametrize(
    ("duration_ms", "length", "message"),
    [([1, 2], [1], "one shape"), ([2**30], [0], "too long"), ([1], [-1], "negative"), ([1], [2**31], "too large")],
)
def test_packing_refuses_what_does_not_fit(duration_ms: list[int], length: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        packed_costs(duration_ms, length)


def test_customise_refuses_another_number_of_arcs() -> None:
    hierarchy = build_hierarchy(random_graph(2).graph)
    with pytest.raises(ValueError, match="the hierarchy has"):
        customise(hierarchy, duration_ms=np.zeros(hierarchy.n_arcs + 1), length=np.zeros(hierarchy.n_arcs + 1))
