"""Legs along named nodes of a hand-drawn town, without a search."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from routing.leg_shapes import Drives, draw_lines
from routing.location import Location
from routing.manoeuvres import LegEnd, TurnGuide
from routing.path import LegPath
from routing.places import Places, Snap
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch


def arcs_along(sketch: Sketch, streets: StreetGraph, nodes: str) -> tuple[int, ...]:
    """Arcs from node to node; only junctions and ends of ways can be named."""
    index_of = {osm_id: index for index, osm_id in enumerate(streets.node_osm_id.tolist())}
    route = [index_of[sketch._ids[name]] for name in nodes.split()]
    arcs = []
    for tail, head in pairwise(route):
        found = np.flatnonzero((streets.arc_tail == tail) & (streets.arc_head == head))
        assert found.size == 1, f"{nodes}: {found.size} streets between two of the nodes"
        arcs.append(int(found[0]))
    return tuple(arcs)


def leg_of_arcs(
    streets: StreetGraph,
    arcs: tuple[int, ...],
    *,
    from_fraction: float = 0.5,
    to_fraction: float = 0.5,
    place: Location | None = None,
    aside_m: float = 0.0,
    guide: TurnGuide | None = None,
) -> LegPath:
    """The leg from a share of the first arc's length to a share of the last one's."""
    drives = drives_over(streets, [arcs], from_fraction=from_fraction, to_fraction=to_fraction)
    lengths = streets.segment_length_mm[np.array(arcs) >> 1].tolist()
    distance_m = (sum(lengths[:-1]) - int(drives.from_mm[0]) + int(drives.to_mm[0]) + 500) // 1000
    guide = guide or TurnGuide(streets)
    [line] = draw_lines(streets, drives)
    end = LegEnd(line=line, distance_m=distance_m, place=place, aside_m=aside_m)
    [manoeuvres] = guide.manoeuvres(drives, [end])
    return LegPath(lon_lat_deg=line, duration_s=distance_m // 5, distance_m=distance_m, manoeuvres=manoeuvres)


def drives_over(
    streets: StreetGraph, paths: Sequence[tuple[int, ...]], *, from_fraction: float = 0.5, to_fraction: float = 0.5
) -> Drives:
    """Legs from a share of their first arcs' lengths to a share of their last ones'."""
    return Drives.between(
        streets,
        np.cumsum([0, *(len(arcs) for arcs in paths)]),
        np.array([arc for arcs in paths for arc in arcs], dtype=np.int32),
        starts=Places.of([snap_on(streets, arcs[0], from_fraction) for arcs in paths]),
        ends=Places.of([snap_on(streets, arcs[-1], to_fraction) for arcs in paths]),
    )


def snap_on(streets: StreetGraph, arc: int, fraction: float) -> Snap:
    """The place at a share of an arc's length."""
    length_mm = int(streets.segment_length_mm[arc >> 1])
    along = round(length_mm * fraction)
    offset_mm = along if arc % 2 == 0 else length_mm - along
    return Snap(segment=arc >> 1, offset_mm=offset_mm, arcs=(arc,), distance_m=0.0)
