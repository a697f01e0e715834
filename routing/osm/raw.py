"""What every reader of OSM data hands to the street builder: ways as sequences of places, tags and restrictions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from routing.streets import MapIssue, Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRestriction:
    """A turn restriction as the map names it: way, node or ways, way."""

    osm_id: int
    kind: str
    from_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]
    vehicle: str = ""
    exempt: tuple[str, ...] = ()
    condition: str = ""


@dataclass(slots=True, kw_only=True)
class RawStreets:
    """Ways with their nodes, still unsplit.

    Attributes
    ----------
    way_osm_id, way_name, way_number, way_tags, way_size
        One entry per way: its name, or number if it has none, its number alone, and how many nodes it has.
    node_id
        ``(n_nodes,)`` int64, rising: the nodes of the ways.
    point_node, point_deg
        ``(n_points,)`` and ``(n_points, 2)``, one way behind the other: index of each node of the ways in
        ``node_id``, longitude and latitude. -1 and NaN may stand where the source lacks the node's place.
    node_tags
        Tags of nodes that matter, by node id.
    restrictions
        Turn restrictions, unresolved.
    issues
        What the reader had to leave out.
    data_at
        How old the data is, where the source says so.
    """

    way_osm_id: list[int] = field(default_factory=list)
    way_name: list[str] = field(default_factory=list)
    way_number: list[str] = field(default_factory=list)
    way_tags: list[Tags] = field(default_factory=list)
    way_size: list[int] = field(default_factory=list)
    node_id: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    point_node: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    point_deg: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    node_tags: dict[int, Tags] = field(default_factory=dict)
    restrictions: list[RawRestriction] = field(default_factory=list)
    issues: list[MapIssue] = field(default_factory=list)
    data_at: datetime | None = None

    def set_points(self, node_ids: Sequence[Sequence[int]], points_deg: Sequence[NDArray[np.float64]]) -> None:
        """Take over nodes and ``(k, 2)`` places of all ways, given way by way."""
        self.way_size = [len(ids) for ids in node_ids]
        self.node_id, self.point_node = np.unique(
            np.fromiter(chain.from_iterable(node_ids), dtype=np.int64), return_inverse=True
        )
        self.point_deg = np.concatenate([np.zeros((0, 2)), *points_deg])
