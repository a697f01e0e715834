"""`fuhre town add`: a town of one's own, from a place name or from a map file."""

import re
import unicodedata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

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
