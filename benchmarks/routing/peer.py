"""What every engine in the comparison has to do, ours included.

Guards that all of them are asked the same thing in the same way: what may be done once is done in ``prepare``, what a
fresh process needs in ``load``, the request is put together in ``ask``, and only ``matrix`` is timed as a query.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Track(StrEnum):
    """Two questions that can be asked fairly."""

    PLACES = "places"
    """Coordinates in, durations out, snapping included: for engines that build their own graph from the map."""

    GRAPH = "graph"
    """States of our turn-aware graph in, durations out: for engines that take a graph."""

    CHORES = "chores"
    """What is needed beside matrices (``benchmarks.routing.chores``)."""


class LeftOutError(Exception):
    """A peer, or one thing that a peer cannot do, is left out; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One map of the comparison.

    Attributes
    ----------
    name
        What tables call it.
    map_path
        The OSM file.
    kept_dir
        Where peers keep what they prepared for this map's content.
    scratch_dir
        Inputs of this run (``read_inputs``), emptied at its start.
    """

    name: str
    map_path: Path
    kept_dir: Path
    scratch_dir: Path

    @property
    def inputs_path(self) -> Path:
        """Places and graph that all peers are given."""
        return self.scratch_dir / "inputs.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How long a preparation took when it was made, and whether that was in an earlier run."""

    seconds: float
    is_kept: bool


class Peer(Protocol):
    """One engine with its settings.

    Attributes
    ----------
    name
        What tables call it.
    track
        What it can be asked.
    settings
        What was set for it, in words.
    is_row_wise
        Its time grows with the number of sources alone, so a sample of rows stands for the whole matrix.
    """

    name: str
    track: Track
    settings: str
    is_row_wise: bool

    def prepare(self, case: Case) -> Preparation:
        """Make on disk what can be made once."""
        ...

    def load(self, case: Case) -> None:
        """Get ready to answer from what is on disk."""
        ...

    def ask(self, n: int, n_rows: int) -> None:
        """Put together the request for the first rows among the first points."""
        ...

    def matrix(self) -> Any:
        """Answer the request, in the peer's own form."""
        ...

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """``(n_rows, n)`` seconds (places) or milliseconds (graph), NaN where there is no path."""
        ...

    def change(self, case: Case) -> float:
        """Take up changed weights, a closed street, and say how many seconds that took.

        Raises
        ------
        LeftOutError
            When the peer has no way to do that.
        """
        ...
