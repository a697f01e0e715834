"""Named arrays and texts in one file that is checked before it is believed and mapped into memory as it is.

Guards against half-written and damaged files: the content follows its own checksum, and a file appears in one step.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"fuhre-arrays-1\n\0"
_CHECKSUM_BYTES = 32
_ALIGNMENT_BYTES = 64
_HEAD_BYTES = len(_MAGIC) + _CHECKSUM_BYTES + 8

Arrays = Mapping[str, NDArray[Any]]


def write_arrays(path: Path, arrays: Arrays, texts: object) -> None:
    """Write arrays, and texts that JSON can hold, so that the file is complete or absent."""
    contents = [np.ascontiguousarray(array) for array in arrays.values()]
    table: list[tuple[str, str, tuple[int, ...], int]] = []
    size = 0
    for name, array in zip(arrays, contents, strict=True):
        table.append((name, array.dtype.str, array.shape, size))
        size = _aligned(size + array.nbytes)
    header = json.dumps({"arrays": table, "texts": texts}).encode()
    begin = _aligned(_HEAD_BYTES + len(header))
    content = bytearray(begin + size)
    content[_HEAD_BYTES - 8 : _HEAD_BYTES] = len(header).to_bytes(8, "little")
    content[_HEAD_BYTES : _HEAD_BYTES + len(header)] = header
    for (*_, offset), array in zip(table, contents, strict=True):
        content[begin + offset : begin + offset + array.nbytes] = array.tobytes()
    checked = _HEAD_BYTES - 8
    content[:checked] = _MAGIC + hashlib.sha256(memoryview(content)[checked:]).digest()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], Any]:
    """Arrays, read-only and mapped from the file, and texts that ``write_arrays`` wrote.

    Raises
    ------
    ValueError
        When the file is damaged or of another kind.
    """
    if path.stat().st_size < _HEAD_BYTES:
        raise ValueError("it is cut off")
    content = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
    head = content[:_HEAD_BYTES].tobytes()
    if not head.startswith(_MAGIC):
        raise ValueError("it is of another kind")
    checked = _HEAD_BYTES - 8
    if hashlib.sha256(content[checked:].data).digest() != head[len(_MAGIC) : checked]:
        raise ValueError("its checksum is wrong")
    header_bytes = int.from_bytes(head[checked:], "little")
    header = json.loads(content[_HEAD_BYTES : _HEAD_BYTES + header_bytes].tobytes())
    begin = _aligned(_HEAD_BYTES + header_bytes)
    arrays = {}
    for name, dtype, shape, offset in header["arrays"]:
        end = begin + offset + int(np.prod(shape)) * np.dtype(dtype).itemsize
        arrays[name] = content[begin + offset : end].view(dtype).reshape(shape)
    return arrays, header["texts"]


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
