"""Dead ends: where a vehicle can turn round, and how far it would have to reverse to serve a place.

Reversing is the most dangerous thing a collection crew does. German accident prevention rules (DGUV Vorschrift 43,
section 16; DGUV Information 214-033) ask for collection without it, and where it cannot be avoided allow at most
150 m with a banksman. Setting back a few metres while turning does not count, so a vehicle may turn at a junction by
backing into a side street.

Guards that no street where the depot forbids reversing is reversed on, however short the way, and that nothing is
served out of sight: beyond the limit a place is either served from the last turning place, with the metres that its
container is rolled, or rejected by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.errors import ReversingError
from routing.forward_streets import ForwardStreets
from routing.kernels.turning_depths import UNREACHED_MM, depths_at, reversing_depths
from routing.location import Waypoint
from routing.metric import Metric, MetricChange
from routing.override_targets import arcs_of
from routing.overrides import ForbidReversing, Override
from routing.places import Places, Snap, arc_sides
from routing.reversing_rule import ReversingRule
from routing.snapping import Placement
from routing.streets import StreetGraph
from routing.turning_ground import TurningGround
from routing.turns import TurnGraph

_Ways = tuple[
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.bool_],
    NDArray[np.bool_],
    NDArray[np.bool_],
]


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
    overrides
        What the depot knows better; of it, only where reversing is forbidden is not in the metric. Setting back at a
        junction counts there as little as elsewhere.
    """

    def __init__(
        self,
        streets: StreetGraph,
        turns: TurnGraph,
        metric: Metric,
        *,
        rule: ReversingRule,
        vehicle_length_m: float,
        overrides: Sequence[Override] = (),
    ) -> None:
        self._streets = streets
        self._metric = metric
        self._overrides = tuple(item for item in overrides if isinstance(item.change, ForbidReversing))
        ground = TurningGround(streets, rule, vehicle_length_m)
        self._forward = ForwardStreets(streets=streets, turns=turns, metric=metric, ground=ground)
        self.rule = rule

    def under(
        self, metric: Metric, overrides: Sequence[Override] = (), *, change: MetricChange | None = None
    ) -> "TurningPlaces":
        """The same map and vehicle under other costs and overrides; what the map alone decides is shared.

        Where it is known what changed since the costs here, only that is worked out anew.
        """
        ground = self._forward.ground
        other = TurningPlaces(
            self._streets,
            self._forward.turns,
            metric,
            rule=self.rule,
            vehicle_length_m=ground.vehicle_length_m,
            overrides=overrides,
        )
        since = (self._forward, change) if change is not None and change.before is self._metric else None
        other._forward = replace(other._forward, ground=ground, since=since)
        return other

    @property
    def node_kind(self) -> NDArray[np.int8]:
        """``(n_nodes,)`` values of ``TurningPlace``."""
        return self._forward.node_kind

    @property
    def is_forward(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: the vehicle can come here and go on without reversing, setting back at junctions apart."""
        return self._forward.is_forward

    @cached_property
    def _forward_sides(self) -> NDArray[np.uint8]:
        return arc_sides(self.is_forward)

    def reversing_m(self, places: Places) -> NDArray[np.float64]:
        """``(n,)`` metres between each place and the last turning place before it, 0 where the vehicle drives on.

        Infinite where the vehicle cannot come at all.
        """
        metres = np.zeros(len(places))
        is_deep = (places.sides & self._forward_sides[places.segment]) == 0
        if is_deep.any():
            metres[is_deep] = self._metres_back(places.taken(np.flatnonzero(is_deep)), self._is_trap)
        return metres

    def max_reversing_m(self, places: Places) -> NDArray[np.float64]:
        """``(n,)`` metres that the vehicle may reverse to each place: 0 where it must do so on a forbidden street.

        A way back over other streets counts where it is within the rule's limit, even if it is longer.
        """
        limit_m = np.full(len(places), float(self.rule.max_reversing_m))
        if self._overrides:
            limit_m[self._is_banned(places, self._is_forbidden)] = 0.0
        return limit_m

    def served_from(self, snap: Snap, *, label: str) -> Snap | ReversingError:
        """Where a vehicle stops for a place: there, at the last turning place before it, or nowhere.

        The distance of a moved snap is what the container is rolled: to the street and along it. A place that the
        vehicle cannot reach at all is left as it is.
        """
        places = Places.of([snap])
        reversing_m, limit_m = float(self.reversing_m(places)[0]), float(self.max_reversing_m(places)[0])
        if reversing_m <= limit_m or reversing_m == np.inf:
            return snap
        return self._moved(snap, reversing_m, limit_m, label=label)

    def _moved(self, snap: Snap, reversing_m: float, limit_m: float, *, label: str) -> Snap | ReversingError:
        """The place's last turning place, where that is near enough."""
        if reversing_m > self.rule.max_rolling_m:
            return ReversingError(
                label=label,
                street_name=self._streets.segment_name(snap.segment),
                reversing_m=reversing_m,
                limit_m=limit_m,
                forbidden_by=self._banned_by(Places.of([snap])),
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
        limit_m = self.max_reversing_m(placement.places)
        is_too_deep = (reversing_m > limit_m) & (reversing_m < np.inf) & ~has_room
        errors, moved = dict(placement.errors), {}
        for index in np.flatnonzero(is_too_deep).tolist():
            snap, label = placement.places.snap(index), waypoints[index].label
            served = self._moved(snap, float(reversing_m[index]), float(limit_m[index]), label=label)
            if isinstance(served, ReversingError):
                errors.setdefault(index, served)
            else:
                moved[index] = served
        places = placement.places
        if moved:
            places, there = places.taken(np.arange(len(places))), Places.of(list(moved.values()))
            for column in fields(Places):
                getattr(places, column.name)[list(moved)] = getattr(there, column.name)
        return Placement(places=places, errors=errors)

    def dead_ends(self) -> tuple[DeadEnd, ...]:
        """Everything that can be left in reverse only, the deepest first."""
        streets, depths = self._streets, self._depths
        members: dict[int, list[int]] = {}
        deepest_mm: dict[int, float] = {}
        for segment in np.flatnonzero(self._is_trap).tolist():
            near, near_mm, far_mm = self._near_end(segment)
            if near_mm == UNREACHED_MM:
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
    def _depths(self) -> "_Depths":
        """Ways back from all streets that the vehicle must back out of."""
        node_mm, turning_node, first_segment = reversing_depths(*self._ways(self._is_trap))
        return _Depths(node_mm=node_mm, turning_node=turning_node, first_segment=first_segment)

    @cached_property
    def _is_trap(self) -> NDArray[np.bool_]:
        """Segments that the vehicle may use, but not by driving on."""
        is_trap: NDArray[np.bool_] = (arc_sides(self._metric.arc_ms >= 0) > 0) & (self._forward_sides == 0)
        return is_trap

    @cached_property
    def _is_forbidden(self) -> NDArray[np.bool_]:
        """Segments on which any override forbids reversing."""
        return self._forbidden(self._overrides)

    def _forbidden(self, overrides: Sequence[Override]) -> NDArray[np.bool_]:
        """Segments on which some overrides forbid reversing."""
        is_forbidden = np.zeros(self._streets.n_segments, dtype=np.bool_)
        for item in overrides:
            is_forbidden[arcs_of(item, self._streets) >> 1] = True
        return is_forbidden

    def _is_banned(self, places: Places, is_forbidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """``(n,)``: no way back within the rule's limit is left to the place."""
        allowed_m = self._metres_back(places, self._is_trap & ~is_forbidden)
        allowed_m[is_forbidden[places.segment]] = np.inf
        is_longer = allowed_m > self._metres_back(places, self._is_trap)
        is_banned: NDArray[np.bool_] = is_longer & (allowed_m > self.rule.max_reversing_m)
        return is_banned

    def _banned_by(self, places: Places) -> tuple[str, ...]:
        """Overrides each of which alone forbids to reverse to a single place."""
        return tuple(
            item.override_id for item in self._overrides if self._is_banned(places, self._forbidden([item]))[0]
        )

    def _metres_back(self, places: Places, is_trap: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Metres between places and where a vehicle drives on, over some of the segments that it must back out of.

        Infinite where nothing leads there. Only the streets around the places are searched.
        """
        streets, segment, offset_mm = self._streets, places.segment, places.offset_mm
        tail, head = streets.segment_tail[segment], streets.segment_head[segment]
        nodes, where = np.unique(np.concatenate((tail, head)), return_inverse=True)
        ways = self._ways(is_trap)
        node_mm, is_complete = depths_at(nodes, *ways)
        node_mm = (node_mm if is_complete else reversing_depths(*ways)[0][nodes])[where]
        from_tail = node_mm[: tail.size] + offset_mm
        from_head = node_mm[tail.size :] + streets.segment_length_mm[segment] - offset_mm
        nearest = np.minimum(from_tail, from_head)
        metres: NDArray[np.float64] = np.where(nearest < UNREACHED_MM, nearest / 1000.0, np.inf)
        return metres

    def _ways(self, is_trap: NDArray[np.bool_]) -> _Ways:
        """Streets and nodes as the searches for ways back take them."""
        streets, is_node_closed = self._streets, self._metric.node_reason > 0
        lengths_mm = streets.segment_length_mm
        return (*streets.leaving, streets.arc_head, lengths_mm, self.is_forward, is_trap, is_node_closed)

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

    def _arc_to(self, node: int) -> int:
        return int(np.flatnonzero(self.is_forward & (self._streets.arc_head == node))[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Depths:
    """Per node: millimetres to its turning place, that place, and the first segment on the way in (-1 for none)."""

    node_mm: NDArray[np.int64]
    turning_node: NDArray[np.int32]
    first_segment: NDArray[np.int32]
