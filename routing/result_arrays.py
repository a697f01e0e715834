"""Where matrices are written: in memory, or in a nameless temporary file when they are large.

Guards that nobody has to clean up: the file has no name from the start, and the system frees it with the last
reference to the matrix. Room on the disk is taken at once, so that a full disk is an error here and no crash later.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from routing.cch.many_to_many import Matrix
from routing.huge_pages import in_huge_pages

LARGE_POINTS = 5_000
"""From here on two matrices take more than 200 MB, and the system may write them out when memory is short."""


def empty_matrix(n: int, *, scratch_dir: Path | None = None) -> Matrix:
    """``(n, n)`` int32 to be written; a large one is mapped from a file in ``scratch_dir`` (the system's, if none)."""
    if n <= LARGE_POINTS:
        return in_huge_pages(n * n).reshape(n, n)
    if scratch_dir is not None:
        scratch_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=scratch_dir, prefix="matrix-") as file:
        os.posix_fallocate(file.fileno(), 0, 4 * n * n)
        return np.asarray(np.memmap(file, dtype=np.int32, mode="r+", shape=(n, n)))
