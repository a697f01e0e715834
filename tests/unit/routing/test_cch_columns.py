import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.kernels.cch_columns import order_by_rank


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1), max_size=30))))
def test_order_is_the_stable_one_and_counts_what_comes_before(case: tuple[int, list[int]]) -> None:
    n_states, ranks = case
    rank = np.array(ranks, dtype=np.int32)
    order, before = order_by_rank(rank, n_states)
    assert order.tolist() == np.argsort(rank, kind="stable").tolist()
    assert before.tolist() == [sum(one < state for one in ranks) for state in range(n_states + 1)]
