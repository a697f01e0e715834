"""Which families there are, where their files lie, and how the files are read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.solver.case import Case
from benchmarks.solver.families import cvrp_x, dialect, vrptw


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Instances of one kind.

    Attributes
    ----------
    folder, pattern
        Where the files lie below ``vrp/``.
    quick
        The instances of a quick run.
    """

    folder: str
    pattern: str
    read: Callable[[Path], Case]
    quick: tuple[str, ...] = ()


CASE_FAMILIES = {
    "cvrp_x": Family(folder="cvrp_x", pattern="*.vrp", read=cvrp_x.read_cvrp_x, quick=("X-n200-k36", "X-n308-k13")),
    "vrptw": Family(folder="vrptw", pattern="*.txt", read=vrptw.read_vrptw, quick=("R112", "RC1_4_5")),
    "mdvrptw": Family(folder="mdvrptw", pattern="*.vrp", read=dialect.read_mdvrptw),
    "hfvrp": Family(folder="hfvrp", pattern="*.vrp", read=dialect.read_hfvrp),
    "pcvrptw": Family(folder="pcvrptw", pattern="*.vrp", read=dialect.read_pcvrptw),
    "mtvrptw": Family(folder="mtvrptwr", pattern="*.vrp", read=dialect.read_mtvrptw),
}
