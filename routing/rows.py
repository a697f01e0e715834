"""Arrays of rows that stand one after the other: which entries some rows have, and the arrays with other rows put in.

Row ``i`` is the entries ``first[i]`` to ``first[i + 1]`` of one or several arrays. Guards that all rows which are not
replaced stay as they are, bit by bit.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def entries_of(first: NDArray[np.integer], rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Entries of some rows, row by row."""
    counts = (first[rows + 1] - first[rows]).astype(np.int64)
    skipped = first[rows] - (np.cumsum(counts) - counts)
    return np.repeat(skipped, counts) + np.arange(int(counts.sum()))


def with_rows(
    first: NDArray[np.int32],
    columns: Sequence[NDArray[Any]],
    rows: NDArray[np.integer],
    put_first: NDArray[np.integer],
    put_columns: Sequence[NDArray[Any]],
) -> tuple[NDArray[np.int32], list[NDArray[Any]]]:
    """Rows with other entries in some of them.

    Parameters
    ----------
    first, columns
        All rows.
    rows
        Which of them are replaced, rising.
    put_first, put_columns
        What is put in: one row for each of ``rows``.
    """
    counts = np.diff(first)
    counts[rows] = np.diff(put_first)
    new_first = np.zeros(first.size, dtype=np.int32)
    np.cumsum(counts, out=new_first[1:])
    kept = zip([0, *first[rows + 1].tolist()], [*first[rows].tolist(), int(first[-1])], strict=True)
    put = [*pairwise(put_first.tolist()), (0, 0)]
    pieces = [(slice(*old), slice(*new)) for old, new in zip(kept, put, strict=True)]
    return new_first, [
        np.concatenate([part for old, new in pieces for part in (column[old], put_column[new])])
        for column, put_column in zip(columns, put_columns, strict=True)
    ]
