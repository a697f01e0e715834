"""The street network of one map as plain arrays: what every vehicle profile, closure and query starts from.

Nothing here depends on a vehicle. A *segment* is a stretch of street between two junctions; an *arc* is a segment
driven in one direction: arc ``2 * segment`` follows the way's node order, arc ``2 * segment + 1`` goes against it.
Both arcs always exist; which of them a vehicle may use is decided later, by its profile. The module guards the
shapes and the read-only state of the arrays.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.ports import MapInfo

Tags = tuple[tuple[str, str], ...]
"""OSM tags, sorted by key."""

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
"""What ODbL 1.0 asks to be shown beside anything drawn from the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRestriction:
    """One sequence of arcs that must not be driven, or after which only the last arc may follow.

    Attributes
    ----------
    osm_id
        The relation.
    arcs
        From, via ways if any, to.
    is_only
        True for ``only_*``: who drove all arcs but the last must continue on the last.
    vehicle
        The restriction's vehicle class (``hgv`` from ``restriction:hgv``), empty for all vehicles.
    exempt
        Vehicle classes of the tag ``except``.
    condition
        The times or weights of ``restriction:conditional``, empty when it always holds.
    """

    osm_id: int
    arcs: tuple[int, ...]
    is_only: bool
    vehicle: str = ""
    exempt: tuple[str, ...] = ()
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapIssue:
    """A place where the map contradicts itself or cannot be understood; the import went on without it."""

    element: str
    detail: str


class EdgeLine(NamedTuple):
    """One street segment to draw."""

    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    highway: str
    name: str


@dataclass(frozen=True, kw_only=True)
class StreetGraph:
    """Streets of one map.

    Attributes
    ----------
    info
        Where the map comes from.
    node_osm_id, node_lon_deg, node_lat_deg
        ``(n_nodes,)`` junctions, dead ends and places with a barrier or limit of their own.
    node_tags_index
        ``(n_nodes,)`` int32: index into ``node_tags``, -1 where the node has none that matter.
    way_osm_id, way_tags_index, way_name_index, way_number_index
        ``(n_ways,)``: identity, index into ``way_tags``, index into ``names`` (0 is the empty name) and into
        ``road_numbers``.
    segment_way, segment_tail, segment_head
        ``(n_segments,)`` int32: way and end nodes, in the way's node order.
    segment_length_mm
        ``(n_segments,)`` int64, at least 1.
    segment_first_point, segment_last_point
        ``(n_segments,)`` int32: the segment's shape is points ``first`` to ``last``, both included.
    point_lon_deg, point_lat_deg
        ``(n_points,)`` float64 shapes of the ways.
    point_along_mm
        ``(n_points,)`` int64: running length; a difference of two points of a segment is metres along it.
    way_tags, node_tags
        Distinct tag sets.
    names
        Distinct street names, numbers where streets have no name; entry 0 is empty.
    road_numbers
        Distinct road numbers (``ref``); entry 0 is empty.
    restrictions
        Turn restrictions, resolved to arcs.
    issues
        What could not be understood.
    """

    info: MapInfo
    node_osm_id: NDArray[np.int64]
    node_lon_deg: NDArray[np.float64]
    node_lat_deg: NDArray[np.float64]
    node_tags_index: NDArray[np.int32]
    way_osm_id: NDArray[np.int64]
    way_tags_index: NDArray[np.int32]
    way_name_index: NDArray[np.int32]
    way_number_index: NDArray[np.int32]
    segment_way: NDArray[np.int32]
    segment_tail: NDArray[np.int32]
    segment_head: NDArray[np.int32]
    segment_length_mm: NDArray[np.int64]
    segment_first_point: NDArray[np.int32]
    segment_last_point: NDArray[np.int32]
    point_lon_deg: NDArray[np.float64]
    point_lat_deg: NDArray[np.float64]
    point_along_mm: NDArray[np.int64]
    way_tags: tuple[Tags, ...]
    node_tags: tuple[Tags, ...]
    names: tuple[str, ...]
    road_numbers: tuple[str, ...]
    restrictions: tuple[TurnRestriction, ...]
    issues: tuple[MapIssue, ...]

    def __post_init__(self) -> None:
        for name in ARRAY_FIELDS:
            getattr(self, name).setflags(write=False)

    @property
    def n_nodes(self) -> int:
        """Number of junctions and other ends of segments."""
        return int(self.node_osm_id.size)

    @property
    def n_segments(self) -> int:
        """Number of segments; there are twice as many arcs."""
        return int(self.segment_way.size)

    @cached_property
    def arc_tail(self) -> NDArray[np.int32]:
        """``(n_arcs,)`` node where each arc starts."""
        return np.column_stack((self.segment_tail, self.segment_head)).ravel()

    @cached_property
    def arc_head(self) -> NDArray[np.int32]:
        """``(n_arcs,)`` node where each arc ends."""
        return np.column_stack((self.segment_head, self.segment_tail)).ravel()

    @cached_property
    def leaving(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Arcs by the node where they start: those of node ``v`` are ``arcs[first[v]:first[v + 1]]``."""
        arcs = np.argsort(self.arc_tail, kind="stable").astype(np.int32)
        return np.searchsorted(self.arc_tail[arcs], np.arange(self.n_nodes + 1)), arcs

    def segment_name(self, segment: int) -> str:
        """Street name or road number of a segment, empty when it has none."""
        return self.names[int(self.way_name_index[self.segment_way[segment]])]

    def segment_tags(self, segment: int) -> dict[str, str]:
        """Tags of the segment's way."""
        return dict(self.way_tags[self.way_tags_index[self.segment_way[segment]]])

    def edge_lines(self) -> Iterator[EdgeLine]:
        """All streets as lines, for drawing a map without any other source."""
        highways = [dict(tags).get("highway", "") for tags in self.way_tags]
        for segment in range(self.n_segments):
            way = self.segment_way[segment]
            shape = slice(self.segment_first_point[segment], self.segment_last_point[segment] + 1)
            yield EdgeLine(
                self.point_lon_deg[shape],
                self.point_lat_deg[shape],
                highways[self.way_tags_index[way]],
                self.names[self.way_name_index[way]],
            )

    def content_digest(self) -> str:
        """SHA-256 of everything that can change an answer."""
        digest = hashlib.sha256()
        for name in ARRAY_FIELDS:
            digest.update(np.ascontiguousarray(getattr(self, name)).data)
        restrictions = [_restriction_key(item) for item in self.restrictions]
        texts = [self.way_tags, self.node_tags, self.names, self.road_numbers, restrictions]
        digest.update(json.dumps(texts).encode())
        return digest.hexdigest()


def _restriction_key(item: TurnRestriction) -> list[object]:
    return [item.arcs, item.is_only, item.vehicle, item.exempt, item.condition]


ARRAY_FIELDS = (
    "node_osm_id",
    "node_lon_deg",
    "node_lat_deg",
    "node_tags_index",
    "way_osm_id",
    "way_tags_index",
    "way_name_index",
    "way_number_index",
    "segment_way",
    "segment_tail",
    "segment_head",
    "segment_length_mm",
    "segment_first_point",
    "segment_last_point",
    "point_lon_deg",
    "point_lat_deg",
    "point_along_mm",
)
"""Names of the array attributes of a ``StreetGraph``, in the order in which they are stored."""
