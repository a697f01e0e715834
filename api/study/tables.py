"""The study's figures as CSV: every day, every run, and the comparison that the report shows."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from api.files.atomic import write_atomically
from api.study.comparison import Comparison
from api.study.run_study import Runs, Variant
from optimizer.season.compare import Estimate
from optimizer.season.records import DECILES, Effort

DAYS_NAME, RUNS_NAME, COMPARISON_NAME = "days.csv", "runs.csv", "comparison.csv"


def write_tables(folder: Path, runs: Runs, comparison: Comparison) -> tuple[Path, ...]:
    """Write the three files; answers with their paths."""
    figures = list(asdict(Effort()))
    contents = (
        (DAYS_NAME, ["policy", "sensors_percent", "seed", "day", *figures, "mean_fill_fraction"], _days(runs)),
        (
            RUNS_NAME,
            [
                *("policy", "sensors_percent", "seed", "days"),
                *figures,
                *("overflow_share", "mean_fill_fraction"),
                *(f"fill_decile_{percent}" for percent in DECILES),
            ],
            _runs(runs),
        ),
        (
            COMPARISON_NAME,
            [
                *("policy", "sensors_percent", "figure", "unit", "per_day", "per_day_low", "per_day_high"),
                *("change_fraction", "change_low", "change_high", "difference", "difference_low", "difference_high"),
            ],
            _comparison(comparison),
        ),
    )
    for name, header, rows in contents:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        write_atomically(folder / name, text.getvalue().encode())
    return tuple(folder / name for name, _, _ in contents)


def _days(runs: Runs) -> Iterable[Sequence[object]]:
    for variant, records in runs.items():
        for run in records:
            for one in run.days:
                fill = fmean(one.fill_fractions) if one.fill_fractions else ""
                yield [*_names(variant), run.seed, one.day.isoformat(), *asdict(one.effort).values(), fill]


def _runs(runs: Runs) -> Iterable[Sequence[object]]:
    for variant, records in runs.items():
        for run in records:
            fills = [run.mean_fill_fraction, *run.fill_deciles]
            sums = asdict(run.total).values()
            yield [*_names(variant), run.seed, len(run.days), *sums, run.overflow_share, *fills]


def _comparison(comparison: Comparison) -> Iterable[Sequence[object]]:
    for row in comparison.rows:
        names = _names(row.variant)
        for one in row.figures:
            values = [*_three(one.per_day), *_three(one.change), *_three(one.difference)]
            yield [*names, one.kind.key, one.kind.unit, *values]
        yield [*names, "overflow_share", "", *_three(row.overflow_share), *[""] * 6]
        for key, unit, estimate in (
            ("saved_per_sensor_year", "EUR", row.eur_per_sensor_year),
            ("saved_by_sensor_year", "EUR", row.eur_by_sensor_year),
            ("overflows_avoided_by_sensor_year", "", row.overflows_by_sensor_year),
        ):
            yield [*names, key, unit, *_three(estimate), *[""] * 6]


def _names(variant: Variant) -> list[object]:
    share = variant.sensor_share
    return [variant.policy, "" if share is None else f"{share * 100:g}"]


def _three(one: Estimate | None) -> list[object]:
    if one is None:
        return ["", "", ""]
    return [one.value, "" if one.low is None else one.low, "" if one.high is None else one.high]
