"""What the map does not say and a vehicle would need to know: missing limits and widths, tags nobody understands.

Guards against false certainty: a street without a sign on the map counts as open, and this report names where that
was assumed. Bridges of railways and footpaths are on no street map of ours, so what passes under them is not listed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.profile import VehicleProfile
from routing.rules import tag_problems
from routing.streets import StreetGraph

GapKind = Literal[
    "bridge_maxweight", "tunnel_maxheight", "underpass_maxheight", "street_width", "unknown_tag", "restriction"
]
"""Stable names of the kinds of gaps."""

_NARROW_CLASSES = frozenset({"unclassified", "residential", "living_street", "service", "track", "road", "pedestrian"})
_WIDTH_KEYS = ("width", "maxwidth", "est_width", "lanes")
_WORDS: dict[GapKind, tuple[str, str]] = {
    "bridge_maxweight": ("maxweight is missing on {n} bridge", "maxweight is missing on {n} bridges"),
    "tunnel_maxheight": ("maxheight is missing in {n} tunnel", "maxheight is missing in {n} tunnels"),
    "underpass_maxheight": ("maxheight is missing under {n} bridge", "maxheight is missing under {n} bridges"),
    "street_width": ("the width of {n} narrow street is missing", "the width of {n} narrow streets is missing"),
    "unknown_tag": ("{n} tag cannot be understood", "{n} tags cannot be understood"),
    "restriction": ("{n} turn restriction is not followed", "{n} turn restrictions are not followed"),
}
_NAMED_IN_SENTENCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GapPlace:
    """One place of a gap.

    Attributes
    ----------
    street_name
        Empty where it has none.
    way_ids
        OSM ways, to look them up or correct them.
    detail
        What exactly is missing or not understood.
    """

    street_name: str
    way_ids: tuple[int, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapGap:
    """All places of one kind of gap."""

    kind: GapKind
    places: tuple[GapPlace, ...]

    def sentence(self, where: str) -> str:
        """In words, with the first names, as in "Maxheight is missing under 2 bridges on the tours (Ring)"."""
        n = len(self.places)
        text = _WORDS[self.kind][n > 1].format(n=n)
        names = list(dict.fromkeys(place.street_name for place in self.places if place.street_name))
        listed = ", ".join(names[:_NAMED_IN_SENTENCE]) + (", ..." if len(names) > _NAMED_IN_SENTENCE else "")
        sentence = f"{text} {where}" + (f" ({listed})." if listed else ".")
        return sentence[0].upper() + sentence[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReport:
    """Gaps of a map for one vehicle.

    Attributes
    ----------
    profile
        The vehicle's profile.
    is_of_tours
        Whether only streets that are driven were looked at.
    gaps
        Kinds with at least one place.
    """

    profile: str
    is_of_tours: bool
    gaps: tuple[MapGap, ...]

    def __len__(self) -> int:
        return sum(len(gap.places) for gap in self.gaps)

    def places(self, kind: GapKind) -> tuple[GapPlace, ...]:
        """The places of one kind, none where there is no such gap."""
        return next((gap.places for gap in self.gaps if gap.kind == kind), ())

    def sentences(self) -> tuple[str, ...]:
        """One sentence for each kind of gap."""
        where = "on the tours" if self.is_of_tours else "on the map"
        return tuple(gap.sentence("on the map" if gap.kind == "restriction" else where) for gap in self.gaps)


def report_gaps(
    streets: StreetGraph,
    profile: VehicleProfile,
    *,
    arcs: Iterable[int] | None = None,
    is_open: NDArray[np.bool_] | None = None,
) -> MapReport:
    """What the map does not say.

    Parameters
    ----------
    streets
        The map.
    profile
        The vehicle: weights matter to heavy ones only, and classes that it does not drive on are left out.
    arcs
        Arcs that are driven, in any order; the whole map if not given.
    is_open
        ``(n_arcs,)`` arcs that the vehicle may use, such as ``metric.arc_ms >= 0``; without it all of its classes.
    """
    is_asked = np.array(
        [profile.class_kph.get(dict(tags).get("highway", ""), 0.0) > 0 for tags in streets.way_tags], dtype=np.bool_
    )[streets.way_tags_index][streets.segment_way]
    if is_open is not None:
        is_asked &= is_open.reshape(-1, 2).any(axis=1)
    if arcs is not None:
        is_driven = np.zeros(streets.n_segments, dtype=np.bool_)
        is_driven[np.fromiter(arcs, dtype=np.int64) >> 1] = True
        is_asked &= is_driven
    found: dict[GapKind, list[GapPlace]] = {
        "bridge_maxweight": _missing_limits(streets, is_asked, "bridge", "maxweight") if profile.is_heavy else [],
        "tunnel_maxheight": _missing_limits(streets, is_asked, "tunnel", "maxheight"),
        "underpass_maxheight": _underpasses(streets, is_asked),
        "street_width": list(_missing_widths(streets, is_asked)),
        "unknown_tag": list(_unknown_tags(streets, is_asked)),
        "restriction": [
            GapPlace(street_name="", way_ids=(), detail=f"{issue.element}: {issue.detail}")
            for issue in streets.issues
            if issue.element.startswith("relation ")
        ],
    }
    gaps = tuple(MapGap(kind=kind, places=tuple(places)) for kind, places in found.items() if places)
    return MapReport(profile=profile.name, is_of_tours=arcs is not None, gaps=gaps)


def _missing_limits(streets: StreetGraph, is_asked: NDArray[np.bool_], structure: str, limit: str) -> list[GapPlace]:
    """Bridges or tunnels without a limit, one place for all touching pieces of a street."""
    has_gap = [
        tags.get(structure, "no") != "no" and not _has_limit(tags, limit)
        for tags in (dict(pairs) for pairs in streets.way_tags)
    ]
    segments = np.flatnonzero(is_asked & np.array(has_gap, dtype=np.bool_)[streets.way_tags_index[streets.segment_way]])
    return _places(streets, segments)


def _underpasses(streets: StreetGraph, is_asked: NDArray[np.bool_]) -> list[GapPlace]:
    """Streets without a maxheight that cross below a bridge, without a junction between the two."""
    tags = [dict(pairs) for pairs in streets.way_tags]
    tags_of_segment = streets.way_tags_index[streets.segment_way]
    is_bridge = np.array([item.get("bridge", "no") != "no" for item in tags], dtype=np.bool_)[tags_of_segment]
    has_limit = np.array([_has_limit(item, "maxheight") for item in tags], dtype=np.bool_)[tags_of_segment]
    bridges = np.flatnonzero(is_bridge)
    below = np.flatnonzero(is_asked & ~is_bridge & ~has_limit)
    if not bridges.size or not below.size:
        return []
    lines = shapely.STRtree(_lines(streets, below))
    bridge, crossed = lines.query(_lines(streets, bridges), predicate="crosses")
    ends = np.stack((streets.segment_tail, streets.segment_head), axis=1)
    meets = (ends[bridges[bridge]][:, :, None] == ends[below[crossed]][:, None, :]).any(axis=(1, 2))
    return _places(streets, np.unique(below[crossed[~meets]]))


def _missing_widths(streets: StreetGraph, is_asked: NDArray[np.bool_]) -> Iterator[GapPlace]:
    has_gap = [
        tags.get("highway") in _NARROW_CLASSES and not any(key in tags for key in _WIDTH_KEYS)
        for tags in (dict(pairs) for pairs in streets.way_tags)
    ]
    is_narrow = np.array(has_gap, dtype=np.bool_)[streets.way_tags_index[streets.segment_way]]
    ways_of: dict[str, set[int]] = {}
    for segment in np.flatnonzero(is_asked & is_narrow).tolist():
        way_id = int(streets.way_osm_id[streets.segment_way[segment]])
        ways_of.setdefault(streets.segment_name(segment) or f"way {way_id}", set()).add(way_id)
    for name, way_ids in sorted(ways_of.items()):
        yield GapPlace(street_name="" if name.startswith("way ") else name, way_ids=tuple(sorted(way_ids)))


def _unknown_tags(streets: StreetGraph, is_asked: NDArray[np.bool_]) -> Iterator[GapPlace]:
    """Tags of ways, one place for each tag and street, and those of nodes on asked segments."""
    ways_of: dict[tuple[str, str], set[int]] = {}
    problems = [[(f"{k}={v}", detail) for k, v in tags for detail in tag_problems(k, v)] for tags in streets.way_tags]
    for way in np.unique(streets.segment_way[is_asked]).tolist():
        name = streets.names[int(streets.way_name_index[way])]
        for tag, detail in problems[int(streets.way_tags_index[way])]:
            ways_of.setdefault((f"{tag}: {detail}", name), set()).add(int(streets.way_osm_id[way]))
    for (detail, name), way_ids in sorted(ways_of.items()):
        yield GapPlace(street_name=name, way_ids=tuple(sorted(way_ids)), detail=detail)
    nodes = np.unique(np.concatenate((streets.segment_tail[is_asked], streets.segment_head[is_asked])))
    for node in nodes[streets.node_tags_index[nodes] >= 0].tolist():
        for key, value in streets.node_tags[int(streets.node_tags_index[node])]:
            for detail in tag_problems(key, value):
                element = f"node {int(streets.node_osm_id[node])}"
                yield GapPlace(street_name="", way_ids=(), detail=f"{element}, {key}={value}: {detail}")


def _places(streets: StreetGraph, segments: NDArray[np.int64]) -> list[GapPlace]:
    """One place for segments that hang together under one name; a bridge has often several ways."""
    group = {int(segment): int(segment) for segment in segments}
    at_node: dict[tuple[int, str], int] = {}
    for segment in group:
        for node in (int(streets.segment_tail[segment]), int(streets.segment_head[segment])):
            other = at_node.setdefault((node, streets.segment_name(segment)), segment)
            group[_root(group, other)] = _root(group, segment)
    members: dict[int, list[int]] = {}
    for segment in group:
        members.setdefault(_root(group, segment), []).append(segment)
    return [
        GapPlace(
            street_name=streets.segment_name(parts[0]),
            way_ids=tuple(sorted({int(streets.way_osm_id[streets.segment_way[part]]) for part in parts})),
        )
        for parts in members.values()
    ]


def _root(group: dict[int, int], member: int) -> int:
    while group[member] != member:
        member = group[member]
    return member


def _has_limit(tags: dict[str, str], limit: str) -> bool:
    """Whether a limit or its absence is stated, for whatever direction or time."""
    return any(key == limit or key.startswith(f"{limit}:") for key in tags)


def _lines(streets: StreetGraph, segments: NDArray[np.int64]) -> NDArray[np.object_]:
    first, last = streets.segment_first_point[segments], streets.segment_last_point[segments]
    counts = last - first + 1
    starts = np.cumsum(counts) - counts
    point = np.repeat(first - starts, counts) + np.arange(int(counts.sum()))
    lon_lat = np.column_stack((streets.point_lon_deg[point], streets.point_lat_deg[point]))
    return np.asarray(
        shapely.linestrings(lon_lat, indices=np.repeat(np.arange(segments.size), counts)), dtype=np.object_
    )
