from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.kernels.pbf_wire import find_fields, list_fields, read_lists, tags_of_nodes
from tests.unit.routing.pbf_sketch import bytes_field, delta_list, integer, number_field, plain_list

_INT64 = st.integers(-(2**62), 2**62 - 1)


def _array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)


@settings(deadline=None)  # the first example waits for the compiler
@given(lists=st.lists(st.lists(_INT64, max_size=5), max_size=4), is_delta=st.booleans())
def test_lists_are_read_as_they_were_written(lists: list[list[int]], is_delta: bool) -> None:  # noqa: FBT001 - drawn
    written = [delta_list(one) if is_delta else plain_list(one) for one in lists]
    ends = np.cumsum([0, *map(len, written)])
    stretches = np.column_stack((ends[:-1], ends[1:])).astype(np.int64)
    first, values = read_lists(_array(b"".join(written)), stretches, is_delta=is_delta)
    assert [values[begin:end].tolist() for begin, end in pairwise(first)] == lists


@settings(deadline=None)  # the first example waits for the compiler
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 2**20), st.one_of(st.integers(0, 2**63 - 1), st.binary(max_size=200))), max_size=6
    ),
    before=st.binary(max_size=3),
)
def test_fields_are_listed_with_their_numbers(rows: list[tuple[int, int | bytes]], before: bytes) -> None:
    written = b"".join(
        number_field(number, held) if isinstance(held, int) else bytes_field(number, held) for number, held in rows
    )
    content = before + written
    found = list_fields(_array(content), len(before), len(content)).tolist()
    assert [(number, begin if end < 0 else content[begin:end]) for number, begin, end in found] == rows


def test_wanted_fields_are_found_in_each_message() -> None:
    one = number_field(1, 7) + bytes_field(8, b"abc") + number_field(99, 1)
    other = bytes_field(8, b"") + number_field(1, 9)
    messages = np.array([[0, len(one)], [len(one), len(one + other)], [0, 0]])
    found = find_fields(_array(one + other), messages, np.array([8, 1])).tolist()
    assert found[0] == [[4, 7], [7, -1]]
    assert found[1] == [[len(one) + 2, len(one) + 2], [9, -1]]
    assert found[2] == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    "content",
    [
        b"\x80",
        integer(1 << 3),
        bytes_field(1, b"abc")[:-1],
        b"\x0a" + integer(2**63),
        b"\x09" + bytes(8),
        b"\x08" + b"\xff" * 11,
    ],
    ids=["open number", "no value", "cut bytes", "length beyond everything", "fixed width", "endless integer"],
)
def test_broken_message_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="cut off"):
        list_fields(_array(content), 0, len(content))
    with pytest.raises(ValueError, match="cut off"):
        find_fields(_array(content), np.array([[0, len(content)]]), np.array([1]))


def test_repeated_field_is_refused() -> None:
    content = number_field(1, 7) * 2
    with pytest.raises(ValueError, match="twice"):
        find_fields(_array(content), np.array([[0, len(content)]]), np.array([1]))


def test_cut_list_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        read_lists(_array(b"\x01\x80"), np.array([[0, 2]]), is_delta=False)
    with pytest.raises(ValueError, match="single integer"):
        read_lists(_array(b"\x01\x80"), np.array([[7, -1]]), is_delta=False)


def _obvious_tags(keys_values: list[int], wanted: set[int]) -> tuple[list[tuple[int, int, int]], int]:
    rows: list[tuple[int, int, int]] = []
    entries, n_nodes = iter(keys_values), 0
    pairs: list[tuple[int, int]] = []
    for key in entries:
        if key:
            pairs.append((key, next(entries)))
            continue
        if any(one in wanted for one, _ in pairs):
            rows += [(n_nodes, *pair) for pair in pairs]
        pairs = []
        n_nodes += 1
    return rows, n_nodes


@settings(deadline=None)  # the first example waits for the compiler
@given(
    nodes=st.lists(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=3), max_size=6),
    wanted=st.sets(st.integers(1, 5)),
)
def test_tags_of_nodes_are_those_of_the_obvious_reading(nodes: list[list[tuple[int, int]]], wanted: set[int]) -> None:
    keys_values = [entry for node in nodes for entry in (*(one for pair in node for one in pair), 0)]
    is_wanted = np.isin(np.arange(6), list(wanted))
    node, pair, n_nodes = tags_of_nodes(np.array(keys_values, dtype=np.int64), is_wanted)
    rows = [(index, *one) for index, one in zip(node.tolist(), pair.tolist(), strict=True)]
    assert (rows, n_nodes) == _obvious_tags(keys_values, wanted)


@pytest.mark.parametrize("keys_values", [[1], [1, 2], [9, 1, 0], [-1, 1, 0]])
def test_broken_tags_of_nodes_are_refused(keys_values: list[int]) -> None:
    with pytest.raises(ValueError, match="tag"):
        tags_of_nodes(np.array(keys_values, dtype=np.int64), np.ones(5, dtype=np.bool_))
