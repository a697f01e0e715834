"""Where a map offers room to turn round, whatever is closed today: turning circles, streets to back into, map edges.

Guards that a main road that leaves the map is not taken for a dead end.
"""

from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing import tag_values
from routing.osm.tag_keys import TURNING_VALUES
from routing.reversing_rule import ReversingRule
from routing.streets import StreetGraph

_DRIVEWAY = "driveway"
_MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})


class TurningPlace(IntEnum):
    """What a node offers for turning round."""

    NONE = 0
    CIRCLE = 1
    """A turning circle or loop that is large enough or whose size is not known."""
    JUNCTION = 2
    """Three streets or more, two of them open both ways: the vehicle backs into one of them."""
    MAP_EDGE = 3
    """A main road that ends here goes on beyond the map: nobody turns round on it, and it is no dead end."""


class TurningGround:
    """What the map and the vehicle decide in every situation."""

    def __init__(self, streets: StreetGraph, rule: ReversingRule, vehicle_length_m: float) -> None:
        self.vehicle_length_m = vehicle_length_m
        self._streets = streets
        self._rule = rule

    @cached_property
    def node_kind(self) -> NDArray[np.int8]:
        """``(n_nodes,)``: turning circles and ends of main roads at the edge of the map."""
        kind = np.where(self._is_map_edge(), TurningPlace.MAP_EDGE, TurningPlace.NONE).astype(np.int8)
        is_circle = [False, *(_is_circle(dict(tags), self._rule.turning_circle_m) for tags in self._streets.node_tags)]
        kind[np.array(is_circle, dtype=np.bool_)[self._streets.node_tags_index + 1]] = TurningPlace.CIRCLE
        return kind

    @cached_property
    def is_street(self) -> NDArray[np.bool_]:
        """``(n_segments,)``: no driveway, so that a vehicle may back into it."""
        streets = self._streets
        is_driveway = np.array([dict(tags).get("service") == _DRIVEWAY for tags in streets.way_tags], dtype=np.bool_)
        is_street: NDArray[np.bool_] = ~is_driveway[streets.way_tags_index[streets.segment_way]]
        return is_street

    @cached_property
    def is_long(self) -> NDArray[np.bool_]:
        """``(n_segments,)``: the whole vehicle fits in."""
        is_long: NDArray[np.bool_] = self._streets.segment_length_mm >= self.vehicle_length_m * 1000
        return is_long

    def _is_map_edge(self) -> NDArray[np.bool_]:
        """Per node: the end of a single main road."""
        streets = self._streets
        is_main = np.array([dict(tags).get("highway") in _MAIN_ROADS for tags in streets.way_tags], dtype=np.bool_)
        on_main = _ends_at_nodes(streets, is_main[streets.way_tags_index[streets.segment_way]])
        n_ends = _ends_at_nodes(streets, np.ones(streets.n_segments, dtype=np.bool_))
        is_edge: NDArray[np.bool_] = (n_ends == 1) & (on_main == 1)
        return is_edge


def _ends_at_nodes(streets: StreetGraph, is_counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    tails, heads = streets.segment_tail[is_counted], streets.segment_head[is_counted]
    return np.bincount(tails, minlength=streets.n_nodes) + np.bincount(heads, minlength=streets.n_nodes)


def _is_circle(tags: dict[str, str], least_m: float) -> bool:
    """A turning circle or loop of the size asked for; one without a readable size counts."""
    if tags.get("highway") not in TURNING_VALUES:
        return False
    try:
        diameter_cm = tag_values.length_cm(tags.get("diameter", tags.get("width", "none")))
    except ValueError:
        return True
    return diameter_cm is None or diameter_cm >= least_m * 100
