"""Lays OSRM's path, a list of OSM nodes, on the arcs of our streets."""

from dataclasses import dataclass
from itertools import pairwise

from benchmarks.routing.our_paths import OurPaths
from benchmarks.routing.their_paths import TheirPath


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidPath:
    """OSRM's path on our streets.

    Attributes
    ----------
    arcs
        In driving order; the first and last in part.
    arc_s
        OSRM's seconds on each of them.
    """

    arcs: tuple[int, ...]
    arc_s: tuple[float, ...]


def junctions(ours: OurPaths, theirs: TheirPath) -> tuple[list[int], list[float]]:
    """Our nodes along OSRM's path, and its seconds from one to the next."""
    nodes: list[int] = []
    stretches_s: list[float] = []
    for osm_id, seconds in zip(theirs.nodes, (0.0, *theirs.stretch_s), strict=True):
        if stretches_s:
            stretches_s[-1] += seconds
        if osm_id in ours.node_index:
            nodes.append(ours.node_index[osm_id])
            stretches_s.append(0.0)
    return nodes, stretches_s[:-1]


def lay(ours: OurPaths, theirs: TheirPath, start: int, end: int) -> LaidPath | int:
    """The path between two places, or the place that OSRM has on a street where ours does not have it."""
    nodes, stretches_s = junctions(ours, theirs)
    places = ours.places
    segments = int(places.segment[start]), int(places.segment[end])
    if not nodes:
        is_along = places.offset_mm[start] <= places.offset_mm[end]
        if segments[0] != segments[1]:
            return start
        return LaidPath(arcs=(2 * segments[0] + (not is_along),), arc_s=(sum(theirs.stretch_s),))
    first = _first_arc(ours, theirs, nodes, segments[0])
    if first is None:
        return start
    begin = int(first[1])
    last = _last_arc(ours, theirs, nodes[begin:], segments[1])
    if last is None:
        return end
    stop = len(nodes) - int(last[1])
    seconds = stretches_s[begin : stop - 1]
    pairs = zip(pairwise(nodes[begin:stop]), seconds, strict=True)
    arcs = [_arc_between(ours, *ends, seconds=one) for ends, one in pairs]
    at = theirs.nodes.index(int(ours.streets.node_osm_id[nodes[begin]]))
    first_s = sum(theirs.stretch_s[:at])
    last_s = sum(theirs.stretch_s) - first_s - sum(seconds)
    return LaidPath(arcs=(first[0], *arcs, last[0]), arc_s=(first_s, *seconds, last_s))


def _first_arc(ours: OurPaths, theirs: TheirPath, nodes: list[int], segment: int) -> tuple[int, bool] | None:
    """The arc of the segment on which the path begins, and whether the first node lies behind the place."""
    tail, head = ours.streets.arc_tail, ours.streets.arc_head
    sides = (2 * segment, 2 * segment + 1)
    if theirs.nodes[0] in ours.node_index:
        for arc in sides:
            if nodes[:2] == [tail[arc], head[arc]]:
                return arc, True
    return next(((arc, False) for arc in sides if head[arc] == nodes[0]), None)


def _last_arc(ours: OurPaths, theirs: TheirPath, nodes: list[int], segment: int) -> tuple[int, bool] | None:
    """The arc of the segment on which the path ends, and whether the last node lies behind the place."""
    tail, head = ours.streets.arc_tail, ours.streets.arc_head
    sides = (2 * segment, 2 * segment + 1)
    if theirs.nodes[-1] in ours.node_index:
        for arc in sides:
            if nodes[-2:] == [tail[arc], head[arc]]:
                return arc, True
    return next(((arc, False) for arc in sides if nodes and tail[arc] == nodes[-1]), None)


def _arc_between(ours: OurPaths, tail: int, head: int, *, seconds: float) -> int:
    """Of parallel arcs the open one that takes about as long as OSRM's."""
    streets, arc_ms = ours.streets, ours.metric.arc_ms
    first, leaving = streets.leaving
    arcs = [int(arc) for arc in leaving[first[tail] : first[tail + 1]] if streets.arc_head[arc] == head]
    return min(arcs, key=lambda arc: (arc_ms[arc] < 0, abs(arc_ms[arc] / 1000 - seconds)))
