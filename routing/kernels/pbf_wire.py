"""Compiled reading of protocol buffers, as far as OpenStreetMap's PBF files use them.

A message is a sequence of fields, each with a number and either one variable-length integer or a stretch of bytes
(a text, a message, a packed list of integers). Guards that no read leaves the message: what does not fit raises
``ValueError``. After the public specifications, https://protobuf.dev/programming-guides/encoding and
https://wiki.openstreetmap.org/wiki/PBF_Format.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_INTEGER = 0
_BYTES = 2


@njit(cache=True, nogil=True)
def _integer(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.uint64, int]:
    """A variable-length integer, seven bits a byte, the lowest first, and where the next field begins."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while at < end and shift < np.uint64(64):
        byte = data[at]
        at += 1
        value |= np.uint64(byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += np.uint64(7)
    raise ValueError("an integer is cut off")


@njit(cache=True, nogil=True)
def _field(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int, int]:
    """Number of the field at a position, what it holds (see ``list_fields``), and where the next field begins."""
    tag, at = _integer(data, at, end)
    number, kind = int(np.int64(tag >> np.uint64(3))), int(np.int64(tag & np.uint64(7)))
    value, at = _integer(data, at, end)
    if kind == _INTEGER:
        return number, int(np.int64(value)), -1, at
    length = int(np.int64(value))
    if kind != _BYTES or length < 0 or length > end - at:
        raise ValueError("a field is cut off or of an unknown kind")
    return number, at, at + length, at + length


@njit(cache=True, nogil=True)
def list_fields(data: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.int64]:
    """All fields of a message.

    Returns
    -------
    fields
        ``(n, 3)``: number of each field, and the positions where its bytes begin and end; for an integer its value
        and -1.
    """
    n_fields = 0
    at = begin
    while at < end:
        _, _, _, at = _field(data, at, end)
        n_fields += 1
    fields = np.empty((n_fields, 3), np.int64)
    at = begin
    for index in range(n_fields):
        fields[index, 0], fields[index, 1], fields[index, 2], at = _field(data, at, end)
    return fields


@njit(cache=True, nogil=True)
def find_fields(data: NDArray[np.uint8], messages: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some fields of many messages of one kind.

    Parameters
    ----------
    messages
        ``(n, 2)`` positions where each message begins and ends.
    numbers
        ``(k,)`` numbers of the wanted fields.

    Returns
    -------
    found
        ``(n, k, 2)``: bytes or value of each wanted field, as in ``list_fields``; ``(0, 0)`` for a field that is not
        there.
    """
    found = np.zeros((messages.shape[0], numbers.size, 2), np.int64)
    for index in range(messages.shape[0]):
        at, end = messages[index, 0], messages[index, 1]
        while at < end:
            number, first, last, at = _field(data, at, end)
            for wanted in range(numbers.size):
                if numbers[wanted] == number:
                    if found[index, wanted, 1] != 0:
                        raise ValueError("a field is there twice")
                    found[index, wanted, 0], found[index, wanted, 1] = first, last
    return found


@njit(cache=True, nogil=True)
def read_lists(
    data: NDArray[np.uint8],
    stretches: NDArray[np.int64],
    is_delta: bool,  # noqa: FBT001 - kernels take positions
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Packed lists of integers, one behind the other.

    Parameters
    ----------
    stretches
        ``(n, 2)`` positions where the bytes of each list begin and end.
    is_delta
        Whether each entry is a signed difference from the one before (as of identities and coordinates), its sign in
        the lowest bit; otherwise entries are plain.

    Returns
    -------
    first, values
        List ``i`` is ``values[first[i]:first[i + 1]]``.
    """
    first = np.zeros(stretches.shape[0] + 1, np.int64)
    for index in range(stretches.shape[0]):
        begin, end = stretches[index]
        if end < begin:
            raise ValueError("a list is a single integer")
        count = 0
        for at in range(begin, end):
            count += data[at] < 0x80
        first[index + 1] = first[index] + count
    values = np.empty(first[-1], np.int64)
    for index in range(stretches.shape[0]):
        at, end = stretches[index]
        running = np.int64(0)
        for place in range(first[index], first[index + 1]):
            raw, at = _integer(data, at, end)
            if is_delta:
                running += np.int64(raw >> np.uint64(1)) ^ -np.int64(raw & np.uint64(1))
                values[place] = running
            else:
                values[place] = np.int64(raw)
        if at != end:
            raise ValueError("a list is cut off")
    return first, values


@njit(cache=True, nogil=True)
def tags_of_nodes(
    keys_values: NDArray[np.int64], is_wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Tags of those nodes of a dense group that have a wanted key.

    Parameters
    ----------
    keys_values
        Text numbers of all nodes' tags, key, value, key, value; a zero ends each node.
    is_wanted
        Of each text, whether it is a wanted key.

    Returns
    -------
    node, pair, n_nodes
        ``(m,)`` position of the node in its group and ``(m, 2)`` key and value, of each tag; and how many nodes the
        list tells of.
    """
    node = np.empty(keys_values.size // 2, np.int64)
    pair = np.empty((keys_values.size // 2, 2), np.int64)
    count, n_nodes, at = 0, 0, 0
    while at < keys_values.size:
        begin = count
        is_node_wanted = False
        while at < keys_values.size and keys_values[at] != 0:
            if at + 1 == keys_values.size or not 0 < keys_values[at] < is_wanted.size:
                raise ValueError("a tag is cut off or names a text that is not there")
            is_node_wanted |= is_wanted[keys_values[at]]
            node[count] = n_nodes
            pair[count, 0], pair[count, 1] = keys_values[at], keys_values[at + 1]
            count += 1
            at += 2
        if at == keys_values.size:
            raise ValueError("the tags of a node have no end")
        if not is_node_wanted:
            count = begin
        n_nodes += 1
        at += 1
    return node[:count], pair[:count], n_nodes
