"""Where a vehicle turns round, where it drives on without reversing, and how deep the streets are that it backs out of.

Streets are given by arcs: arc ``2 * segment`` and the one against it, ``2 * segment + 1``. Guards that ties are broken
in one way, nodes being taken by depth and then by number, so that an answer depends on map and metric alone.
"""

from heapq import heappop, heappush

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.reverse import reversed_arcs

UNREACHED_MM = np.int64(2**62)
"""The depth of a node that no turning place leads to."""


@njit(cache=True, nogil=True)
def junction_nodes(
    arc_head: NDArray[np.int32],
    arc_ms: NDArray[np.int64],
    is_street: NDArray[np.bool_],
    is_long: NDArray[np.bool_],
    n_nodes: int,
) -> NDArray[np.bool_]:
    """``(n_nodes,)``: three streets or more that a vehicle can stand in, two of them open both ways.

    A street that is not long counts only where other streets lead on behind it.
    """
    degree = np.zeros(n_nodes, dtype=np.int32)
    for arc in range(arc_head.size):
        if is_street[arc >> 1] and (arc_ms[arc] >= 0 or arc_ms[arc ^ 1] >= 0):
            degree[arc_head[arc]] += 1
    n_arms = np.zeros(n_nodes, dtype=np.int32)
    n_two_way = np.zeros(n_nodes, dtype=np.int32)
    for arc in range(arc_head.size):
        is_open, is_open_back = arc_ms[arc] >= 0, arc_ms[arc ^ 1] >= 0
        if not is_street[arc >> 1] or not (is_open or is_open_back):
            continue
        near, far = arc_head[arc ^ 1], arc_head[arc]
        if is_long[arc >> 1] or degree[far] > 1:
            n_arms[near] += 1
            if is_open and is_open_back:
                n_two_way[near] += 1
    return (n_arms >= 3) & (n_two_way >= 2)


@njit(cache=True, nogil=True)
def reach_by_turning(
    first: NDArray[np.int32],
    other: NDArray[np.int32],
    state_arc: NDArray[np.int32],
    may_turn: NDArray[np.bool_],
    seed: int,
) -> NDArray[np.bool_]:
    """``(n_states,)``: what is reached from one state, with turning round where it is allowed and nowhere else.

    Turns of state ``s`` lead to ``other[first[s]:first[s + 1]]``; those that turn round are left out for
    ``may_turn``, one entry per arc: from the arc to the one against it.
    """
    is_reached = np.zeros(state_arc.size, dtype=np.bool_)
    is_reached[seed] = True
    waiting = np.empty(state_arc.size, dtype=np.int32)
    waiting[0] = seed
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        state = waiting[n_waiting]
        back = state_arc[state] ^ 1
        for index in range(first[state], first[state + 1]):
            successor = other[index]
            if not is_reached[successor] and state_arc[successor] != back:
                is_reached[successor] = True
                waiting[n_waiting] = successor
                n_waiting += 1
        if state < may_turn.size and may_turn[state] and not is_reached[back]:
            is_reached[back] = True
            waiting[n_waiting] = back
            n_waiting += 1
    return is_reached


@njit(cache=True, nogil=True)
def around_by_turning(
    first_out: NDArray[np.int32],
    head: NDArray[np.int32],
    state_arc: NDArray[np.int32],
    may_turn: NDArray[np.bool_],
    seed: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What ``reach_by_turning`` finds, and from what the state can be reached in the same way."""
    # Turning round leads from an arc to the one against it: seen backwards, from that one to the arc.
    may_turn_back = np.empty_like(may_turn)
    for arc in range(may_turn.size):
        may_turn_back[arc] = may_turn[arc ^ 1]
    first_in, tail = reversed_arcs(first_out, head)
    is_reached = reach_by_turning(first_out, head, state_arc, may_turn, seed)
    return is_reached, reach_by_turning(first_in, tail, state_arc, may_turn_back, seed)


@njit(cache=True, nogil=True)
def depths_at(
    nodes: NDArray[np.int32],
    first: NDArray[np.int64],
    leaving: NDArray[np.int32],
    arc_head: NDArray[np.int32],
    length_mm: NDArray[np.int64],
    is_forward: NDArray[np.bool_],
    is_trap: NDArray[np.bool_],
    is_node_closed: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], bool]:
    """The first answer of ``reversing_depths`` for some nodes: one small search from each back to where one drives on.

    A vehicle backs in and out on the same streets, so the way is as long in both directions. Second, whether all nodes
    have their answer: where the streets around them are so many that one search over all is faster, not all have.
    """
    n_nodes = first.size - 1
    found_mm = np.full(nodes.size, UNREACHED_MM, dtype=np.int64)
    node_mm = np.full(n_nodes, UNREACHED_MM, dtype=np.int64)
    touched = [np.int64(0) for _ in range(0)]
    waiting = [(np.int64(0), np.int64(0)) for _ in range(0)]
    n_left = n_nodes
    for index in range(nodes.size):
        while len(touched) > 0:
            node_mm[touched.pop()] = UNREACHED_MM
        waiting.clear()
        begin = np.int64(nodes[index])
        node_mm[begin] = 0
        touched.append(begin)
        heappush(waiting, (np.int64(0), begin))
        while len(waiting) > 0:
            depth_mm, node = heappop(waiting)
            if depth_mm > node_mm[node]:
                continue
            n_left -= 1
            if n_left < 0:
                return found_mm, False
            is_met = False
            for position in range(first[node], first[node + 1]):
                is_met = is_met or is_forward[leaving[position] ^ 1]
            if is_met:
                found_mm[index] = depth_mm
                break
            # What lies behind a closed barrier has its way in from the other side, if any.
            if is_node_closed[node]:
                continue
            for position in range(first[node], first[node + 1]):
                segment, end = leaving[position] >> 1, np.int64(arc_head[leaving[position]])
                onward_mm = depth_mm + length_mm[segment]
                if is_trap[segment] and onward_mm < node_mm[end]:
                    node_mm[end] = onward_mm
                    touched.append(end)
                    heappush(waiting, (onward_mm, end))
    return found_mm, True


@njit(cache=True, nogil=True)
def reversing_depths(
    first: NDArray[np.int64],
    leaving: NDArray[np.int32],
    arc_head: NDArray[np.int32],
    length_mm: NDArray[np.int64],
    is_forward: NDArray[np.bool_],
    is_trap: NDArray[np.bool_],
    is_node_closed: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Per node: millimetres to its turning place, that place, and the first segment on the way in (-1 for none).

    Dijkstra's search (1959, doi:10.1007/BF01386390) from all ends of arcs where the vehicle drives on into the
    segments that it must back out of. Arcs that start at node ``v`` are ``leaving[first[v]:first[v + 1]]``, rising.
    """
    n_nodes = first.size - 1
    node_mm = np.full(n_nodes, UNREACHED_MM, dtype=np.int64)
    turning_node = np.full(n_nodes, -1, dtype=np.int32)
    first_segment = np.full(n_nodes, -1, dtype=np.int32)
    for arc in range(arc_head.size):
        if is_forward[arc]:
            node = arc_head[arc]
            node_mm[node], turning_node[node] = 0, node
    waiting = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for arc in range(arc_head.size):
        tail = arc_head[arc ^ 1]
        if is_trap[arc >> 1] and node_mm[tail] == 0:
            heappush(waiting, (np.int64(0), np.int64(tail)))
    while len(waiting) > 0:
        depth_mm, node = heappop(waiting)
        if depth_mm > node_mm[node]:
            continue
        for index in range(first[node], first[node + 1]):
            segment, end = leaving[index] >> 1, arc_head[leaving[index]]
            onward_mm = depth_mm + length_mm[segment]
            # What lies behind a closed barrier has its way in from the other side, if any.
            if is_trap[segment] and onward_mm < node_mm[end] and not is_node_closed[end]:
                node_mm[end] = onward_mm
                turning_node[end] = turning_node[node]
                first_segment[end] = segment if depth_mm == 0 else first_segment[node]
                heappush(waiting, (onward_mm, np.int64(end)))
    return node_mm, turning_node, first_segment
