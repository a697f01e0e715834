"""Slow twins of the kernels around turning places: the same questions, answered with heaps, sets and loops."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx

UNREACHED = 2**62


class Town(NamedTuple):
    """Streets as lists, one entry per segment: ends, length and whether each direction is open."""

    n_nodes: int
    ends: list[tuple[int, int]]
    length_mm: list[int]
    is_open: list[tuple[bool, bool]]


def junctions_twin(town: Town, is_street: Sequence[bool], is_long: Sequence[bool]) -> list[bool]:
    """Nodes with three arms or more, two of them open both ways."""
    arms = [index for index in range(len(town.ends)) if is_street[index] and any(town.is_open[index])]
    all_ends = [end for index in arms for end in town.ends[index]]
    found = []
    for node in range(town.n_nodes):
        roomy = []
        for index in arms:
            for near, far in (town.ends[index], town.ends[index][::-1]):
                if near == node and (is_long[index] or all_ends.count(far) > 1):
                    roomy.append(index)
        found.append(len(roomy) >= 3 and sum(all(town.is_open[index]) for index in roomy) >= 2)
    return found


def reach_twin(
    turns: Sequence[tuple[int, int]], state_arc: Sequence[int], may_turn: Sequence[bool], seed: int
) -> set[int]:
    """States reached from one, in a graph whose turns back are those of ``may_turn`` alone."""
    graph: nx.DiGraph[int] = nx.DiGraph([(a, b) for a, b in turns if state_arc[b] != state_arc[a] ^ 1])
    graph.add_edges_from((arc, arc ^ 1) for arc, may in enumerate(may_turn) if may)
    graph.add_node(seed)
    return {seed, *nx.descendants(graph, seed)}


def depths_twin(
    town: Town, starts: set[int], traps: Sequence[int], closed: set[int]
) -> tuple[list[int], list[int], list[int]]:
    """Depth, turning place and first segment of each node, by Dijkstra's search with ties to the lower node."""
    node_mm = [0 if node in starts else UNREACHED for node in range(town.n_nodes)]
    turning_node = [node if node in starts else -1 for node in range(town.n_nodes)]
    first_segment = [-1] * town.n_nodes
    neighbours: dict[int, list[tuple[int, int]]] = {}
    for segment in traps:
        tail, head = town.ends[segment]
        neighbours.setdefault(tail, []).append((head, segment))
        neighbours.setdefault(head, []).append((tail, segment))
    waiting = [(0, node) for node in sorted(starts)]
    while waiting:
        depth, node = heapq.heappop(waiting)
        if depth > node_mm[node]:
            continue
        for other, segment in neighbours.get(node, ()):
            onward = depth + town.length_mm[segment]
            if onward < node_mm[other] and other not in closed:
                node_mm[other] = onward
                turning_node[other] = turning_node[node]
                first_segment[other] = segment if depth == 0 else first_segment[node]
                heapq.heappush(waiting, (onward, other))
    return node_mm, turning_node, first_segment
