"""Where points touch the graph: each point may be left from, or reached at, several places along states.

Guards that costs before a place are exact: a point halfway along its state starts with minus what lies behind it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.kernels.cch_matrix import LENGTH_BITS

DURATION_LIMIT_MS = 2**27
"""A day and a half; a place adds at most the length of its street."""


@dataclass(frozen=True, kw_only=True)
class Phantoms:
    """Places of n points; a point may have any number of them, also none.

    From one point to another it costs the least ``source + way between the states + target`` over their places. Where
    arcs cost what it takes to drive their tail state, a source halfway along its state costs minus the way to it, and a
    target plus the way to it. A source may take off no more than every open arc out of its state costs, in duration and
    in length: then no way between two states is negative.

    Attributes
    ----------
    first
        ``(n + 1,)`` int32: places of point ``p`` are ``first[p]`` to ``first[p + 1]``.
    state
        ``(k,)`` int32.
    duration_ms, length
        ``(k,)`` int64 what a place adds to the way, also negative; the length in the unit of the weights.
    """

    first: NDArray[np.int32]
    state: NDArray[np.int32]
    duration_ms: NDArray[np.int64]
    length: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.first.size == 0 or self.first[0] != 0 or (np.diff(self.first) < 0).any():
            raise ValueError("first must rise from 0, with one entry more than there are points.")
        if np.abs(self.duration_ms).max(initial=0) >= DURATION_LIMIT_MS:
            raise ValueError(f"A place may add less than {DURATION_LIMIT_MS} ms to a way.")
        for name in ("state", "duration_ms", "length"):
            if getattr(self, name).shape != (int(self.first[-1]),):
                raise ValueError(f"{name} has {getattr(self, name).size} entries; first asks for {self.first[-1]}.")

    @classmethod
    def at_states(cls, state: NDArray[np.integer]) -> "Phantoms":
        """One place for each point, at the very state."""
        n = state.size
        nothing = np.zeros(n, dtype=np.int64)
        first = np.arange(n + 1, dtype=np.int32)
        return cls(first=first, state=state.astype(np.int32), duration_ms=nothing, length=nothing)

    def __len__(self) -> int:
        return int(self.first.size) - 1

    def points(self) -> NDArray[np.int32]:
        """``(k,)`` the point of each place."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.first))

    def without_place(self) -> NDArray[np.intp]:
        """Points that have no place, and so no way to anywhere."""
        return np.flatnonzero(np.diff(self.first) == 0)

    def packed(self) -> NDArray[np.int64]:
        """``(k,)`` durations and lengths in one number each."""
        return (self.duration_ms << LENGTH_BITS) + self.length

    def taken(self, points: NDArray[np.integer]) -> tuple["Phantoms", NDArray[np.int64]]:
        """The places of some points, in the order given, and which places these are."""
        counts = np.diff(self.first)[points]
        first = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        chosen = np.repeat(self.first[points] - first[:-1], counts).astype(np.int64) + np.arange(first[-1])
        places = Phantoms(
            first=first, state=self.state[chosen], duration_ms=self.duration_ms[chosen], length=self.length[chosen]
        )
        return places, chosen
