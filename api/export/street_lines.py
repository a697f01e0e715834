"""The streets of a map as lines to draw, joined and packed so that a whole town fits into one page.

Guards the page's size: each street is drawn once however many directed edges it has, in as few lines as possible, with
whole numbers of 1e-5 degrees (about a metre) as differences in text.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.streets import EdgeLine

STEPS_PER_DEGREE = 100_000

_RANK_OF_HIGHWAY = {
    "motorway": 5,
    "trunk": 5,
    "primary": 4,
    "secondary": 3,
    "tertiary": 2,
    "residential": 1,
    "unclassified": 1,
    "living_street": 1,
    "road": 1,
}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Steps = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetLine:
    """A stretch of street.

    Attributes
    ----------
    lon_lat_deg
        ``(k, 2)`` float64, k >= 2.
    highway
        OSM's ``highway`` value.
    name
        May be empty.
    """

    lon_lat_deg: NDArray[np.float64]
    highway: str
    name: str = ""


def street_lines(edges: Iterable[EdgeLine]) -> tuple[StreetLine, ...]:
    """The streets of a map, as ``StreetGraph.edge_lines`` tells them."""
    return tuple(
        StreetLine(lon_lat_deg=np.column_stack((edge.lon_deg, edge.lat_deg)), highway=edge.highway, name=edge.name)
        for edge in edges
    )


def rank_of(highway: str) -> int:
    """How important a street is on the map: 5 for motorways to 0 for service ways and tracks."""
    return _RANK_OF_HIGHWAY.get(highway.removesuffix("_link"), 0)


def pack_streets(streets: Sequence[StreetLine]) -> dict[str, Any]:
    """The base map as a value for JSON: an origin, the names, and lines by rank.

    ``lines[rank]`` is a list of ``[packed line, index of its name]``; the first point counts from the origin, every
    other from the one before it.
    """
    stretches: dict[tuple[int, str], dict[Steps, None]] = defaultdict(dict)
    for street in streets:
        line = to_steps(street.lon_lat_deg)
        if len(line) > 1:
            stretches[rank_of(street.highway), street.name].setdefault(min(line, line[::-1]))
    origin = _south_west(line for group in stretches.values() for line in group)
    names: dict[str, int] = {"": 0}
    lines: list[list[list[str | int]]] = [[] for _ in range(max(_RANK_OF_HIGHWAY.values()) + 1)]
    for (rank, name), group in stretches.items():
        name_index = names.setdefault(name, len(names))
        lines[rank].extend([pack_line(line, origin), name_index] for line in join_lines(list(group)))
    return {"origin": origin, "names": list(names), "lines": lines}


def to_steps(lon_lat_deg: NDArray[np.float64]) -> Steps:
    """A line in whole steps, without repeated points."""
    rounded: list[list[int]] = np.rint(np.asarray(lon_lat_deg) * STEPS_PER_DEGREE).astype(np.int64).tolist()
    line = [(lon, lat) for lon, lat in rounded]
    return tuple(point for position, point in enumerate(line) if position == 0 or point != line[position - 1])


def join_lines(lines: Sequence[Steps]) -> list[Steps]:
    """The same lines, joined end to end where exactly two of them meet."""
    ends_at: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        ends_at[line[0]].append(index)
        ends_at[line[-1]].append(index)
    is_used = [False] * len(lines)

    def extend(chain: list[tuple[int, int]]) -> None:
        while len(ends_at[chain[-1]]) == 2:
            following = next((index for index in ends_at[chain[-1]] if not is_used[index]), None)
            if following is None:
                return
            is_used[following] = True
            line = lines[following]
            chain.extend(line[1:] if line[0] == chain[-1] else line[-2::-1])

    joined = []
    for index, line in enumerate(lines):
        if is_used[index]:
            continue
        is_used[index] = True
        chain = list(line)
        extend(chain)
        chain.reverse()
        extend(chain)
        joined.append(tuple(chain))
    return joined


def pack_line(line: Steps, origin: tuple[int, int]) -> str:
    """Differences as text: zigzag, five bits a letter, the sixth bit says that more follow."""
    return "".join(
        _pack_integer(here[axis] - before[axis]) for before, here in pairwise((origin, *line)) for axis in (0, 1)
    )


def _pack_integer(value: int) -> str:
    zigzag = value * 2 if value >= 0 else -value * 2 - 1
    letters = []
    while zigzag > 31:
        letters.append(_ALPHABET[zigzag & 31 | 32])
        zigzag >>= 5
    letters.append(_ALPHABET[zigzag])
    return "".join(letters)


def _south_west(lines: Iterable[Steps]) -> tuple[int, int]:
    points = [point for line in lines for point in line]
    if not points:
        return (0, 0)
    return (min(lon for lon, _ in points), min(lat for _, lat in points))
