import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.kernels.find_ids import positions


@settings(deadline=None)  # the first example waits for the compiler
@given(ids=st.sets(st.integers(1, 60), max_size=40), wanted=st.lists(st.integers(0, 61), max_size=40))
@example(ids={2**62, 1}, wanted=[2**62, 2**63 - 1, 1, 0, 2**62])
def test_positions_are_those_of_the_obvious_search(ids: set[int], wanted: list[int]) -> None:
    rising = sorted(ids)
    found = positions(np.array(rising, dtype=np.int64), np.array(wanted, dtype=np.int64))
    assert found.tolist() == [rising.index(one) if one in ids else -1 for one in wanted]
