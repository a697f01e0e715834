"""Compiled nested dissection by inertial flow: which nodes separate a street map into halves, quarters and so on.

Guards the quality of the order: small, balanced separators make a shallow elimination tree, and every later phase
costs what its depth costs. After Schild and Sommer 2015, "On Balanced Separators in Road Networks",
doi:10.1007/978-3-319-20086-6_22, with separators of nodes instead of edges.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

TERMINAL_FRACTION = 0.25
"""Share of the nodes at either end of a direction between which a separator is sought."""


class Region(NamedTuple):
    """The part of the graph that is being cut, its nodes renumbered from zero.

    Attributes
    ----------
    first, neighbour
        Undirected graph as adjacency array.
    by_direction
        ``(n_directions, n)`` int32: the nodes from one end of the map to the other, in each direction.
    """

    first: NDArray[np.int32]
    neighbour: NDArray[np.int32]
    by_direction: NDArray[np.int32]


@njit(cache=True, nogil=True)
def dissection_order(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], by_direction: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Nodes from the least to the most important: separators stand behind the parts that they separate.

    Parameters
    ----------
    first, neighbour
        Undirected simple graph of n nodes as adjacency array.
    by_direction
        ``(n_directions, n)`` int32: nodes sorted along each direction.
    """
    n = by_direction.shape[1]
    # The nodes of a part stay sorted in every direction, because splitting keeps their order: no sort below the top.
    by_direction = by_direction.copy()
    order = np.empty(n, np.int32)
    local = np.full(n, -1, np.int32)
    stack_begin, stack_end = np.empty(n + 1, np.int32), np.empty(n + 1, np.int32)
    stack_connected = np.zeros(n + 1, np.bool_)
    stack_begin[0], stack_end[0] = 0, n
    n_open = 1 if n else 0
    while n_open:
        n_open -= 1
        begin, end, is_connected = stack_begin[n_open], stack_end[n_open], stack_connected[n_open]
        if end - begin == 1:
            order[begin] = by_direction[0, begin]
            continue
        nodes = by_direction[0, begin:end].copy()
        region = _cut_out(first, neighbour, by_direction, begin, end, local)
        part = np.zeros(end - begin, np.int32)
        if is_connected:
            part = _best_separator(region)
        n_parts = _number_parts(region.first, region.neighbour, part)
        offset = _split(by_direction, begin, end, local, part, n_parts)
        for node in nodes:
            local[node] = -1
        for number in range(n_parts):
            stack_begin[n_open], stack_end[n_open] = offset[number], offset[number + 1]
            stack_connected[n_open] = True
            n_open += 1
        for position in range(offset[n_parts], end):
            order[position] = by_direction[0, position]
    return order


@njit(cache=True, nogil=True)
def _cut_out(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    by_direction: NDArray[np.int32],
    begin: int,
    end: int,
    local: NDArray[np.int32],
) -> Region:
    """The graph of the nodes at positions ``begin`` to ``end``; fills ``local`` with their new numbers."""
    size = end - begin
    n_links = 0
    for index in range(size):
        node = by_direction[0, begin + index]
        local[node] = index
        n_links += first[node + 1] - first[node]
    local_first = np.zeros(size + 1, np.int32)
    local_neighbour = np.empty(n_links, np.int32)
    count = 0
    for index in range(size):
        node = by_direction[0, begin + index]
        for link in range(first[node], first[node + 1]):
            other = local[neighbour[link]]
            if other >= 0:
                local_neighbour[count] = other
                count += 1
        local_first[index + 1] = count
    local_by_direction = np.empty((by_direction.shape[0], size), np.int32)
    for direction in range(by_direction.shape[0]):
        for index in range(size):
            local_by_direction[direction, index] = local[by_direction[direction, begin + index]]
    return Region(local_first, local_neighbour[:count], local_by_direction)


@njit(cache=True, nogil=True)
def _best_separator(region: Region) -> NDArray[np.int32]:
    """-1 for the nodes of the best separator over all directions, 0 for the others."""
    size = region.first.size - 1
    n_terminals = max(1, int(size * TERMINAL_FRACTION))
    best = np.zeros(size, np.int32)
    best_score = np.inf
    for direction in range(region.by_direction.shape[0]):
        ordered = region.by_direction[direction]
        # Half of the nodes on the smaller side is the best that a cut of some size can reach.
        limit = size if best_score == np.inf else int(best_score * (size / 2)) + 1
        visited = _minimum_cut(region.first, region.neighbour, ordered, n_terminals, limit)
        if visited[0, 0] == 2:
            continue
        n_before, n_cut = 0, 0
        for node in range(size):
            if visited[node, 1]:
                n_before += 1
            elif visited[node, 0]:
                n_cut += 1
        score = n_cut / (min(n_before, size - n_before - n_cut) + n_cut)
        if score < best_score:
            best_score = score
            for node in range(size):
                best[node] = -1 if visited[node, 0] and not visited[node, 1] else 0
    return best


@njit(cache=True, nogil=True)
def _minimum_cut(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], ordered: NDArray[np.int32], n_terminals: int, limit: int
) -> NDArray[np.uint8]:
    """Maximum flow of node-disjoint paths from the first to the last nodes of a direction, and what it leaves open.

    Each node is a gate with a way in and a way out that one path may pass. The answer ``(n, 2)`` says which ways in
    and ways out can still be reached when no further path exists: gates with an open way in and a closed way out are
    the smallest separator. Its first entry is 2 where the flow exceeded ``limit``.
    """
    size = first.size - 1
    is_used = np.zeros(size, np.bool_)
    previous = np.full(size, -1, np.int32)
    visited = np.zeros((size, 2), np.uint8)
    is_end = np.zeros(size, np.bool_)
    for index in range(size - n_terminals, size):
        is_end[ordered[index]] = True
    came_from = np.empty(2 * size, np.int32)
    queue = np.empty(2 * size, np.int32)
    for _ in range(limit):
        last = _find_path(
            (first, neighbour), ordered[:n_terminals], is_end, is_used, previous, visited, (came_from, queue)
        )
        if last < 0:
            return visited
        _apply_path(last, came_from, is_used, previous)
    visited[0, 0] = 2
    return visited


@njit(cache=True, nogil=True)
def _find_path(
    graph: tuple[NDArray[np.int32], NDArray[np.int32]],
    starts: NDArray[np.int32],
    is_end: NDArray[np.bool_],
    is_used: NDArray[np.bool_],
    previous: NDArray[np.int32],
    visited: NDArray[np.uint8],
    scratch: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> int:
    """Breadth-first search in the residual graph; the end node whose way out was reached, -1 for none.

    Numbers ``2 * node`` are ways in, ``2 * node + 1`` ways out.
    """
    first, neighbour = graph
    came_from, queue = scratch
    visited[:] = 0
    n_queued = 0
    for node in starts:
        visited[node, 0] = 1
        came_from[2 * node] = -1
        queue[n_queued] = 2 * node
        n_queued += 1
    head = 0
    while head < n_queued:
        gate = queue[head]
        head += 1
        node = gate >> 1
        if gate & 1:
            if is_end[node]:
                return int(node)
            for link in range(first[node], first[node + 1]):
                other = neighbour[link]
                if not visited[other, 0]:
                    visited[other, 0] = 1
                    came_from[2 * other] = gate
                    queue[n_queued] = 2 * other
                    n_queued += 1
            if is_used[node] and not visited[node, 0]:
                visited[node, 0] = 1
                came_from[2 * node] = gate
                queue[n_queued] = 2 * node
                n_queued += 1
        else:
            back = node if not is_used[node] else previous[node]
            if back >= 0 and not visited[back, 1]:
                visited[back, 1] = 1
                came_from[2 * back + 1] = gate
                queue[n_queued] = 2 * back + 1
                n_queued += 1
    return -1


@njit(cache=True, nogil=True)
def _apply_path(
    last: int, came_from: NDArray[np.int32], is_used: NDArray[np.bool_], previous: NDArray[np.int32]
) -> None:
    """Add the path that was found to the flow, from its end to its start."""
    gate = np.int64(2 * last + 1)
    while gate >= 0:
        before = np.int64(came_from[gate])
        node = gate >> 1
        if gate & 1:
            if before == gate - 1:
                is_used[node] = True
        elif before < 0:
            previous[node] = -1
        elif before == gate + 1:
            is_used[node] = False
        else:
            previous[node] = before >> 1
        gate = before


@njit(cache=True, nogil=True)
def _number_parts(first: NDArray[np.int32], neighbour: NDArray[np.int32], part: NDArray[np.int32]) -> int:
    """Number the connected parts of the nodes marked 0; nodes marked -1 are walls. Returns how many parts there are."""
    size = part.size
    queue = np.empty(size, np.int32)
    n_parts = 0
    for start in range(size):
        if part[start] != 0:
            continue
        n_parts += 1
        part[start] = n_parts
        queue[0] = start
        head, n_queued = 0, 1
        while head < n_queued:
            node = queue[head]
            head += 1
            for link in range(first[node], first[node + 1]):
                other = neighbour[link]
                if part[other] == 0:
                    part[other] = n_parts
                    queue[n_queued] = other
                    n_queued += 1
    for node in range(size):
        part[node] = part[node] - 1 if part[node] > 0 else n_parts
    return n_parts


@njit(cache=True, nogil=True)
def _split(
    by_direction: NDArray[np.int32],
    begin: int,
    end: int,
    local: NDArray[np.int32],
    part: NDArray[np.int32],
    n_parts: int,
) -> NDArray[np.int32]:
    """Put the nodes of each part side by side, the separator last, in every direction; returns where each begins."""
    offset = np.zeros(n_parts + 2, np.int32)
    for number in part:
        offset[number + 1] += 1
    offset[0] = begin
    for number in range(n_parts + 1):
        offset[number + 1] += offset[number]
    for direction in range(by_direction.shape[0]):
        cursor = offset.copy()
        nodes = by_direction[direction, begin:end].copy()
        for node in nodes:
            number = part[local[node]]
            by_direction[direction, cursor[number]] = node
            cursor[number] += 1
    return offset
