"""Unsplit streets by pyosmium: any format and any order that libosmium understands.

Guards that what pyosmium raises reaches the caller; ``routing.osm.pbf`` turns it into an error that says what to do.
"""

from datetime import datetime
from pathlib import Path

import numpy as np
import osmium
import osmium.filter
import osmium.geom
from numpy.typing import NDArray
from osmium import osm

from routing.osm.raw import RawStreets
from routing.osm.restrictions import raw_restrictions
from routing.osm.tag_keys import HIGHWAY_CLASSES, NODE_KEYS, WAY_KEYS, kept_node_tags
from routing.streets import MapIssue, Tags

_WKB_HEADER_BYTES = 9


def read_with_osmium(path: Path) -> RawStreets:
    """Ways, tagged nodes and turn restrictions of an OSM file.

    Raises
    ------
    RuntimeError, ValueError, OSError
        When the file is cut off or no OSM data.
    """
    raw = RawStreets()
    _read_ways(path, raw)
    _read_node_tags(path, raw)
    _read_restrictions(path, raw)
    return raw


def data_at(path: Path) -> datetime | None:
    """How old the data of a file is, where its header says so."""
    header = osmium.io.Reader(str(path), osm.NOTHING).header()
    stamp = header.get("osmosis_replication_timestamp") or header.get("timestamp")
    if not stamp:
        return None
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _read_ways(path: Path, raw: RawStreets) -> None:
    node_ids: list[list[int]] = []
    points_deg: list[NDArray[np.float64]] = []
    processor = (
        osmium.FileProcessor(str(path), osm.NODE | osm.WAY)
        .with_locations("flex_mem")
        .with_filter(osmium.filter.EntityFilter(osm.WAY))
        .with_filter(osmium.filter.TagFilter(*[("highway", highway) for highway in HIGHWAY_CLASSES]))
    )
    to_wkb = osmium.geom.WKBFactory()
    interned: dict[Tags, Tags] = {}
    for way in processor:
        assert isinstance(way, osm.Way)
        tags = dict(way.tags)
        if tags.get("area") == "yes":
            continue
        nodes = way.nodes
        if len(nodes) < 2:
            raw.issues.append(MapIssue(element=f"way {way.id}", detail="it has fewer than two nodes"))
            continue
        raw.way_osm_id.append(way.id)
        raw.way_name.append(tags.get("name") or tags.get("ref") or "")
        raw.way_number.append(tags.get("ref", ""))
        kept = tuple(sorted((key, value) for key, value in tags.items() if key in WAY_KEYS))
        raw.way_tags.append(interned.setdefault(kept, kept))
        node_ids.append([node.ref for node in nodes])
        points_deg.append(_way_points(way, to_wkb))
    raw.set_points(node_ids, points_deg)


def _way_points(way: osm.Way, to_wkb: osmium.geom.WKBFactory) -> NDArray[np.float64]:
    try:
        # One call into compiled code instead of two attribute reads per node.
        wkb = bytes.fromhex(to_wkb.create_linestring(way, osmium.geom.use_nodes.ALL))
    except (osmium.InvalidLocationError, RuntimeError):  # a node lies outside the extract
        return np.array([(node.lon, node.lat) if node.location.valid() else (np.nan, np.nan) for node in way.nodes])
    return np.frombuffer(wkb, dtype="<f8", offset=_WKB_HEADER_BYTES).reshape(-1, 2)


def _read_node_tags(path: Path, raw: RawStreets) -> None:
    keys = sorted(NODE_KEYS)
    for node in osmium.FileProcessor(str(path), osm.NODE).with_filter(osmium.filter.KeyFilter(*keys)):
        kept = kept_node_tags(node.tags)
        if kept:
            raw.node_tags[node.id] = kept


def _read_restrictions(path: Path, raw: RawStreets) -> None:
    relations = osmium.FileProcessor(str(path), osm.RELATION).with_filter(
        osmium.filter.TagFilter(("type", "restriction"))
    )
    for relation in relations:
        assert isinstance(relation, osm.Relation)
        members = [(member.type, member.ref, member.role) for member in relation.members]
        found, issues = raw_restrictions(relation.id, dict(relation.tags), members)
        raw.restrictions += found
        raw.issues += issues
