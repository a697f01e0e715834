"""Our path between two places, and what a path of somebody else costs on our streets.

Guards that a disagreement is traced to one thing: another engine's path is walked turn by turn in our graph, and where
it cannot go on, the rule that stands against it is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import PROFILE, PROFILES_DIR
from routing.location import Location, Waypoint
from routing.metric import MS_SHIFT, Metric, build_metric
from routing.osm.pbf import load_streets
from routing.places import Places
from routing.profile import load_profile
from routing.query import QueryEngine
from routing.snapping import SnapIndex
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turns import TurnGraph, build_turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Where a path cannot go on in our graph.

    Attributes
    ----------
    position
        Index of the arc that cannot be driven or turned into.
    rule
        Which rule stands against it.
    """

    position: int
    rule: str


@dataclass(frozen=True, kw_only=True)
class OurPaths:
    """Our engine for the vehicle of the comparison, with all places."""

    streets: StreetGraph
    turns: TurnGraph
    metric: Metric
    engine: QueryEngine
    places: Places

    @classmethod
    def on(cls, map_path: Path, lon_lat_deg: NDArray[np.float64]) -> "OurPaths":
        """Read a map and snap the places."""
        streets = load_streets(map_path)
        turns = build_turns(streets)
        metric = build_metric(streets, turns, load_profile(PROFILE, profiles_dir=PROFILES_DIR))
        engine = QueryEngine.on(streets, turns, metric, build_turn_hierarchy(streets, turns, [metric]))
        return cls(
            streets=streets, turns=turns, metric=metric, engine=engine, places=snapped(streets, metric, lon_lat_deg)
        )

    @cached_property
    def node_index(self) -> dict[int, int]:
        """Our nodes by their OSM ids."""
        return {osm_id: index for index, osm_id in enumerate(self.streets.node_osm_id.tolist())}

    def path(self, start: int, end: int) -> tuple[tuple[int, ...], float]:
        """Arcs of the fastest path between two places, and its seconds."""
        found = self.engine.traces(self.places, [(start, end)])
        return tuple(found.arc.tolist()), float(found.duration_s[0])

    def arc_s(self, arcs: Sequence[int], start: int, end: int) -> list[float]:
        """Seconds on each arc of a path between two places; the first and last in part, turns left out."""
        seconds = [self.metric.arc_ms[arc] / 1000 for arc in arcs]
        first_s, last_s = self._before_s(arcs[0], start), self._before_s(arcs[-1], end)
        if len(arcs) == 1:
            return [last_s - first_s]
        return [seconds[0] - first_s, *seconds[1:-1], last_s]

    def turns_s(self, arcs: Sequence[int]) -> list[float] | Obstacle:
        """Seconds of each turn of a path, or the first thing that forbids it."""
        graph, state_arc = self.metric.graph, self.turns.state_arc
        state, seconds = arcs[0], []
        for position, arc in enumerate(arcs):
            if self.metric.arc_ms[arc] < 0:
                return Obstacle(position=position, rule=self._closed_arc(arc))
        for position, arc in enumerate(arcs[1:], start=1):
            leaving = range(int(graph.first_out[state]), int(graph.first_out[state + 1]))
            turn = next((turn for turn in leaving if state_arc[graph.head[turn]] == arc), None)
            if turn is None:
                return Obstacle(position=position, rule=self._closed_turn(state, arc))
            seconds.append(float((int(graph.weight[turn]) >> MS_SHIFT) - self.metric.arc_ms[state_arc[state]]) / 1000)
            state = int(graph.head[turn])
        return seconds

    def angle_deg(self, arc: int, following: int) -> float:
        """Change of direction, clockwise; 180 or -180 for turning round."""
        turn = self._turn(arc, following)
        return float(self.turns.turn_angle_deg[turn]) if turn is not None else float("nan")

    def rest_m(self, arc: int, place: int) -> float:
        """Metres from a place on an arc to the arc's end."""
        _, before_mm = self.engine.parts(self.places, np.array([place]), np.array([arc]))
        return float(self.streets.segment_length_mm[arc >> 1] - before_mm[0]) / 1000

    def n_two_way(self, arc: int) -> int:
        """How many streets at an arc's end may be driven in both directions."""
        streets, arc_ms = self.streets, self.metric.arc_ms
        first, leaving = streets.leaving
        node = int(streets.arc_head[arc])
        away = leaving[first[node] : first[node + 1]]
        return int(((arc_ms[away] >= 0) & (arc_ms[away ^ 1] >= 0)).sum())

    def way(self, arc: int) -> int:
        """OSM id of an arc's way."""
        return int(self.streets.way_osm_id[self.streets.segment_way[arc >> 1]])

    def between(self, arc: int) -> tuple[int, int]:
        """OSM ids of the nodes where an arc starts and ends."""
        nodes = self.streets.node_osm_id
        return int(nodes[self.streets.arc_tail[arc]]), int(nodes[self.streets.arc_head[arc]])

    def describe(self, arc: int) -> str:
        """An arc's way, nodes and tags in words."""
        streets, segment = self.streets, arc >> 1
        tail, head = self.between(arc)
        tags = " ".join(f"{key}={value}" for key, value in sorted(streets.segment_tags(segment).items()))
        name = streets.segment_name(segment) or "nameless"
        length_m = streets.segment_length_mm[segment] / 1000
        return f"way {self.way(arc)} ({name}) {tail} -> {head}, {length_m:.0f} m, {tags}"

    def describe_node(self, arc: int) -> str:
        """The node where an arc ends, with its tags."""
        node = int(self.streets.arc_head[arc])
        index = int(self.streets.node_tags_index[node])
        tags = " ".join(f"{key}={value}" for key, value in self.streets.node_tags[index]) if index >= 0 else ""
        lon, lat = self.streets.node_lon_deg[node], self.streets.node_lat_deg[node]
        return f"node {self.streets.node_osm_id[node]} at {lat:.5f} N {lon:.5f} E {tags}".rstrip()

    def location_on(self, arc: int, fraction: float) -> tuple[tuple[float, float], float]:
        """Longitude and latitude at a part of an arc's length, and the bearing there in degrees."""
        streets, segment = self.streets, arc >> 1
        shape = slice(int(streets.segment_first_point[segment]), int(streets.segment_last_point[segment]) + 1)
        along = streets.point_along_mm[shape] - streets.point_along_mm[shape.start]
        lon, lat = streets.point_lon_deg[shape], streets.point_lat_deg[shape]
        at_mm = float(along[-1]) * (1 - fraction if arc & 1 else fraction)
        piece = min(max(int(np.searchsorted(along, at_mm, side="right")) - 1, 0), along.size - 2)
        east = (lon[piece + 1] - lon[piece]) * np.cos(np.radians(lat[piece]))
        bearing = np.degrees(np.arctan2(east, lat[piece + 1] - lat[piece])) + (180 if arc & 1 else 0)
        return (float(np.interp(at_mm, along, lon)), float(np.interp(at_mm, along, lat))), float(bearing % 360)

    def _before_s(self, arc: int, place: int) -> float:
        """Seconds from an arc's start to a place on it."""
        ms, _ = self.engine.parts(self.places, np.array([place]), np.array([arc]))
        return float(ms[0]) / 1000

    def _turn(self, state: int, following: int) -> int | None:
        """A turn of the structure, also one that is closed."""
        turns = self.turns
        leaving = range(int(turns.first_turn[state]), int(turns.first_turn[state + 1]))
        return next((turn for turn in leaving if turns.state_arc[turns.turn_to[turn]] == following), None)

    def _closed_arc(self, arc: int) -> str:
        metric = self.metric
        return f"{metric.reasons[metric.arc_reason[arc]] or 'closed in this direction'}: {self.describe(arc)}"

    def _closed_turn(self, state: int, following: int) -> str:
        streets, metric, turns = self.streets, self.metric, self.turns
        arc = int(turns.state_arc[state])
        turn = self._turn(state, following)
        if turn is None:
            return f"the streets do not meet: {self.describe(arc)}, then {self.describe(following)}"
        if turns.turn_rule[turn] >= 0:
            ids = sorted({streets.restrictions[index].osm_id for index in turns.rules[turns.turn_rule[turn]]})
            return f"turn restriction (relation {', '.join(map(str, ids))}) at {self.describe_node(arc)}"
        if following == arc ^ 1:
            return f"no turning round at {self.describe_node(arc)}"
        reason = metric.reasons[metric.node_reason[streets.arc_head[arc]]]
        return f"{reason or 'closed'} at {self.describe_node(arc)}"


def snapped(streets: StreetGraph, metric: Metric, lon_lat_deg: NDArray[np.float64]) -> Places:
    """The places' positions on our streets."""
    waypoints = [
        Waypoint(label=f"place {index}", location=Location(lon_deg=lon, lat_deg=lat))
        for index, (lon, lat) in enumerate(lon_lat_deg.tolist())
    ]
    return SnapIndex(streets).locate(waypoints, metric).places
