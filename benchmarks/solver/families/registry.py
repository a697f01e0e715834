"""Which families there are, where their files lie, and how the files are read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.families import cvrp_x, dialect, kim, vrptw


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Instances of one kind.

    Attributes
    ----------
    folder, pattern
        Where the files lie below ``vrp/``.
    """

    folder: str
    pattern: str
    read: Callable[[Path], Case | Day]


CASE_FAMILIES = {
    "cvrp_x": Family(folder="cvrp_x", pattern="*.vrp", read=cvrp_x.read_cvrp_x),
    "vrptw": Family(folder="vrptw", pattern="*.txt", read=vrptw.read_vrptw),
    "mdvrptw": Family(folder="mdvrptw", pattern="*.vrp", read=dialect.read_mdvrptw),
    "hfvrp": Family(folder="hfvrp", pattern="*.vrp", read=dialect.read_hfvrp),
    "pcvrptw": Family(folder="pcvrptw", pattern="*.vrp", read=dialect.read_pcvrptw),
    "mtvrptw": Family(folder="mtvrptwr", pattern="*.vrp", read=dialect.read_mtvrptw),
    "kim": Family(folder="kim_wcvrptw", pattern="*_stop.txt", read=kim.read_kim),
}
