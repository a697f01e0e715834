"""Driving times of all streets for one vehicle: from tags once, then with what a situation changes.

Guards that the usual case stays cheap: tags without conditions are read once per profile, those with conditions once
for all overrides that hold at the same time, and an override costs work for its own streets only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.conditional import SUFFIX, tags_in_force
from routing.conditions import Situation
from routing.override_effects import overridden_node_reason, overridden_passage
from routing.override_targets import arcs_of
from routing.overrides import AllowAccess, AllowPrivate, Override, SetLimit
from routing.passage_reader import DIRECTIONS, PassageReader
from routing.permissions import node_reason
from routing.profile import VehicleProfile
from routing.streets import StreetGraph, Tags
from routing.time_slices import TimeSlice


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcCosts:
    """Driving times and closures.

    Attributes
    ----------
    arc_ms
        ``(n_arcs,)`` int64, -1 where the vehicle may not drive.
    arc_reason, node_reason
        ``(n_arcs,)``, ``(n_nodes,)`` int32 index into ``reasons``; 0 where it is open.
    reasons
        Why something is closed; entry 0 is empty.
    """

    arc_ms: NDArray[np.int64]
    arc_reason: NDArray[np.int32]
    node_reason: NDArray[np.int32]
    reasons: tuple[str, ...]


class ArcChange(NamedTuple):
    """Arcs and nodes that overrides speak of."""

    arcs: NDArray[np.int64]
    nodes: NDArray[np.int64]


class ArcCostTable:
    """Reads the tags of a map for a profile and answers for any situation."""

    def __init__(self, streets: StreetGraph, profile: VehicleProfile) -> None:
        self._streets = streets
        self._profile = profile
        self._reader = PassageReader(profile)
        self._reason_index: dict[str, int] = {"": 0}
        self._kph = np.zeros((len(streets.way_tags), 2))
        self._way_reason = np.zeros((len(streets.way_tags), 2), dtype=np.int32)
        self._read_ways(enumerate(streets.way_tags), self._kph, self._way_reason)
        self._node_reason = [self._index_of(node_reason(dict(tags), profile)) for tags in streets.node_tags]
        self._conditional_ways = _with_conditions(streets.way_tags)
        self._conditional_nodes = _with_conditions(streets.node_tags)
        self._arcs_of: dict[Override, NDArray[np.int64]] = {}

    def costs(self, situation: Situation) -> ArcCosts:
        """Costs of everything that the profile may use in a situation, its overrides left out."""
        streets = self._streets
        kph, reason, by_node_tags = self._kph, self._way_reason, self._node_reason
        if situation.running is not None:
            kph, reason, by_node_tags = kph.copy(), reason.copy(), by_node_tags.copy()
            changed = ((index, self._way_tags(index, situation)) for index in self._conditional_ways)
            self._read_ways(((index, tuple(tags.items())) for index, tags in changed), kph, reason)
            for index in self._conditional_nodes:
                by_node_tags[index] = self._index_of(node_reason(self._node_tags(index, situation), self._profile))
        if situation.time_slice is not None:
            kph = kph * self._factors(situation.time_slice)
        tags_of_segment = streets.way_tags_index[streets.segment_way]
        arc_kph, arc_reason = kph[tags_of_segment].ravel(), reason[tags_of_segment].ravel()
        # Entry 0 of the table is for nodes without tags.
        node_reasons = np.array([0, *by_node_tags], dtype=np.int32)[streets.node_tags_index + 1]
        return ArcCosts(
            arc_ms=_driving_ms(np.repeat(streets.segment_length_mm, 2), arc_kph),
            arc_reason=arc_reason,
            node_reason=node_reasons,
            reasons=tuple(self._reason_index),
        )

    def with_overrides(self, costs: ArcCosts, situation: Situation) -> tuple[ArcCosts, ArcChange]:
        """The costs of a situation after its overrides, and where they may differ from those without."""
        arc_ms, arc_reason, node_reason = costs.arc_ms.copy(), costs.arc_reason.copy(), costs.node_reason.copy()
        kph, reason = self._overridden_arcs(situation)
        arcs = np.fromiter(kph, dtype=np.int64, count=len(kph))
        length_mm = self._streets.segment_length_mm[arcs >> 1]
        arc_ms[arcs] = _driving_ms(length_mm, np.fromiter(kph.values(), dtype=np.float64, count=arcs.size))
        arc_reason[arcs] = np.fromiter(reason.values(), dtype=np.int32, count=arcs.size)
        reason_of_node = self._overridden_nodes(situation)
        nodes = np.fromiter(reason_of_node, dtype=np.int64, count=len(reason_of_node))
        node_reason[nodes] = np.fromiter(reason_of_node.values(), dtype=np.int32, count=nodes.size)
        after = ArcCosts(
            arc_ms=arc_ms, arc_reason=arc_reason, node_reason=node_reason, reasons=tuple(self._reason_index)
        )
        return after, ArcChange(arcs=arcs, nodes=nodes)

    def _read_ways(
        self, tag_sets: Iterable[tuple[int, Tags]], kph: NDArray[np.float64], reason: NDArray[np.int32]
    ) -> None:
        rows = [(index, self._reader.both_ways(tags)) for index, tags in tag_sets]
        chosen = [index for index, _ in rows]
        kph[chosen] = [(forward.kph, backward.kph) for _, (forward, backward) in rows] or np.zeros((0, 2))
        reasons = [(self._index_of(forward.reason), self._index_of(backward.reason)) for _, (forward, backward) in rows]
        reason[chosen] = reasons or np.zeros((0, 2), dtype=np.int32)

    def _factors(self, time_slice: TimeSlice) -> NDArray[np.float64]:
        factors = time_slice.factors
        of_class = [factors.get(dict(tags).get("highway", ""), 1.0) for tags in self._streets.way_tags]
        return np.array(of_class, dtype=np.float64)[:, None]

    def _overridden_arcs(self, situation: Situation) -> tuple[dict[int, float], dict[int, int]]:
        """Speed and reason of each arc that an override speaks of."""
        streets = self._streets
        factors = situation.time_slice.factors if situation.time_slice is not None else {}
        known: dict[tuple[int, int, tuple[int, ...]], tuple[float, int]] = {}
        kph: dict[int, float] = {}
        reason: dict[int, int] = {}
        for arc, numbers in self._overrides_by_arc(situation.overrides).items():
            tags_index, side = int(streets.way_tags_index[streets.segment_way[arc >> 1]]), arc & 1
            key = (tags_index, side, numbers)
            if key not in known:
                tags = self._way_tags(tags_index, situation)
                passage, is_said = overridden_passage(
                    tags,
                    self._profile,
                    direction=DIRECTIONS[side],
                    overrides=[situation.overrides[number] for number in numbers],
                )
                factor = 1.0 if is_said else factors.get(tags.get("highway", ""), 1.0)
                known[key] = passage.kph * factor, self._index_of(passage.reason)
            kph[arc], reason[arc] = known[key]
        return kph, reason

    def _overridden_nodes(self, situation: Situation) -> dict[int, int]:
        """Reasons at gates and limits on the nodes of streets that an override speaks of."""
        streets = self._streets
        of_node: dict[int, list[Override]] = {}
        for item in situation.overrides:
            if isinstance(item.change, AllowAccess | AllowPrivate | SetLimit):
                arcs = self._arcs(item)
                nodes = np.unique(np.concatenate((streets.arc_tail[arcs], streets.arc_head[arcs])))
                for node in nodes[streets.node_tags_index[nodes] >= 0].tolist():
                    of_node.setdefault(node, []).append(item)
        reason_of_node: dict[int, int] = {}
        for node, overrides in of_node.items():
            tags = self._node_tags(int(streets.node_tags_index[node]), situation)
            reason_of_node[node] = self._index_of(overridden_node_reason(tags, self._profile, overrides))
        return reason_of_node

    def _overrides_by_arc(self, overrides: Iterable[Override]) -> dict[int, tuple[int, ...]]:
        of_arc: dict[int, tuple[int, ...]] = {}
        for number, item in enumerate(overrides):
            for arc in self._arcs(item).tolist():
                of_arc[arc] = (*of_arc.get(arc, ()), number)
        return of_arc

    def _arcs(self, override: Override) -> NDArray[np.int64]:
        if override not in self._arcs_of:
            self._arcs_of[override] = arcs_of(override, self._streets)
        return self._arcs_of[override]

    def _way_tags(self, index: int, situation: Situation) -> dict[str, str]:
        return self._in_force(self._streets.way_tags[index], situation)

    def _node_tags(self, index: int, situation: Situation) -> dict[str, str]:
        return self._in_force(self._streets.node_tags[index], situation)

    def _in_force(self, pairs: Tags, situation: Situation) -> dict[str, str]:
        tags = dict(pairs)
        if situation.running is None:
            return tags
        return tags_in_force(tags, profile=self._profile, running=situation.running)

    def _index_of(self, reason: str) -> int:
        return self._reason_index.setdefault(reason, len(self._reason_index))


def _with_conditions(tag_sets: tuple[Tags, ...]) -> list[int]:
    """Tag sets with a conditional tag; few of all distinct tags are."""
    conditional = {pair for tags in tag_sets for pair in tags if pair[0].endswith(SUFFIX)}
    return [index for index, tags in enumerate(tag_sets) if not conditional.isdisjoint(tags)]


def _driving_ms(length_mm: NDArray[np.int64], kph: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole milliseconds, at least one; -1 where the speed is zero."""
    is_open = kph > 0
    driving_ms = np.full(kph.size, -1, dtype=np.int64)
    driving_ms[is_open] = np.maximum(1, np.rint(length_mm[is_open] * 3.6 / kph[is_open])).astype(np.int64)
    return driving_ms
