"""`fuhre plan`: a day's tours, from a town's folder or from single files."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import (
    AsOfOption,
    CacheDirOption,
    CacheOption,
    ContainersOption,
    DayOption,
    FleetOption,
    ForecasterOption,
    IterationsOption,
    JsonOption,
    LanguageOption,
    OsmOption,
    PolicyOption,
    ReadingsOption,
    ReportLanguage,
    SeedOption,
    SolverOption,
    TimeLimitOption,
    TownFiles,
    TownOption,
    build_request,
)
from api.cli.plan_words import word
from api.cli.progress import progress_bars
from api.cli.show_plan import show_plan
from api.export.texts import Language, written_date
from api.search_limits import search_limits
from optimizer.domain.request import DayRequest

if TYPE_CHECKING:
    from api.files.town_folder import LoadedTown


def plan(
    town: TownOption = None,
    osm: OsmOption = None,
    containers: ContainersOption = None,
    readings: ReadingsOption = None,
    fleet: FleetOption = None,
    day: DayOption = None,
    as_of: AsOfOption = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", help="Collect only this stream; may be repeated.")
    ] = None,
    vehicle: Annotated[
        list[str] | None, typer.Option("--vehicle", help="Use only this vehicle; may be repeated.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Keep this container out; may be repeated.")
    ] = None,
    force: Annotated[
        list[str] | None, typer.Option("--force", help="Empty this container today; may be repeated.")
    ] = None,
    policy: PolicyOption = "overflow_risk",
    solver: SolverOption = "sisr",
    forecaster: ForecasterOption = "empirical_bayes",
    time_limit: TimeLimitOption = 10.0,
    iterations: IterationsOption = None,
    seed: SeedOption = 1,
    baseline: Annotated[
        bool, typer.Option("--baseline/--no-baseline", help="Compare with emptying all containers.")
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write plan.json, plan.geojson, GPX files and map.html into this folder."),
    ] = None,
    cache_dir: CacheDirOption = None,
    cache: CacheOption = True,
    language: LanguageOption = ReportLanguage.EN,
    json: JsonOption = False,
) -> None:
    """Plan the tours of a day.

    Example: fuhre plan --town demo-town --out tours --time-limit 30
    """
    from api.files.plan_folder import write_plan_folder
    from api.files.plan_json import dump_plan
    from api.wiring import build_ports
    from optimizer.planning.plan_day import plan_day

    files = TownFiles(
        folder=town,
        osm=osm,
        containers=containers,
        readings=readings,
        fleet=fleet,
        cache_dir=cache_dir,
        may_cache=cache,
    )
    with progress_bars(is_shown=not json) as progress:
        started_s = time.perf_counter()
        if progress:
            progress("import", 0.0)
        loaded = files.load()
        router = files.open_router(loaded)
        import_s = time.perf_counter() - started_s
        if progress:
            progress("import", 1.0)
        request = build_request(
            loaded,
            day=day,
            as_of=as_of,
            limits=search_limits(
                time_limit_s=None if iterations is not None else time_limit, iteration_limit=iterations, seed=seed
            ),
            streams=stream,
            vehicle_ids=vehicle,
            exclude=exclude,
            force=force,
            policy=policy,
            solver=solver,
            with_baseline=baseline,
        )
        planned = plan_day(
            request,
            build_ports(router, forecaster=forecaster),
            plan_id=str(uuid.uuid4()),
            generated_at=datetime.now(tz=UTC),
            progress=progress,
        )
        planned.seconds_by_step["import"] = round(import_s, 4)
        if progress and out is not None:
            progress("write", 0.0)
        folder = write_plan_folder(planned, loaded.town, router, out) if out is not None else None
        if progress and out is not None:
            progress("write", 1.0)
    if json:
        typer.echo(dump_plan(planned).decode())
        return
    console = Console()
    show_plan(planned, console=console, language=language.value)
    warn_of_old_readings(loaded, request, console=console, language=language.value)
    if folder is not None:
        console.print(word("written_to", language.value, folder=escape(str(folder))))


def warn_of_old_readings(
    loaded: "LoadedTown", request: DayRequest, *, console: Console, language: Language = "en"
) -> None:
    """Say so when the newest reading is old: most often the cut-off was forgotten, and the plan is a guess."""
    newest_s = max((int(series.observed_at_s[-1]) for series in loaded.history.values() if len(series)), default=None)
    age_days = (request.as_of.timestamp() - newest_s) / 86_400 if newest_s is not None else 0.0
    if age_days > 7:
        newest_at = datetime.fromtimestamp(newest_s or 0, tz=request.town.zone)
        told = word(
            "old_readings",
            language,
            days=f"{age_days:.0f}",
            at=f"{written_date(newest_at.date(), language)}, {newest_at:%H:%M}",
            option=f"--as-of {newest_at.isoformat(timespec='minutes')}",
        )
        console.print(f"[yellow]{told}[/yellow]")
