"""A plan as tables on the terminal."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.export.summary import Comparison, Figure, PlanSummary, summarise_plan
from optimizer.domain.plan import Plan, Unserved

FIGURES = {
    Figure.DISTANCE_KM: ("kilometres", "{:.1f} km"),
    Figure.WORKING_H: ("working hours", "{:.1f} h"),
    Figure.CONTAINERS: ("containers emptied", "{:.0f}"),
    Figure.DIESEL_L: ("diesel", "{:.1f} l"),
    Figure.CO2E_KG: ("CO2e", "{:.1f} kg"),
    Figure.COST_EUR: ("cost", "{:.2f} EUR"),
}
"""Rows of the comparison, in this order."""

WIDE = 100
"""Columns of a terminal from which everything fits."""

PLAIN: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "pad_edge": False}
"""Tables that fit into 80 columns."""

ROWS_OF_WAITING = 6
"""Containers that may wait are many; the most pressing suffice on a terminal."""


def show_plan(plan: Plan, *, console: Console, zone: ZoneInfo | None = None) -> None:
    """Print tours, what is not collected and why, and the figures."""
    summary = summarise_plan(plan)
    console.print()
    console.print(f"[bold]{escape(plan.town_name)}, {plan.day:%A %Y-%m-%d}[/bold]  ({', '.join(plan.streams)})")
    if summary.tours:
        console.print(_tours(summary, zone, width=console.width))
    else:
        console.print("No vehicle drives.")
    _show_unserved(summary, console)
    console.print(_figures(plan, summary))
    n_containers = summary.container_count + len(summary.unserved)
    if plan.baseline is not None and plan.baseline.lifts < n_containers:
        console.print(f"Emptying all: {plan.baseline.lifts} of {n_containers} containers fit into the day.")
    for line in plan.warnings:
        console.print(f"[yellow]{escape(line)}[/yellow]")
    for line in plan.degraded:
        console.print(f"[dim]{escape(line)}[/dim]")
    seconds = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in plan.seconds_by_step.items())
    console.print(f"[dim]{plan.solver.name}: {plan.solver.status}; {seconds}[/dim]")


def _tours(summary: PlanSummary, zone: ZoneInfo | None, *, width: int) -> Table:
    table = Table(title="Tours", title_justify="left", **PLAIN)
    is_wide = width >= WIDE
    for heading in ("vehicle", "from - to", *(["streams"] if is_wide else [])):
        table.add_column(heading, no_wrap=True)
    for heading in ("trips", "stops", "emptied", "km", "hours", "kg", *(["diesel l"] if is_wide else []), "EUR"):
        table.add_column(heading, justify="right", no_wrap=True)
    for tour in summary.tours:
        table.add_row(
            escape(tour.vehicle_id),
            f"{_clock(tour.departs_at, zone)} - {_clock(tour.returns_at, zone)}",
            *([", ".join(tour.streams)] if is_wide else []),
            str(tour.trip_count),
            str(tour.stop_count),
            str(tour.container_count),
            f"{tour.distance_km:.1f}",
            f"{tour.working_h:.1f}",
            f"{tour.collected_kg:.0f}",
            *([f"{tour.diesel_l:.1f}"] if is_wide else []),
            f"{tour.cost_eur:.2f}",
        )
    return table


def _show_unserved(summary: PlanSummary, console: Console) -> None:
    due = [one for one in summary.unserved if one.is_due]
    waiting = [one for one in summary.unserved if not one.is_due]
    if due:
        console.print(_unserved_table(f"Due, but not collected: {len(due)}", due))
    if waiting:
        console.print(_unserved_table(f"May wait: {len(waiting)}, the most pressing first", waiting[:ROWS_OF_WAITING]))


def _unserved_table(title: str, rows: list[Unserved]) -> Table:
    table = Table(title=title, title_justify="left", **PLAIN)
    table.add_column("container", no_wrap=True)
    table.add_column("fill", justify="right")
    table.add_column("overflow", justify="right")
    table.add_column("why")
    if any(row.what_would_change_it for row in rows):
        table.add_column("what would change it")
    for row in rows:
        cells = [
            escape(row.container_id),
            f"{row.expected_fraction:.0%}",
            f"{row.overflow_probability:.0%}",
            escape(row.message),
        ]
        if len(table.columns) > len(cells):
            cells.append(escape(row.what_would_change_it))
        table.add_row(*cells)
    return table


def _figures(plan: Plan, summary: PlanSummary) -> Table:
    compared = {one.figure: one for one in summary.comparisons}
    table = Table(title="Figures", title_justify="left", **PLAIN)
    table.add_column("")
    table.add_column("this plan", justify="right")
    if compared:
        table.add_column("emptying all", justify="right")
        table.add_column("change", justify="right")
    values = {
        Figure.DISTANCE_KM: summary.distance_km,
        Figure.WORKING_H: summary.working_h,
        Figure.CONTAINERS: float(summary.container_count),
        Figure.DIESEL_L: summary.diesel_l,
        Figure.CO2E_KG: summary.co2e_kg,
        Figure.COST_EUR: plan.totals.cost_eur,
    }
    for figure, (name, form) in FIGURES.items():
        cells = [name, form.format(values[figure])]
        if compared:
            cells += _compared_cells(compared[figure], form)
        table.add_row(*cells)
    return table


def _compared_cells(comparison: Comparison, form: str) -> list[str]:
    change = f"{comparison.change_percent:+.0f} %" if comparison.change_percent is not None else ""
    return [form.format(comparison.baseline_value), change]


def _clock(instant: datetime, zone: ZoneInfo | None) -> str:
    return f"{instant.astimezone(zone) if zone else instant:%H:%M}"
