"""What every reader of OSM data hands to the street builder: ways as sequences of places, tags and restrictions."""

from dataclasses import dataclass, field
from datetime import datetime

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
    way_osm_id, way_name, way_tags
        One entry per way.
    way_node_ids
        Per way, the ids of its nodes.
    way_points_deg
        Per way ``(k, 2)`` longitude and latitude of its nodes; NaN where the file lacks the node.
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
    way_tags: list[Tags] = field(default_factory=list)
    way_node_ids: list[list[int]] = field(default_factory=list)
    way_points_deg: list[NDArray[np.float64]] = field(default_factory=list)
    node_tags: dict[int, Tags] = field(default_factory=dict)
    restrictions: list[RawRestriction] = field(default_factory=list)
    issues: list[MapIssue] = field(default_factory=list)
    data_at: datetime | None = None
