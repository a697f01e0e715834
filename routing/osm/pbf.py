"""Read streets from an OSM file (``.osm.pbf``, ``.osm``, ``.osm.bz2``, ...) straight into arrays.

Guards against files that are cut off, empty or no OSM data: they end in ``BrokenMapError`` and nothing half-made.
"""

from datetime import datetime
from pathlib import Path

import numpy as np
import osmium
import osmium.filter
import osmium.geom
from numpy.typing import NDArray
from osmium import osm

from routing.errors import BrokenMapError
from routing.osm.builder import build_streets
from routing.osm.raw import RawStreets
from routing.osm.restrictions import raw_restrictions
from routing.osm.tag_keys import HIGHWAY_CLASSES, NODE_KEYS, WAY_KEYS, kept_node_tags
from routing.streets import MapIssue, StreetGraph, Tags

_WKB_HEADER_BYTES = 9


def load_streets(
    path: Path | str,
    *,
    box_deg: tuple[float, float, float, float] | None = None,
    polygon_deg: NDArray[np.float64] | None = None,
) -> StreetGraph:
    """Streets of an OSM file, all of them or those inside an area.

    Parameters
    ----------
    path
        An OSM file; the suffix tells its format.
    box_deg
        West, south, east, north; streets are cut at its border.
    polygon_deg
        ``(k, 2)`` longitude and latitude of an outline; streets are cut at its border.

    Raises
    ------
    BrokenMapError
        When the file is missing, cut off, empty, no OSM data, or has no streets in the area.
    """
    path = Path(path)
    raw = read_raw_streets(path)
    return build_streets(raw, source=path.name, box_deg=box_deg, polygon_deg=polygon_deg)


def read_raw_streets(path: Path) -> RawStreets:
    """Ways, tagged nodes and turn restrictions of an OSM file, unsplit.

    Raises
    ------
    BrokenMapError
        When the file is missing, cut off, empty or no OSM data.
    """
    require_map_file(path)
    raw = RawStreets()
    try:
        raw.data_at = _data_at(path)
        _read_ways(path, raw)
        _read_node_tags(path, raw)
        _read_restrictions(path, raw)
    except (RuntimeError, ValueError, OSError) as error:  # pyosmium raises RuntimeError for whatever libosmium rejects
        raise BrokenMapError(source=path.name, detail=f"it is cut off or no OSM data ({error})") from error
    return raw


def require_map_file(path: Path) -> None:
    """Raise ``BrokenMapError`` unless there is a file with something in it."""
    if not path.is_file():
        raise BrokenMapError(source=path.name, detail="there is no such file")
    if path.stat().st_size == 0:
        raise BrokenMapError(source=path.name, detail="the file is empty")


def _data_at(path: Path) -> datetime | None:
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
        kept = tuple(sorted((key, value) for key, value in tags.items() if key in WAY_KEYS))
        raw.way_tags.append(interned.setdefault(kept, kept))
        raw.way_node_ids.append([node.ref for node in nodes])
        raw.way_points_deg.append(_way_points(way, to_wkb))


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
