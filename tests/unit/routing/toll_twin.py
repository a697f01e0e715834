"""The slow twin of toll lengths: one plain search per row, in milliseconds, millimetres and toll millimetres."""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routing.kernels.cch_matrix import UNREACHABLE
from routing.metric import MS_SHIFT
from routing.places import Places, Snap
from routing.query import QueryEngine, Traces

Cost = tuple[int, int, int]


def tolls_by_plain_search(engine: QueryEngine, snaps: Sequence[Snap], is_toll: NDArray[np.bool_]) -> NDArray[np.int64]:
    """``(n, n)`` toll metres of the fastest, then shortest, then least tolled ways; ``UNREACHABLE`` without one."""
    toll_m = np.full((len(snaps), len(snaps)), UNREACHABLE, dtype=np.int64)
    for row, start in enumerate(snaps):
        reached = _search(engine, start, is_toll)
        for column, end in enumerate(snaps):
            ways: list[Cost] = []
            for arc in end.arcs:
                part = _part(engine, end, arc, is_toll)
                ways += [_sum(reached[state], part) for state in engine.turns.states_of(arc) if state in reached]
                if arc in start.arcs:
                    ahead = _difference(part, _part(engine, start, arc, is_toll))
                    ways += [ahead] if ahead[:2] >= (0, 0) else []
            if row == column:
                ways = [(0, 0, 0)]
            if ways:
                toll_m[row, column] = (min(ways)[2] + 500) // 1000
    return toll_m


def tolls_of_arcs(
    engine: QueryEngine,
    snaps: Sequence[Snap],
    legs: Sequence[tuple[int, int]],
    traces: Traces,
    is_toll: NDArray[np.bool_],
) -> list[int]:
    """Toll metres of ways that are given arc by arc, less what lies before the start and behind the end."""
    found = []
    for leg, (start, end) in enumerate(legs):
        arcs = traces.arc[traces.first[leg] : traces.first[leg + 1]].tolist()
        whole = sum(_whole(engine, arc, is_toll) for arc in arcs[:-1])
        before = _part(engine, snaps[start], arcs[0], is_toll)[2]
        found.append((whole - before + _part(engine, snaps[end], arcs[-1], is_toll)[2] + 500) // 1000)
    return found


def _search(engine: QueryEngine, start: Snap, is_toll: NDArray[np.bool_]) -> dict[int, Cost]:
    """States that are reached by at least one turn."""
    graph = engine.metric.graph
    heap = [(_difference((0, 0, 0), _part(engine, start, arc, is_toll)), arc, True) for arc in start.arcs]
    heapq.heapify(heap)
    reached: dict[int, Cost] = {}
    while heap:
        cost, state, is_start = heapq.heappop(heap)
        if not is_start:
            if state in reached:
                continue
            reached[state] = cost
        toll = _whole(engine, int(engine.turns.state_arc[state]), is_toll)
        for position in range(graph.first_out[state], graph.first_out[state + 1]):
            weight = int(graph.weight[position])
            step = weight >> MS_SHIFT, weight & ((1 << MS_SHIFT) - 1), toll
            heapq.heappush(heap, (_sum(cost, step), int(graph.head[position]), False))
    return reached


def _part(engine: QueryEngine, snap: Snap, arc: int, is_toll: NDArray[np.bool_]) -> Cost:
    ms, mm = engine.parts(Places.of([snap]), np.array([0]), np.array([arc]))
    return int(ms[0]), int(mm[0]), int(mm[0]) if is_toll[arc >> 1] else 0


def _whole(engine: QueryEngine, arc: int, is_toll: NDArray[np.bool_]) -> int:
    return int(engine.streets.segment_length_mm[arc >> 1]) if is_toll[arc >> 1] else 0


def _sum(one: Cost, other: Cost) -> Cost:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _difference(one: Cost, other: Cost) -> Cost:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]
