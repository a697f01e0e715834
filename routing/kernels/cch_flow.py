"""Compiled minimum cuts of a region of the street graph: which nodes part its one end from its other.

Guards that the cut is the smallest one and, of several, the nearest to the first nodes, whichever paths the flow took.
After Ford and Fulkerson 1956, "Maximal Flow Through a Network", doi:10.4153/CJM-1956-045-5, with many paths at a time.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray


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


class Flow(NamedTuple):
    """Room to work out a flow in, for any region: every region and direction begins anew.

    Attributes
    ----------
    is_used, previous, is_end
        ``(n,)``: whether a path passes a node, the node before it on the path, and whether paths end there.
    visited, came_from
        ``(2 n,)``: a search over the ways in and out of the nodes.
    root, queue
        ``(n,)``: tree of each way out that was reached, and the nodes in the order in which theirs were.
    is_done, last
        ``(n,)``: which trees of a search have reached an end, and where.
    """

    is_used: NDArray[np.bool_]
    previous: NDArray[np.int32]
    is_end: NDArray[np.bool_]
    visited: NDArray[np.uint8]
    came_from: NDArray[np.int32]
    root: NDArray[np.int32]
    queue: NDArray[np.int32]
    is_done: NDArray[np.bool_]
    last: NDArray[np.int32]


@njit(cache=True, nogil=True)
def new_flow(n: int) -> Flow:
    """Room for regions of up to ``n`` nodes."""
    return Flow(
        is_used=np.empty(n, np.bool_),
        previous=np.empty(n, np.int32),
        is_end=np.empty(n, np.bool_),
        visited=np.empty(2 * n, np.uint8),
        came_from=np.empty(2 * n, np.int32),
        root=np.empty(n, np.int32),
        queue=np.empty(n, np.int32),
        is_done=np.empty(n, np.bool_),
        last=np.empty(n, np.int32),
    )


@njit(cache=True, nogil=True)
def minimum_cut(region: Region, ordered: NDArray[np.int32], n_terminals: int, limit: int, flow: Flow) -> bool:
    """Maximum flow of node-disjoint paths from the first to the last nodes of a direction, and what it leaves open.

    Each node is a gate with a way in and a way out that one path may pass. ``flow.visited`` says which ways in and
    ways out can still be reached when no further path exists: gates with an open way in and a closed way out are the
    smallest separator. False when the flow reached ``limit`` before that.
    """
    size = region.first.size - 1
    for node in range(size):
        flow.is_used[node] = False
        flow.previous[node] = -1
        flow.is_end[node] = False
    for index in range(size - n_terminals, size):
        flow.is_end[ordered[index]] = True
    n_paths = 0
    while n_paths < limit:
        n_found = _find_paths(region, ordered, n_terminals, limit - n_paths, flow)
        if n_found == 0:
            return True
        for index in range(n_found):
            _apply_path(flow.last[index], flow.came_from, flow.is_used, flow.previous)
        n_paths += n_found
    return False


@njit(cache=True, nogil=True)
def _find_paths(region: Region, ordered: NDArray[np.int32], n_terminals: int, n_wanted: int, flow: Flow) -> int:
    """Breadth-first search in the residual graph from all starts at once; how many paths it found, of those wanted.

    Numbers ``2 * node`` are ways in, ``2 * node + 1`` ways out; nodes wait in the queue for their ways out to be
    followed. The search grows one tree from each start, and a path from each tree that reaches an end: trees have no
    gate in common, so all these paths can be taken together. ``flow.last`` holds their last nodes. The same few lines
    stand here three times, because a call would cost more than they do.
    """
    first, neighbour = region.first, region.neighbour
    is_used, previous, is_end, is_done = flow.is_used, flow.previous, flow.is_end, flow.is_done
    visited, came_from, root, queue = flow.visited, flow.came_from, flow.root, flow.queue
    visited[: 2 * (first.size - 1)] = 0
    n_queued, n_found = 0, 0
    for tree in range(n_terminals):
        node = ordered[tree]
        is_done[tree] = False
        visited[2 * node] = 1
        came_from[2 * node] = -1
        # A free node is left by its own way out, one on a path only back to the path's node before.
        out = previous[node] if is_used[node] else node
        if out >= 0 and not visited[2 * out + 1]:
            visited[2 * out + 1] = 1
            came_from[2 * out + 1] = 2 * node
            root[out] = tree
            queue[n_queued] = out
            n_queued += 1
    head = 0
    while head < n_queued and n_found < n_wanted:
        node = queue[head]
        head += 1
        tree = root[node]
        if is_done[tree]:
            continue
        if is_end[node]:
            is_done[tree] = True
            flow.last[n_found] = node
            n_found += 1
            continue
        for link in range(first[node], first[node + 1]):
            other = neighbour[link]
            if visited[2 * other]:
                continue
            visited[2 * other] = 1
            came_from[2 * other] = 2 * node + 1
            out = previous[other] if is_used[other] else other
            if out >= 0 and not visited[2 * out + 1]:
                visited[2 * out + 1] = 1
                came_from[2 * out + 1] = 2 * other
                root[out] = tree
                queue[n_queued] = out
                n_queued += 1
        if is_used[node] and not visited[2 * node]:
            visited[2 * node] = 1
            came_from[2 * node] = 2 * node + 1
            out = previous[node]
            if out >= 0 and not visited[2 * out + 1]:
                visited[2 * out + 1] = 1
                came_from[2 * out + 1] = 2 * node
                root[out] = tree
                queue[n_queued] = out
                n_queued += 1
    return n_found


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
