"""The fast way from a PBF file to unsplit streets: arrays from block to block, no object per node or way.

It reads plain files only: dense nodes, then ways, then relations, node identities positive and rising, zlib. That is
what every common tool writes. Guards that nothing is guessed: ``read_plain_pbf`` gives ``None`` for any other file and
for a broken one, and pyosmium has the last word on those.
"""

from collections.abc import Callable, Collection
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from routing.kernels.pbf_wire import find_fields, list_fields, read_lists, tags_of_nodes
from routing.osm.pbf_blocks import Block, read_blocks
from routing.osm.raw import RawStreets
from routing.osm.restrictions import raw_restrictions
from routing.osm.tag_keys import HIGHWAY_CLASSES, NODE_KEYS, WAY_KEYS, kept_node_tags
from routing.streets import MapIssue, Tags

_NODE_GROUP, _WAY_GROUP, _RELATION_GROUP = 2, 3, 4
_DENSE_ID, _DENSE_LAT, _DENSE_LON, _DENSE_TAGS = 1, 8, 9, 10
_ID, _KEYS, _VALUES, _REFS = 1, 2, 3, 8
_ROLES, _MEMBERS, _MEMBER_KINDS = 8, 9, 10
_MEMBER_LETTERS = "nwr"
_NANODEGREES = 100
"""Stored coordinates are kept in units of this many nanodegrees."""
_UNITS_PER_DEG = 10_000_000

_Array = NDArray[np.int64]


def read_plain_pbf(path: Path) -> RawStreets | None:
    """Ways, tagged nodes and turn restrictions of a PBF file; ``None`` when it is not plain or cannot be read."""
    reader = _Reader()
    try:
        for block in read_blocks(path):
            reader.read(block)
        return reader.finished()
    except ValueError:
        return None


class _Reader:
    """What has been read so far."""

    def __init__(self) -> None:
        self._raw = RawStreets()
        self._node_ids: list[_Array] = []
        self._node_lons: list[_Array] = []
        self._node_lats: list[_Array] = []
        self._way_ids: list[_Array] = []
        self._way_sizes: list[_Array] = []
        self._refs: list[_Array] = []
        self._interned: dict[Tags, Tags] = {}
        self._last_group = _NODE_GROUP

    def read(self, block: Block) -> None:
        """Take over the elements of the next block."""
        for begin, end in block.groups.tolist():
            fields = list_fields(block.content, begin, end)
            for number in np.unique(fields[:, 0]).tolist():
                if number < self._last_group or number > _RELATION_GROUP:
                    raise ValueError("elements are out of order or of an unusual kind")
                self._last_group = number
            read = {_NODE_GROUP: self._read_nodes, _WAY_GROUP: self._read_ways, _RELATION_GROUP: self._read_relations}
            for number, take in read.items():
                messages = fields[fields[:, 0] == number, 1:]
                if len(messages):
                    take(block, messages)

    def finished(self) -> RawStreets:
        """Everything, with each way's nodes at their places."""
        raw = self._raw
        node_ids, lon, lat, refs = (
            _joined(parts) for parts in (self._node_ids, self._node_lons, self._node_lats, self._refs)
        )
        if node_ids.size and (node_ids[0] <= 0 or (np.diff(node_ids) <= 0).any()):
            raise ValueError("node identities do not rise")
        if not (_is_within(lon, 180) and _is_within(lat, 90)):
            raise ValueError("a node lies off the globe")
        raw.way_osm_id = _joined(self._way_ids).tolist()
        raw.way_size = _joined(self._way_sizes).tolist()
        if min(raw.way_osm_id, default=1) <= 0 or refs.min(initial=1) <= 0:
            raise ValueError("an identity is not positive")
        at = np.searchsorted(node_ids[:-1], refs)
        is_known = node_ids[at] == refs if node_ids.size else np.zeros(refs.size, dtype=np.bool_)
        at = at[is_known]
        is_used = np.zeros(node_ids.size, dtype=np.bool_)
        is_used[at] = True
        raw.node_id = node_ids[is_used]
        raw.point_node, raw.point_deg = np.full(refs.size, -1), np.full((refs.size, 2), np.nan)
        raw.point_node[is_known] = (np.cumsum(is_used) - 1)[at]
        raw.point_deg[is_known, 0] = lon[at] / _UNITS_PER_DEG
        raw.point_deg[is_known, 1] = lat[at] / _UNITS_PER_DEG
        return raw

    def _read_nodes(self, block: Block, messages: _Array) -> None:
        numbers = np.array([_DENSE_ID, _DENSE_LAT, _DENSE_LON, _DENSE_TAGS])
        for lists in find_fields(block.content, messages, numbers):
            ids, lat, lon = (read_lists(block.content, one[np.newaxis], is_delta=True)[1] for one in lists[:3])
            if not ids.size == lat.size == lon.size:
                raise ValueError("nodes lack an identity or a place")
            self._node_ids.append(ids)
            self._node_lons.append(_units(lon, block, block.lon_offset))
            self._node_lats.append(_units(lat, block, block.lat_offset))
            _, keys_values = read_lists(block.content, lists[3:], is_delta=False)
            if keys_values.size:
                self._read_node_tags(block, ids, keys_values)

    def _read_node_tags(self, block: Block, ids: _Array, keys_values: _Array) -> None:
        is_wanted = _is_among(block.texts, NODE_KEYS)
        node, pairs, n_nodes = tags_of_nodes(keys_values, is_wanted)
        if n_nodes != ids.size:
            raise ValueError("nodes lack their tags")
        osm_ids, first = np.unique(node, return_index=True)
        for osm_id, tags in zip(
            ids[osm_ids].tolist(), self._tag_sets(block, pairs, first, kept_node_tags), strict=True
        ):
            if tags:
                self._raw.node_tags[osm_id] = tags

    def _read_ways(self, block: Block, messages: _Array) -> None:
        found = find_fields(block.content, messages, np.array([_ID, _KEYS, _VALUES, _REFS]))
        ids, (way, pairs) = _identities(found[:, 0]), _tags(block, found[:, 1], found[:, 2])
        is_key, is_value = _is_among(block.texts, {"highway"}), _is_among(block.texts, HIGHWAY_CLASSES)
        is_street = _has_tag(is_key, is_value, way, pairs, len(ids))
        is_street &= ~_has_tag(_is_among(block.texts, {"area"}), _is_among(block.texts, {"yes"}), way, pairs, len(ids))
        streets = np.flatnonzero(is_street)
        first, refs = read_lists(block.content, found[streets, 3], is_delta=True)
        sizes = np.diff(first)
        is_line = sizes >= 2
        for osm_id in ids[streets[~is_line]].tolist():
            self._raw.issues.append(MapIssue(element=f"way {osm_id}", detail="it has fewer than two nodes"))
        self._refs.append(refs[np.repeat(is_line, sizes)])
        self._way_sizes.append(sizes[is_line])
        streets = streets[is_line]
        self._way_ids.append(ids[streets])
        names, numbers = (_values_of(block, key, way, pairs, len(ids), streets) for key in ("name", "ref"))
        self._raw.way_name += [name or number for name, number in zip(names, numbers, strict=True)]
        self._raw.way_number += numbers
        is_street[:] = False
        is_street[streets] = True
        is_kept = is_street[way] & _is_among(block.texts, WAY_KEYS)[pairs[:, 0]]
        first_kept = np.searchsorted(way[is_kept], streets)
        self._raw.way_tags += self._tag_sets(block, pairs[is_kept], first_kept, _sorted_tags)

    def _read_relations(self, block: Block, messages: _Array) -> None:
        found = find_fields(block.content, messages, np.array([_ID, _KEYS, _VALUES, _ROLES, _MEMBERS, _MEMBER_KINDS]))
        ids, (relation, pairs) = _identities(found[:, 0]), _tags(block, found[:, 1], found[:, 2])
        is_key, is_value = _is_among(block.texts, {"type"}), _is_among(block.texts, {"restriction"})
        chosen = np.flatnonzero(_has_tag(is_key, is_value, relation, pairs, len(ids)))
        first, roles = read_lists(block.content, found[chosen, 3], is_delta=False)
        first_member, members = read_lists(block.content, found[chosen, 4], is_delta=True)
        first_kind, kinds = read_lists(block.content, found[chosen, 5], is_delta=False)
        is_even = np.array_equal(first, first_member) and np.array_equal(first, first_kind)
        if not is_even or not ((kinds >= 0) & (kinds < len(_MEMBER_LETTERS))).all() or roles.min(initial=0) < 0:
            raise ValueError("a member is incomplete or of an unknown kind")
        named = [
            (_MEMBER_LETTERS[kind], ref, _text(block, role))
            for kind, ref, role in zip(kinds.tolist(), members.tolist(), roles.tolist(), strict=True)
        ]
        first_tag = np.searchsorted(relation, chosen)
        last_tag = np.searchsorted(relation, chosen, side="right")
        for index, osm_id in enumerate(ids[chosen].tolist()):
            rows = pairs[first_tag[index] : last_tag[index]].tolist()
            tags = {_text(block, key): _text(block, value) for key, value in rows}
            restrictions, issues = raw_restrictions(osm_id, tags, named[first[index] : first[index + 1]])
            self._raw.restrictions += restrictions
            self._raw.issues += issues

    def _tag_sets(
        self, block: Block, pairs: _Array, first: _Array, kept: Callable[[list[tuple[str, str]]], Tags]
    ) -> list[Tags]:
        """What ``kept`` keeps of each element's tags; those of element ``i`` begin at ``pairs[first[i]]``."""
        row_bytes = 2 * pairs.itemsize
        content = np.ascontiguousarray(pairs).tobytes()
        bounds = [*(first * row_bytes).tolist(), len(content)]
        text = {index: _text(block, index) for index in np.unique(pairs).tolist()}
        known: dict[bytes, Tags] = {}
        tag_sets: list[Tags] = []
        for begin, end in pairwise(bounds):
            packed = content[begin:end]
            tags = known.get(packed)
            if tags is None:
                rows = np.frombuffer(packed, dtype=pairs.dtype).reshape(-1, 2).tolist()
                tags = kept([(text[key], text[value]) for key, value in rows])
                tags = known[packed] = self._interned.setdefault(tags, tags)
            tag_sets.append(tags)
        return tag_sets


def _joined(parts: list[_Array]) -> _Array:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _is_within(units: _Array, limit_deg: int) -> bool:
    limit = limit_deg * _UNITS_PER_DEG
    return bool(-limit <= units.min(initial=0) and units.max(initial=0) <= limit)


def _units(stored: _Array, block: Block, offset: int) -> _Array:
    if block.granularity == _NANODEGREES and offset == 0:
        return stored
    nanodegrees = stored * block.granularity + offset
    # Cut off towards zero, as libosmium does.
    return (nanodegrees - np.fmod(nanodegrees, _NANODEGREES)) // _NANODEGREES


def _identities(fields: _Array) -> _Array:
    if (fields[:, 1] != -1).any():
        raise ValueError("an element lacks its identity")
    return fields[:, 0]


def _tags(block: Block, keys: _Array, values: _Array) -> tuple[_Array, _Array]:
    """Position of the element and ``(key, value)`` of each tag of many elements."""
    first, key = read_lists(block.content, keys, is_delta=False)
    first_value, value = read_lists(block.content, values, is_delta=False)
    if not np.array_equal(first, first_value):
        raise ValueError("a tag lacks its key or value")
    pairs = np.column_stack((key, value))
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < len(block.texts):
        raise ValueError("a tag names a text that is not there")
    return np.repeat(np.arange(first.size - 1), np.diff(first)), pairs


def _has_tag(
    is_key: NDArray[np.bool_], is_value: NDArray[np.bool_], owner: _Array, pairs: _Array, n_owners: int
) -> NDArray[np.bool_]:
    """Which elements have a tag with one of the keys and one of the values."""
    has_tag = np.zeros(n_owners, dtype=np.bool_)
    has_tag[owner[is_key[pairs[:, 0]] & is_value[pairs[:, 1]]]] = True
    return has_tag


def _values_of(block: Block, key: str, way: _Array, pairs: _Array, n_ways: int, streets: _Array) -> list[str]:
    """What a tag says of each street, nothing where it has none."""
    has_key = _is_among(block.texts, {key})[pairs[:, 0]]
    value, place = np.unique(pairs[has_key, 1], return_inverse=True)
    texts = ["", *(_text(block, index) for index in value.tolist())]
    said = np.zeros(n_ways, dtype=np.int64)
    said[way[has_key]] = 1 + place
    return [texts[index] for index in said[streets].tolist()]


def _is_among(texts: list[bytes], wanted: Collection[str]) -> NDArray[np.bool_]:
    """Of each text, whether it is wanted."""
    encoded = {text.encode() for text in wanted}
    return np.fromiter((text in encoded for text in texts), dtype=np.bool_, count=len(texts))


def _text(block: Block, index: int) -> str:
    if index >= len(block.texts):
        raise ValueError("a text is not there")
    return block.texts[index].decode()


def _sorted_tags(tags: list[tuple[str, str]]) -> Tags:
    return tuple(sorted(dict(tags).items()))
