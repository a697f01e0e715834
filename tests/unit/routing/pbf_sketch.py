"""PBF files written by hand, to the letter of the format: what no tool on the way can tidy up."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

Tags = dict[str, str]
FEATURES = ("OsmSchema-V0.6", "DenseNodes")


def integer(value: int) -> bytes:
    value &= (1 << 64) - 1
    content = bytearray()
    while value >= 0x80:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    content.append(value)
    return bytes(content)


def number_field(number: int, value: int) -> bytes:
    return integer(number << 3) + integer(value)


def bytes_field(number: int, content: bytes) -> bytes:
    return integer(number << 3 | 2) + integer(len(content)) + content


def plain_list(values: Iterable[int]) -> bytes:
    return b"".join(integer(value) for value in values)


def delta_list(values: Sequence[int]) -> bytes:
    return plain_list(signed(after - before) for before, after in pairwise([0, *values]))


def signed(value: int) -> int:
    """The sign moves to the lowest bit."""
    return value << 1 if value >= 0 else (-value << 1) - 1


@dataclass
class PbfSketch:
    """A file, element by element; each call of ``nodes``, ``ways`` or ``relations`` makes a block of its own."""

    granularity: int = 100
    lon_offset: int = 0
    lat_offset: int = 0
    is_packed: bool = True
    features: Sequence[str] = FEATURES
    optional_features: Sequence[str] = ()
    blocks: list[bytes] = field(default_factory=list)
    _texts: list[str] = field(default_factory=lambda: [""])

    def nodes(self, *nodes: tuple[int, int, int, Tags]) -> "PbfSketch":
        """Identity, stored longitude and latitude, tags."""
        ids, lons, lats, tags = zip(*nodes, strict=True)
        keys_values = [entry for one in tags for entry in (*self._pairs(one), 0)]
        dense = bytes_field(1, delta_list(ids)) + bytes_field(8, delta_list(lats)) + bytes_field(9, delta_list(lons))
        dense += bytes_field(10, plain_list(keys_values)) if any(tags) else b""
        return self._block(bytes_field(2, dense))

    def single_nodes(self, *nodes: tuple[int, int, int, Tags]) -> "PbfSketch":
        """The same, one message each."""
        return self._block(
            b"".join(
                bytes_field(
                    1,
                    number_field(1, signed(osm_id))
                    + self._tag_fields(tags)
                    + number_field(8, signed(lat))
                    + number_field(9, signed(lon)),
                )
                for osm_id, lon, lat, tags in nodes
            )
        )

    def ways(self, *ways: tuple[int, Sequence[int], Tags]) -> "PbfSketch":
        return self._block(
            b"".join(
                bytes_field(
                    3, number_field(1, osm_id) + self._tag_fields(tags) + bytes_field(8, delta_list(list(refs)))
                )
                for osm_id, refs, tags in ways
            )
        )

    def relations(self, *relations: tuple[int, Sequence[tuple[str, int, str]], Tags]) -> "PbfSketch":
        """Identity; type, identity and role of each member; tags."""
        return self._block(
            b"".join(
                bytes_field(
                    4,
                    number_field(1, osm_id)
                    + self._tag_fields(tags)
                    + bytes_field(8, plain_list(self._text(role) for _, _, role in members))
                    + bytes_field(9, delta_list([ref for _, ref, _ in members]))
                    + bytes_field(10, plain_list("nwr".index(kind) for kind, _, _ in members)),
                )
                for osm_id, members, tags in relations
            )
        )

    def write(self, path: Path) -> Path:
        header = b"".join(bytes_field(4, feature.encode()) for feature in self.features)
        header += b"".join(bytes_field(5, feature.encode()) for feature in self.optional_features)
        blobs = [self._blob("OSMHeader", header), *(self._blob("OSMData", block) for block in self.blocks)]
        path.write_bytes(b"".join(blobs))
        return path

    def _blob(self, kind: str, content: bytes) -> bytes:
        packed = bytes_field(3, zlib.compress(content))
        blob = number_field(2, len(content)) + packed if self.is_packed else bytes_field(1, content)
        head = bytes_field(1, kind.encode()) + number_field(3, len(blob))
        return len(head).to_bytes(4, "big") + head + blob

    def _block(self, group: bytes) -> "PbfSketch":
        texts = b"".join(bytes_field(1, text.encode()) for text in self._texts)
        scale = number_field(17, self.granularity)
        scale += number_field(19, self.lat_offset) + number_field(20, self.lon_offset)
        self.blocks.append(bytes_field(1, texts) + bytes_field(2, group) + scale)
        self._texts = [""]
        return self

    def _tag_fields(self, tags: Tags) -> bytes:
        pairs = self._pairs(tags)
        return bytes_field(2, plain_list(pairs[::2])) + bytes_field(3, plain_list(pairs[1::2])) if tags else b""

    def _pairs(self, tags: Tags) -> list[int]:
        return [self._text(text) for pair in tags.items() for text in pair]

    def _text(self, text: str) -> int:
        if text not in self._texts:
            self._texts.append(text)
        return self._texts.index(text)
