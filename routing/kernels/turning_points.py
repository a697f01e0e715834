"""Where along a sequence of arcs a driver has to be told something, and what.

A bend is silent; so is a place where nothing else can be chosen, and going straight on where every other street
clearly turns off. Angles are changes of direction in degrees, -180 to 180, right turns positive.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

CONTINUE, SLIGHT, TURN, SHARP, U_TURN, ROUNDABOUT = 0, 1, 2, 3, 4, 5
"""Kinds of turning points; slight, plain and sharp turns carry their side in the angle's sign."""

STRAIGHT_DEG = 25.0
_SLIGHT_DEG = 55.0
_SHARP_DEG = 125.0
_BACK_DEG = 165.0
_CLEAR_DEG = 15.0
_MERGE_M = 15.0


class Junctions(NamedTuple):
    """What a driver sees of the streets; all but ``first`` hold one entry per arc.

    Attributes
    ----------
    first, leaving
        Arcs by the node where they start: those of node ``v`` are ``leaving[first[v]:first[v + 1]]``.
    head
        Node where the arc ends.
    start_deg, end_deg
        Compass bearings with which the arc is entered and left.
    length_m, name, rank
        Length, number of the street's name (0 for none) and importance (below 2: service ways and tracks).
    is_enterable
        Whether traffic may enter the arc at all, whatever this vehicle may do.
    is_roundabout, is_link
        Part of a roundabout; a slip road.
    """

    first: NDArray[np.int64]
    leaving: NDArray[np.int32]
    head: NDArray[np.int32]
    start_deg: NDArray[np.float64]
    end_deg: NDArray[np.float64]
    length_m: NDArray[np.float64]
    name: NDArray[np.int32]
    rank: NDArray[np.int8]
    is_enterable: NDArray[np.bool_]
    is_roundabout: NDArray[np.bool_]
    is_link: NDArray[np.bool_]


class TurningPoints(NamedTuple):
    """One entry per turning point.

    Attributes
    ----------
    position, onward, named
        Positions in the path: the arc before which the turning point lies, the one driven on behind it, and the one
        that tells where that leads.
    kind, angle_deg
        What to do, and to which side.
    exit_number
        Of a roundabout, 0 for none.
    """

    position: NDArray[np.int32]
    onward: NDArray[np.int32]
    named: NDArray[np.int32]
    kind: NDArray[np.int8]
    angle_deg: NDArray[np.float64]
    exit_number: NDArray[np.int32]


@njit(cache=True, nogil=True)
def find_turning_points(arcs: NDArray[np.int32], junctions: Junctions) -> TurningPoints:
    """Turning points of a path in driving order."""
    n = arcs.size
    position = np.empty(n, dtype=np.int32)
    onward = np.empty(n, dtype=np.int32)
    named = np.empty(n, dtype=np.int32)
    kind = np.empty(n, dtype=np.int8)
    angle_deg = np.empty(n, dtype=np.float64)
    exit_number = np.zeros(n, dtype=np.int32)
    count = 0
    known_name = junctions.name[arcs[0]] if n > 0 else 0
    since_last_m = np.inf
    i = 1
    while i < n:
        before, after = arcs[i - 1], arcs[i]
        since_last_m += junctions.length_m[before]
        if junctions.is_roundabout[after] and not junctions.is_roundabout[before]:
            end, exits = _leave_roundabout(arcs, i, junctions)
            onward[count] = min(end, n - 1)
            kind[count] = ROUNDABOUT
            angle_deg[count] = _angle(junctions.end_deg[before], junctions.start_deg[arcs[onward[count]]])
            exit_number[count] = exits
            position[count] = i
            count += 1
            since_last_m = np.inf
            known_name = junctions.name[arcs[onward[count - 1]]]
            i = end + 1
            continue
        found, angle = _judge(before, after, known_name, junctions)
        last = count - 1
        may_merge = since_last_m <= _MERGE_M and found not in (U_TURN, ROUNDABOUT)  # the last one is a turn then
        if may_merge and abs(angle) > STRAIGHT_DEG and angle_deg[last] * angle > 0:
            # One turn that the map draws with a short piece of street in its middle.
            first = arcs[position[last] - 1]
            total = angle_deg[last] + angle
            is_back = abs(total) > _BACK_DEG and junctions.name[first] == junctions.name[after] != 0
            kind[last] = U_TURN if is_back else _by_angle(total)
            angle_deg[last] = total
            onward[last] = i
            since_last_m = np.inf if is_back else 0.0
        elif found >= 0:
            position[count], onward[count], kind[count], angle_deg[count] = i, i, found, angle
            count += 1
            since_last_m = 0.0 if found in (SLIGHT, TURN, SHARP) else np.inf
        if junctions.name[after] != 0:
            known_name = junctions.name[after]
        i += 1
    for index in range(count):
        named[index] = _named(arcs, onward[index], junctions)
    return TurningPoints(
        position[:count], onward[:count], named[:count], kind[:count], angle_deg[:count], exit_number[:count]
    )


@njit(cache=True, nogil=True)
def _judge(before: int, after: int, known_name: int, junctions: Junctions) -> tuple[int, float]:
    """Kind of the turning point between two arcs, -1 where nothing needs to be said, and its angle."""
    angle = _angle(junctions.end_deg[before], junctions.start_deg[after])
    if after == before ^ 1:
        return U_TURN, 180.0
    node = junctions.head[before]
    least_rank = min(junctions.rank[before], junctions.rank[after], 2)
    nearest, straightest, straightest_rank, n_ways = 0.0, np.inf, 0, 0
    for index in range(junctions.first[node], junctions.first[node + 1]):
        other = junctions.leaving[index]
        if other == after:
            continue
        if other == before ^ 1 or not junctions.is_enterable[other]:
            continue
        n_ways += 1
        if junctions.rank[other] < least_rank:
            continue
        other_angle = _angle(junctions.end_deg[before], junctions.start_deg[other])
        if abs(other_angle) < straightest:
            nearest, straightest, straightest_rank = other_angle, abs(other_angle), junctions.rank[other]
    is_inside = junctions.is_roundabout[before] and junctions.is_roundabout[after]
    if n_ways == 0 or is_inside:
        return -1, angle
    name = junctions.name[after]
    is_same = junctions.name[before] == name and junctions.is_link[before] == junctions.is_link[after]
    is_same = is_same and (name != 0 or junctions.rank[before] == junctions.rank[after])
    is_clear = straightest >= abs(angle) + _CLEAR_DEG and (abs(angle) < _SLIGHT_DEG or is_same)
    is_lesser = straightest >= abs(angle) or straightest_rank < junctions.rank[after]
    is_along = is_same and abs(angle) < STRAIGHT_DEG and is_lesser
    if straightest == np.inf or is_clear or is_along:
        return (CONTINUE if name not in (0, known_name) else -1), angle
    if abs(angle) < STRAIGHT_DEG:
        # A fork: what counts is on which side of the other way this one leads on.
        return SLIGHT, -max(abs(angle), 1.0) if angle < nearest else max(abs(angle), 1.0)
    if abs(angle) > _BACK_DEG and name == junctions.name[before] != 0:
        return U_TURN, angle
    return _by_angle(angle), angle


@njit(cache=True, nogil=True)
def _leave_roundabout(arcs: NDArray[np.int32], begin: int, junctions: Junctions) -> tuple[int, int]:
    """Position of the first arc behind a roundabout and the number of its exit, 0 when the path ends inside."""
    exits = 0
    position = begin
    while position < arcs.size and junctions.is_roundabout[arcs[position]]:
        onward = arcs[position + 1] if position + 1 < arcs.size else -1
        node = junctions.head[arcs[position]]
        for index in range(junctions.first[node], junctions.first[node + 1]):
            other = junctions.leaving[index]
            is_exit = junctions.is_enterable[other] and junctions.rank[other] > 0
            if not junctions.is_roundabout[other] and (is_exit or other == onward):
                exits += 1
                break
        position += 1
    return position, exits if position < arcs.size else 0


@njit(cache=True, nogil=True)
def _named(arcs: NDArray[np.int32], position: int, junctions: Junctions) -> int:
    """The first arc from here on that tells where a slip road without a name leads."""
    index = position
    while index < arcs.size - 1 and junctions.is_link[arcs[index]] and junctions.name[arcs[index]] == 0:
        index += 1
    return index


@njit(cache=True, nogil=True)
def _by_angle(angle: float) -> int:
    if abs(angle) <= _SLIGHT_DEG:
        return SLIGHT
    return TURN if abs(angle) <= _SHARP_DEG else SHARP


@njit(cache=True, nogil=True)
def _angle(from_deg: float, to_deg: float) -> float:
    return (to_deg - from_deg + 180.0) % 360.0 - 180.0
