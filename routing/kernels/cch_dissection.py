"""Compiled nested dissection by inertial flow: which nodes separate a street map into halves, quarters and so on.

Guards the quality of the order: small, balanced separators make a shallow elimination tree, and every later phase
costs what its depth costs. After Schild and Sommer 2015, "On Balanced Separators in Road Networks",
doi:10.1007/978-3-319-20086-6_22, with separators of nodes instead of edges.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_flow import Flow, Region, minimum_cut, new_flow

TERMINAL_FRACTION = 0.25
"""Share of the nodes at either end of a direction between which a separator is sought."""


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
    flow = new_flow(n)
    while n_open:
        n_open -= 1
        begin, end, is_connected = stack_begin[n_open], stack_end[n_open], stack_connected[n_open]
        if end - begin == 1:
            order[begin] = by_direction[0, begin]
            continue
        if is_connected and end - begin == 2:  # every fourth part: spare them the search
            order[begin], order[begin + 1] = by_direction[0, begin + 1], by_direction[0, begin]
            continue
        region = _cut_out(first, neighbour, by_direction, begin, end, local)
        part = np.zeros(end - begin, np.int32)
        if is_connected:
            part = _best_separator(region, flow)
        n_parts = _number_parts(region.first, region.neighbour, part, flow.queue)
        offset = _split(by_direction, begin, end, local, part, n_parts, flow.queue)
        for position in range(begin, end):
            local[by_direction[0, position]] = -1
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
def _best_separator(region: Region, flow: Flow) -> NDArray[np.int32]:
    """-1 for the nodes of the best separator over all directions, 0 for the others."""
    size = region.first.size - 1
    n_terminals = max(1, int(size * TERMINAL_FRACTION))
    best = np.zeros(size, np.int32)
    best_score = np.inf
    least_score = 1 / ((size - 1) // 2 + 1)
    visited = flow.visited
    for direction in range(region.by_direction.shape[0]):
        if best_score <= least_score:
            break  # one node in the middle cannot be outdone
        # Half of the nodes on the smaller side is the best that a cut of some size can reach.
        limit = size if best_score == np.inf else int(best_score * (size / 2)) + 1
        if not minimum_cut(region, region.by_direction[direction], n_terminals, limit, flow):
            continue
        n_before, n_cut = 0, 0
        for node in range(size):
            if visited[2 * node + 1]:
                n_before += 1
            elif visited[2 * node]:
                n_cut += 1
        score = n_cut / (min(n_before, size - n_before - n_cut) + n_cut)
        if score < best_score:
            best_score = score
            for node in range(size):
                best[node] = -1 if visited[2 * node] and not visited[2 * node + 1] else 0
    return best


@njit(cache=True, nogil=True)
def _number_parts(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], part: NDArray[np.int32], queue: NDArray[np.int32]
) -> int:
    """Number the connected parts of the nodes marked 0; nodes marked -1 are walls. Returns how many parts there are."""
    size = part.size
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
    nodes: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Put the nodes of each part side by side, the separator last, in every direction; returns where each begins."""
    offset = np.zeros(n_parts + 2, np.int32)
    for number in part:
        offset[number + 1] += 1
    offset[0] = begin
    for number in range(n_parts + 1):
        offset[number + 1] += offset[number]
    cursor = np.empty(n_parts + 1, np.int32)
    for direction in range(by_direction.shape[0]):
        for number in range(n_parts + 1):
            cursor[number] = offset[number]
        for index in range(end - begin):
            nodes[index] = by_direction[direction, begin + index]
        for index in range(end - begin):
            node = nodes[index]
            number = part[local[node]]
            by_direction[direction, cursor[number]] = node
            cursor[number] += 1
    return offset
