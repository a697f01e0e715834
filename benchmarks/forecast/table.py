"""Prints the scores as one table per stream."""

import math

from benchmarks.forecast.scores import Score
from benchmarks.forecast.windows import KINDS

HEAD = "method                      MAE   CRPS    BSS    AUC    ECE  cov90"


def print_scores(rows: dict[tuple[str, str, str], Score]) -> None:
    """MAE and CRPS in percent of a container; BSS, AUC and ECE of reaching 90 %; coverage of the 90 % interval."""
    for stream in dict.fromkeys(stream for stream, _, _ in rows):
        for kind in KINDS:
            of_kind = {name: one for (where, name, when), one in rows.items() if (where, when) == (stream, kind)}
            when = "next visit" if kind == "visit" else kind
            count = next(iter(of_kind.values())).n
            print(f"\n{stream}, {when} ({count} windows)\n  {HEAD}")
            for name, one in of_kind.items():
                print(
                    f"  {name:25} {_figure(one.mae, 2)} {_figure(one.crps, 2)} {_figure(one.bss, 2)} "
                    f"{_figure(one.auc, 3)} {_figure(one.ece, 3)} {_figure(one.coverage, 3)}"
                )


def written(figure: float) -> str:
    """A figure for the CSV, empty where there is none."""
    return "" if math.isnan(figure) else f"{figure:.4f}"


def _figure(value: float, digits: int) -> str:
    return "     -" if math.isnan(value) else f"{value:6.{digits}f}"
