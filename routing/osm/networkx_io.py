"""Exchange streets with OSMnx and NetworkX: a ``MultiDiGraph`` as OSMnx defines it, in both directions.

OSMnx can then plot and measure our streets, and graphs made elsewhere can be driven on. Guards that way identities,
tags, shapes and turn restrictions survive the round trip.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import networkx as nx
import numpy as np
import osmnx
import shapely
from numpy.typing import NDArray

from routing import rules
from routing.errors import BrokenMapError
from routing.osm.builder import build_streets
from routing.osm.raw import RawRestriction, RawStreets
from routing.osm.tag_keys import WAY_KEYS, kept_node_tags
from routing.streets import StreetGraph, Tags, TurnRestriction

CRS = "epsg:4326"
_RESTRICTIONS = "turn_restrictions"
_DRIVEN_BACKWARD = frozenset({"-1", "reverse", "T"})

Place = tuple[float, float]
_Way = tuple[int, str, str, Tags]
"""Identity, name, number and tags."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """One street stretch of a foreign graph, in one direction."""

    tail: int
    head: int
    places: tuple[Place, ...]
    is_reversed: bool


def to_networkx(streets: StreetGraph) -> "nx.MultiDiGraph[int]":
    """The streets as OSMnx would hand them out: one edge per permitted direction, after simplification."""
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=CRS, simplified=True, source=streets.info.source)
    graph.graph[_RESTRICTIONS] = [_restriction_record(item, streets) for item in streets.restrictions]
    for index, osm_id in enumerate(streets.node_osm_id.tolist()):
        tags_index = int(streets.node_tags_index[index])
        tags = dict(streets.node_tags[tags_index]) if tags_index >= 0 else {}
        place = {"x": float(streets.node_lon_deg[index]), "y": float(streets.node_lat_deg[index])}
        graph.add_node(osm_id, **{**tags, **place})
    for segment, line in enumerate(streets.edge_lines()):
        way = int(streets.segment_way[segment])
        tags = streets.segment_tags(segment)
        allowed = rules.directions(tags, vehicle_keys=())
        attributes: dict[str, Any] = {
            **tags,
            "osmid": int(streets.way_osm_id[way]),
            "length": int(streets.segment_length_mm[segment]) / 1000,
            "oneway": not (allowed.may_forward and allowed.may_backward),
        }
        if line.name:
            attributes["name"] = line.name
        number = streets.road_numbers[streets.way_number_index[way]]
        if number:
            attributes["ref"] = number
        tail = int(streets.node_osm_id[streets.segment_tail[segment]])
        head = int(streets.node_osm_id[streets.segment_head[segment]])
        places = np.column_stack((line.lon_deg, line.lat_deg))
        if allowed.may_forward:
            graph.add_edge(tail, head, **attributes, reversed=False, geometry=shapely.LineString(places))
        if allowed.may_backward:
            is_reversed = allowed.may_forward
            graph.add_edge(head, tail, **attributes, reversed=is_reversed, geometry=shapely.LineString(places[::-1]))
    nx.set_node_attributes(graph, osmnx.stats.count_streets_per_node(graph), name="street_count")
    return graph


def from_networkx(
    graph: "nx.MultiDiGraph[Any]", *, source: str = "NetworkX graph", has_raw_oneway: bool = False
) -> StreetGraph:
    """Streets of an OSMnx graph, simplified or not.

    Parameters
    ----------
    graph
        Nodes with ``x`` and ``y`` in degrees, edges with ``osmid`` and ``highway``.
    source
        What messages call the map.
    has_raw_oneway
        True for graphs made with OSMnx's ``all_oneway``: each street is there once, its tag ``oneway`` says the rest.
        Otherwise an edge without its opposite is one-way.

    Raises
    ------
    BrokenMapError
        When the graph is projected, or nodes or edges lack what they need.
    """
    crs = str(graph.graph.get("crs", CRS)).lower()
    if crs not in {CRS, "wgs84", "ogc:crs84"}:
        raise BrokenMapError(source=source, detail=f"its coordinates are projected ({crs}); they must be in degrees")
    node_number = {node: node if isinstance(node, int) else -1 - index for index, node in enumerate(graph)}
    raw = RawStreets()
    try:
        for node, data in graph.nodes(data=True):
            kept = kept_node_tags((key, str(value)) for key, value in data.items())
            if kept:
                raw.node_tags[node_number[node]] = kept
        grouped = _edges_by_way(graph, node_number, has_raw_oneway=has_raw_oneway)
    except KeyError as error:
        raise BrokenMapError(source=source, detail=f"a node or edge lacks its {error}") from error
    free_ids = count(min(0, *node_number.values(), 0) - 1, -1)
    nodes_of_ways: list[list[int]] = []
    points_of_ways: list[NDArray[np.float64]] = []
    for (osm_id, name, number, tags), edges in grouped.items():
        for chain in _chains(edges):
            node_ids: list[int] = [chain[0].tail]
            places: list[Place] = [chain[0].places[0]]
            for edge in chain:
                node_ids += [next(free_ids) for _ in edge.places[1:-1]] + [edge.head]
                places += edge.places[1:]
            raw.way_osm_id.append(osm_id)
            raw.way_name.append(name)
            raw.way_number.append(number)
            raw.way_tags.append(tags)
            nodes_of_ways.append(node_ids)
            points_of_ways.append(np.array(places, dtype=np.float64))
    raw.set_points(nodes_of_ways, points_of_ways)
    raw.restrictions.extend(RawRestriction(**record) for record in graph.graph.get(_RESTRICTIONS, ()))
    return build_streets(raw, source=source)


def _restriction_record(item: TurnRestriction, streets: StreetGraph) -> dict[str, Any]:
    ways = [int(streets.way_osm_id[streets.segment_way[arc >> 1]]) for arc in item.arcs]
    is_at_node = len(item.arcs) == 2
    turn = "u_turn" if item.arcs[0] == item.arcs[-1] ^ 1 else "straight_on"
    return {
        "osm_id": item.osm_id,
        "kind": f"{'only' if item.is_only else 'no'}_{turn}",
        "from_ways": (ways[0],),
        "via_node": int(streets.node_osm_id[streets.arc_head[item.arcs[0]]]) if is_at_node else None,
        "via_ways": tuple(dict.fromkeys(ways[1:-1])),
        "to_ways": (ways[-1],),
        "vehicle": item.vehicle,
        "exempt": item.exempt,
        "condition": item.condition,
    }


def _edges_by_way(
    graph: "nx.MultiDiGraph[Any]", node_number: dict[Any, int], *, has_raw_oneway: bool
) -> dict[_Way, list[_Edge]]:
    """Edges of each way, opposite directions joined into one, with the tag ``oneway`` set for what is left."""
    found: dict[_Way, list[_Edge]] = defaultdict(list)
    for tail, head, data in graph.edges(data=True):
        ends = [(float(graph.nodes[node]["x"]), float(graph.nodes[node]["y"])) for node in (tail, head)]
        geometry = data.get("geometry")
        places = tuple((float(x), float(y)) for x, y in geometry.coords) if geometry is not None else tuple(ends)
        tags = {key: _tag_text(key, value) for key, value in data.items() if key in WAY_KEYS and key != "oneway"}
        if has_raw_oneway and data.get("oneway") is not None:
            value = _tag_text("oneway", data["oneway"])
            tags["oneway"] = "yes" if value in _DRIVEN_BACKWARD else value
        edge = _Edge(node_number[tail], node_number[head], places, is_reversed=str(data.get("reversed")) == "True")
        name = _tag_text("name", data.get("name") or data.get("ref") or "")
        number = _tag_text("ref", data.get("ref") or "")
        osm_id = _first(data["osmid"])
        found[int(osm_id), name, number, tuple(sorted(tags.items()))].append(edge)
    if has_raw_oneway:
        return found
    grouped: dict[_Way, list[_Edge]] = defaultdict(list)
    for (way, name, number, pairs), edges in found.items():
        for edge, is_oneway in _join_opposites(edges):
            plain = dict(pairs)
            is_stated = is_oneway or plain.get("junction") or plain.get("highway", "").startswith("motorway")
            if is_stated:
                plain["oneway"] = "yes" if is_oneway else "no"
            grouped[way, name, number, tuple(sorted(plain.items()))].append(edge)
    return grouped


def _join_opposites(edges: list[_Edge]) -> Iterator[tuple[_Edge, bool]]:
    """Each stretch once, and whether it is there in one direction only."""
    waiting: dict[tuple[int, int, tuple[Place, ...]], list[_Edge]] = defaultdict(list)
    for edge in edges:
        waiting[edge.tail, edge.head, edge.places].append(edge)
    for edge in sorted(edges, key=lambda item: item.is_reversed):
        own = waiting[edge.tail, edge.head, edge.places]
        if not own:
            continue
        own.pop()
        opposite = waiting[edge.head, edge.tail, edge.places[::-1]]
        if opposite:
            opposite.pop()
            yield edge, False
        else:
            yield edge, True


def _chains(edges: list[_Edge]) -> Iterator[list[_Edge]]:
    """Edges of a way joined head to tail where the way does not branch."""
    leaving: dict[int, list[_Edge]] = defaultdict(list)
    arriving: dict[int, int] = defaultdict(int)
    for edge in edges:
        leaving[edge.tail].append(edge)
        arriving[edge.head] += 1
    is_inner = {node: len(out) == 1 and arriving[node] == 1 for node, out in leaving.items()}
    starts = [edge for edge in edges if not is_inner[edge.tail]]
    used: set[int] = set()
    for start in [*starts, *edges]:  # the second round finds rings
        chain: list[_Edge] = []
        follower: _Edge | None = start
        while follower is not None and id(follower) not in used:
            used.add(id(follower))
            chain.append(follower)
            follower = leaving[follower.head][0] if is_inner.get(follower.head, False) else None
        if chain:
            yield chain


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) else value


def _tag_text(key: str, value: Any) -> str:
    """One text for a tag; simplified graphs hold lists, of which the strictest limit or the first text counts."""
    if isinstance(value, list | tuple):
        if key in rules.LIMIT_READERS:
            found = rules.strictest(key, [str(item) for item in value])
            return found if found is not None else str(value[0])
        return str(value[0])
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
