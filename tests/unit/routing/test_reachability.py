"""Parts of the network around an anchor against NetworkX."""

import networkx as nx
import numpy as np
import pytest

from routing.metric import build_metric
from routing.places import Places
from routing.profile import load_profile
from routing.reachability import Reach, Reachability
from routing.streets import StreetGraph
from routing.turns import build_turns


@pytest.fixture(scope="module", params=["van_3_5t", "truck_26t"])
def reachability(request: pytest.FixtureRequest, helsinki: StreetGraph) -> Reachability:
    turns = build_turns(helsinki)
    return Reachability(metric=build_metric(helsinki, turns, load_profile(request.param)), turns=turns)


@pytest.fixture(scope="module")
def drives(reachability: Reachability) -> nx.DiGraph:
    graph = reachability.metric.graph
    tails = np.repeat(np.arange(graph.first_out.size - 1), np.diff(graph.first_out))
    drives = nx.DiGraph()
    drives.add_nodes_from(range(graph.first_out.size - 1))
    drives.add_edges_from(zip(tails.tolist(), graph.head.tolist(), strict=True))
    return drives


def _all_stops(reachability: Reachability) -> Places:
    """One place on every open arc."""
    arcs = np.flatnonzero(reachability.metric.arc_ms >= 0)
    nothing = np.zeros(arcs.size, dtype=np.int64)
    sides = (1 << (arcs & 1)).astype(np.uint8)
    return Places(segment=arcs >> 1, offset_mm=nothing, sides=sides, distance_m=nothing.astype(np.float64))


def _expected(reachability: Reachability, drives: nx.DiGraph, part: set[int]) -> tuple[list[bool], list[bool]]:
    """Which open arcs cannot be reached from, or do not lead to, a connected part."""
    seed = next(iter(part))
    reached = nx.descendants(drives, seed) | {seed}
    leading = nx.ancestors(drives, seed) | {seed}
    arcs = np.flatnonzero(reachability.metric.arc_ms >= 0).tolist()
    no_way_from = [not reached.intersection(reachability.turns.states_of(arc)) for arc in arcs]
    return no_way_from, [arc not in leading for arc in arcs]


def _assert_reach(reach: Reach, reachability: Reachability, drives: nx.DiGraph, part: set[int]) -> None:
    found = [missing.tolist() for missing in reach.missing(_all_stops(reachability))]
    assert found == list(_expected(reachability, drives, part))


def _round_trips(drives: nx.DiGraph) -> list[set[int]]:
    """Connected parts in which a vehicle can come back, largest first."""
    parts = [part for part in nx.strongly_connected_components(drives) if _has_way_back(drives, part)]
    return sorted(parts, key=len, reverse=True)


def _has_way_back(drives: nx.DiGraph, part: set[int]) -> bool:
    return len(part) > 1 or drives.has_edge(next(iter(part)), next(iter(part)))


def _at(arc: int) -> Places:
    return Places(
        segment=np.array([arc >> 1]),
        offset_mm=np.array([0]),
        sides=np.array([1 << (arc & 1)], dtype=np.uint8),
        distance_m=np.zeros(1),
    )


def test_anchor_in_the_largest_part_reaches_that_part(reachability: Reachability, drives: nx.DiGraph) -> None:
    main = _round_trips(drives)[0]
    arc = min(state for state in main if state < reachability.metric.arc_ms.size)
    _assert_reach(reachability.around(_at(arc)), reachability, drives, main)


def test_anchor_on_an_island_reaches_the_island(reachability: Reachability, drives: nx.DiGraph) -> None:
    n_islands = 0
    for part in _round_trips(drives)[1:]:
        arc = min(part)
        if any(missing.any() for missing in reachability._main.missing(_at(arc))):
            _assert_reach(reachability.around(_at(arc)), reachability, drives, part)
            n_islands += 1
    assert n_islands > 3


def test_anchor_that_nobody_comes_back_to_reaches_nothing(reachability: Reachability, drives: nx.DiGraph) -> None:
    coming_back = set().union(*_round_trips(drives))
    arcs = np.flatnonzero(reachability.metric.arc_ms >= 0).tolist()
    dead = [arc for arc in arcs if arc not in coming_back]
    cut_off = [arc for arc in dead if any(missing.any() for missing in reachability._main.missing(_at(arc)))]
    assert cut_off
    for arc in cut_off[:20]:
        no_way_from, no_way_to = reachability.around(_at(arc)).missing(_all_stops(reachability))
        assert no_way_from.all()
        assert no_way_to.all()


def test_parts_are_kept_but_not_without_end(reachability: Reachability) -> None:
    arcs = np.flatnonzero(
        (reachability.metric.arc_ms >= 0) & ~reachability.metric.is_main[: reachability.metric.arc_ms.size]
    )
    for arc in arcs[:60].tolist():
        reachability.around(_at(arc))
    assert len(reachability._parts) <= 16
