"""Private streets on which places to be served stand, so that a vehicle may drive in where its task requires it.

Private streets stay closed to everybody else: only the private stretch that hangs together with the place is named,
never one that merely offers a short cut elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely

from routing.crow_flight import metres_per_degree
from routing.location import Location
from routing.permissions import PRIVATE_VALUES
from routing.streets import StreetGraph

ACCESS_KEYS = ("hgv", "motor_vehicle", "vehicle", "access")
"""From particular to general: the first one that a street has decides."""


class PrivateStreets:
    """Finds private streets beside places; builds its index of the map once."""

    def __init__(self, streets: StreetGraph, *, classes: frozenset[str]) -> None:
        self._streets = streets
        is_class = np.array([dict(tags).get("highway", "") in classes for tags in streets.way_tags], dtype=np.bool_)
        is_private = np.array([_is_private(dict(tags)) for tags in streets.way_tags], dtype=np.bool_)
        tags_of_segment = streets.way_tags_index[streets.segment_way]
        self._segments = np.flatnonzero(is_class[tags_of_segment])
        self._is_private = is_private[tags_of_segment]
        middle_deg = float(np.mean(streets.node_lat_deg)) if len(streets.node_lat_deg) else 0.0
        self._scale = np.array(metres_per_degree(middle_deg))
        self._tree = shapely.STRtree([self._line(int(segment)) for segment in self._segments])

    def ways_at(self, locations: Sequence[Location], *, limit_m: float) -> tuple[int, ...]:
        """OSM ids of the private ways that the locations stand on, with all private ways that hang together with them.

        A location stands on a private street when no other street is nearer.
        """
        if not locations or not self._is_private.any():
            return ()
        points = np.array([(one.lon_deg, one.lat_deg) for one in locations]) * self._scale
        _, found = self._tree.query_nearest(shapely.points(points), max_distance=limit_m, all_matches=False)
        nearest = self._segments[found]
        own = [int(segment) for segment in nearest if self._is_private[segment]]
        ways = {int(self._streets.segment_way[segment]) for segment in self._stretch(own)}
        return tuple(sorted(int(self._streets.way_osm_id[way]) for way in ways))

    def _stretch(self, start: Iterable[int]) -> set[int]:
        """The segments themselves and every private one that can be walked to over private ones."""
        at_node: dict[int, list[int]] = defaultdict(list)
        for private in np.flatnonzero(self._is_private).tolist():
            for end in (self._streets.segment_tail[private], self._streets.segment_head[private]):
                at_node[int(end)].append(private)
        seen = set(start)
        waiting = list(seen)
        while waiting:
            segment = waiting.pop()
            for end in (self._streets.segment_tail[segment], self._streets.segment_head[segment]):
                fresh = [one for one in at_node[int(end)] if one not in seen]
                seen.update(fresh)
                waiting += fresh
        return seen

    def _line(self, segment: int) -> shapely.LineString:
        streets = self._streets
        shape = slice(streets.segment_first_point[segment], streets.segment_last_point[segment] + 1)
        return shapely.LineString(
            np.column_stack((streets.point_lon_deg[shape], streets.point_lat_deg[shape])) * self._scale
        )


def _is_private(tags: Mapping[str, str]) -> bool:
    value = next((tags[key] for key in ACCESS_KEYS if key in tags), "")
    return value in PRIVATE_VALUES
