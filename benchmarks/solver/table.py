"""The mean gap of every solver in every family, as a table for people."""

from collections.abc import Sequence
from statistics import fmean

from rich.console import Console
from rich.table import Table

from benchmarks.solver.records import Record


def mean_gap(records: Sequence[Record], *, family: str, solver: str) -> float | None:
    """Over the valid answers; None when there is none."""
    gaps = [one.gap for one in records if one.family == family and one.solver == solver and one.gap is not None]
    return fmean(gaps) if gaps else None


def print_table(console: Console, records: Sequence[Record]) -> None:
    """A row for each family, a column for each solver."""
    solvers = list(dict.fromkeys(one.solver for one in records))
    table = Table(title="Mean gap to the best known, %")
    table.add_column("family")
    for solver in solvers:
        table.add_column(solver, justify="right")
    for family in dict.fromkeys(one.family for one in records):
        cells = []
        for solver in solvers:
            own = [one for one in records if (one.family, one.solver) == (family, solver)]
            gap = mean_gap(records, family=family, solver=solver)
            n_valid = sum(one.valid for one in own)
            shown = "-" if gap is None else f"{gap:.3f}"
            cells.append(shown if n_valid == len(own) else f"{shown} ({n_valid}/{len(own)} valid)")
        table.add_row(family, *cells)
    console.print(table)
