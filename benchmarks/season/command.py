"""Command line of the season benchmark: ``python -m benchmarks.season [--quick]``."""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.season import policies
from benchmarks.season.report import last_line, print_table, write_csv
from benchmarks.season.results_file import RESULTS, write_section
from benchmarks.season.town import season_statistics, season_town
from optimizer.domain.request import SolveLimits
from optimizer.search.sisr import SisrSolver
from optimizer.season.executors import ProcessExecutor
from optimizer.season.records import SeasonRecord
from optimizer.season.run_policy import SeasonPorts
from optimizer.season.run_season import run_season
from optimizer.season.spec import NO_FAILURES, SeasonSpec, SensorFailures

FIRST_DAY = date(2026, 3, 2)
FULL_SEEDS, FULL_DAYS, FULL_WARM_UP = (1, 2, 3, 4, 5), 91, 28
QUICK_SEEDS, QUICK_DAYS, QUICK_WARM_UP = (1, 2, 3), 28, 14
ITERATIONS = 1_000
LEARN_EVERY_DAYS = 14
"""Half as often as the service does, for the sake of time; only policies that forecast suffer."""
FAILURES = SensorFailures(silent_share=0.20, stuck_share=0.05, outage_days=3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Drive the season that the arguments ask for, and compare."""
    options = _options(arguments)
    console = Console(width=150)
    town, travel = season_town(options.out)
    statistics = season_statistics()
    spec = SeasonSpec(
        name="quick season" if options.quick else "season",
        town=town,
        statistics=statistics,
        first_day=FIRST_DAY,
        n_days=options.days or (QUICK_DAYS if options.quick else FULL_DAYS),
        warm_up_days=QUICK_WARM_UP if options.quick else FULL_WARM_UP,
        seeds=options.seeds or (QUICK_SEEDS if options.quick else FULL_SEEDS),
        rules=policies.RULES,
        limits=SolveLimits(time_limit_s=None, iteration_limit=ITERATIONS),
        sensor_coverage=options.coverage,
        failures=FAILURES if options.failures else NO_FAILURES,
        learn_every_days=LEARN_EVERY_DAYS,
    )
    ports = SeasonPorts(travel=travel, solver=SisrSolver())
    console.print(
        f"{town.name}: {len(town.containers)} containers, {spec.n_days} days after {spec.warm_up_days} of warm-up, "
        f"seeds {', '.join(map(str, spec.seeds))}."
    )
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("driving", total=1.0)

        def listen(_step: str, share: float, detail: str = "") -> None:
            progress.update(bar, completed=share, description=detail)

        executor = ProcessExecutor(n_processes=options.processes)
        record = run_season(spec, ports, policies.lineup(options.coverage), executor, progress=listen)
    print_table(console, record)
    write_csv(options.out, record, console)
    if options.write_results:
        kind = f"{spec.n_days} days, {_sensors(options.coverage)}{', with failures' if options.failures else ''}"
        write_section(RESULTS, record, kind=kind, how=_how(spec, record))
        console.print(f"Written: {RESULTS}", highlight=False)
    print(last_line(record), flush=True)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.season", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a shorter season, under five minutes on two cores")
    parser.add_argument("--days", type=int, default=0, help="counted days")
    parser.add_argument("--seeds", type=_numbers, default=(), help="numbers with commas; 100 and above were tuned on")
    parser.add_argument("--coverage", type=float, default=1.0, help="share of containers with a sensor, 0 to 1")
    parser.add_argument("--failures", action="store_true", help="silent and stuck sensors, and an area that is down")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="runs at once")
    parser.add_argument("--write-results", action="store_true", help="put the figures into RESULTS.md")
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    return parser.parse_args(arguments)


def _sensors(coverage: float) -> str:
    return {0.0: "no sensors", 1.0: "all with sensors"}.get(coverage, f"{coverage:.0%} with sensors")


def _how(spec: SeasonSpec, record: SeasonRecord) -> str:
    hours = sum(run.wall_s for run in record.runs) / 3600
    return (
        f"{record.town_name}, {record.n_containers} containers, {spec.n_days} counted days from {spec.first_day} after "
        f"{spec.warm_up_days} of warm-up, seeds {', '.join(map(str, record.seeds))}, {spec.limits.iteration_limit} "
        f"iterations a day. Means a day; ± is the half-width of the 95 % interval over the seeds. All runs together "
        f"took {hours:.1f} hours on the clock of their processes."
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)
