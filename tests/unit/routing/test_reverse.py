import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.kernels.reverse import reversed_arcs


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=6, max_size=6))
def test_reversed_arcs_are_those_of_the_graph_the_other_way_round(heads: list[list[int]]) -> None:
    first_out = np.cumsum([0, *map(len, heads)]).astype(np.int32)
    head = np.array([one for row in heads for one in row], dtype=np.int32)
    first_in, tail = reversed_arcs(first_out, head)
    for state in range(6):
        expected = [start for start, row in enumerate(heads) for end in row if end == state]
        assert tail[first_in[state] : first_in[state + 1]].tolist() == expected
    assert first_in[-1] == head.size
