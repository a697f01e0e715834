import heapq
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.kernels.search import SearchGraph
from tests.unit.routing.plain_search import UNREACHED, Entries, search_many


@st.composite
def searches(draw: st.DrawFn) -> tuple[SearchGraph, Any]:
    n = draw(st.integers(1, 10))
    state = st.integers(0, n - 1)
    cost = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: pair[0] << 32 | pair[1])
    edges = sorted(draw(st.lists(st.tuples(state, state, cost), max_size=35)))
    points = draw(st.lists(st.lists(st.tuples(state, cost), min_size=1, max_size=3), min_size=1, max_size=4))
    first = np.searchsorted([tail for tail, _, _ in edges], np.arange(n + 1)).astype(np.int32)
    graph = SearchGraph(
        first,
        np.array([head for _, head, _ in edges], dtype=np.int32),
        # the largest cost of a point is taken off the first turn, which must stay above zero
        np.array([weight + (6 << 32 | 6) for _, _, weight in edges], dtype=np.int64),
    )
    return graph, points


def _entries(points: Any) -> Entries:
    flat = [entry for point in points for entry in point]
    return Entries(
        np.cumsum([0, *(len(point) for point in points)]).astype(np.int32),
        np.array([state for state, _ in flat], dtype=np.int32),
        np.array([cost for _, cost in flat], dtype=np.int64),
    )


def plain_labels(graph: SearchGraph, source: Any) -> dict[int, int]:
    """Dijkstra as in a textbook: cost to the start of each state."""
    heap = []
    for state, part in source:
        for out in range(graph.first_out[state], graph.first_out[state + 1]):
            heapq.heappush(heap, (int(graph.weight[out]) - part, int(graph.head[out])))
    label: dict[int, int] = {}
    while heap:
        cost, state = heapq.heappop(heap)
        if state in label:
            continue
        label[state] = cost
        for out in range(graph.first_out[state], graph.first_out[state + 1]):
            heapq.heappush(heap, (cost + int(graph.weight[out]), int(graph.head[out])))
    return label


@settings(max_examples=150, deadline=None)  # the first call compiles
@given(searches())
def test_search_many_finds_what_the_plain_search_finds(case: Any) -> None:
    graph, points = case
    n = len(points)
    entries = _entries(points)
    cost = np.zeros((n, n), dtype=np.int64)
    search_many(graph, entries, entries, 0, n, cost)
    for source in range(n):
        label = plain_labels(graph, points[source])
        for target in range(n):
            options = [label[state] + part for state, part in points[target] if state in label]
            assert cost[source, target] == min(options, default=UNREACHED)


def test_rows_can_be_searched_in_any_portions() -> None:
    rng = np.random.default_rng(3)
    n = 200
    tails = np.sort(rng.integers(0, n, 700))
    graph = SearchGraph(
        np.searchsorted(tails, np.arange(n + 1)).astype(np.int32),
        rng.integers(0, n, 700).astype(np.int32),
        rng.integers(10, 99, 700).astype(np.int64) << 32,
    )
    entries = _entries([[(state, 0)] for state in range(0, n, 4)])
    whole = np.zeros((50, 50), dtype=np.int64)
    search_many(graph, entries, entries, 0, 50, whole)
    portions = np.zeros((50, 50), dtype=np.int64)
    for begin in (30, 0, 7):
        search_many(graph, entries, entries, begin, {0: 7, 7: 30, 30: 50}[begin], portions)
    assert np.array_equal(whole, portions)
