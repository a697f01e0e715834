"""Where along sequences of arcs a driver has to be told something, and what.

A bend is silent; so is a place where nothing else can be chosen, and going straight on where every other street
clearly turns off, unless the street's name is new: neither the last one driven nor the last one told.

Angles are changes of direction in degrees, -180 to 180, right turns positive.
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
_MERGE_MM = 15_000
_LONG_AGO_MM = -(2**62)


class Junctions(NamedTuple):
    """What a driver sees of the streets; all but ``first`` and ``segment_mm`` hold one entry per arc.

    Attributes
    ----------
    first, leaving
        Arcs by the node where they start: those of node ``v`` are ``leaving[first[v]:first[v + 1]]``.
    head
        Node where the arc ends.
    start_deg, end_deg
        Compass bearings with which the arc is entered and left.
    name, rank
        Number of the street's name (0 for none) and importance (below 2: service ways and tracks).
    is_enterable
        Whether traffic may enter the arc at all, whatever this vehicle may do.
    is_roundabout, is_link
        Part of a roundabout; a slip road.
    segment_mm
        Length of segment ``s``, whose arcs are ``2 * s`` and ``2 * s + 1``.
    """

    first: NDArray[np.int64]
    leaving: NDArray[np.int32]
    head: NDArray[np.int32]
    start_deg: NDArray[np.float64]
    end_deg: NDArray[np.float64]
    name: NDArray[np.int32]
    rank: NDArray[np.int8]
    is_enterable: NDArray[np.bool_]
    is_roundabout: NDArray[np.bool_]
    is_link: NDArray[np.bool_]
    segment_mm: NDArray[np.int64]


class TurningPoints(NamedTuple):
    """One entry per turning point.

    Attributes
    ----------
    position, onward, named
        Positions in the arcs: the one before which the turning point lies, the one driven on behind it, and the one
        that tells where that leads.
    driven_mm
        From the start of the path's first arc.
    kind, angle_deg
        What to do, and to which side.
    exit_number
        Of a roundabout, 0 for none.
    """

    position: NDArray[np.int32]
    onward: NDArray[np.int32]
    named: NDArray[np.int32]
    driven_mm: NDArray[np.int64]
    kind: NDArray[np.int8]
    angle_deg: NDArray[np.float64]
    exit_number: NDArray[np.int32]

    def until(self, count: int) -> "TurningPoints":
        """The first entries."""
        return TurningPoints(
            position=self.position[:count],
            onward=self.onward[:count],
            named=self.named[:count],
            driven_mm=self.driven_mm[:count],
            kind=self.kind[:count],
            angle_deg=self.angle_deg[:count],
            exit_number=self.exit_number[:count],
        )


@njit(cache=True, nogil=True)
def find_turning_points(
    first: NDArray[np.int64], arcs: NDArray[np.int32], junctions: Junctions
) -> tuple[NDArray[np.int64], TurningPoints]:
    """Turning points of all paths ``arcs[first[i]:first[i + 1]]`` in driving order, and where each path's begin.

    Entries behind the last path's mean nothing.
    """
    found = TurningPoints(
        np.empty(arcs.size, dtype=np.int32),
        np.empty(arcs.size, dtype=np.int32),
        np.empty(arcs.size, dtype=np.int32),
        np.empty(arcs.size, dtype=np.int64),
        np.empty(arcs.size, dtype=np.int8),
        np.empty(arcs.size, dtype=np.float64),
        np.empty(arcs.size, dtype=np.int32),
    )
    begins = np.zeros(first.size, dtype=np.int64)
    count = 0
    for path in range(first.size - 1):
        count = _follow(arcs, first[path], first[path + 1], junctions, found, count)
        begins[path + 1] = count
    return begins, found


@njit(cache=True, nogil=True)
def _follow(
    arcs: NDArray[np.int32], begin: int, end: int, junctions: Junctions, found: TurningPoints, count: int
) -> int:
    """Add the turning points of one path behind the first ``count``; returns how many there are then."""
    known_name = told_name = junctions.name[arcs[begin]] if begin < end else 0
    driven_mm, turned_at_mm = 0, _LONG_AGO_MM
    i = begin + 1
    while i < end:
        before, after = arcs[i - 1], arcs[i]
        driven_mm += junctions.segment_mm[before >> 1]
        if junctions.is_roundabout[after] and not junctions.is_roundabout[before]:
            behind, exits = _leave_roundabout(arcs, i, end, junctions)
            onward = min(behind, end - 1)
            angle = _angle(junctions.end_deg[before], junctions.start_deg[arcs[onward]])
            _note(found, count, (i, onward, driven_mm), (ROUNDABOUT, angle, exits))
            told_name = _tell(arcs, end, junctions, found, count)
            count += 1
            turned_at_mm = _LONG_AGO_MM
            known_name = junctions.name[arcs[onward]]
            for inside in range(i, behind):
                driven_mm += junctions.segment_mm[arcs[inside] >> 1]
            i = behind + 1
            continue
        kind, angle = _judge(before, after, junctions)
        if kind == CONTINUE and int(junctions.name[after]) in (0, known_name, told_name):
            kind = -1
        last = count - 1
        may_merge = driven_mm - turned_at_mm <= _MERGE_MM and kind != U_TURN  # the last one is a turn then
        if may_merge and abs(angle) > STRAIGHT_DEG and found.angle_deg[last] * angle > 0:
            # One turn that the map draws with a short piece of street in its middle.
            before_both = arcs[found.position[last] - 1]
            total = found.angle_deg[last] + angle
            is_back = abs(total) > _BACK_DEG and junctions.name[before_both] == junctions.name[after] != 0
            found.kind[last] = U_TURN if is_back else _by_angle(total)
            found.angle_deg[last] = total
            found.onward[last] = i
            told_name = _tell(arcs, end, junctions, found, last)
            turned_at_mm = _LONG_AGO_MM if is_back else driven_mm
        elif kind >= 0:
            _note(found, count, (i, i, driven_mm), (kind, angle, 0))
            told_name = _tell(arcs, end, junctions, found, count)
            count += 1
            turned_at_mm = driven_mm if kind in (SLIGHT, TURN, SHARP) else _LONG_AGO_MM
        if junctions.name[after] != 0:
            known_name = junctions.name[after]
        i += 1
    return count


@njit(cache=True, nogil=True)
def _note(found: TurningPoints, index: int, where: tuple[int, int, int], what: tuple[int, float, int]) -> None:
    """Write down position, way on and millimetres, and kind, angle and exit, of a turning point."""
    found.position[index], found.onward[index], found.driven_mm[index] = where
    found.kind[index], found.angle_deg[index], found.exit_number[index] = what


@njit(cache=True, nogil=True)
def _judge(before: int, after: int, junctions: Junctions) -> tuple[int, float]:
    """Kind of the turning point between two arcs, -1 where nothing can be chosen, and its angle.

    Going straight on is a continuation, which needs to be said only where the street's name is new.
    """
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
        return CONTINUE, angle
    if abs(angle) < STRAIGHT_DEG:
        # A fork: what counts is on which side of the other way this one leads on.
        return SLIGHT, -max(abs(angle), 1.0) if angle < nearest else max(abs(angle), 1.0)
    if abs(angle) > _BACK_DEG and name == junctions.name[before] != 0:
        return U_TURN, angle
    return _by_angle(angle), angle


@njit(cache=True, nogil=True)
def _leave_roundabout(arcs: NDArray[np.int32], begin: int, end: int, junctions: Junctions) -> tuple[int, int]:
    """Position of the first arc behind a roundabout and the number of its exit, 0 when the path ends inside."""
    exits = 0
    position = begin
    while position < end and junctions.is_roundabout[arcs[position]]:
        onward = arcs[position + 1] if position + 1 < end else -1
        node = junctions.head[arcs[position]]
        for index in range(junctions.first[node], junctions.first[node + 1]):
            other = junctions.leaving[index]
            is_exit = junctions.is_enterable[other] and junctions.rank[other] > 0
            if not junctions.is_roundabout[other] and (is_exit or other == onward):
                exits += 1
                break
        position += 1
    return position, exits if position < end else 0


@njit(cache=True, nogil=True)
def _tell(arcs: NDArray[np.int32], end: int, junctions: Junctions, found: TurningPoints, index: int) -> int:
    """Note which arc tells where a turning point leads, and return its name.

    A slip road tells it only by a name of its own; many are called like the street they leave.
    """
    left_name, named = junctions.name[arcs[found.position[index] - 1]], found.onward[index]
    while named < end - 1 and junctions.is_link[arcs[named]]:
        if junctions.name[arcs[named]] != 0 and junctions.name[arcs[named]] != left_name:
            break
        named += 1
    found.named[index] = named
    return int(junctions.name[arcs[named]])


@njit(cache=True, nogil=True)
def _by_angle(angle: float) -> int:
    if abs(angle) <= _SLIGHT_DEG:
        return SLIGHT
    return TURN if abs(angle) <= _SHARP_DEG else SHARP


@njit(cache=True, nogil=True)
def _angle(from_deg: float, to_deg: float) -> float:
    """Change of direction between two bearings of 0 to 360 degrees."""
    turned_deg = to_deg - from_deg + 180.0
    if turned_deg < 0.0:
        turned_deg += 360.0
    elif turned_deg >= 360.0:
        turned_deg -= 360.0
    return turned_deg - 180.0
