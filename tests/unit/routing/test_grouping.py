import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.kernels.grouping import group, neighbours

_COMPILES = settings(deadline=None)  # the first example waits for the compiler


@_COMPILES
@given(keys=st.lists(st.integers(0, 6), max_size=30))
def test_groups_hold_the_positions_of_each_key_in_order(keys: list[int]) -> None:
    first, position = group(np.array(keys, dtype=np.int32), 7)
    groups = [position[first[key] : first[key + 1]].tolist() for key in range(7)]
    assert groups == [[index for index, one in enumerate(keys) if one == key] for key in range(7)]


@_COMPILES
@given(arcs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30))
def test_neighbours_are_those_of_the_obvious_reading(arcs: list[tuple[int, int]]) -> None:
    tail, head = np.array(arcs, dtype=np.int32).reshape(-1, 2).T.copy()
    first, neighbour = neighbours(tail, head, 7)
    found = [neighbour[first[node] : first[node + 1]].tolist() for node in range(7)]
    links = {*arcs, *((head, tail) for tail, head in arcs)}
    assert found == [sorted(other for one, other in links if one == node != other) for node in range(7)]
