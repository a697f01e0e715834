from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.routing.differences import Differences, Explanation, Reason
from benchmarks.routing.explain import reason_lines
from benchmarks.routing.our_paths import OurPaths
from benchmarks.routing.their_paths import LonLat, TheirPath

# 4 --- 5 --- 6     All streets are 25 km/h. From 2 to 5 leads a one-way street, from 1 to 5 a footpath,
# |     ^     |     from 3 to 7 a two-way street that ends in one that leads away one-way. A block is about 400 m.
# 1 --- 2 --- 3 --- 7 -> 8
_NODES = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (0, 1), 5: (1, 1), 6: (2, 1), 7: (3, 0), 8: (4, 0)}
_WAYS = {
    10: ((1, 2, 3), "residential", {}),
    11: ((3, 6), "residential", {"source:maxspeed": "DE:urban"}),
    12: ((6, 5, 4, 1), "residential", {}),
    13: ((2, 5), "residential", {"oneway": "yes"}),
    14: ((1, 5), "footway", {"access": "permissive"}),
    15: ((3, 7), "residential", {}),
    16: ((7, 8, 6), "residential", {"oneway": "yes"}),
}
_BLOCK_DEG = 0.0036
_PLACES = {"1-2": (0.5, 0.0), "5-6": (1.5, 1.0), "2-3": (1.4, 0.0), "at 5": (1.0, 1.0 - 1e-9)}


class _Osrm:
    """Answers with one path, and prices turns like ours except at one node."""

    def __init__(self, ours: OurPaths, nodes: tuple[int, ...], seconds: float, *, dear: tuple[int, float]) -> None:
        self._path = TheirPath(
            nodes=nodes,
            stretch_s=(seconds / (len(nodes) - 1),) * (len(nodes) - 1),
            duration_s=seconds,
            ends=((0, 0), (0, 0)),
        )
        self._turns = {}
        for arc in np.flatnonzero(ours.metric.arc_ms >= 0).tolist():
            for following in np.flatnonzero(ours.streets.arc_tail == ours.streets.arc_head[arc]).tolist():
                node = int(ours.streets.node_osm_id[ours.streets.arc_head[arc]])
                half_s = (ours.metric.arc_ms[arc] + ours.metric.arc_ms[following]) / 2000
                key = ours.location_on(arc, 0.5)[0], ours.location_on(following, 0.5)[0]
                self._turns[key] = (node, half_s + (dear[1] if node == dear[0] else 0.0))

    def path(self, start: LonLat, end: LonLat, *, bearings_deg: Sequence[float] = ()) -> TheirPath | None:
        if not bearings_deg:
            return self._path
        node, seconds = self._turns[start, end]
        return TheirPath(nodes=(0, node, 0), stretch_s=(0.0, 0.0), duration_s=seconds, ends=(start, end))


@pytest.fixture(scope="module")
def map_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    nodes = "".join(
        f'<node id="{node}" lon="{7 + x * _BLOCK_DEG}" lat="{y * _BLOCK_DEG}" version="1"/>'
        for node, (x, y) in _NODES.items()
    )
    ways = []
    for way, (refs, kind, tags) in _WAYS.items():
        inside = [f'<nd ref="{ref}"/>' for ref in refs]
        inside += [f'<tag k="{key}" v="{value}"/>' for key, value in {"highway": kind, **tags}.items()]
        ways.append(f'<way id="{way}" version="1">{"".join(inside)}</way>')
    path = tmp_path_factory.mktemp("town") / "town.osm"
    path.write_text(f'<osm version="0.6">{nodes}{"".join(ways)}</osm>', encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ours(map_path: Path) -> OurPaths:
    return OurPaths.on(map_path, _lon_lat_deg())


def _lon_lat_deg() -> np.ndarray:
    return np.array([(7 + x * _BLOCK_DEG, y * _BLOCK_DEG) for x, y in _PLACES.values()])


def _explain(
    map_path: Path,
    ours: OurPaths,
    ends: tuple[str, str],
    nodes: tuple[int, ...],
    *,
    factor: float,
    dear: tuple[int, float] = (0, 0.0),
) -> Explanation:
    """OSRM drives by these nodes and needs so many times our seconds."""
    start, end = (list(_PLACES).index(name) for name in ends)
    seconds = ours.path(start, end)[1] * factor
    theirs = _Osrm(ours, nodes, seconds, dear=dear)
    differences = Differences(ours=ours, theirs=theirs, lon_lat_deg=_lon_lat_deg(), map_path=map_path)
    return differences.explain(start, end, table_s=seconds)


def test_our_path_takes_the_one_way_street(ours: OurPaths) -> None:
    arcs, seconds = ours.path(0, 1)
    nodes = [ours.between(arc)[1] for arc in arcs[:-1]]
    assert nodes == [2, 5]
    assert sum(ours.arc_s(arcs, 0, 1)) == pytest.approx(seconds, abs=0.5)
    assert ours.turns_s(arcs) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("ends", "nodes", "factor", "reason", "where"),
    [
        (("1-2", "5-6"), (2, 1, 5, 6), 0.8, Reason.FOREIGN_WAY, "way 14 highway=footway"),
        (("5-6", "1-2"), (6, 5, 2, 1), 0.6, Reason.CLOSED_TO_US, "one-way: way 13"),
        (("5-6", "2-3"), (5, 6, 3, 2), 0.78, Reason.IMPLICIT_LIMIT, "way 11 source:maxspeed=DE:urban"),
        (("1-2", "2-3"), (1, 2, 3, 7, 3, 2), 0.6, Reason.TURNING_ROUND, "node 7"),
        (("1-2", "2-3"), (1, 2, 3), 0.6, Reason.UNEXPLAINED, "is open and takes"),
        (("1-2", "5-6"), (1, 4, 5, 6), 1.3, Reason.UNEXPLAINED, "turns of our path cost OSRM 0.0 s"),
        (("5-6", "1-2"), (6, 3), 0.6, Reason.OTHER_STREET, "place 0, ours on way 10"),
    ],
)
def test_explain_names_what_stands_between_both_paths(
    map_path: Path,
    ours: OurPaths,
    ends: tuple[str, str],
    nodes: tuple[int, ...],
    factor: float,
    reason: Reason,
    where: str,
) -> None:
    found = _explain(map_path, ours, ends, nodes, factor=factor)
    assert (found.reason, where in found.where) == (reason, True), found


def test_explain_prices_the_turns_of_our_path(map_path: Path, ours: OurPaths) -> None:
    seconds = ours.path(0, 1)[1]
    given = {"factor": (seconds + 20) / seconds}
    sharp = _explain(map_path, ours, ("1-2", "5-6"), (1, 2, 5, 6), **given, dear=(5, 20.0))
    assert (sharp.reason, "90 degrees at node 5" in sharp.where) == (Reason.SHARP_TURN, True)
    closed = _explain(map_path, ours, ("1-2", "5-6"), (1, 2, 5, 6), **given, dear=(5, 90.0))
    assert closed.reason is Reason.CLOSED_TO_THEM
    too_little = _explain(map_path, ours, ("1-2", "5-6"), (1, 2, 5, 6), **given, dear=(5, 8.0))
    assert too_little.reason is Reason.UNEXPLAINED


def test_explain_lists_where_both_paths_part(map_path: Path, ours: OurPaths) -> None:
    found = _explain(map_path, ours, ("1-2", "5-6"), (2, 1, 4, 5, 6), factor=1.3)
    assert [line.split()[0] for line in found.notes] == ["ours"] * 2 + ["OSRM"] * 2 + ["meet"]


def test_reason_lines_count_each_reason_and_what_has_none() -> None:
    found = [
        Explanation(start=i, end=i + 1, reason=reason, where=f"node {i % 2}", ours_s=100, theirs_s=120)
        for i, reason in enumerate([Reason.SHARP_TURN] * 3 + [Reason.UNEXPLAINED])
    ]
    lines = list(reason_lines(found))
    assert lines[0].startswith("  3 pairs: OSRM charges a turn")
    assert lines[1] == "    2, as 0 -> 1 (100 s, OSRM 120 s): node 0"
    assert lines[3] == "  1 of 4 pairs are unexplained"
    assert all(one.startswith("    ") for one, _ in pairwise(lines[4:] * 2))
