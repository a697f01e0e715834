"""Dead ends: where a vehicle can turn round, and how far it would have to reverse to serve a place.

Reversing is the most dangerous thing a collection crew does. German accident prevention rules (DGUV Vorschrift 43,
section 16; DGUV Information 214-033) ask for collection without it, and where it cannot be avoided allow at most
150 m with a banksman. Setting back a few metres while turning does not count, so a vehicle may turn at a junction by
backing into a side street.

Guards that nothing is served out of sight: beyond the limit a place is either served from the last turning place,
with the metres that its container is rolled, or rejected by name.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing import tag_values
from routing.errors import ReversingError
from routing.kernels.components import reachable_states, strong_components
from routing.location import Waypoint
from routing.metric import Metric
from routing.osm.tag_keys import TURNING_VALUES
from routing.places import Places, Snap
from routing.reversing_rule import ReversingRule
from routing.snapping import Placement
from routing.streets import StreetGraph
from routing.turns import TurnGraph

_DRIVEWAY = "driveway"
_MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
_UNREACHED_MM = np.int64(2**62)


class TurningPlace(IntEnum):
    """What a node offers for turning round."""

    NONE = 0
    CIRCLE = 1
    """A turning circle or loop that is large enough or whose size is not known."""
    JUNCTION = 2
    """Three streets or more, two of them open both ways: the vehicle backs into one of them."""
    MAP_EDGE = 3
    """A main road that ends here goes on beyond the map: nobody turns round on it, and it is no dead end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnd:
    """Streets behind one turning place that can be left in reverse only.

    Attributes
    ----------
    street_name
        Of the street that leads in, empty when it has no name.
    turning_node
        The last node where the vehicle can turn round.
    segments
        All segments behind it.
    reversing_m
        The way back from the deepest point.
    """

    street_name: str
    turning_node: int
    segments: tuple[int, ...]
    reversing_m: float


class TurningPlaces:
    """Turning places and dead ends of one map for one vehicle.

    Parameters
    ----------
    streets, turns, metric
        What the vehicle may drive.
    rule
        How far it may reverse.
    vehicle_length_m
        A street that is shorter and leads nowhere is no place to back into.
    """

    def __init__(
        self, streets: StreetGraph, turns: TurnGraph, metric: Metric, *, rule: ReversingRule, vehicle_length_m: float
    ) -> None:
        self._streets = streets
        self._turns = turns
        self._metric = metric
        self._vehicle_length_m = vehicle_length_m
        self.rule = rule

    @cached_property
    def node_kind(self) -> NDArray[np.int8]:
        """``(n_nodes,)`` values of ``TurningPlace``."""
        kind = np.where(self._is_junction(), TurningPlace.JUNCTION, TurningPlace.NONE).astype(np.int8)
        is_circle = [False, *(_is_circle(dict(tags), self.rule.turning_circle_m) for tags in self._streets.node_tags)]
        kind[self._is_map_edge()] = TurningPlace.MAP_EDGE
        kind[np.array(is_circle, dtype=np.bool_)[self._streets.node_tags_index + 1]] = TurningPlace.CIRCLE
        kind[self._metric.node_reason > 0] = TurningPlace.NONE
        return kind

    @cached_property
    def is_forward(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: the vehicle can come here and go on without reversing, setting back at junctions apart."""
        first_out, head = self._turning_graph()
        n_arcs = self._metric.arc_ms.size
        is_open = self._metric.arc_ms[self._turns.state_arc] >= 0
        component = strong_components(first_out, head)
        sizes = np.bincount(component[is_open], minlength=1)
        is_main = is_open & (component == int(np.argmax(sizes)))
        is_reached = reachable_states(first_out, head, is_main)
        by_head = np.argsort(head, kind="stable")
        first_in = np.searchsorted(head[by_head], np.arange(first_out.size)).astype(np.int32)
        tails = np.repeat(np.arange(first_out.size - 1, dtype=np.int32), np.diff(first_out))
        leads_out = reachable_states(first_in, tails[by_head], is_main)
        is_arc_reached = np.zeros(n_arcs, dtype=np.bool_)
        is_arc_reached[self._turns.state_arc[is_reached]] = True
        forward: NDArray[np.bool_] = is_arc_reached & leads_out[:n_arcs] & is_open[:n_arcs]
        return forward

    def reversing_m(self, places: Places) -> NDArray[np.float64]:
        """``(n,)`` metres between each place and the last turning place before it, 0 where the vehicle drives on.

        Infinite where the vehicle cannot come at all.
        """
        streets, segment = self._streets, places.segment
        arcs_forward = self.is_forward.reshape(-1, 2)
        sides = np.column_stack((places.sides & 1, places.sides & 2)) > 0
        is_served = (arcs_forward[segment] & sides).any(axis=1)
        from_tail = self._depths.node_mm[streets.segment_tail[segment]] + places.offset_mm
        rest_mm = streets.segment_length_mm[segment] - places.offset_mm
        from_head = self._depths.node_mm[streets.segment_head[segment]] + rest_mm
        nearest = np.minimum(from_tail, from_head)
        metres: NDArray[np.float64] = np.where(nearest < _UNREACHED_MM, nearest / 1000.0, np.inf)
        metres[is_served] = 0.0
        return metres

    def served_from(self, snap: Snap, *, label: str) -> Snap | ReversingError:
        """Where a vehicle stops for a place: there, at the last turning place before it, or nowhere.

        The distance of a moved snap is what the container is rolled: to the street and along it. A place that the
        vehicle cannot reach at all is left as it is.
        """
        reversing_m = float(self.reversing_m(Places.of([snap]))[0])
        if reversing_m <= self.rule.max_reversing_m or reversing_m == np.inf:
            return snap
        if reversing_m > self.rule.max_rolling_m:
            return ReversingError(
                label=label,
                street_name=self._streets.segment_name(snap.segment),
                reversing_m=reversing_m,
                limit_m=self.rule.max_reversing_m,
            )
        arc = self._arc_to(self._turning_node(snap))
        length_mm = int(self._streets.segment_length_mm[arc >> 1])
        return Snap(
            segment=arc >> 1,
            offset_mm=0 if arc % 2 else length_mm,
            arcs=tuple(one for one in sorted((arc, arc ^ 1)) if self.is_forward[one]),
            distance_m=snap.distance_m + reversing_m,
        )

    def applied(self, waypoints: Sequence[Waypoint], placement: Placement) -> Placement:
        """The placement with all waypoints that lie too deep in a dead end moved or rejected by name."""
        reversing_m = self.reversing_m(placement.places)
        has_room = np.array([item.has_room_to_turn for item in waypoints], dtype=np.bool_)
        too_deep = np.flatnonzero((reversing_m > self.rule.max_reversing_m) & (reversing_m < np.inf) & ~has_room)
        if not too_deep.size:
            return placement
        snaps = [placement.places.snap(index) for index in range(len(waypoints))]
        errors = dict(placement.errors)
        for index in too_deep.tolist():
            served = self.served_from(snaps[index], label=waypoints[index].label)
            if isinstance(served, ReversingError):
                errors.setdefault(index, served)
            else:
                snaps[index] = served
        return Placement(places=Places.of(snaps), errors=errors)

    def dead_ends(self) -> tuple[DeadEnd, ...]:
        """Everything that can be left in reverse only, the deepest first."""
        streets, depths = self._streets, self._depths
        members: dict[int, list[int]] = {}
        deepest_mm: dict[int, float] = {}
        for segment in self._trap_segments.tolist():
            near, near_mm, far_mm = self._near_end(segment)
            if near_mm == _UNREACHED_MM:
                continue
            root = int(depths.first_segment[near])
            root = segment if root < 0 else root
            length_mm = int(streets.segment_length_mm[segment])
            # A street with a way in at both ends is deepest between them.
            depth_mm = (near_mm + min(far_mm, near_mm + length_mm) + length_mm) / 2
            members.setdefault(root, []).append(segment)
            deepest_mm[root] = max(deepest_mm.get(root, 0.0), depth_mm)
        found = [
            DeadEnd(
                street_name=streets.segment_name(root),
                turning_node=self._near_end(root)[0],
                segments=tuple(segments),
                reversing_m=deepest_mm[root] / 1000,
            )
            for root, segments in members.items()
        ]
        return tuple(sorted(found, key=lambda item: (-item.reversing_m, item.segments)))

    @cached_property
    def _trap_segments(self) -> NDArray[np.int64]:
        """Segments that the vehicle may use, but not by driving on."""
        is_open = (self._metric.arc_ms.reshape(-1, 2) >= 0).any(axis=1)
        return np.flatnonzero(is_open & ~self.is_forward.reshape(-1, 2).any(axis=1))

    @cached_property
    def _depths(self) -> "_Depths":
        """Dijkstra's search from all nodes where the vehicle drives on into the streets that it must back out of."""
        streets = self._streets
        node_mm = np.full(streets.n_nodes, _UNREACHED_MM, dtype=np.int64)
        turning_node = np.full(streets.n_nodes, -1, dtype=np.int32)
        first_segment = np.full(streets.n_nodes, -1, dtype=np.int32)
        starts = np.unique(streets.arc_head[self.is_forward])
        node_mm[starts], turning_node[starts] = 0, starts
        neighbours: dict[int, list[tuple[int, int, int]]] = {}
        for segment in self._trap_segments.tolist():
            tail, head = int(streets.segment_tail[segment]), int(streets.segment_head[segment])
            length_mm = int(streets.segment_length_mm[segment])
            neighbours.setdefault(tail, []).append((head, segment, length_mm))
            neighbours.setdefault(head, []).append((tail, segment, length_mm))
        waiting = [(0, node) for node in starts.tolist() if node in neighbours]
        while waiting:
            depth_mm, node = heapq.heappop(waiting)
            if depth_mm > node_mm[node]:
                continue
            for other, segment, length_mm in neighbours.get(node, ()):
                # What lies behind a closed barrier has its way in from the other side, if any.
                if depth_mm + length_mm < node_mm[other] and not self._metric.node_reason[other]:
                    node_mm[other] = depth_mm + length_mm
                    turning_node[other] = turning_node[node]
                    first_segment[other] = segment if depth_mm == 0 else first_segment[node]
                    heapq.heappush(waiting, (depth_mm + length_mm, other))
        return _Depths(node_mm=node_mm, turning_node=turning_node, first_segment=first_segment)

    def _near_end(self, segment: int) -> tuple[int, int, int]:
        """The end of a segment that is nearer to its turning place, and the depths of both ends."""
        tail, head = int(self._streets.segment_tail[segment]), int(self._streets.segment_head[segment])
        tail_mm, head_mm = int(self._depths.node_mm[tail]), int(self._depths.node_mm[head])
        return (tail, tail_mm, head_mm) if tail_mm <= head_mm else (head, head_mm, tail_mm)

    def _turning_node(self, snap: Snap) -> int:
        """The last turning place before a place."""
        tail, head = int(self._streets.segment_tail[snap.segment]), int(self._streets.segment_head[snap.segment])
        rest_mm = int(self._streets.segment_length_mm[snap.segment]) - snap.offset_mm
        is_tail_nearer = self._depths.node_mm[tail] + snap.offset_mm <= self._depths.node_mm[head] + rest_mm
        return int(self._depths.turning_node[tail if is_tail_nearer else head])

    def _turning_graph(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The vehicle's turns, with turning round at turning places and nowhere else."""
        streets, turns, graph = self._streets, self._turns, self._metric.graph
        tails = np.repeat(np.arange(turns.n_states, dtype=np.int32), np.diff(graph.first_out))
        is_u_turn = turns.state_arc[graph.head] == turns.state_arc[tails] ^ 1
        is_open = self._metric.arc_ms >= 0
        may_turn = (self.node_kind > 0)[streets.arc_head] & is_open & np.repeat(is_open.reshape(-1, 2).all(axis=1), 2)
        turning = np.flatnonzero(may_turn).astype(np.int32)
        tails = np.concatenate((tails[~is_u_turn], turning))
        heads = np.concatenate((graph.head[~is_u_turn], turning ^ 1))
        by_tail = np.argsort(tails, kind="stable")
        first_out = np.searchsorted(tails[by_tail], np.arange(turns.n_states + 1)).astype(np.int32)
        return first_out, heads[by_tail].astype(np.int32)

    def _is_junction(self) -> NDArray[np.bool_]:
        """Per node: three streets or more that a vehicle can stand in, two of them open both ways."""
        streets = self._streets
        is_open = self._metric.arc_ms.reshape(-1, 2) >= 0
        is_driveway = np.array([dict(tags).get("service") == _DRIVEWAY for tags in streets.way_tags], dtype=np.bool_)
        is_arm = is_open.any(axis=1) & ~is_driveway[streets.way_tags_index[streets.segment_way]]
        degree = _ends_at_nodes(streets, is_arm)
        is_long = streets.segment_length_mm >= self._vehicle_length_m * 1000
        n_arms = np.zeros(streets.n_nodes, dtype=np.int64)
        n_two_way = np.zeros(streets.n_nodes, dtype=np.int64)
        for near, far in ((streets.segment_tail, streets.segment_head), (streets.segment_head, streets.segment_tail)):
            has_room = is_arm & (is_long | (degree[far] > 1))
            n_arms += np.bincount(near[has_room], minlength=streets.n_nodes)
            n_two_way += np.bincount(near[has_room & is_open.all(axis=1)], minlength=streets.n_nodes)
        return (n_arms >= 3) & (n_two_way >= 2)

    def _is_map_edge(self) -> NDArray[np.bool_]:
        """Per node: the end of a single main road."""
        streets = self._streets
        is_main = np.array([dict(tags).get("highway") in _MAIN_ROADS for tags in streets.way_tags], dtype=np.bool_)
        on_main = _ends_at_nodes(streets, is_main[streets.way_tags_index[streets.segment_way]])
        n_ends = _ends_at_nodes(streets, np.ones(streets.n_segments, dtype=np.bool_))
        is_edge: NDArray[np.bool_] = (n_ends == 1) & (on_main == 1)
        return is_edge

    def _arc_to(self, node: int) -> int:
        return int(np.flatnonzero(self.is_forward & (self._streets.arc_head == node))[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Depths:
    """Per node: millimetres to its turning place, that place, and the first segment on the way in (-1 for none)."""

    node_mm: NDArray[np.int64]
    turning_node: NDArray[np.int32]
    first_segment: NDArray[np.int32]


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
