"""Rows put into arrays against lists of lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from routing.rows import entries_of, with_rows

LISTS = st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=8)


def _arrays(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    first = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int32)
    return first, np.array([item for row in rows for item in row], dtype=np.int64)


@given(LISTS, st.data())
def test_entries_are_those_of_the_rows(rows: list[list[int]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(range(len(rows))), unique=True)) if rows else []
    first, column = _arrays(rows)
    found = column[entries_of(first, np.array(chosen, dtype=np.intp))]
    assert found.tolist() == [item for row in chosen for item in rows[row]]


@given(LISTS, st.data())
def test_other_rows_are_put_in_and_the_rest_stays(rows: list[list[int]], data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(rows)))))) if rows else []
    put = [data.draw(st.lists(st.integers(10, 19), max_size=3)) for _ in chosen]
    first, column = _arrays(rows)
    put_first, put_column = _arrays(put)
    found_first, (found, doubled) = with_rows(
        first, (column, 2 * column), np.array(chosen, dtype=np.intp), put_first, (put_column, 2 * put_column)
    )
    expected = [put[chosen.index(row)] if row in chosen else items for row, items in enumerate(rows)]
    expected_first, expected_column = _arrays(expected)
    assert found_first.tolist() == expected_first.tolist()
    assert found_first.dtype == np.int32
    assert found.tolist() == expected_column.tolist()
    assert doubled.tolist() == (2 * expected_column).tolist()
