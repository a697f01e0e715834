"""The kernels around turning places against their slow twins on drawn towns, ties, loops and closed nodes included."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.kernels.turning_depths import (
    UNREACHED_MM,
    around_by_turning,
    depths_at,
    junction_nodes,
    reach_by_turning,
    reversing_depths,
)
from tests.unit.routing.turning_depths_twin import UNREACHED, Town, depths_twin, junctions_twin, reach_twin


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """A few nodes with many streets between them, of so few lengths that most ways have a rival."""
    n_nodes = draw(st.integers(2, 10))
    n = draw(st.integers(1, 18))
    node, direction = st.integers(0, n_nodes - 1), st.booleans()
    return Town(
        n_nodes,
        draw(st.lists(st.tuples(node, node), min_size=n, max_size=n)),
        draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)),
        draw(st.lists(st.tuples(direction, direction), min_size=n, max_size=n)),
    )


def _flags(data: st.DataObject, n: int) -> list[bool]:
    return data.draw(st.lists(st.booleans(), min_size=n, max_size=n))


def _arc_head(town: Town) -> np.ndarray:
    return np.array([(head, tail) for tail, head in town.ends], dtype=np.int32).ravel()


def test_unreached_depth_is_the_same_number_in_kernel_and_twin() -> None:
    assert UNREACHED_MM == UNREACHED


@settings(deadline=None)  # the first example compiles the kernel
@given(town=towns(), data=st.data())
def test_junctions_equal_their_twin(town: Town, data: st.DataObject) -> None:
    is_street, is_long = _flags(data, len(town.ends)), _flags(data, len(town.ends))
    arc_ms = np.where(np.array(town.is_open).ravel(), 1, -1).astype(np.int64)
    found = junction_nodes(_arc_head(town), arc_ms, np.array(is_street), np.array(is_long), town.n_nodes)
    assert found.tolist() == junctions_twin(town, is_street, is_long)


@settings(deadline=None)
@given(town=towns(), data=st.data())
def test_depths_equal_their_twin(town: Town, data: st.DataObject) -> None:
    n = len(town.ends)
    is_forward, is_closed = _flags(data, 2 * n), _flags(data, town.n_nodes)
    is_trap = [not (is_forward[2 * i] or is_forward[2 * i + 1]) and any(town.is_open[i]) for i in range(n)]
    arc_head = _arc_head(town)
    arc_tail = arc_head.reshape(-1, 2)[:, ::-1].ravel()
    leaving = np.argsort(arc_tail, kind="stable").astype(np.int32)
    first = np.searchsorted(arc_tail[leaving], np.arange(town.n_nodes + 1))
    found = reversing_depths(
        first,
        leaving,
        arc_head,
        np.array(town.length_mm, dtype=np.int64),
        np.array(is_forward),
        np.array(is_trap),
        np.array(is_closed),
    )
    starts = {int(node) for node, is_start in zip(arc_head, is_forward, strict=True) if is_start}
    closed = {node for node, is_shut in enumerate(is_closed) if is_shut}
    expected = depths_twin(town, starts, [i for i in range(n) if is_trap[i]], closed)
    assert [column.tolist() for column in found] == list(expected)
    nodes = np.array(data.draw(st.lists(st.integers(0, town.n_nodes - 1), max_size=4)), dtype=np.int32)
    depths, is_complete = depths_at(
        nodes,
        first,
        leaving,
        arc_head,
        np.array(town.length_mm, dtype=np.int64),
        np.array(is_forward),
        np.array(is_trap),
        np.array(is_closed),
    )
    if is_complete:
        assert depths.tolist() == found[0][nodes].tolist()
    else:
        assert nodes.size > 1  # a single search meets no node twice


@settings(deadline=None)
@given(data=st.data(), n_arcs=st.integers(1, 6).map(lambda n: 2 * n))
def test_reach_equals_its_twin(data: st.DataObject, n_arcs: int) -> None:
    copies = data.draw(st.lists(st.integers(0, n_arcs - 1), max_size=4))
    state_arc = [*range(n_arcs), *copies]
    state = st.integers(0, len(state_arc) - 1)
    turns = sorted(data.draw(st.sets(st.tuples(state, state), max_size=30)))
    may_turn, seed = _flags(data, n_arcs), data.draw(state)
    counts = np.bincount([tail for tail, _ in turns], minlength=len(state_arc)) if turns else np.zeros(len(state_arc))
    drawn = (
        np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        np.array([head for _, head in turns], dtype=np.int32),
        np.array(state_arc, dtype=np.int32),
        np.array(may_turn),
    )
    reached = reach_twin(turns, state_arc, may_turn, seed)
    assert set(np.flatnonzero(reach_by_turning(*drawn, seed)).tolist()) == reached
    is_reached, leads_out = around_by_turning(*drawn, seed)
    assert set(np.flatnonzero(is_reached).tolist()) == reached
    for start in range(len(state_arc)):
        assert leads_out[start] == (seed in reach_twin(turns, state_arc, may_turn, start))
