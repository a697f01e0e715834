import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cch.order import undirected
from routing.kernels.cch_flow import Region, minimum_cut, new_flow

_SOURCE, _SINK = "source", "sink"


@st.composite
def regions(draw: st.DrawFn) -> tuple[Region, np.ndarray, int]:
    """A graph, its nodes in any order, and how many of them are terminals at either end."""
    n = draw(st.integers(2, 14))
    links = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30))
    tail, head = np.array(links, dtype=np.int64).reshape(-1, 2).T
    ordered = np.array(draw(st.permutations(range(n))), dtype=np.int32)
    return Region(*undirected(tail, head, n), ordered[np.newaxis]), ordered, draw(st.integers(1, n // 2))


def _obvious_cut(region: Region, ordered: np.ndarray, n_terminals: int) -> tuple[int, set[int]]:
    """Size of the flow, and the ways in (even) and out (odd) that it leaves reachable, by networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from([_SOURCE, _SINK])
    for node in range(ordered.size):
        graph.add_edge(2 * node, 2 * node + 1, capacity=1)
        for other in region.neighbour[region.first[node] : region.first[node + 1]].tolist():
            graph.add_edge(2 * node + 1, 2 * other, capacity=1)
    for node in ordered[:n_terminals].tolist():
        graph.add_edge(_SOURCE, 2 * node)
    for node in ordered[-n_terminals:].tolist():
        graph.add_edge(2 * node + 1, _SINK)
    residual = nx.algorithms.flow.edmonds_karp(graph, _SOURCE, _SINK)
    is_closed = [(a, b) for a, b, data in residual.edges(data=True) if data["flow"] == data["capacity"]]
    residual.remove_edges_from(is_closed)
    reached = nx.descendants(residual, _SOURCE)
    return int(residual.graph["flow_value"]), reached


@settings(deadline=None)
@given(drawn=regions())
def test_cut_is_the_smallest_and_the_nearest_to_the_first_nodes(drawn: tuple[Region, np.ndarray, int]) -> None:
    region, ordered, n_terminals = drawn
    size, reached = _obvious_cut(region, ordered, n_terminals)
    flow = new_flow(ordered.size)
    for limit in (size, size + 1, ordered.size + 1):
        assert minimum_cut(region, ordered, n_terminals, limit, flow) == (limit > size)
        if limit > size:
            assert set(np.flatnonzero(flow.visited).tolist()) == reached
            is_in, is_out = flow.visited.reshape(-1, 2).T.astype(bool)
            assert (is_in & ~is_out).sum() == size
