"""Which streets of a map an override means.

Guards that no override is followed halfway in silence: way ids, names and areas that match nothing are named, with
what was probably meant.
"""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.override_book import OverrideBook
from routing.overrides import AreaTarget, Override, StreetTarget, WayTarget
from routing.streets import MapIssue, StreetGraph

_METRES_PER_DEGREE = 111_195.0

Segments = NDArray[np.int64]


def arcs_of(override: Override, streets: StreetGraph) -> NDArray[np.int64]:
    """Arcs that an override is about, rising; none where its target matches nothing."""
    target = override.target
    segments = _segments(target, streets)
    arcs = np.stack((2 * segments, 2 * segments + 1), axis=1)
    if isinstance(target, WayTarget) and target.direction is not None:
        arcs = arcs[:, :1] if target.direction == "forward" else arcs[:, 1:]
    return arcs.ravel()


def target_issues(book: OverrideBook, streets: StreetGraph) -> tuple[MapIssue, ...]:
    """What the overrides in force name and the map does not have, with a suggestion; one sentence each."""
    withdrawn = {item.override_id for item in book.withdrawals}
    return tuple(
        MapIssue(element=f"override {override.override_id}", detail=detail)
        for override in book.overrides
        if override.override_id not in withdrawn
        for detail in _problems(override, streets)
    )


def _segments(target: WayTarget | AreaTarget | StreetTarget, streets: StreetGraph) -> Segments:
    if isinstance(target, WayTarget):
        is_way = np.isin(streets.way_osm_id, target.way_ids)
        return np.flatnonzero(is_way[streets.segment_way])
    if isinstance(target, AreaTarget):
        return _touching(shapely.Polygon(target.outline_deg), streets)
    key = _street_key(target.name)
    has_name = np.array([_street_key(name) == key for name in streets.names], dtype=np.bool_)
    segments = np.flatnonzero(has_name[streets.way_name_index][streets.segment_way])
    if target.box_deg is None:
        return segments
    inside = _touching(shapely.box(*target.box_deg), streets)
    return np.intersect1d(segments, inside, assume_unique=True)


def _touching(outline: shapely.Polygon, streets: StreetGraph) -> Segments:
    """Segments with a point in common with an area."""
    area = shapely.make_valid(outline)
    west, south, east, north = area.bounds
    lon, lat = streets.point_lon_deg, streets.point_lat_deg
    # A link from each point to the next one that may touch the area; those between two ways belong to no segment.
    is_near = (np.minimum(lon[:-1], lon[1:]) <= east) & (np.maximum(lon[:-1], lon[1:]) >= west)
    is_near &= (np.minimum(lat[:-1], lat[1:]) <= north) & (np.maximum(lat[:-1], lat[1:]) >= south)
    near = np.flatnonzero(is_near)
    ends = np.stack((np.column_stack((lon[near], lat[near])), np.column_stack((lon[near + 1], lat[near + 1]))), axis=1)
    shapely.prepare(area)
    touching = near[shapely.intersects(area, shapely.linestrings(ends))]
    # The segments whose links are among them: links of segment s run from its first point to before its last one.
    before = np.searchsorted(touching, streets.segment_first_point)
    return np.flatnonzero(np.searchsorted(touching, streets.segment_last_point) > before)


def _problems(override: Override, streets: StreetGraph) -> Iterator[str]:
    target = override.target
    if isinstance(target, WayTarget):
        missing = sorted(set(target.way_ids) - set(streets.way_osm_id.tolist()))
        for way_id in missing:
            yield f"way {way_id} is not on this map{_similar_way(way_id, streets)}"
    elif not _segments(target, streets).size:
        if isinstance(target, AreaTarget):
            yield f"no street touches the polygon{_nearest(target, streets)}"
        else:
            yield _unknown_street(target, streets)


def _similar_way(way_id: int, streets: StreetGraph) -> str:
    close = difflib.get_close_matches(str(way_id), [str(known) for known in streets.way_osm_id.tolist()], n=1)
    if not close:
        return ""
    way = int(np.flatnonzero(streets.way_osm_id == int(close[0]))[0])
    name = streets.names[streets.way_name_index[way]]
    return f"; do you mean {close[0]}" + (f" ({name})" if name else "") + "?"


def _nearest(target: AreaTarget, streets: StreetGraph) -> str:
    area = shapely.make_valid(shapely.Polygon(target.outline_deg))
    middle = shapely.centroid(area)
    squash = np.cos(np.radians(middle.y))
    offset = np.hypot((streets.point_lon_deg - middle.x) * squash, streets.point_lat_deg - middle.y)
    point = int(np.argmin(offset))
    segment = int(np.argmax(streets.segment_last_point >= point))
    name = streets.segment_name(segment) or "a street without a name"
    return f"; the nearest one, {name}, is {offset[point] * _METRES_PER_DEGREE:.0f} m from its middle"


def _unknown_street(target: StreetTarget, streets: StreetGraph) -> str:
    key = _street_key(target.name)
    name_of = {_street_key(name): name for name in streets.names if name}
    if key in name_of:
        return f"'{name_of[key]}' lies outside the box; move the box or leave it out"
    close = difflib.get_close_matches(key, list(name_of), n=3, cutoff=0.6)
    hint = f"; do you mean {' or '.join(repr(name_of[one]) for one in close)}?" if close else ""
    return f"no street is called '{target.name}'{hint}"


@lru_cache(maxsize=100_000)
def _street_key(name: str) -> str:
    """Names that people write in several ways become one: case, ß, blanks, hyphens and the abbreviation of Straße."""
    plain = name.casefold().replace("ß", "ss")
    plain = re.sub(r"str\.?(?=$|\s)", "strasse", plain)
    return re.sub(r"[\s\-]+", "", plain)
