"""`fuhre town`: make a town from a place name or a map file, and see what its map leaves open."""

import json as json_module
import re
import unicodedata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import JsonOption
from api.cli.progress import progress_bars
from optimizer.domain.issues import InvalidInputError, Issue

app = typer.Typer(help="Make towns.", no_args_is_help=True)


@app.callback()
def _towns() -> None:
    """Make towns."""


@app.command("add")
def add(
    place: Annotated[
        str | None, typer.Argument(help='A place name, e.g. "Lünen", downloaded from OpenStreetMap.')
    ] = None,
    osm: Annotated[
        Path | None, typer.Option("--osm", help="A map file instead, e.g. a Geofabrik extract (.osm.pbf).")
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(
            "--box", metavar="W,S,E,N", help="Clip the map file to this box, in degrees: 7.48,51.58,7.58,51.66."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to make [default: the place's name].")] = None,
    json: JsonOption = False,
) -> None:
    """Make a town's folder: its streets, its waste containers in OpenStreetMap, and a fleet file to fill in.

    Examples: fuhre town add "Lünen" · fuhre town add --osm arnsberg.osm.pbf --box 7.48,51.58,7.58,51.66
    """
    from api.town.add_town import add_town_from_osm, add_town_from_place

    if (place is None) == (osm is None):
        message = 'Give either a place name ("Lünen") or a map file (--osm FILE).'
        raise InvalidInputError([Issue(where="fuhre town add", code="no_place", message=message)])
    if osm is not None and not osm.is_file():
        message = f"There is no map {osm}. Correct the path."
        raise InvalidInputError([Issue(where="--osm", code="no_file", message=message)])
    folder = out if out is not None else Path(_slug(place or str(osm and osm.name.split(".")[0])))
    with progress_bars(is_shown=not json) as progress:
        if progress:
            progress("streets and containers", 0.0)
        if place is not None:
            added = add_town_from_place(place, folder)
        else:
            assert osm is not None
            added = add_town_from_osm(osm, folder, box_deg=_parse_box(box) if box else None)
        if progress:
            progress("streets and containers", 1.0)
    Console(stderr=json).print(added.message)


@app.command("report")
def report(
    town: Annotated[Path, typer.Option("--town", help="The town's folder.")] = Path("demo-town"),
    profile: Annotated[
        str | None, typer.Option("--profile", help="One vehicle profile [default: those of the fleet].")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Places to list of each kind.")] = 5,
    json: JsonOption = False,
) -> None:
    """Say what the map does not say: missing limits at bridges, unread signs, overrides that match no street.

    Example: fuhre town report --town demo-town --profile truck_18t
    """
    from api.files.town_folder import read_town_folder
    from api.wiring import open_street_router
    from routing.street_router import RoadRouter

    loaded = read_town_folder(town)
    router = open_street_router(loaded.map_path, cache_dir=town / "cache")
    if not isinstance(router, RoadRouter):
        message = "The town has no map. Put a map.osm.pbf into the folder, or make the town with `fuhre town add`."
        raise InvalidInputError([Issue(where=str(town), code="no_map", message=message)])
    profiles = [profile] if profile else sorted({vehicle.profile for vehicle in loaded.town.vehicles})
    reports = [router.map_report(profile=one) for one in profiles]
    issues = [*router.override_issues, *router.streets.issues]
    if json:
        document = {
            "reports": [{"profile": one.profile, "sentences": list(one.sentences())} for one in reports],
            "issues": [{"element": one.element, "detail": one.detail} for one in issues],
        }
        typer.echo(json_module.dumps(document, ensure_ascii=False))
        return
    console = Console()
    for one in reports:
        console.print(f"[bold]{one.profile}[/bold]")
        for gap, sentence in zip(one.gaps, one.sentences(), strict=True):
            console.print(f"  {escape(sentence)}")
            for place in gap.places[:limit]:
                ways = ", ".join(str(way) for way in place.way_ids[:3])
                console.print(f"    [dim]way {ways} {escape(place.street_name)} {escape(place.detail)}[/dim]")
    if issues:
        console.print(f"[bold]Not understood: {len(issues)}[/bold]")
        for issue in issues[:limit]:
            console.print(f"  {escape(issue.element)}: {escape(issue.detail)}", soft_wrap=True)
    console.print("Correct the map at openstreetmap.org, or say what you know in overrides.toml beside it.")


def _parse_box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        message = f"'{text}' is no box. Write west,south,east,north in degrees, as in 7.48,51.58,7.58,51.66."
        raise InvalidInputError([Issue(where="--box", code="box", message=message)]) from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        message = f"'{text}' is an empty box, or longitude and latitude are swapped: west < east, south < north."
        raise InvalidInputError([Issue(where="--box", code="box", message=message)])
    return west, south, east, north


def _slug(name: str) -> str:
    """A folder name without spaces and accents."""
    plain = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = plain.replace("Ä", "Ae").replace("Ö", "Oe").replace("Ü", "Ue")
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-") or "town"
