"""`fuhre demo`: a town on real streets, planned for tomorrow, with nothing to download."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from api.cli.inputs import AsOfOption, JsonOption, SeedOption, TimeLimitOption, build_request, parse_instant
from api.cli.progress import progress_bars
from api.cli.show_plan import show_plan
from api.search_limits import search_limits


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder to make the town in; an older demo there is replaced.")] = Path(
        "demo-town"
    ),
    as_of: AsOfOption = None,
    seed: SeedOption = 1,
    time_limit: TimeLimitOption = 8.0,
    json: JsonOption = False,
) -> None:
    """Build a demo town on real streets (central Helsinki) and plan tomorrow's tours.

    About 160 containers of three streams, two vans and a truck, 90 days of sensor history. Writes the town's files,
    which are templates for a town of your own, and the plan as JSON, GeoJSON, GPX and a map that needs no internet.
    """
    from api.files.plan_folder import write_plan_folder
    from api.files.plan_json import dump_plan
    from api.town.demo_town import ZONE, build_demo_town
    from api.wiring import build_ports, open_street_router
    from optimizer.planning.plan_day import plan_day

    started_s = time.perf_counter()
    with progress_bars(is_shown=not json) as progress:
        instant = parse_instant(as_of, ZONE)
        loaded = build_demo_town(folder, seed=seed, as_of=instant, progress=progress)
        router = open_street_router(loaded.map_path, cache_dir=folder / "cache")
        request = build_request(
            loaded,
            day=None,
            as_of=instant.isoformat(),
            limits=search_limits(time_limit_s=time_limit, seed=seed),
            with_baseline=True,
        )
        planned = plan_day(
            request,
            build_ports(router),
            plan_id=str(uuid.uuid4()),
            generated_at=datetime.now(tz=UTC),
            progress=progress,
        )
        if progress:
            progress("write", 0.0)
        written = write_plan_folder(planned, loaded.town, router, folder / "plans" / f"{planned.day}")
        if progress:
            progress("write", 1.0)
    if json:
        typer.echo(dump_plan(planned).decode())
        return
    console = Console()
    show_plan(planned, console=console)
    console.print(
        Panel(
            f"The map:   [bold]{written / 'map.html'}[/bold]  (open it in a browser; it needs no internet)\n"
            f"The plan:  {written / 'plan.json'}, plan.geojson and one GPX file per vehicle in gpx/\n"
            f"The API:   [bold]fuhre serve --town {folder}[/bold]\n"
            'Your town: [bold]fuhre town add --osm FILE.osm.pbf[/bold]  or  [bold]fuhre town add "Lünen"[/bold]',
            title=f"Done in {time.perf_counter() - started_s:.1f} s",
            expand=False,
        )
    )
