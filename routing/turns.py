"""The structure phase: which arc may follow which, with turn restrictions, for one map and all vehicles.

A *state* is an arc that is being driven. States below ``n_arcs`` are the arcs themselves; further states are copies
of arcs on the via ways of a restriction, which remember that the vehicle came along the restriction's from way.
Every turn between states is kept, also forbidden ones with the restrictions that forbid them, because a profile may
be exempt. Guards that a restriction over several ways never touches a vehicle that joined in the middle.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.geodesy import bearing_deg
from routing.streets import StreetGraph

_Progress = frozenset[tuple[int, int]]
"""Restrictions under way: (index, how many arcs after the first are behind)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnGraph:
    """Turns between states of one map.

    Attributes
    ----------
    state_arc
        ``(n_states,)`` int32: the arc of each state; ``state_arc[:n_arcs]`` counts up.
    first_turn
        ``(n_states + 1,)`` int32: turns of state ``s`` are ``first_turn[s]`` to ``first_turn[s + 1]``.
    turn_from, turn_to
        ``(n_turns,)`` int32 states.
    turn_angle_deg
        ``(n_turns,)`` float64, -180 to 180, clockwise: right turns are positive.
    turn_rule
        ``(n_turns,)`` int32: index into ``rules``, -1 where no restriction forbids the turn.
    rules
        Sets of restriction indices that forbid a turn.
    first_copy, copies
        Copies of arc ``a`` are ``copies[first_copy[a]:first_copy[a + 1]]``.
    """

    state_arc: NDArray[np.int32]
    first_turn: NDArray[np.int32]
    turn_from: NDArray[np.int32]
    turn_to: NDArray[np.int32]
    turn_angle_deg: NDArray[np.float64]
    turn_rule: NDArray[np.int32]
    rules: tuple[tuple[int, ...], ...]
    first_copy: NDArray[np.int32]
    copies: NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ARRAY_FIELDS:
            getattr(self, name).setflags(write=False)

    @property
    def n_states(self) -> int:
        """Number of arcs and copies."""
        return int(self.state_arc.size)

    def states_of(self, arc: int) -> tuple[int, ...]:
        """The arc's own state and its copies."""
        return (arc, *self.copies[self.first_copy[arc] : self.first_copy[arc + 1]].tolist())


def build_turns(streets: StreetGraph) -> TurnGraph:
    """All turns of a map."""
    n_arcs = 2 * streets.n_segments
    first, turn_to = _all_turns(streets)
    tracker = _Tracker(streets, first, turn_to)
    rule_of: dict[tuple[int, ...], int] = {}
    rule = np.full(turn_to.size, -1, dtype=np.int32)
    plain_to = turn_to.copy()
    for arc in sorted(tracker.starting):
        for turn in range(int(first[arc]), int(first[arc + 1])):
            turn_to[turn], forbidden = tracker.follow(arc, frozenset(), int(plain_to[turn]))
            if forbidden:
                rule[turn] = rule_of.setdefault(forbidden, len(rule_of))
    copy_to: list[int] = []
    copy_rule: list[int] = []
    copy_counts: list[int] = []
    state = n_arcs
    while state < n_arcs + len(tracker.copies):
        arc, progress = tracker.copies[state - n_arcs]
        successors = plain_to[first[arc] : first[arc + 1]].tolist()
        for successor in successors:
            target, forbidden = tracker.follow(arc, progress, successor)
            copy_to.append(target)
            copy_rule.append(rule_of.setdefault(forbidden, len(rule_of)) if forbidden else -1)
        copy_counts.append(len(successors))
        state += 1

    copy_arcs = np.array([arc for arc, _ in tracker.copies], dtype=np.int32)
    state_arc = np.concatenate((np.arange(n_arcs, dtype=np.int32), copy_arcs))
    all_to = np.concatenate((turn_to, np.array(copy_to, dtype=np.int32)))
    counts = np.concatenate((np.diff(first), np.array(copy_counts, dtype=np.int64)))
    turn_from = np.repeat(np.arange(state_arc.size, dtype=np.int32), counts)
    by_arc = np.argsort(copy_arcs, kind="stable")
    return TurnGraph(
        state_arc=state_arc,
        first_turn=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        turn_from=turn_from,
        turn_to=all_to,
        turn_angle_deg=_angles(streets, state_arc[turn_from], state_arc[all_to]),
        turn_rule=np.concatenate((rule, np.array(copy_rule, dtype=np.int32))),
        rules=tuple(rule_of),
        first_copy=np.searchsorted(copy_arcs[by_arc], np.arange(n_arcs + 1)).astype(np.int32),
        copies=(n_arcs + by_arc).astype(np.int32),
    )


class _Tracker:
    """Follows restrictions of several arcs from state to state and numbers the copies that this needs."""

    def __init__(self, streets: StreetGraph, first: NDArray[np.int64], turn_to: NDArray[np.int32]) -> None:
        self._restrictions = streets.restrictions
        self._n_arcs = 2 * streets.n_segments
        self._first = first
        self._turn_to = turn_to
        self.starting: dict[int, list[int]] = defaultdict(list)
        for index, restriction in enumerate(streets.restrictions):
            self.starting[restriction.arcs[0]].append(index)
        self.copies: list[tuple[int, _Progress]] = []
        self._copy_of: dict[tuple[int, _Progress], int] = {}

    def follow(self, arc: int, progress: _Progress, successor: int) -> tuple[int, tuple[int, ...]]:
        """The state after a turn from an arc onto its successor, and the restrictions that forbid the turn."""
        forbidden: list[int] = []
        onward: set[tuple[int, int]] = set()
        for index, behind in [*progress, *((index, 0) for index in self.starting.get(arc, ()))]:
            restriction = self._restrictions[index]
            is_last_turn = behind == len(restriction.arcs) - 2
            is_match = restriction.arcs[behind + 1] == successor
            if is_last_turn and is_match != restriction.is_only:
                forbidden.append(index)
            elif is_match and not is_last_turn:
                onward.add((index, behind + 1))
        target = self._state(successor, frozenset(onward)) if onward else successor
        return target, tuple(sorted(forbidden))

    def _state(self, arc: int, progress: _Progress) -> int:
        key = (arc, progress)
        if key not in self._copy_of:
            self._copy_of[key] = self._n_arcs + len(self.copies)
            self.copies.append(key)
        return self._copy_of[key]


def _all_turns(streets: StreetGraph) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """For each arc, the arcs that start where it ends."""
    first_at_node, by_tail = streets.leaving
    begin = first_at_node[streets.arc_head]
    counts = first_at_node[streets.arc_head + 1] - begin
    first = np.concatenate(([0], np.cumsum(counts)))
    inside = np.arange(first[-1]) - np.repeat(first[:-1], counts)
    return first, by_tail[np.repeat(begin, counts) + inside]


def _angles(streets: StreetGraph, from_arc: NDArray[np.int32], to_arc: NDArray[np.int32]) -> NDArray[np.float64]:
    """Signed change of direction, clockwise, -180 to 180."""
    lon, lat = streets.point_lon_deg, streets.point_lat_deg
    begin, end = streets.segment_first_point, streets.segment_last_point
    leaving = bearing_deg(lon[begin], lat[begin], lon[begin + 1], lat[begin + 1])
    arriving = bearing_deg(lon[end - 1], lat[end - 1], lon[end], lat[end])
    start_bearing = np.column_stack((leaving, (arriving + 180) % 360)).ravel()
    end_bearing = np.column_stack((arriving, (leaving + 180) % 360)).ravel()
    angle: NDArray[np.float64] = (start_bearing[to_arc] - end_bearing[from_arc] + 180) % 360 - 180
    return angle


ARRAY_FIELDS = (
    "state_arc",
    "first_turn",
    "turn_from",
    "turn_to",
    "turn_angle_deg",
    "turn_rule",
    "first_copy",
    "copies",
)
"""Names of the array attributes of a ``TurnGraph``."""
