"""`fuhre check`: the independent judge, for our plans and for those made by hand."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import (
    CacheDirOption,
    CacheOption,
    ContainersOption,
    FleetOption,
    JsonOption,
    OsmOption,
    TownFiles,
    TownOption,
)
from optimizer.domain.issues import InvalidInputError, Issue


def check(
    plan_file: Annotated[Path, typer.Argument(help="A plan.json, written by fuhre or by hand.")],
    town: TownOption = None,
    osm: OsmOption = None,
    containers: ContainersOption = None,
    fleet: FleetOption = None,
    cache_dir: CacheDirOption = None,
    cache: CacheOption = True,
    json: JsonOption = False,
) -> None:
    """Check a plan against every rule: times, loads, breaks, windows, sums.

    Exits with 0 when the plan keeps all rules, with 1 when it breaks one.
    Example: fuhre check plan.json --town demo-town
    """
    from api.files.plan_json import load_plan
    from optimizer.checking.check_plan import check_plan

    try:
        document = plan_file.read_bytes()
    except OSError as error:
        message = f"{plan_file} cannot be read ({error.strerror}). Correct the path."
        raise InvalidInputError([Issue(where="PLAN_FILE", code="no_file", message=message)]) from error
    plan = load_plan(document, source=plan_file.name)
    files = TownFiles(folder=town, osm=osm, containers=containers, fleet=fleet, cache_dir=cache_dir, may_cache=cache)
    loaded = files.load()
    router = files.open_router(loaded)
    violations = check_plan(plan, loaded.town, router)
    if json:
        found = [{"code": one.code, "where": one.where, "sentence": one.sentence} for one in violations]
        typer.echo(json_module.dumps({"is_valid": not found, "violations": found}, ensure_ascii=False))
        raise typer.Exit(1 if found else 0)
    console = Console()
    for one in violations:
        console.print(f"[red]✗[/red] [bold]{escape(one.where)}[/bold]: {escape(one.sentence)}", soft_wrap=True)
    stops = sum(len(tour.stops) for tour in plan.tours)
    if violations:
        console.print(f"[bold red]{len(violations)} rules broken[/bold red] in {len(plan.tours)} tours, {stops} stops")
        raise typer.Exit(1)
    console.print(f"[bold green]✓ The plan keeps every rule[/bold green]: {len(plan.tours)} tours, {stops} stops")
