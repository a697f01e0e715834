"""From ways with nodes to a ``StreetGraph``: cut at junctions, measure, resolve turn restrictions.

All readers (files, place names, NetworkX graphs) end here. Guards that nothing is invented: a way with missing nodes
falls apart into the pieces that are known, and what cannot be used becomes an issue.
"""

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.errors import BrokenMapError
from routing.geodesy import great_circle_m
from routing.osm.raw import RawStreets
from routing.osm.restrictions import resolve_restrictions
from routing.ports import MapInfo
from routing.rules import tag_issues
from routing.streets import ATTRIBUTION, StreetGraph, Tags


def build_streets(
    raw: RawStreets,
    *,
    source: str,
    box_deg: tuple[float, float, float, float] | None = None,
    polygon_deg: NDArray[np.float64] | None = None,
) -> StreetGraph:
    """Cut raw ways into segments and number everything.

    Parameters
    ----------
    raw
        What a reader found.
    source
        What messages call the map.
    box_deg, polygon_deg
        Optional area; nodes outside it are treated as missing.

    Raises
    ------
    BrokenMapError
        When no street is left.
    """
    if not raw.way_osm_id:
        raise BrokenMapError(source=source, detail="it has no streets")
    node_ids, node_of_point, points_deg = raw.node_id, raw.point_node, raw.point_deg
    way_of_point = np.repeat(np.arange(len(raw.way_osm_id), dtype=np.int32), raw.way_size)
    is_known = np.isfinite(points_deg[:, 0]) & _is_inside(points_deg, box_deg, polygon_deg)

    # A link joins point i to point i + 1 of the same way.
    is_link = (way_of_point[1:] == way_of_point[:-1]) & (node_of_point[1:] != node_of_point[:-1])
    is_link &= is_known[1:] & is_known[:-1]
    has_next = np.append(is_link, False)
    has_previous = np.append(False, is_link)
    is_linked = has_next | has_previous
    if not is_linked.any():
        raise BrokenMapError(source=source, detail="it has no streets in the area asked for")

    uses = np.bincount(node_of_point[is_linked], minlength=node_ids.size)
    must_split = np.isin(node_ids, np.fromiter(raw.node_tags, dtype=np.int64, count=len(raw.node_tags)))
    must_split |= np.isin(node_ids, [item.via_node for item in raw.restrictions if item.via_node is not None])
    is_split = (uses >= 2) | must_split
    is_cut = is_linked & (is_split[node_of_point] | ~has_next | ~has_previous)

    cut_points = np.flatnonzero(is_cut)
    is_start = has_next[cut_points]
    first_point = cut_points[is_start]
    last_point = cut_points[np.flatnonzero(is_start) + 1]
    along_mm = _along_mm(points_deg, is_link)

    used_nodes, end_nodes = np.unique(
        np.concatenate((node_of_point[first_point], node_of_point[last_point])), return_inverse=True
    )
    tail, head = np.split(end_nodes.astype(np.int32), 2)
    point_of_node = np.zeros(node_ids.size, dtype=np.int64)
    point_of_node[node_of_point[is_linked]] = np.flatnonzero(is_linked)
    node_points = points_deg[point_of_node[used_nodes]]
    node_osm_id = node_ids[used_nodes]
    node_tags, node_tags_index = _intern([raw.node_tags.get(osm_id) for osm_id in node_osm_id.tolist()])
    used_ways, segment_way = np.unique(way_of_point[first_point], return_inverse=True)
    way_tags, way_tags_index = _intern([raw.way_tags[way] for way in used_ways.tolist()])
    names, way_name_index = _intern_names([raw.way_name[way] for way in used_ways.tolist()])
    road_numbers, way_number_index = _intern_names([raw.way_number[way] for way in used_ways.tolist()])
    kept_index = np.cumsum(is_linked) - 1

    west, south = points_deg[is_linked].min(axis=0)
    east, north = points_deg[is_linked].max(axis=0)
    info = MapInfo(
        source=source,
        digest="",
        data_at=raw.data_at,
        bounds_deg=(float(west), float(south), float(east), float(north)),
        attribution=ATTRIBUTION,
    )
    streets = StreetGraph(
        info=info,
        node_osm_id=node_osm_id,
        node_lon_deg=np.ascontiguousarray(node_points[:, 0]),
        node_lat_deg=np.ascontiguousarray(node_points[:, 1]),
        node_tags_index=node_tags_index,
        way_osm_id=np.array(raw.way_osm_id, dtype=np.int64)[used_ways],
        way_tags_index=way_tags_index,
        way_name_index=way_name_index,
        way_number_index=way_number_index,
        segment_way=segment_way.astype(np.int32),
        segment_tail=tail,
        segment_head=head,
        segment_length_mm=np.maximum(1, along_mm[last_point] - along_mm[first_point]),
        segment_first_point=kept_index[first_point].astype(np.int32),
        segment_last_point=kept_index[last_point].astype(np.int32),
        point_lon_deg=points_deg[is_linked, 0],
        point_lat_deg=points_deg[is_linked, 1],
        point_along_mm=along_mm[is_linked],
        way_tags=way_tags,
        node_tags=node_tags,
        names=names,
        road_numbers=road_numbers,
        restrictions=(),
        issues=(),
    )
    restrictions, restriction_issues = resolve_restrictions(raw.restrictions, streets)
    issues = (*raw.issues, *tag_issues(streets), *restriction_issues)
    resolved = replace(streets, restrictions=restrictions, issues=issues)
    return replace(resolved, info=replace(info, digest=resolved.content_digest()))


def _is_inside(
    points_deg: NDArray[np.float64],
    box_deg: tuple[float, float, float, float] | None,
    polygon_deg: NDArray[np.float64] | None,
) -> NDArray[np.bool_]:
    is_inside = np.ones(len(points_deg), dtype=np.bool_)
    if box_deg is not None:
        west, south, east, north = box_deg
        lon, lat = points_deg.T
        is_inside &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    if polygon_deg is not None:
        is_inside &= shapely.contains_xy(shapely.Polygon(polygon_deg), points_deg)
    return is_inside


def _along_mm(points_deg: NDArray[np.float64], is_link: NDArray[np.bool_]) -> NDArray[np.int64]:
    lon, lat = points_deg.T
    step_mm = np.zeros(len(points_deg), dtype=np.int64)
    starts = np.flatnonzero(is_link)
    step_m = great_circle_m(lon[starts], lat[starts], lon[starts + 1], lat[starts + 1])
    step_mm[starts + 1] = np.rint(step_m * 1000).astype(np.int64)
    return np.cumsum(step_mm)


def _intern(tag_sets: list[Tags | None]) -> tuple[tuple[Tags, ...], NDArray[np.int32]]:
    """Distinct tag sets in order of appearance, and the index of each entry, -1 for none."""
    index_of: dict[Tags, int] = {}
    indices = [-1 if tags is None else index_of.setdefault(tags, len(index_of)) for tags in tag_sets]
    return tuple(index_of), np.array(indices, dtype=np.int32)


def _intern_names(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    index_of = {"": 0}
    indices = [index_of.setdefault(name, len(index_of)) for name in names]
    return tuple(index_of), np.array(indices, dtype=np.int32)
