"""Turn restrictions: from way - via - to way of the map to sequences of arcs.

A restriction that names ways outside the extract is left out silently (nobody can drive it); one that contradicts the
streets becomes an issue.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from routing.conditional import SUFFIX, parse_condition, split_clauses
from routing.osm.raw import RawRestriction
from routing.streets import MapIssue, StreetGraph, TurnRestriction

_KINDS = (
    *(f"no_{turn}" for turn in ("left_turn", "right_turn", "straight_on", "u_turn", "entry", "exit")),
    *(f"only_{turn}" for turn in ("left_turn", "right_turn", "straight_on", "u_turn")),
)
_VEHICLE_OF_KEY = {
    "restriction": "",
    "restriction:motor_vehicle": "",
    "restriction:hgv": "hgv",
    "restriction:goods": "goods",
}
_MAX_VIA_ARCS = 40
"""A via way of more segments than this is an error of the map (a whole road tagged as via)."""


def raw_restrictions(
    osm_id: int, tags: Mapping[str, str], members: Sequence[tuple[str, int, str]]
) -> tuple[list[RawRestriction], list[MapIssue]]:
    """What a relation restricts, one entry for each kind, vehicle class and condition, and what is not understood.

    Parameters
    ----------
    osm_id
        The relation.
    tags
        Its tags.
    members
        Type (``n``, ``w``, ``r``), id and role.
    """
    roles: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
    for kind, ref, role in members:
        if role in roles:
            roles[role].append((kind, ref))
    via_nodes = [ref for kind, ref in roles["via"] if kind == "n"]
    via_ways = tuple(ref for kind, ref in roles["via"] if kind == "w")
    found: list[RawRestriction] = []
    issues: list[MapIssue] = []
    for key, value in tags.items():
        vehicle = _VEHICLE_OF_KEY.get(key.removesuffix(SUFFIX))
        if vehicle is None:
            continue
        for kind, condition in split_clauses(value) if key.endswith(SUFFIX) else [(value, "")]:
            problem = parse_condition(condition).problem if key.endswith(SUFFIX) else ""
            if problem:
                detail = f"the turn restriction '{key}={value}' is not followed: {problem}"
                issues.append(MapIssue(element=f"relation {osm_id}", detail=detail))
                continue
            found.append(
                RawRestriction(
                    osm_id=osm_id,
                    kind=kind,
                    from_ways=tuple(ref for _, ref in roles["from"]),
                    via_node=via_nodes[0] if len(via_nodes) == 1 and not via_ways else None,
                    via_ways=via_ways,
                    to_ways=tuple(ref for _, ref in roles["to"]),
                    vehicle=vehicle,
                    exempt=tuple(sorted(part.strip() for part in tags.get("except", "").split(";") if part.strip())),
                    condition=condition,
                )
            )
    return found, issues


def resolve_restrictions(
    raw: list[RawRestriction], streets: StreetGraph
) -> tuple[tuple[TurnRestriction, ...], list[MapIssue]]:
    """Find the arcs of each restriction; ambiguous ones apply to every turn that fits."""
    if not raw:
        return (), []
    wanted = {way for item in raw for way in (*item.from_ways, *item.via_ways, *item.to_ways)}
    arcs_of_way = _arcs_of_ways(streets, wanted)
    vias = [item.via_node for item in raw if item.via_node is not None]
    via_index = np.flatnonzero(np.isin(streets.node_osm_id, vias))
    node_index = dict(zip(streets.node_osm_id[via_index].tolist(), via_index.tolist(), strict=True))
    resolved: list[TurnRestriction] = []
    issues: list[MapIssue] = []
    for item in raw:
        problem = _problem(item)
        if problem:
            issues.append(MapIssue(element=f"relation {item.osm_id}", detail=problem))
            continue
        if not all(way in arcs_of_way for way in (*item.from_ways, *item.via_ways, *item.to_ways)):
            continue
        sequences = [
            arcs
            for from_way, to_way in product(item.from_ways, item.to_ways)
            for arcs in _sequences(item, arcs_of_way[from_way], arcs_of_way[to_way], arcs_of_way, node_index, streets)
        ]
        if _is_ambiguous(item, sequences):
            detail = "the mandatory turn fits more than one turn; split its ways at the via"
            issues.append(MapIssue(element=f"relation {item.osm_id}", detail=detail))
            continue
        if not sequences:
            issues.append(MapIssue(element=f"relation {item.osm_id}", detail="its ways do not meet at its via"))
        resolved.extend(
            TurnRestriction(
                osm_id=item.osm_id,
                arcs=arcs,
                is_only=item.kind.startswith("only_"),
                vehicle=item.vehicle,
                exempt=item.exempt,
                condition=item.condition,
            )
            for arcs in sequences
        )
    return tuple(resolved), issues


def _is_ambiguous(item: RawRestriction, sequences: list[tuple[int, ...]]) -> bool:
    """Whether two mandatory turns would forbid each other."""
    return item.kind.startswith("only_") and len({arcs[:-1] for arcs in sequences}) < len(sequences)


def _problem(item: RawRestriction) -> str:
    if item.kind not in _KINDS:
        return f"the turn restriction '{item.kind}' is unknown"
    if not item.from_ways or not item.to_ways:
        return "the turn restriction lacks its from or to way"
    if item.via_node is None and not item.via_ways:
        return "the turn restriction lacks its via"
    return ""


def _arcs_of_ways(streets: StreetGraph, wanted: set[int]) -> dict[int, list[int]]:
    arcs: dict[int, list[int]] = defaultdict(list)
    is_wanted = np.isin(streets.way_osm_id, list(wanted))
    for segment in np.flatnonzero(is_wanted[streets.segment_way]).tolist():
        arcs[int(streets.way_osm_id[streets.segment_way[segment]])] += [2 * segment, 2 * segment + 1]
    return arcs


def _sequences(
    item: RawRestriction,
    from_arcs: list[int],
    to_arcs: list[int],
    arcs_of_way: dict[int, list[int]],
    node_index: dict[int, int],
    streets: StreetGraph,
) -> list[tuple[int, ...]]:
    tail, head = streets.arc_tail, streets.arc_head
    if item.via_ways:
        via = {arc for way in item.via_ways for arc in arcs_of_way[way]}
        return [arcs for start in from_arcs for arcs in _through_via(start, via, set(to_arcs), item, streets)]
    node = node_index.get(item.via_node if item.via_node is not None else -1, -1)
    pairs = [(a, b) for a in from_arcs if head[a] == node for b in to_arcs if tail[b] == node]
    if item.kind.endswith("u_turn"):
        return [(a, b) for a, b in pairs if b == a ^ 1 or a >> 1 != b >> 1]
    return [(a, b) for a, b in pairs if a >> 1 != b >> 1]


def _through_via(
    start: int, via: set[int], to_arcs: set[int], item: RawRestriction, streets: StreetGraph
) -> list[tuple[int, ...]]:
    """Simple paths from an arc through all via ways onto a to arc."""
    tail, head = streets.arc_tail, streets.arc_head
    way_of = streets.way_osm_id[streets.segment_way]
    found: list[tuple[int, ...]] = []
    open_paths: list[tuple[int, ...]] = [(start,)]
    while open_paths:
        path = open_paths.pop()
        used = {arc >> 1 for arc in path}
        node = head[path[-1]]
        if {int(way_of[arc >> 1]) for arc in path[1:]} == set(item.via_ways):
            found += [
                (*path, arc) for arc in sorted(to_arcs) if tail[arc] == node and arc >> 1 not in used - {start >> 1}
            ]
        if len(path) <= _MAX_VIA_ARCS:
            open_paths += [(*path, arc) for arc in via if tail[arc] == node and arc >> 1 not in used]
    return found
