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


def mean_above_best(records: Sequence[Record], *, family: str, solver: str) -> float | None:
    """Percent above the least valid cost that any solver of these rows found, where nothing is published."""
    valid = [one for one in records if one.family == family and one.valid and one.cost]
    best: dict[str, float] = {}
    for one in valid:
        assert one.cost is not None
        best[one.instance] = min(best.get(one.instance, one.cost), one.cost)
    above = [100 * (one.cost / best[one.instance] - 1) for one in valid if one.solver == solver and one.cost]
    return fmean(above) if above else None


def print_table(console: Console, records: Sequence[Record]) -> None:
    """A row for each family, a column for each solver."""
    solvers = list(dict.fromkeys(one.solver for one in records))
    table = Table(title="Mean gap to the best known, %", caption="* to the best of this run: nothing is published")
    table.add_column("family")
    for solver in solvers:
        table.add_column(solver, justify="right")
    for family in dict.fromkeys(one.family for one in records):
        is_published = any(one.best_known for one in records if one.family == family)
        mean = mean_gap if is_published else mean_above_best
        cells = []
        for solver in solvers:
            own = [one for one in records if (one.family, one.solver) == (family, solver)]
            gap = mean(records, family=family, solver=solver)
            n_valid = sum(one.valid for one in own)
            shown = "-" if gap is None else f"{gap:.3f}"
            cells.append(shown if n_valid == len(own) else f"{shown} ({n_valid}/{len(own)} valid)")
        table.add_row(family if is_published else f"{family} *", *cells)
    console.print(table)
