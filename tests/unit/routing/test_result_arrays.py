import errno
import gc
import os
from pathlib import Path

import numpy as np
import pytest

from routing import result_arrays
from routing.result_arrays import empty_matrix


def test_small_matrix_lies_in_memory(tmp_path: Path) -> None:
    matrix = empty_matrix(30, scratch_dir=tmp_path / "never")
    assert (matrix.shape, matrix.dtype) == ((30, 30), np.int32)
    assert not (tmp_path / "never").exists()


def test_matrix_of_a_huge_page_starts_on_one() -> None:
    matrix = empty_matrix(1000)
    assert (matrix.shape, matrix.dtype, matrix.flags.c_contiguous) == ((1000, 1000), np.int32, True)
    assert matrix.ctypes.data % 2**21 == 0
    matrix[:] = np.arange(1000)
    assert (matrix == np.arange(1000)).all()


def test_large_matrix_has_a_nameless_file_that_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_arrays, "LARGE_POINTS", 10)
    matrix = empty_matrix(30, scratch_dir=tmp_path / "new")
    assert type(matrix) is np.ndarray
    assert list((tmp_path / "new").iterdir()) == []
    matrix[:] = 7
    row = matrix[3]
    del matrix
    gc.collect()
    assert row.tolist() == [7] * 30  # a part of the matrix keeps the file


def test_full_disk_is_an_error_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(result_arrays, "LARGE_POINTS", 10)
    monkeypatch.setattr(os, "posix_fallocate", full_disk)
    with pytest.raises(OSError, match="No space"):
        empty_matrix(30, scratch_dir=tmp_path)
