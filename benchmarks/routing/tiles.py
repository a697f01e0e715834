"""Makes a larger map of real streets: shifted copies of an extract, joined at their borders.

Guards that every peer reads the same file: ids are small and unique, elements are sorted, one input gives one output.
What it keeps are streets, their nodes and their turn restrictions. Copies further north keep their shape in degrees, so
that east-west streets are a little shorter there than in the original.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import osmium
import osmium.filter
from numpy.typing import NDArray
from osmium import osm
from osmium.osm import mutable
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

GATES_PER_BORDER = 8
"""Connecting ways between two neighbours."""

GAP_DEG = 0.0005
"""Distance between the outlines of neighbours, about 50 m."""

_THROUGH = frozenset({"primary", "secondary", "tertiary", "unclassified", "residential"})
"""Streets that a connecting way may begin at."""

_CARS = _THROUGH | {"motorway", "trunk", "living_street"}
_LIMITS = ("access", "vehicle", "motor_vehicle", "motorcar", "hgv", "barrier")

Tags = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Streets of an extract with its elements renumbered from 1.

    Attributes
    ----------
    lon_lat_deg
        ``(n_nodes, 2)``; node ``i`` has the id ``i + 1``.
    node_tags
        Tags by node id, where there are any.
    ways
        Node ids and tags.
    restrictions
        Members (type, id, role) and tags, each with all members in the extract.
    """

    lon_lat_deg: NDArray[np.float64]
    node_tags: dict[int, Tags]
    ways: tuple[tuple[list[int], Tags], ...]
    restrictions: tuple[tuple[list[tuple[str, int, str]], Tags], ...]


def write_tiles(source: Path, target: Path, *, k: int) -> None:
    """Write ``k`` by ``k`` copies of an extract as one map.

    Parameters
    ----------
    source
        An OSM file.
    target
        Where the new one is written; its suffix tells the format.
    k
        Copies in each direction.

    Raises
    ------
    ValueError
        When the extract has no street that neighbours could be joined at.
    """
    extract = read_extract(source)
    growing = target.with_name(f"part-{target.name}")
    growing.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(growing)) as writer:
        for tile, shift in enumerate(_shifts(extract, k)):
            for index, (lon, lat) in enumerate((extract.lon_lat_deg + shift).tolist(), start=1):
                node_id = index + tile * len(extract.lon_lat_deg)
                writer.add_node(mutable.Node(id=node_id, location=(lon, lat), tags=extract.node_tags.get(index, {})))
        for way_id, (nodes, tags) in enumerate(_all_ways(extract, k), start=1):
            writer.add_way(mutable.Way(id=way_id, nodes=nodes, tags=tags))
        for relation_id, (members, tags) in enumerate(_all_restrictions(extract, k), start=1):
            writer.add_relation(mutable.Relation(id=relation_id, members=members, tags=tags))
    growing.replace(target)


def read_extract(path: Path) -> Extract:
    """Streets, their nodes and the restrictions between them."""
    ways = {way.id: ([node.ref for node in way.nodes], dict(way.tags)) for way in _streets(path)}
    used = {ref for refs, _ in ways.values() for ref in refs}
    nodes = {node.id: node for node in _nodes(path, used)}
    node_ids = {old: new for new, old in enumerate(sorted(nodes), start=1)}
    ways = {old: ([node_ids[ref] for ref in refs if ref in node_ids], tags) for old, (refs, tags) in ways.items()}
    kept_ways = sorted(old for old, (refs, _) in ways.items() if len(refs) > 1)
    way_ids = {old: new for new, old in enumerate(kept_ways, start=1)}
    return Extract(
        lon_lat_deg=np.array([nodes[old].lon_lat_deg for old in sorted(nodes)]),
        node_tags={node_ids[old]: node.tags for old, node in nodes.items() if node.tags},
        ways=tuple(ways[old] for old in kept_ways),
        restrictions=tuple(_restrictions(path, node_ids=node_ids, way_ids=way_ids)),
    )


@dataclass(frozen=True, slots=True)
class _Node:
    id: int
    lon_lat_deg: tuple[float, float]
    tags: Tags


def _streets(path: Path) -> Iterator[osm.Way]:
    for item in osmium.FileProcessor(str(path), osm.WAY).with_filter(osmium.filter.KeyFilter("highway")):
        assert isinstance(item, osm.Way)
        yield item


def _nodes(path: Path, used: set[int]) -> Iterator[_Node]:
    for item in osmium.FileProcessor(str(path), osm.NODE):
        assert isinstance(item, osm.Node)
        if item.id in used and item.location.valid():
            yield _Node(item.id, (item.lon, item.lat), dict(item.tags))


def _restrictions(
    path: Path, *, node_ids: dict[int, int], way_ids: dict[int, int]
) -> Iterator[tuple[list[tuple[str, int, str]], Tags]]:
    new_ids = {"n": node_ids, "w": way_ids, "r": {}}
    relations = osmium.FileProcessor(str(path), osm.RELATION)
    for item in relations.with_filter(osmium.filter.TagFilter(("type", "restriction"))):
        assert isinstance(item, osm.Relation)
        members = [(member.type, new_ids[member.type].get(member.ref, 0), member.role) for member in item.members]
        if all(new for _, new, _ in members):
            yield members, dict(item.tags)


def _shifts(extract: Extract, k: int) -> list[tuple[float, float]]:
    """Longitude and latitude that each copy is moved by, row after row from the south-west."""
    width, height = np.ptp(extract.lon_lat_deg, axis=0) + GAP_DEG
    return [(column * float(width), row * float(height)) for row in range(k) for column in range(k)]


def _all_ways(extract: Extract, k: int) -> Iterator[tuple[list[int], Tags]]:
    n = len(extract.lon_lat_deg)
    for tile in range(k * k):
        for nodes, tags in extract.ways:
            yield [node + tile * n for node in nodes], tags
    for axis, step in ((0, 1), (1, k)) if k > 1 else ():
        gates = _gates(extract, axis=axis)
        has_neighbour = (here for here in range(k * k) if (here // k if axis else here % k) < k - 1)
        for here, (last, first) in product(has_neighbour, gates):
            there = here + step
            yield [last + here * n, first + there * n], {"highway": "tertiary", "name": f"Join {here} {there}"}


def _all_restrictions(extract: Extract, k: int) -> Iterator[tuple[list[tuple[str, int, str]], Tags]]:
    offsets = {"n": len(extract.lon_lat_deg), "w": len(extract.ways)}
    for tile in range(k * k):
        for members, tags in extract.restrictions:
            yield [(kind, new + tile * offsets[kind], role) for kind, new, role in members], tags


def _gates(extract: Extract, *, axis: int) -> list[tuple[int, int]]:
    """Pairs of node ids, one at the far border and one at the near border of an axis, in bands along the border."""
    nodes = _gate_nodes(extract)
    if not nodes.size:
        raise ValueError("No street leads both ways and is connected with the others: copies cannot be joined.")
    position = extract.lon_lat_deg[nodes - 1]
    along, across = position[:, 1 - axis], position[:, axis]
    band_ends = np.linspace(along.min(), along.max(), GATES_PER_BORDER + 1)[1:-1]
    band = np.searchsorted(band_ends, along)
    bands = [np.flatnonzero(band == index) for index in range(GATES_PER_BORDER)]
    return [
        (int(nodes[inside[across[inside].argmax()]]), int(nodes[inside[across[inside].argmin()]]))
        for inside in bands
        if inside.size
    ]


def _gate_nodes(extract: Extract) -> NDArray[np.int64]:
    """Nodes on ordinary two-way streets of the largest part in which cars get from everywhere to everywhere."""
    tails: list[int] = []
    heads: list[int] = []
    usable: set[int] = set()
    for nodes, tags in extract.ways:
        if tags["highway"].removesuffix("_link") not in _CARS or any(key in tags for key in _LIMITS):
            continue
        is_oneway = tags.get("oneway", "no") != "no" or "junction" in tags or tags["highway"].startswith("motorway")
        if tags.get("oneway") != "-1":
            tails += nodes[:-1]
            heads += nodes[1:]
        if not is_oneway or tags.get("oneway") == "-1":
            tails += nodes[1:]
            heads += nodes[:-1]
        if not is_oneway and tags["highway"] in _THROUGH:
            usable.update(nodes)
    n = len(extract.lon_lat_deg) + 1
    ends = np.array(tails, dtype=np.int64), np.array(heads, dtype=np.int64)
    graph = coo_matrix((np.ones(len(tails), dtype=np.int8), ends), shape=(n, n))
    _, part = connected_components(graph, directed=True, connection="strong")
    largest = np.bincount(part).argmax()
    found = np.array(sorted(usable), dtype=np.int64)
    return found[part[found] == largest] if found.size else found
