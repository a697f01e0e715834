"""Lines and names of legs against slow twins, on random drives through a real city."""

from itertools import groupby

import numpy as np
import pytest
from numpy.typing import NDArray

from routing.leg_shapes import Drives, draw_lines, name_streets
from routing.streets import StreetGraph
from tests.unit.routing.drawn_legs import arcs_along, drives_over
from tests.unit.routing.town_sketch import Sketch


def _shape_twin(streets: StreetGraph, arcs: tuple[int, ...], from_mm: int, to_mm: int) -> NDArray[np.float64]:
    pieces = []
    for index, arc in enumerate(arcs):
        points = slice(streets.segment_first_point[arc >> 1], streets.segment_last_point[arc >> 1] + 1)
        along = streets.point_along_mm[points] - streets.point_along_mm[points.start]
        shape = np.column_stack((streets.point_lon_deg[points], streets.point_lat_deg[points]))
        if arc % 2 == 1:
            along, shape = along[-1] - along[::-1], shape[::-1]
        low = from_mm if index == 0 else 0
        high = to_mm if index == len(arcs) - 1 else along[-1]
        ends = [[np.interp(at, along, shape[:, axis]) for axis in (0, 1)] for at in (low, high)]
        pieces.append(np.concatenate((ends[:1], shape[(along > low) & (along < high)], ends[1:])))
    line = np.concatenate(pieces)
    kept = line[np.append(True, (line[1:] != line[:-1]).any(axis=1))]
    return kept if len(kept) >= 2 else np.repeat(kept, 2, axis=0)


def _names_twin(streets: StreetGraph, arcs: tuple[int, ...]) -> tuple[str, ...]:
    named = [name for name in (streets.segment_name(arc >> 1) for arc in arcs) if name]
    return tuple(name for name, _ in groupby(named))


def _drive(streets: StreetGraph, rng: np.random.Generator) -> tuple[int, ...]:
    first, leaving = streets.leaving
    arcs = [int(rng.integers(2 * streets.n_segments))]
    for _ in range(rng.integers(0, 30)):
        node = streets.arc_head[arcs[-1]]
        arcs.append(int(rng.choice(leaving[first[node] : first[node + 1]])))
    return tuple(arcs)


def _mixed_drives(streets: StreetGraph) -> tuple[list[tuple[int, ...]], Drives]:
    """Random drives from and to any place, also the very ends, of their first and last arcs."""
    rng = np.random.default_rng(3)
    paths = [_drive(streets, rng) for _ in range(300)]
    parts = []
    for arcs in paths:
        low, high = sorted(rng.choice([0.0, 1.0, rng.random()], 2).tolist())
        parts.append(drives_over(streets, [arcs], from_fraction=low, to_fraction=high))
    drives = Drives(
        first=np.cumsum([0, *(len(arcs) for arcs in paths)]),
        arc=np.concatenate([part.arc for part in parts]),
        from_mm=np.concatenate([part.from_mm for part in parts]),
        to_mm=np.concatenate([part.to_mm for part in parts]),
    )
    return paths, drives


def test_lines_equal_their_slow_twin(helsinki: StreetGraph) -> None:
    paths, drives = _mixed_drives(helsinki)
    lines = draw_lines(helsinki, drives)
    assert len(lines) == len(paths)
    ends = zip(drives.from_mm.tolist(), drives.to_mm.tolist(), strict=True)
    for line, arcs, (from_mm, to_mm) in zip(lines, paths, ends, strict=True):
        expected = _shape_twin(helsinki, arcs, from_mm, to_mm)
        # A place within rounding of a point may be told apart from it by one of the two only.
        assert abs(len(line) - len(expected)) <= 2
        assert line[[0, -1]] == pytest.approx(expected[[0, -1]], abs=1e-12)
        if len(line) == len(expected):
            assert line == pytest.approx(expected, abs=1e-12)


def test_legs_are_drawn_alike_alone_and_together(helsinki: StreetGraph) -> None:
    paths, drives = _mixed_drives(helsinki)
    lines = draw_lines(helsinki, drives)
    for leg, arcs in enumerate(paths):
        alone = Drives(
            first=np.array([0, len(arcs)]),
            arc=np.array(arcs, dtype=np.int32),
            from_mm=drives.from_mm[leg : leg + 1],
            to_mm=drives.to_mm[leg : leg + 1],
        )
        assert np.array_equal(draw_lines(helsinki, alone)[0], lines[leg])


def _drawn(streets: StreetGraph, arc: int, from_fraction: float, to_fraction: float) -> NDArray[np.float64]:
    [line] = draw_lines(streets, drives_over(streets, [(arc,)], from_fraction=from_fraction, to_fraction=to_fraction))
    return line


def test_line_runs_from_place_to_place(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0), c=(100, 50), d=(200, 50)).way(1, "a b c d").streets()
    [arc] = arcs_along(sketch, streets, "a d")
    line = _drawn(streets, arc, 0.2, 0.8)
    expected = [sketch.at(*place).location for place in ((50, 0), (100, 0), (100, 50), (150, 50))]
    assert line == pytest.approx(np.array([(item.lon_deg, item.lat_deg) for item in expected]), abs=1e-7)
    assert _drawn(streets, arc ^ 1, 0.2, 0.8) == pytest.approx(line[::-1], abs=1e-12)


def test_line_that_does_not_move_has_two_points(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b").streets()
    line = _drawn(streets, 0, 0.4, 0.4)
    assert line.shape == (2, 2)
    assert (line[0] == line[1]).all()


def test_legs_that_meet_keep_their_own_ends(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b").streets()
    drives = drives_over(streets, [(0,), (1,), (0,)], from_fraction=0.5, to_fraction=0.5)
    assert [line.shape for line in draw_lines(streets, drives)] == [(2, 2)] * 3


def test_names_come_once_per_stretch(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(400, 0))
    sketch.way(1, "a b", name="One").way(2, "b c").way(3, "c d", name="One").way(4, "d e", name="Two")
    streets = sketch.streets()
    paths = [arcs_along(sketch, streets, nodes) for nodes in ("a b c d e", "d e d c", "b c", "c d e")]
    found = name_streets(streets, drives_over(streets, paths))
    assert found == [("One", "Two"), ("Two", "One"), (), ("One", "Two")]


def test_names_equal_their_slow_twin(helsinki: StreetGraph) -> None:
    paths, drives = _mixed_drives(helsinki)
    assert name_streets(helsinki, drives) == [_names_twin(helsinki, arcs) for arcs in paths]


def test_no_legs_have_no_lines_and_no_names(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b").streets()
    drives = drives_over(streets, [])
    assert (draw_lines(streets, drives), name_streets(streets, drives)) == ([], [])
