"""What the season benchmark prints and writes: a table with intervals, two CSV files, and the last line."""

import csv
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from optimizer.season.compare import Estimate, Figure, mean_per_day, ratio
from optimizer.season.records import DayRecord, Effort, SeasonRecord

OURS = "rolling_prize"


def distance_km(effort: Effort) -> float:
    """Kilometres driven."""
    return effort.distance_km


def overflow_days(effort: Effort) -> float:
    """Container-days with an overflow."""
    return float(effort.overflow_container_days)


COLUMNS = (
    ("km/day", distance_km),
    ("hours out/day", lambda effort: effort.out_s / 3600),
    ("lifts/day", lambda effort: float(effort.lifts)),
    ("tours/day", lambda effort: float(effort.tours)),
    ("diesel l/day", lambda effort: effort.diesel_l),
    ("CO2e kg/day", lambda effort: effort.co2e_kg),
    ("EUR/day", lambda effort: effort.cost_eur),
    ("overflows/day", overflow_days),
    ("unserved due/day", lambda effort: float(effort.unserved_due)),
)


def shown(record: SeasonRecord, policy: str, figure: Figure) -> str:
    """A figure's mean a day, with the half-width of its interval where there is one."""
    one = mean_per_day(record, policy, figure)
    if one.low is None or one.high is None:
        return f"{one.value:.1f}"
    return f"{one.value:.1f} ±{(one.high - one.low) / 2:.1f}"


def print_table(console: Console, record: SeasonRecord) -> None:
    """A row for each policy; half-widths of 95 % intervals over seeds."""
    table = Table(
        title=f"{record.town_name}, {record.n_containers} containers, {record.n_days} days, {len(record.seeds)} seeds",
        caption="Means over days and seeds, with the half-width of the 95 % interval over seeds",
    )
    table.add_column("policy")
    for name, _ in COLUMNS:
        table.add_column(name, justify="right")
    table.add_column("overflow share", justify="right")
    table.add_column("fill at emptying", justify="right")
    for policy in record.policies:
        runs = record.runs_of(policy)
        fills = [run.mean_fill_fraction for run in runs if run.mean_fill_fraction is not None]
        table.add_row(
            policy,
            *(shown(record, policy, figure) for _, figure in COLUMNS),
            f"{fmean(run.overflow_share for run in runs):.2%}",
            f"{fmean(fills):.0%}" if fills else "-",
        )
    console.print(table)
    for other in record.policies:
        if other != OURS and OURS in record.policies:
            found = ratio(record, OURS, other, distance_km)
            if found is not None:
                console.print(f"km of {OURS} / {other}: {_between(found)}", highlight=False)


def last_line(record: SeasonRecord) -> str:
    """The figures that targets are set for."""
    km = {
        name: ratio(record, OURS, policy, distance_km)
        for name, policy in (("fixed", "fixed_schedule"), ("threshold", "threshold"), ("clairvoyant", "clairvoyant"))
    }
    overflow = ratio(record, OURS, "fixed_schedule", overflow_days)
    figures = {f"km_vs_{name}": found for name, found in km.items()} | {"overflow_ratio_fixed": overflow}
    return " ".join(f"{name}={'nan' if one is None else f'{one.value:.3f}'}" for name, one in figures.items())


def write_csv(folder: Path, record: SeasonRecord, console: Console) -> None:
    """``season_days.csv`` with every day, ``season.csv`` with the sums of every run."""
    folder.mkdir(parents=True, exist_ok=True)
    days, runs = folder / "season_days.csv", folder / "season.csv"
    with days.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["policy", "seed", "day", *asdict(Effort()), "mean_fill_fraction"])
        writer.writerows(_day_row(one) for one in record.day_records())
    with runs.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        deciles = [f"fill_decile_{percent}" for percent in range(10, 100, 10)]
        writer.writerow(["policy", "seed", "days", *asdict(Effort()), "overflow_share", "mean_fill_fraction", *deciles])
        for run in record.runs:
            fills = [run.mean_fill_fraction, *run.fill_deciles]
            writer.writerow(
                [run.policy, run.seed, len(run.days), *asdict(run.total).values(), run.overflow_share, *fills]
            )
    console.print(f"Written: {runs}, {days}", highlight=False)


def _day_row(one: DayRecord) -> list[object]:
    mean_fill = fmean(one.fill_fractions) if one.fill_fractions else ""
    return [one.policy, one.seed, one.day.isoformat(), *asdict(one.effort).values(), mean_fill]


def _between(one: Estimate) -> str:
    if one.low is None or one.high is None:
        return f"{one.value:.3f} (one seed: no interval)"
    return f"{one.value:.3f} (95 % interval {one.low:.3f} to {one.high:.3f})"
