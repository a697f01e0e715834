"""`fuhre study`: a season with several policies and shares of sensors, and the report that a council reads."""

import json as json_module
import os
import tomllib
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.inputs import JsonOption, LanguageOption, ReportLanguage, TownFiles, TownOption, parse_day
from api.cli.progress import progress_bars
from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from api.study.comparison import Comparison
    from optimizer.season.executors import SeasonExecutor
    from optimizer.simulation.statistics import FillStatistics


class ExecutorKind(StrEnum):
    """Where runs are computed."""

    PROCESSES = "processes"
    DASK = "dask"


class FillSource(StrEnum):
    """Where the pace of the containers comes from."""

    AUTO = "auto"
    TOWN = "town"


def study(
    town: TownOption = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="Days to count.")] = 90,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, max=1_000, help="Runs of each variant; an interval needs two.")
    ] = 5,
    policies: Annotated[
        str,
        typer.Option("--policies", help="With commas; the first one is the baseline."),
    ] = "fixed_schedule,threshold,rolling_prize,clairvoyant",
    sensors: Annotated[
        str, typer.Option("--sensors", metavar="PERCENT,...", help="Containers with a sensor, in per cent.")
    ] = "100",
    failures: Annotated[
        bool, typer.Option("--failures", help="Sensors fall silent, get stuck, and an area is down.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for report, tables and runs.")] = Path(
        "study"
    ),
    baseline: Annotated[
        str | None, typer.Option("--baseline", help="Policy to compare with (else the first one).")
    ] = None,
    first_day: Annotated[
        str | None,
        typer.Option(
            "--first-day", metavar="YYYY-MM-DD", help="First counted day (else the first Monday of this year)."
        ),
    ] = None,
    warm_up: Annotated[int, typer.Option("--warm-up", min=0, max=365, help="Days before that do not count.")] = 28,
    fills: Annotated[
        FillSource,
        typer.Option(
            "--fills", help="auto: the town's own readings where they suffice. town: refuse where they do not."
        ),
    ] = FillSource.AUTO,
    statistics: Annotated[
        Path | None, typer.Option("--statistics", metavar="FILE", help="Fill statistics of your own, as TOML.")
    ] = None,
    target_fill: Annotated[
        float, typer.Option("--target-fill", help="Fixed schedule: how full containers may get on average.")
    ] = 0.5,
    threshold: Annotated[float, typer.Option("--threshold", help="Threshold: empty from this level on.")] = 0.5,
    service_level: Annotated[
        float, typer.Option("--service-level", help="Dynamic tours: how sure one must be to leave a container.")
    ] = 0.9975,
    iterations: Annotated[int, typer.Option("--iterations", min=1, help="Steps of each day's tour search.")] = 2_000,
    executor: Annotated[
        ExecutorKind, typer.Option("--executor", help="On this machine's cores, or on a Dask cluster.")
    ] = ExecutorKind.PROCESSES,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="Runs at once (else one for each core).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="URL", help="Of the Dask cluster, e.g. tcp://scheduler:8786.")
    ] = None,
    language: LanguageOption = ReportLanguage.DE,
    json: JsonOption = False,
) -> None:
    """Simulate a season with several policies, and write a report with intervals for people who decide.

    Finished runs are kept: an interrupted study goes on where it was. Example: fuhre study --town demo-town
    --days 90 --seeds 5 --sensors 100,50,0 --out study
    """
    from api.files.atomic import write_atomically
    from api.study.comparison import compare
    from api.study.headline import headline
    from api.study.lineup import PRIZE, Dials
    from api.study.make_study import Wishes, baseline_of, make_study, ours_of
    from api.study.report import report_page
    from api.study.run_study import run_study
    from api.study.tables import write_tables
    from api.wiring import solvers

    wishes = Wishes(
        days=days,
        seeds=seeds,
        policies=tuple(name.strip() for name in policies.split(",") if name.strip()),
        sensor_shares=_shares(sensors),
        year=datetime.now(tz=UTC).year,
        first_day=parse_day(first_day) if first_day is not None else None,
        warm_up_days=warm_up,
        iterations=iterations,
        dials=Dials(target_fill_fraction=target_fill, threshold_fraction=threshold, service_level=service_level),
        has_failures=failures,
        needs_own_fills=fills is FillSource.TOWN,
    )
    runner = _executor(executor, processes, scheduler)
    files = TownFiles(folder=town)
    loaded = files.load()
    with progress_bars(is_shown=not json) as progress:
        if progress is not None:
            progress("streets", 0.0)
        made, facts = make_study(
            loaded,
            wishes,
            known_fills=_statistics(statistics),
            router=files.open_router(loaded),
            solver=solvers()["sisr"],
        )
        first = baseline_of(made, baseline)
        ours = ours_of(made, first, PRIZE)
        if progress is not None:
            progress("streets", 1.0)
        out.mkdir(parents=True, exist_ok=True)
        try:
            runs = run_study(made, out, runner, progress=progress)
        except KeyboardInterrupt:
            Console(stderr=True).print("Stopped. Finished runs are kept: the same command goes on where it was.")
            raise
    comparison = compare(made, runs, baseline=first, ours=ours)
    paths = write_tables(out, runs, comparison)
    report = out / "report.html"
    write_atomically(report, report_page(comparison, facts, language=language.value).encode())
    sentence = headline(comparison, language.value)
    if json:
        document = {"headline": sentence, "digest": facts.digest, "files": [str(one) for one in (report, *paths)]}
        typer.echo(json_module.dumps(document, ensure_ascii=False))
        return
    _show(comparison, sentence, [report, *paths])


def _show(comparison: "Comparison", sentence: str, paths: list[Path]) -> None:
    console = Console()
    console.print()
    console.print(f"[bold]{escape(sentence)}[/bold]")
    table = Table(title_justify="left")
    table.add_column("a day", no_wrap=True)
    shown = ("distance", "lifts", "co2e", "cost", "overflows")
    for key in shown:
        table.add_column(f"{key} {comparison.rows[0].figure(key).kind.unit}".strip(), justify="right")
    for row in comparison.rows:
        figures = [row.figure(key) for key in shown]
        table.add_row(row.variant.key, *(f"{one.per_day.value:.{one.kind.decimals}f}" for one in figures))
    console.print(table)
    for path in paths:
        console.print(f"Written: {escape(str(path))}", soft_wrap=True, highlight=False)


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word.strip().removesuffix("%")) / 100 for word in text.split(",") if word.strip())
    except ValueError as error:
        message = f"'{text}' is not understood. Write per cents with commas, as in 100,50,0."
        raise InvalidInputError([Issue(where="--sensors", code="shares", message=message)]) from error


def _statistics(path: Path | None) -> "dict[str, FillStatistics]":
    from api.town.fill_statistics import load_fill_statistics
    from optimizer.simulation.statistics import parse_statistics

    known = load_fill_statistics()
    if path is None:
        return known
    try:
        return known | parse_statistics(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        message = f"{path} cannot be read ({error}). Write it like data/fill_statistics.toml."
        raise InvalidInputError([Issue(where="--statistics", code="statistics", message=message)]) from error


def _executor(kind: ExecutorKind, processes: int | None, scheduler: str | None) -> "SeasonExecutor":
    from api.study.dask_executor import DaskExecutor
    from optimizer.season.executors import ProcessExecutor

    if kind is ExecutorKind.DASK:
        if scheduler is None:
            message = "Give the address of the Dask scheduler, as in --scheduler tcp://scheduler:8786."
            raise InvalidInputError([Issue(where="--scheduler", code="no_scheduler", message=message)])
        return DaskExecutor(scheduler=scheduler)
    return ProcessExecutor(n_processes=processes or os.cpu_count() or 1)
