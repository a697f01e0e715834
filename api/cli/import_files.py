"""`fuhre import`: files of a town, checked as a whole; and templates to start from."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.inputs import ContainersOption, FleetOption, OsmOption, ReadingsOption, TownFiles
from optimizer.domain.issues import InvalidInputError, Issue


def import_files(
    folder: Annotated[Path, typer.Argument(help="The town's folder: made or replaced as a whole.")],
    template: Annotated[
        bool, typer.Option("--template", help="Write commented templates into the folder instead.")
    ] = False,
    osm: OsmOption = None,
    containers: ContainersOption = None,
    readings: ReadingsOption = None,
    fleet: FleetOption = None,
) -> None:
    """Check a town's files and put them into a folder that all other commands read.

    All or nothing: every bad row is reported with file, line and column, and then nothing is written.
    Example: fuhre import my-town --template, fill in the files, then fuhre import my-town --fleet ... --containers ...
    """
    from api.files.templates import write_templates
    from api.files.town_folder import write_town_folder

    console = Console()
    if template:
        for path in write_templates(folder):
            console.print(f"wrote {path}")
        console.print("Fill them in; every column is explained there. Then: [bold]fuhre import DIR --fleet ...[/bold]")
        return
    if not any((osm, containers, readings, fleet)):
        message = "Name the files: --fleet, --containers, and if you have them --readings and --osm; or use --template."
        raise InvalidInputError([Issue(where="fuhre import", code="no_files", message=message)])
    files = TownFiles(
        folder=folder if folder.is_dir() else None, osm=osm, containers=containers, readings=readings, fleet=fleet
    )
    loaded = files.load()
    write_town_folder(loaded, folder)
    n_readings = sum(len(series) for series in loaded.history.values())
    console.print(
        f"[green]✓[/green] {loaded.town.name}: {len(loaded.town.containers)} containers, "
        f"{len(loaded.town.vehicles)} vehicles, {n_readings:,} readings of {len(loaded.history)} containers"
    )
    console.print(f"Next: [bold]fuhre plan --town {folder}[/bold]")
