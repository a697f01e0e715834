"""Slow, obvious twins of the hierarchy's kernels, and graphs to compare them on."""

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cch.phantoms import Phantoms
from routing.cch.state_graph import StateGraph

Cost = tuple[int, int]
"""Milliseconds and length."""

NO_WAY = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class WeightedGraph:
    graph: StateGraph
    duration_ms: NDArray[np.int64]
    length: NDArray[np.int64]

    def arcs(self) -> list[tuple[int, int, Cost]]:
        """Open arcs as tail, head, cost."""
        rows = zip(
            self.graph.tails().tolist(),
            self.graph.head.tolist(),
            self.duration_ms.tolist(),
            self.length.tolist(),
            strict=True,
        )
        return [(tail, head, (ms, length)) for tail, head, ms, length in rows if ms >= 0]


def weighted_graph(
    n: int, arcs: list[tuple[int, int]], cost: list[Cost], *, street: list[int] | None = None, seed: int = 0
) -> WeightedGraph:
    rng = np.random.default_rng(seed)
    tail, head = np.array(arcs, dtype=np.int32).reshape(-1, 2).T
    by_tail = np.argsort(tail, kind="stable")
    ms, length = np.array(cost, dtype=np.int64).reshape(-1, 2).T
    first_out = np.concatenate(([0], np.cumsum(np.bincount(tail, minlength=n)))).astype(np.int32)
    graph = StateGraph(
        first_out=first_out,
        head=head[by_tail],
        lon_deg=rng.uniform(8, 9, n),
        lat_deg=rng.uniform(49, 50, n),
        street=np.arange(n, dtype=np.int32) if street is None else np.array(street, dtype=np.int32),
    )
    return WeightedGraph(graph=graph, duration_ms=ms[by_tail], length=length[by_tail])


def random_graph(seed: int, *, n: int | None = None) -> WeightedGraph:
    """Parallel arcs, self-loops, one-way rings, closed arcs, zero weights, parts without connection."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40)) if n is None else n
    m = int(rng.integers(0, 4 * n))
    arcs = rng.integers(0, n, (m, 2)).tolist()
    ring = rng.permutation(n)[: rng.integers(1, n + 1)].tolist()
    arcs += list(zip(ring, ring[1:] + ring[:1], strict=True))
    largest = int(rng.choice([1, 5, 100_000]))
    cost = rng.integers(0, largest + 1, (len(arcs), 2))
    cost[rng.random(len(arcs)) < rng.choice([0, 0.3]), 0] = -1
    street = rng.integers(0, max(1, n // 2) + 1, n).tolist()
    return weighted_graph(n, arcs, cost.tolist(), street=street, seed=seed)


def grid_city(n_rows: int, n_columns: int, *, seed: int = 0) -> WeightedGraph:
    """Directed streets of a chessboard as states, turns as arcs, no U-turns; many coordinates are equal."""
    rng = np.random.default_rng(seed)
    states: dict[tuple[int, int, int, int], int] = {}
    for row, column in itertools.product(range(n_rows), range(n_columns)):
        for d_row, d_column in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            if 0 <= row + d_row < n_rows and 0 <= column + d_column < n_columns:
                states[row, column, row + d_row, column + d_column] = len(states)
    arcs = [
        (state, other)
        for (a, b, c, d), state in states.items()
        for (e, f, g, h), other in states.items()
        if (c, d) == (e, f) and (a, b) != (g, h)
    ]
    ends = np.array(list(states))
    street_of: dict[frozenset[tuple[int, int]], int] = {}
    street = [street_of.setdefault(frozenset({(a, b), (c, d)}), len(street_of)) for a, b, c, d in states]
    plain = weighted_graph(len(states), arcs, rng.integers(1, 60_000, (len(arcs), 2)).tolist(), street=street)
    graph = StateGraph(
        first_out=plain.graph.first_out,
        head=plain.graph.head,
        lon_deg=(ends[:, 1] + ends[:, 3]) / 2000,
        lat_deg=(ends[:, 0] + ends[:, 2]) / 2000,
        street=plain.graph.street,
    )
    return WeightedGraph(graph=graph, duration_ms=plain.duration_ms, length=plain.length)


def random_phantoms(
    seed: int, weighted: WeightedGraph, n_points: int, *, most_places: int = 2, is_source: bool
) -> Phantoms:
    """Points anywhere along states; a source counts what it need not drive, at most all of the state."""
    rng = np.random.default_rng(seed)
    longest = np.full(weighted.graph.n_states, 1000)
    for tail, _, cost in weighted.arcs():
        longest[tail] = min(longest[tail], *cost)
    counts = rng.integers(0 if most_places > 1 else 1, most_places + 1, n_points)
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    state = rng.integers(0, weighted.graph.n_states, first[-1]).astype(np.int32)
    along = rng.integers(0, longest[state] + 1) * (-1 if is_source else 1)
    return Phantoms(first=first, state=state, duration_ms=along, length=along.copy())


def costs_from(weighted: WeightedGraph, start: int) -> tuple[dict[int, Cost], Cost | None]:
    """Dijkstra's search: cost to every reached state, and of the cheapest cycle back to the start."""
    out: dict[int, list[tuple[int, Cost]]] = {}
    for tail, head, cost in weighted.arcs():
        out.setdefault(tail, []).append((head, cost))
    best: dict[int, Cost] = {}
    cycle: Cost | None = None
    queue: list[tuple[Cost, int]] = [((0, 0), start)]
    while queue:
        cost, state = heapq.heappop(queue)
        if state in best:
            continue
        best[state] = cost
        for head, more in out.get(state, ()):
            total = (cost[0] + more[0], cost[1] + more[1])
            heapq.heappush(queue, (total, head))
            if head == start and (cycle is None or total < cycle):
                cycle = total
    return best, cycle


def matrix_twin(weighted: WeightedGraph, sources: Phantoms, targets: Phantoms) -> NDArray[np.int64]:
    """``(n_sources, n_targets, 2)`` milliseconds and lengths, pair by pair and place by place."""
    found = {state: costs_from(weighted, state) for state in set(sources.state.tolist())}
    matrix = np.full((len(sources), len(targets), 2), NO_WAY, dtype=np.int64)
    for source, target in itertools.product(range(len(sources)), range(len(targets))):
        costs = []
        for one in range(sources.first[source], sources.first[source + 1]):
            for other in range(targets.first[target], targets.first[target + 1]):
                start, end = int(sources.state[one]), int(targets.state[other])
                added = (
                    int(sources.duration_ms[one] + targets.duration_ms[other]),
                    int(sources.length[one] + targets.length[other]),
                )
                way = found[start][0].get(end)
                if start == end and added < (0, 0):
                    way = found[start][1]
                if way is not None:
                    costs.append((added[0] + way[0], added[1] + way[1]))
        if costs:
            matrix[source, target] = min(costs)
    return matrix


def eliminated(n: int, links: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Contract ranks 0, 1, 2 ... of an undirected graph: its links, low to high, with all that contraction adds."""
    links = {(min(link), max(link)) for link in links if link[0] != link[1]}
    for rank in range(n):
        higher = sorted(high for low, high in links if low == rank)
        links |= set(itertools.combinations(higher, 2))
    return links
