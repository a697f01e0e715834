"""The obvious search that every fast one is compared with."""

import heapq
from collections import defaultdict

import numpy as np

from routing.profile import VehicleProfile
from routing.query import QueryEngine
from routing.snapping import Snap
from routing.streets import TurnRestriction


class ObviousSearch:
    """Dijkstra over (arc, arcs driven before), with turns judged one by one from the map and the profile.

    It shares no code with turns, costs or kernels of the router, only the driving times of arcs and closed nodes.
    """

    def __init__(self, engine: QueryEngine, profile: VehicleProfile) -> None:
        self.engine = engine
        self.streets = engine.streets
        self.profile = profile
        self.memory = max([len(item.arcs) - 1 for item in self.streets.restrictions], default=1)
        self.leaving: dict[int, list[int]] = defaultdict(list)
        for arc, node in enumerate(self.streets.arc_tail.tolist()):
            if engine.metric.arc_ms[arc] >= 0:
                self.leaving[node].append(arc)
        self.degree = np.bincount(self.streets.arc_tail, minlength=self.streets.n_nodes)
        self.bound = [item for item in self.streets.restrictions if self._binds(item)]

    def costs_from(self, start: Snap) -> dict[int, tuple[int, int]]:
        """Milliseconds and millimetres to the start of every arc that can be reached."""
        best: dict[tuple[int, ...], tuple[int, int]] = {}
        heap: list[tuple[int, int, tuple[int, ...]]] = []
        for arc in start.arcs:
            done_ms, done_mm = self.part(start, arc)
            self._relax(heap, (arc,), -done_ms, -done_mm)
        while heap:
            ms, mm, path = heapq.heappop(heap)
            if path in best:
                continue
            best[path] = (ms, mm)
            self._relax(heap, path, ms, mm)
        found: dict[int, tuple[int, int]] = {}
        for path, cost in best.items():
            found[path[-1]] = min(found.get(path[-1], cost), cost)
        return found

    def cost(self, reached: dict[int, tuple[int, int]], start: Snap, end: Snap) -> tuple[int, int] | None:
        options = []
        for arc in end.arcs:
            part = self.part(end, arc)
            if arc in reached:
                options.append((reached[arc][0] + part[0], reached[arc][1] + part[1]))
            if arc in start.arcs and part >= (own := self.part(start, arc)):
                options.append((part[0] - own[0], part[1] - own[1]))
        return min(options, default=None)

    def part(self, snap: Snap, arc: int) -> tuple[int, int]:
        length_mm = int(self.streets.segment_length_mm[arc // 2])
        along_mm = snap.offset_mm if arc % 2 == 0 else length_mm - snap.offset_mm
        return int(self.engine.metric.arc_ms[arc]) * along_mm // length_mm, along_mm

    def _relax(self, heap: list[tuple[int, int, tuple[int, ...]]], path: tuple[int, ...], ms: int, mm: int) -> None:
        arc = path[-1]
        at_end_ms = ms + int(self.engine.metric.arc_ms[arc])
        at_end_mm = mm + int(self.streets.segment_length_mm[arc // 2])
        node = int(self.streets.arc_head[arc])
        onward = [b for b in self.leaving[node] if b != arc ^ 1 and self._may_pass(node) and self._may_turn(path, b)]
        for follower in onward:
            self._add(heap, (*path, follower), at_end_ms + self._turn_ms(arc, follower, node), at_end_mm)
        if arc ^ 1 in self.leaving[node] and self._may_turn(path, arc ^ 1):
            u_turn_s = self._u_turn_s(node, is_dead_end=not onward)
            if u_turn_s >= 0:
                self._add(heap, (*path, arc ^ 1), at_end_ms + round(u_turn_s * 1000), at_end_mm)

    def _add(self, heap: list[tuple[int, int, tuple[int, ...]]], path: tuple[int, ...], ms: int, mm: int) -> None:
        heapq.heappush(heap, (ms, mm, path[-self.memory :]))

    def _may_pass(self, node: int) -> bool:
        return int(self.engine.metric.node_reason[node]) == 0

    def _may_turn(self, path: tuple[int, ...], follower: int) -> bool:
        for item in self.bound:
            *before, last = item.arcs
            if path[-len(before) :] == tuple(before) and (follower == last) != item.is_only:
                return False
        return True

    def _binds(self, item: TurnRestriction) -> bool:
        is_meant = item.vehicle in {"", *self.profile.access_keys} and not (
            item.vehicle == "hgv" and self.profile.weight_kg <= 3500
        )
        return is_meant and not set(item.exempt) & set(self.profile.access_keys) and not item.condition

    def _turn_ms(self, arc: int, follower: int, node: int) -> int:
        tags = self._node_tags(node)
        cost_s = 0.0
        if self.degree[node] >= 3:
            angle = (self._bearing(follower, at_end=False) - self._bearing(arc, at_end=True) + 180) % 360 - 180
            if abs(angle) < 35:
                cost_s = self.profile.straight_s
            else:
                cost_s = self.profile.right_s if angle > 0 else self.profile.left_s
            if abs(angle) > 120:
                cost_s += self.profile.sharp_s
        if tags.get("highway") == "traffic_signals":
            cost_s += self.profile.traffic_signals_s
        if "barrier" in tags:
            cost_s += self.profile.barrier_s
        return round(cost_s * 1000)

    def _u_turn_s(self, node: int, *, is_dead_end: bool) -> float:
        if self._node_tags(node).get("highway") in {"turning_circle", "turning_loop"}:
            return self.profile.turning_circle_s
        return self.profile.dead_end_s if is_dead_end else self.profile.junction_u_turn_s

    def _node_tags(self, node: int) -> dict[str, str]:
        index = int(self.streets.node_tags_index[node])
        return dict(self.streets.node_tags[index]) if index >= 0 else {}

    def _bearing(self, arc: int, *, at_end: bool) -> float:
        segment = arc // 2
        first, last = int(self.streets.segment_first_point[segment]), int(self.streets.segment_last_point[segment])
        points = list(range(first, last + 1))
        if arc % 2:
            points.reverse()
        a, b = points[-2:] if at_end else points[:2]
        lon, lat = self.streets.point_lon_deg, self.streets.point_lat_deg
        east = (lon[b] - lon[a]) * np.cos(np.radians((lat[a] + lat[b]) / 2))
        return float(np.degrees(np.arctan2(east, lat[b] - lat[a])))
