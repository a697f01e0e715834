"""What a hub reaches after turns changed, against a search of the changed graph."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.connections import Connections
from tests.unit.routing.test_components import plain_reachable


def _pairs(n: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))


CASES = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.just(n), *(st.sets(_pairs(n), max_size=size) for size in (40, 12, 6)))
)
"""Number of states, turns before, turns of which some are removed, and turns of which some are added."""


@settings(deadline=None, max_examples=300)  # the first call compiles
@given(CASES, st.data())
def test_reached_after_changes_is_what_a_new_search_finds(case: Any, data: st.DataObject) -> None:
    n, before, gone, come = case
    removed, added = before & gone, come - before
    hub = data.draw(st.integers(0, n - 1))
    rows = sorted(before)
    first = np.searchsorted([tail for tail, _ in rows], np.arange(n + 1)).astype(np.int32)
    connections = Connections(first, np.array([head for _, head in rows], dtype=np.int32), hub)
    keys = [np.array(sorted(tail * n + head for tail, head in pairs), dtype=np.int64) for pairs in (removed, added)]
    after = sorted((before - removed) | added)
    for _ in range(2):  # the tree serves every change
        is_reached, reaches = connections.after(*keys)
        assert set(np.flatnonzero(is_reached).tolist()) == plain_reachable(n, after, {hub})
        assert set(np.flatnonzero(reaches).tolist()) == plain_reachable(n, [pair[::-1] for pair in after], {hub})
