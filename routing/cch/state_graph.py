"""The graph that a hierarchy is built on: states of a drive as nodes, turns between them as arcs, no weights.

Guards shapes and ranges, so that the compiled kernels never read beyond an array.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class StateGraph:
    """A directed graph with places for its nodes; any graph will do, that of states and turns is meant.

    Attributes
    ----------
    first_out
        ``(n + 1,)`` int32: arcs of state ``s`` are ``first_out[s]`` to ``first_out[s + 1]``.
    head
        ``(m,)`` int32: the state that each arc leads to. Parallel arcs and self-loops may occur.
    lon_deg, lat_deg
        ``(n,)`` float64: somewhere on the state's street.
    street
        ``(n,)`` int32: states with the same number, such as the two directions of a street, become neighbours in the
        order, so that one label can serve them together. Any numbers of at least zero.
    """

    first_out: NDArray[np.int32]
    head: NDArray[np.int32]
    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    street: NDArray[np.int32]

    def __post_init__(self) -> None:
        n, m = self.n_states, self.n_arcs
        for name in ("lon_deg", "lat_deg", "street"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} has the shape {getattr(self, name).shape}; it must be ({n},).")
        if n < 0 or self.first_out[0] != 0 or self.first_out[-1] != m or (np.diff(self.first_out) < 0).any():
            raise ValueError(f"first_out must rise from 0 to the number of arcs, {m}.")
        if m and (self.head.min() < 0 or self.head.max() >= n):
            raise ValueError(f"Every arc must lead to a state between 0 and {n - 1}.")
        if n and (self.street.min() < 0 or not np.isfinite(self.lon_deg).all() or not np.isfinite(self.lat_deg).all()):
            raise ValueError("Streets must be numbered from zero, and coordinates must be finite.")

    @property
    def n_states(self) -> int:
        """Number of nodes."""
        return int(self.first_out.size) - 1

    @property
    def n_arcs(self) -> int:
        """Number of arcs."""
        return int(self.head.size)

    def tails(self) -> NDArray[np.int32]:
        """``(m,)`` state that each arc starts from."""
        return np.repeat(np.arange(self.n_states, dtype=np.int32), np.diff(self.first_out))
