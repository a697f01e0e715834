"""Lays our path of a pair beside OSRM's and says which one thing makes their durations differ.

Guards that "explained" means priced: a reason counts only when a rule of the map stands against OSRM's path in ours,
or when the seconds that OSRM charges on our path, or we on OSRM's, come up to the difference of both durations.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.laid_paths import LaidPath, junctions, lay
from benchmarks.routing.our_paths import Obstacle, OurPaths
from benchmarks.routing.raw_ways import RawWays, read_raw_ways
from benchmarks.routing.their_paths import LonLat, TheirPaths

_SAME_S = 2.0
"""Durations closer than this are the same: both sides round ..."""
_SAME_SHARE = 0.015
"""... and so are those of long paths: OSRM keeps tenths of a second for each stretch."""
_ANCHOR_MM = 4_000
"""Turns are priced between the middles of arcs that are at least so long: on shorter ones OSRM may snap elsewhere."""
_AT_JUNCTION_M = 1.0
"""A place so near a junction lies on all of its streets."""
_SHOWN = 40
"""Arcs that are listed of a stretch."""
_TURNING_ROUND_S = (18.0, 22.0)
"""OSRM takes 20 s for turning round, and in the profile of this comparison nothing for any other turn."""


class Reason(StrEnum):
    """What makes durations differ."""

    TURNING_ROUND = "OSRM also turns round where a two-way street ends in one-way streets, ours at dead ends only"
    SHARP_TURN = "OSRM charges a turn between two carriageways or in a loop as turning round, 20 s"
    OTHER_STREET = "the place lies on a junction or on two streets at once, and each side starts on another"
    FOREIGN_WAY = "OSRM drives a way that is no street for cars in ours"
    IMPLICIT_LIMIT = "OSRM reads a limit from source:maxspeed or maxspeed:type, ours the speed of the street's class"
    CLOSED_TO_US = "OSRM drives where a rule of the map stands against it in ours"
    CLOSED_TO_THEM = "OSRM does not drive a turn or street of our path"
    TABLE = "OSRM's table and its route service differ"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why the durations of one pair differ.

    Attributes
    ----------
    start, end
        Indices of the places.
    reason
        The class of the difference.
    where
        What it hangs on.
    ours_s, theirs_s
        The durations.
    notes
        Where both paths part and meet.
    """

    start: int
    end: int
    reason: Reason
    where: str
    ours_s: float
    theirs_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turning:
    """What OSRM takes longer than ours from one arc of our path to a later one, and whether on the same way."""

    chain: tuple[int, ...]
    excess_s: float
    is_same_way: bool


@dataclass(kw_only=True)
class Differences:
    """Explains pairs on one map."""

    ours: OurPaths
    theirs: TheirPaths
    lon_lat_deg: NDArray[np.float64]
    map_path: Path
    _known: dict[tuple[int, ...], _Turning] = field(default_factory=dict)

    def explain(self, start: int, end: int, *, table_s: float) -> Explanation:
        """Compare both paths of a pair; ``table_s`` is what OSRM's table said."""
        arcs, ours_s = self.ours.path(start, end)
        theirs = self.theirs.path(self._place(start), self._place(end))
        theirs_s = table_s if theirs is None else theirs.duration_s
        notes: tuple[str, ...] = ()
        if theirs is None or abs(theirs_s - table_s) > _slack_s(table_s):
            reason, where = Reason.TABLE, "the route service has no path" if theirs is None else f"route {theirs_s} s"
        else:
            foreign = next((text for pair in pairwise(theirs.nodes) if (text := self._raw.foreign.get(pair))), "")
            laid = None if foreign else lay(self.ours, theirs, start, end)
            if isinstance(laid, LaidPath):
                notes = tuple(self._parting(arcs, laid.arcs))
            if isinstance(laid, int):
                street = self.ours.describe(2 * int(self.ours.places.segment[laid]))
                reason, where = Reason.OTHER_STREET, f"place {laid}, ours on {street}"
            elif ours_s < theirs_s:
                reason, where = self._why_theirs_is_slower(arcs, missing_s=theirs_s - ours_s)
            elif laid is None:
                reason, where = Reason.FOREIGN_WAY, foreign
            else:
                reason, where = self._why_ours_is_slower(laid, start, end, ours_s=ours_s, theirs_s=theirs_s)
        return Explanation(
            start=start, end=end, reason=reason, where=where, ours_s=ours_s, theirs_s=theirs_s, notes=notes
        )

    @cached_property
    def _raw(self) -> RawWays:
        return read_raw_ways(self.map_path, set(self.ours.streets.way_osm_id.tolist()))

    def _why_ours_is_slower(
        self, laid: LaidPath, start: int, end: int, *, ours_s: float, theirs_s: float
    ) -> tuple[Reason, str]:
        turns_s = self.ours.turns_s(laid.arcs)
        if isinstance(turns_s, Obstacle):
            return self._at_obstacle(turns_s, laid.arcs, start, end)
        arc_s = self.ours.arc_s(laid.arcs, start, end)
        whole_s, missing_s = sum(arc_s) + sum(turns_s), ours_s - theirs_s
        if whole_s < ours_s - _slack_s(ours_s):
            return Reason.UNEXPLAINED, f"our search missed a path of {whole_s:.1f} s"
        saved_s: Counter[str] = Counter()
        for arc, one_s, their_s in zip(laid.arcs, arc_s, laid.arc_s, strict=True):
            way = self.ours.way(arc)
            if way in self._raw.implicit_limit:
                saved_s[f"way {way} {self._raw.implicit_limit[way]}"] += one_s - their_s  # type: ignore[assignment]  # Counter adds floats as well
        if sum(saved_s.values()) > missing_s - _slack_s(ours_s):
            return Reason.IMPLICIT_LIMIT, max(saved_s, key=lambda text: saved_s[text])
        return Reason.UNEXPLAINED, f"OSRM's path is open and takes {whole_s:.1f} s in ours"

    def _at_obstacle(self, found: Obstacle, arcs: tuple[int, ...], start: int, end: int) -> tuple[Reason, str]:
        at = found.position
        if at and arcs[at] == arcs[at - 1] ^ 1 and self.ours.n_two_way(arcs[at - 1]) == 1:
            return Reason.TURNING_ROUND, self.ours.describe_node(arcs[at - 1])
        if at <= 1 and self.ours.rest_m(arcs[0], start) < _AT_JUNCTION_M and self._is_open(arcs[1:]):
            return Reason.OTHER_STREET, f"place {start} at {self.ours.describe_node(arcs[0])}"
        if at == len(arcs) - 1 and self.ours.rest_m(arcs[-1] ^ 1, end) < _AT_JUNCTION_M:
            return Reason.OTHER_STREET, f"place {end} at {self.ours.describe_node(arcs[-1] ^ 1)}"
        return Reason.CLOSED_TO_US, found.rule

    def _is_open(self, arcs: tuple[int, ...]) -> bool:
        return not isinstance(self.ours.turns_s(arcs), Obstacle)

    def _why_theirs_is_slower(self, arcs: tuple[int, ...], *, missing_s: float) -> tuple[Reason, str]:
        dear = [one for one in self._dear_turns(arcs) if one.excess_s > _SAME_S]
        excess_s = sum(one.excess_s for one in dear)
        if excess_s < missing_s - _slack_s(missing_s):
            return Reason.UNEXPLAINED, f"turns of our path cost OSRM {excess_s:.1f} s of {missing_s:.1f} s"
        dearest = max(dear, key=lambda one: one.excess_s)
        nodes = ", then ".join(self.ours.describe_node(arc) for arc in dearest.chain[:-1])
        if dearest.is_same_way and _TURNING_ROUND_S[0] < dearest.excess_s < _TURNING_ROUND_S[1]:
            angles = ", ".join(f"{self.ours.angle_deg(*pair):.0f}" for pair in pairwise(dearest.chain))
            return Reason.SHARP_TURN, f"{angles} degrees at {nodes}"
        streets = "; ".join(self.ours.describe(arc) for arc in dearest.chain)
        return Reason.CLOSED_TO_THEM, f"{dearest.excess_s:.0f} s more for OSRM at {nodes}: {streets}"

    def _dear_turns(self, arcs: tuple[int, ...]) -> Iterator[_Turning]:
        """Stretches of our path from one longer arc to the next."""
        lengths = self.ours.streets.segment_length_mm
        anchors = [position for position, arc in enumerate(arcs) if lengths[arc >> 1] >= _ANCHOR_MM]
        for first, last in pairwise(anchors):
            chain = arcs[first : last + 1]
            if chain not in self._known:
                self._known[chain] = self._turning(chain)
            yield self._known[chain]

    def _turning(self, chain: tuple[int, ...]) -> _Turning:
        turns_s = self.ours.turns_s(chain)
        assert not isinstance(turns_s, Obstacle)
        seconds = [self.ours.metric.arc_ms[arc] / 1000 for arc in chain]
        ours_s = sum(seconds) - (seconds[0] + seconds[-1]) / 2 + sum(turns_s)
        (begin, begin_deg), (end, end_deg) = (self.ours.location_on(arc, 0.5) for arc in (chain[0], chain[-1]))
        theirs = self.theirs.path(begin, end, bearings_deg=(begin_deg, end_deg))
        if theirs is None:
            return _Turning(chain=chain, excess_s=float("inf"), is_same_way=False)
        tail, head = self.ours.streets.arc_tail, self.ours.streets.arc_head
        passed = [int(head[arc]) for arc in chain[:-1]]
        nodes, _ = junctions(self.ours, theirs)
        if nodes[:1] == [tail[chain[0]]]:
            nodes = nodes[1:]
        if nodes[-1:] == [head[chain[-1]]] and len(nodes) > len(passed):
            nodes = nodes[:-1]
        return _Turning(chain=chain, excess_s=theirs.duration_s - ours_s, is_same_way=nodes == passed)

    def _parting(self, arcs: tuple[int, ...], driven: tuple[int, ...]) -> Iterator[str]:
        """Where both paths part and meet again."""
        at = next((i for i, pair in enumerate(zip(arcs, driven, strict=False)) if pair[0] != pair[1]), None)
        if at is None:
            yield "both drive the same streets"
            return
        position = {arc: index for index, arc in enumerate(driven)}
        meets = next((i for i in range(at, len(arcs)) if position.get(arcs[i], -1) >= at), len(arcs))
        after = position[arcs[meets]] if meets < len(arcs) else len(driven)
        if at:
            yield f"part after {self.ours.describe(arcs[at - 1])}"
        yield from (f"  ours  {self.ours.describe(arc)}" for arc in arcs[at:meets][:_SHOWN])
        yield from (f"  OSRM  {self.ours.describe(arc)}" for arc in driven[at:after][:_SHOWN])
        if meets < len(arcs):
            yield f"meet on {self.ours.describe(arcs[meets])}"

    def _place(self, index: int) -> LonLat:
        lon, lat = self.lon_lat_deg[index].tolist()
        return lon, lat


def _slack_s(seconds: float) -> float:
    return _SAME_S + _SAME_SHARE * seconds
