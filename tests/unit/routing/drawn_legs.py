"""Legs along named nodes of a hand-drawn town, without a search."""

from itertools import pairwise

import numpy as np

from routing.leg_shapes import along_mm, leg_shape
from routing.location import Location
from routing.manoeuvres import TurnGuide
from routing.path import LegPath
from routing.snapping import Snap
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
    start, end = snap_on(streets, arcs[0], from_fraction), snap_on(streets, arcs[-1], to_fraction, aside_m)
    lengths = streets.segment_length_mm[np.array(arcs) >> 1].tolist()
    driven_mm = sum(lengths[:-1]) - along_mm(streets, start, arcs[0]) + along_mm(streets, end, arcs[-1])
    distance_m = (driven_mm + 500) // 1000
    guide = guide or TurnGuide(streets)
    line = leg_shape(streets, arcs, start, end)
    return LegPath(
        lon_lat_deg=line,
        duration_s=distance_m // 5,
        distance_m=distance_m,
        manoeuvres=guide.manoeuvres(arcs, start, end, line=line, distance_m=distance_m, place=place),
    )


def snap_on(streets: StreetGraph, arc: int, fraction: float, aside_m: float = 0.0) -> Snap:
    """The place at a share of an arc's length."""
    length_mm = int(streets.segment_length_mm[arc >> 1])
    along = round(length_mm * fraction)
    offset_mm = along if arc % 2 == 0 else length_mm - along
    return Snap(segment=arc >> 1, offset_mm=offset_mm, arcs=(arc,), distance_m=aside_m)
