"""Where matrices are written: in memory, or in a nameless temporary file when they are large.

Guards that nobody has to clean up: the file has no name from the start, and the system frees it with the last
reference to the matrix. Room on the disk is taken at once, so that a full disk is an error here and no crash later.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from routing.cch.many_to_many import Matrix

LARGE_POINTS = 5_000
"""From here on two matrices take more than 200 MB, and the system may write them out when memory is short."""

_HUGE_PAGE_BYTES = 2**21


def empty_matrix(n: int, *, scratch_dir: Path | None = None) -> Matrix:
    """``(n, n)`` int32 to be written; a large one is mapped from a file in ``scratch_dir`` (the system's, if none)."""
    if n <= LARGE_POINTS:
        return _in_huge_pages(n * n).reshape(n, n)
    if scratch_dir is not None:
        scratch_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=scratch_dir, prefix="matrix-") as file:
        os.posix_fallocate(file.fileno(), 0, 4 * n * n)
        return np.asarray(np.memmap(file, dtype=np.int32, mode="r+", shape=(n, n)))


def _in_huge_pages(size: int) -> NDArray[np.int32]:
    """An array that starts where a huge page does, when it fills one.

    Fresh memory comes page by page on first touch; for a thousand places that takes as long as half the search. Numpy
    asks Linux for huge pages from 4 MiB on, which the room before and behind brings about for smaller arrays, too.
    """
    if 4 * size < _HUGE_PAGE_BYTES:
        return np.empty(size, dtype=np.int32)
    room = np.empty(size + _HUGE_PAGE_BYTES // 2, dtype=np.int32)
    skipped = -room.ctypes.data % _HUGE_PAGE_BYTES // 4
    return room[skipped : skipped + size]
