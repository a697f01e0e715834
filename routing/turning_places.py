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
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing import tag_values
from routing.connections import Connections
from routing.errors import ReversingError
from routing.kernels.components import reachable_states, strong_components
from routing.kernels.reverse import reversed_arcs
from routing.kernels.turning_depths import (
    UNREACHED_MM,
    around_by_turning,
    depths_at,
    junction_nodes,
    reversing_depths,
)
from routing.location import Waypoint
from routing.metric import Metric, MetricChange
from routing.osm.tag_keys import TURNING_VALUES
from routing.override_targets import arcs_of
from routing.overrides import ForbidReversing, Override
from routing.places import Places, Snap, arc_sides
from routing.reversing_rule import ReversingRule
from routing.snapping import Placement
from routing.streets import StreetGraph
from routing.turns import TurnGraph

_DRIVEWAY = "driveway"
_MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
_N_SEEDS = 3
"""Streets that are tried as part of the largest network before it is searched for."""


_Ways = tuple[
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.bool_],
    NDArray[np.bool_],
    NDArray[np.bool_],
]
_Reach = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Per state: it is reached from the largest network, and it leads into it."""


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
        self._turns = turns
        self._metric = metric
        self._overrides = tuple(item for item in overrides if isinstance(item.change, ForbidReversing))
        self._ground = _Ground(streets, rule, vehicle_length_m)
        self._since: tuple[TurningPlaces, MetricChange] | None = None
        self.rule = rule

    def under(
        self, metric: Metric, overrides: Sequence[Override] = (), *, change: MetricChange | None = None
    ) -> "TurningPlaces":
        """The same map and vehicle under other costs and overrides; what the map alone decides is shared.

        Where it is known what changed since the costs here, only that is worked out anew.
        """
        ground = self._ground
        other = TurningPlaces(
            self._streets,
            self._turns,
            metric,
            rule=self.rule,
            vehicle_length_m=ground.vehicle_length_m,
            overrides=overrides,
        )
        other._ground = ground
        if change is not None and change.before is self._metric:
            other._since = self, change
        return other

    @cached_property
    def node_kind(self) -> NDArray[np.int8]:
        """``(n_nodes,)`` values of ``TurningPlace``."""
        streets, ground = self._streets, self._ground
        is_junction = junction_nodes(
            streets.arc_head, self._metric.arc_ms, ground.is_street, ground.is_long, streets.n_nodes
        )
        kind = np.where(ground.node_kind > 0, ground.node_kind, is_junction * np.int8(TurningPlace.JUNCTION))
        kind[self._metric.node_reason > 0] = TurningPlace.NONE
        return kind

    @cached_property
    def is_forward(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: the vehicle can come here and go on without reversing, setting back at junctions apart."""
        is_open = self._metric.arc_ms >= 0
        is_state_open = is_open[self._turns.state_arc]
        is_reached, leads_out = (
            self._around_before(is_state_open)
            or self._around_most(is_state_open)
            or self._around_largest(is_state_open)
        )
        is_arc_reached = is_reached[: is_open.size].copy()
        is_arc_reached[self._turns.state_arc[is_open.size :][is_reached[is_open.size :]]] = True
        forward: NDArray[np.bool_] = is_arc_reached & leads_out[: is_open.size] & is_open
        return forward

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

    def _around_before(self, is_state_open: NDArray[np.bool_]) -> _Reach | None:
        """What ``_around_most`` finds, by following what changed since other costs."""
        if self._since is None:
            return None
        before, change = self._since
        connections, n_states = before.connections, np.int64(is_state_open.size)
        if connections is None or not is_state_open[connections.hub]:
            return None
        closed = np.flatnonzero(before.may_turn & ~self.may_turn)
        opened = np.flatnonzero(self.may_turn & ~before.may_turn)
        removed, added = (
            np.sort(np.concatenate((self._straight_on(keys), arcs * n_states + (arcs ^ 1))))
            for keys, arcs in ((change.removed, closed), (change.added, opened))
        )
        is_reached, leads_out = connections.after(removed, added)
        n_most = np.count_nonzero(is_state_open) // 2
        return (is_reached, leads_out) if np.count_nonzero(leads_out & is_reached) > n_most else None

    def _straight_on(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some turns, ``from * n_states + to``, that do not turn round."""
        start, end = np.divmod(keys, self._turns.n_states)
        is_turning_round: NDArray[np.bool_] = self._turns.state_arc[end] == self._turns.state_arc[start] ^ 1
        return keys[~is_turning_round]

    @cached_property
    def connections(self) -> Connections | None:
        """Ways around a street of the largest network, for closures that follow."""
        main = np.flatnonzero(self.is_forward)
        return Connections(*self._turning_graph(), int(main[main.size // 2])) if main.size else None

    def _around_most(self, is_state_open: NDArray[np.bool_]) -> _Reach | None:
        """What is reached from, and what leads into, a part of more than half of all streets, if one is met at once.

        Such a part is the largest, and two plain searches cost much less than all strong components.
        """
        graph, state_arc, may_turn = self._metric.graph, self._turns.state_arc, self.may_turn
        main = np.flatnonzero(self._metric.is_main)
        n_most = np.count_nonzero(is_state_open) // 2
        for index in range(1, _N_SEEDS + 1 if main.size else 0):
            seed = main[main.size * index // (_N_SEEDS + 1)]
            is_reached, leads_out = around_by_turning(graph.first_out, graph.head, state_arc, may_turn, seed)
            if np.count_nonzero(leads_out & is_reached) > n_most:
                return is_reached, leads_out
        return None

    def _around_largest(self, is_state_open: NDArray[np.bool_]) -> _Reach:
        """What is reached from the largest strongly connected part, and what leads into it."""
        first_out, head = self._turning_graph()
        component = strong_components(first_out, head)
        sizes = np.bincount(component[is_state_open], minlength=1)
        is_main = is_state_open & (component == int(np.argmax(sizes)))
        leads_out = reachable_states(*reversed_arcs(first_out, head), is_main)
        return reachable_states(first_out, head, is_main), leads_out

    @cached_property
    def may_turn(self) -> NDArray[np.bool_]:
        """``(n_arcs,)``: the vehicle may turn round at the end of the arc."""
        is_open = (self._metric.arc_ms >= 0).reshape(-1, 2)
        may_turn: NDArray[np.bool_] = (self.node_kind > 0)[self._streets.arc_head]
        may_turn.reshape(-1, 2)[...] &= (is_open[:, 0] & is_open[:, 1])[:, None]
        return may_turn

    def _turning_graph(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The vehicle's turns, with turning round at turning places and nowhere else."""
        turns, graph = self._turns, self._metric.graph
        tails = np.repeat(np.arange(turns.n_states, dtype=np.int32), np.diff(graph.first_out))
        is_u_turn = turns.state_arc[graph.head] == turns.state_arc[tails] ^ 1
        turning = np.flatnonzero(self.may_turn).astype(np.int32)
        tails = np.concatenate((tails[~is_u_turn], turning))
        heads = np.concatenate((graph.head[~is_u_turn], turning ^ 1))
        by_tail = np.argsort(tails, kind="stable")
        first_out = np.searchsorted(tails[by_tail], np.arange(turns.n_states + 1)).astype(np.int32)
        return first_out, heads[by_tail].astype(np.int32)

    def _arc_to(self, node: int) -> int:
        return int(np.flatnonzero(self.is_forward & (self._streets.arc_head == node))[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Depths:
    """Per node: millimetres to its turning place, that place, and the first segment on the way in (-1 for none)."""

    node_mm: NDArray[np.int64]
    turning_node: NDArray[np.int32]
    first_segment: NDArray[np.int32]


class _Ground:
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
