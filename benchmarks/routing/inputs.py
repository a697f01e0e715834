"""What all peers are given for one map: places, and our turn-aware graph with one street closed in a second metric.

Imports nothing but NumPy, so that a peer's process holds the peer and little else.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PROFILES_DIR = Path(__file__).parent / "profiles"
"""Folder with the profiles that make ours and OSRM comparable."""

PROFILE = "car_like_osrm"
"""The vehicle of the whole comparison."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Arrays of one map.

    Attributes
    ----------
    lon_lat_deg
        ``(n, 2)`` places.
    tail, head, weight_ms
        ``(n_turns,)`` our turn-aware graph: states and what it costs to drive a state's arc and turn.
    length_mm
        ``(n_turns,)`` length of the arc that is driven.
    closed_weight_ms
        The weights with a street closed.
    state_lon_deg, state_lat_deg
        ``(n_states,)`` where each state's arc lies, for orders that go by position.
    street
        ``(n_states,)`` the street between two junctions that each state drives along.
    states
        ``(n,)`` states that are asked for.
    closed_osm_nodes
        ``(2,)`` neighbouring OSM nodes on a street, for engines that close streets by them.
    """

    lon_lat_deg: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    weight_ms: NDArray[np.int64]
    length_mm: NDArray[np.int64]
    closed_weight_ms: NDArray[np.int64]
    state_lon_deg: NDArray[np.float64]
    state_lat_deg: NDArray[np.float64]
    street: NDArray[np.int32]
    states: NDArray[np.int32]
    closed_osm_nodes: NDArray[np.int64]

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.state_lon_deg.size)


def write_inputs(path: Path, inputs: Inputs) -> None:
    """Keep inputs for the peers' processes."""
    with path.open("wb") as file:
        np.savez(file, **{field.name: getattr(inputs, field.name) for field in fields(Inputs)})


def read_inputs(path: Path) -> Inputs:
    """Inputs as ``write_inputs`` left them."""
    with np.load(path) as arrays:
        return Inputs(**{field.name: arrays[field.name] for field in fields(Inputs)})
