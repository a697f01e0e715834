"""The blocks of a PBF file: framing, decompression, text tables. What stands in a block is for others to read.

Guards that a file is plain: zlib or no compression, no features beyond the first version of the format. Everything
else, and everything broken, raises ``ValueError``. After https://wiki.openstreetmap.org/wiki/PBF_Format.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from routing.kernels.pbf_wire import list_fields

_KNOWN_FEATURES = frozenset({b"OsmSchema-V0.6", b"DenseNodes"})
_PLACES_ON_WAYS = b"LocationsOnWays"
_MAX_HEADER_BYTES = 64 * 1024
_MAX_BLOCK_BYTES = 32 * 1024 * 1024
_LENGTH_BYTES = 4
_RAW, _RAW_SIZE, _ZLIB = 1, 2, 3
_TYPE, _SIZE = 1, 3
_REQUIRED_FEATURE, _OPTIONAL_FEATURE = 4, 5
_TEXTS, _GROUP, _GRANULARITY, _LAT_OFFSET, _LON_OFFSET = 1, 2, 17, 19, 20
_DEFAULT_GRANULARITY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of a file, decompressed.

    Attributes
    ----------
    content
        Its bytes.
    texts
        Keys, values and roles that its elements refer to by their positions.
    groups
        ``(n, 2)`` positions in ``content`` where each group of elements begins and ends.
    granularity, lon_offset, lat_offset
        How to turn stored coordinates into nanodegrees.
    """

    content: NDArray[np.uint8]
    texts: list[bytes]
    groups: NDArray[np.int64]
    granularity: int
    lon_offset: int
    lat_offset: int


def read_blocks(path: Path) -> Iterator[Block]:
    """All blocks with elements, in the order of the file.

    Raises
    ------
    ValueError
        When the file is broken or not plain.
    """
    is_first = True
    with path.open("rb") as file:
        while prefix := file.read(_LENGTH_BYTES):
            head = _exactly(file.read(size := int.from_bytes(prefix, "big")), size, limit=_MAX_HEADER_BYTES)
            head_fields = _Message(head)
            size = head_fields.integer(_SIZE, 0)
            blob = _exactly(file.read(max(0, size)), size, limit=_MAX_BLOCK_BYTES)
            content = _decompressed(_Message(blob))
            kind = head_fields.stretch(_TYPE)
            if kind != (b"OSMHeader" if is_first else b"OSMData"):
                raise ValueError("a blob of the file is of another kind than expected")
            if is_first:
                _check_features(_Message(content))
            else:
                yield _block(_Message(content))
            is_first = False
    if is_first:
        raise ValueError("the file has no header")


class _Message:
    """A message in memory and its fields."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.array = np.frombuffer(content, dtype=np.uint8)
        self._fields = list_fields(self.array, 0, self.array.size)

    def stretches(self, number: int) -> NDArray[np.int64]:
        """``(n, 2)`` begin and end of all fields of a number."""
        found = self._fields[self._fields[:, 0] == number, 1:]
        if (found[:, 1] < 0).any():
            raise ValueError("a field is an integer and should hold bytes")
        return found

    def stretch(self, number: int) -> bytes | None:
        """The bytes of a field, ``None`` where it is missing."""
        found = self.stretches(number)
        return self.content[found[-1, 0] : found[-1, 1]] if found.size else None

    def integer(self, number: int, missing: int) -> int:
        """The value of a field."""
        found = self._fields[self._fields[:, 0] == number, 1:]
        if (found[:, 1] >= 0).any():
            raise ValueError("a field holds bytes and should be an integer")
        return int(found[-1, 0]) if found.size else missing


def _exactly(content: bytes, size: int, *, limit: int) -> bytes:
    if len(content) != size or size > limit:
        raise ValueError("the file is cut off")
    return content


def _decompressed(blob: _Message) -> bytes:
    packed = blob.stretch(_ZLIB)
    if packed is None:
        content = blob.stretch(_RAW)
        if content is None:
            raise ValueError("a blob is compressed in another way than by zlib")
        return content
    size = blob.integer(_RAW_SIZE, 0)
    if size > _MAX_BLOCK_BYTES:
        raise ValueError("a block is too large")
    unpacker = zlib.decompressobj()
    try:
        return _exactly(unpacker.decompress(packed, size + 1), size, limit=_MAX_BLOCK_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _check_features(header: _Message) -> None:
    required, optional = (
        {header.content[begin:end] for begin, end in header.stretches(number).tolist()}
        for number in (_REQUIRED_FEATURE, _OPTIONAL_FEATURE)
    )
    if not required <= _KNOWN_FEATURES or _PLACES_ON_WAYS in optional:
        raise ValueError("the file uses an unusual feature")


def _block(message: _Message) -> Block:
    tables = message.stretches(_TEXTS)
    if len(tables) != 1:
        raise ValueError("a block has no table of texts, or several")
    spans = list_fields(message.array, *tables[0].tolist())[:, 1:].tolist()
    return Block(
        content=message.array,
        texts=[message.content[begin:end] for begin, end in spans],
        groups=message.stretches(_GROUP),
        granularity=message.integer(_GRANULARITY, _DEFAULT_GRANULARITY),
        lon_offset=message.integer(_LON_OFFSET, 0),
        lat_offset=message.integer(_LAT_OFFSET, 0),
    )
