"""`fuhre forecast`: what the containers will hold, and how sure that is."""

import json as json_module
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.inputs import (
    AsOfOption,
    ContainersOption,
    FleetOption,
    ForecasterOption,
    JsonOption,
    ReadingsOption,
    TownFiles,
    TownOption,
    build_request,
)
from api.cli.plan import warn_of_old_readings
from optimizer.domain.forecast import Forecast
from optimizer.domain.request import SolveLimits

SHADES = " ▁▂▃▄▅▆▇█"
"""Eighths of a full container, for a curve in one line of text."""


def forecast(
    town: TownOption = None,
    containers: ContainersOption = None,
    readings: ReadingsOption = None,
    fleet: FleetOption = None,
    as_of: AsOfOption = None,
    container: Annotated[
        list[str] | None, typer.Option("--container", help="Show only this container; may be repeated.")
    ] = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", help="Show only this stream; may be repeated.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=14, help="How far to look ahead.")] = 7,
    forecaster: ForecasterOption = "empirical_bayes",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows to show, the most urgent first.")] = 30,
    json: JsonOption = False,
) -> None:
    """Forecast fill levels and the risk of overflow per container.

    Example: fuhre forecast --town demo-town --stream paper --days 5
    """
    from api.wiring import build_ports
    from optimizer.planning.judge_fills import judge_fills
    from optimizer.planning.steps import Steps
    from routing.crow_flight import CrowFlightRouter

    files = TownFiles(folder=town, containers=containers, readings=readings, fleet=fleet)
    loaded = files.load()
    request = build_request(loaded, day=None, as_of=as_of, limits=SolveLimits(), streams=stream, force=container)
    # No street is needed to judge fills.
    judged = judge_fills(request, build_ports(CrowFlightRouter(), forecaster=forecaster), steps=Steps())
    until = request.as_of + timedelta(days=days)
    wanted = [
        judged.forecasts[one.container_id]
        for one in judged.containers
        if not container or one.container_id in container
    ]
    wanted.sort(key=lambda one: -one.overflow_probability_before(until))
    if json:
        typer.echo(json_module.dumps([_as_document(one, request.as_of, days) for one in wanted], ensure_ascii=False))
        return
    console = Console()
    table = Table(title=f"Fill levels from {request.as_of:%Y-%m-%d %H:%M}", title_justify="left")
    for heading, justify in (
        ("container", "left"),
        ("now", "right"),
        ("per day", "right"),
        (f"next {days} days", "left"),
        (f"after {days} days", "right"),
        ("overflow risk", "right"),
        ("rests on", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for one in wanted[:limit]:
        table.add_row(
            escape(one.container_id),
            f"{one.expected_at(request.as_of):.0%}",
            f"{one.rate_per_day:.1%}",
            _curve(one, request.as_of, days),
            f"{one.expected_at(until):.0%}",
            f"{one.overflow_probability_before(until):.0%}",
            one.trust.value.replace("_", " "),
        )
    console.print(table)
    if len(wanted) > limit:
        console.print(f"and {len(wanted) - limit} more; --limit {len(wanted)} shows all")
    for gap in judged.degraded:
        console.print(f"[yellow]{escape(gap)}[/yellow]")
    warn_of_old_readings(loaded, request, console=console)


def _curve(one: Forecast, start: datetime, days: int) -> str:
    levels = [one.expected_at(start + timedelta(hours=12 * half_day)) for half_day in range(2 * days + 1)]
    return "".join(SHADES[min(round(level * 8), 8)] for level in levels)


def _as_document(one: Forecast, start: datetime, days: int) -> dict[str, object]:
    instants = [start + timedelta(days=day) for day in range(days + 1)]
    return {
        "container_id": one.container_id,
        "origin_at": one.origin_at.isoformat(),
        "level_fraction": round(one.level_fraction, 4),
        "rate_per_day": round(one.rate_per_day, 5),
        "trust": one.trust.value,
        "reasons": list(one.reasons),
        "days": [
            {
                "at": instant.isoformat(),
                "expected_fraction": round(one.expected_at(instant), 4),
                "overflow_probability": round(one.overflow_probability_before(instant), 4),
            }
            for instant in instants
        ],
    }
