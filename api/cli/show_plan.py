"""A plan as tables on the terminal."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.plan_words import FIGURES, RARE_FIGURES, figure, in_language, remedy, why, word, written_day
from api.export.summary import Comparison, Figure, PlanSummary, summarise_plan
from api.export.texts import Language, written_date
from optimizer.domain.plan import Plan, Shortage, Unserved
from optimizer.planning.notice_words import notice_to_read

WIDE = 100
"""Columns of a terminal from which everything fits."""

PLAIN: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "pad_edge": False}
"""Tables that fit into 80 columns."""

ROWS_OF_WAITING = 6
"""Containers that may wait are many; the most pressing suffice on a terminal."""


def show_plan(plan: Plan, *, console: Console, zone: ZoneInfo | None = None, language: Language = "en") -> None:
    """Print tours, what is not collected and why, what would serve it, and the figures."""
    summary = summarise_plan(plan)
    console.print()
    day = written_day(plan.day, language)
    console.print(f"[bold]{escape(plan.town_name)}, {day}[/bold]  ({', '.join(plan.streams)})")
    if summary.tours:
        console.print(_tours(summary, zone, width=console.width, language=language))
        _show_extras(summary, console, language)
    else:
        console.print(word("no_tours", language))
    show_shortages(plan.shortages, console=console, language=language)
    _show_unserved(summary, console, language)
    console.print(_figures(plan, summary, language))
    n_containers = summary.container_count + len(summary.unserved)
    if plan.baseline is not None and plan.baseline.lifts < n_containers:
        console.print(word("all_fit", language, fit=plan.baseline.lifts, n=n_containers))
    for style, lines in (("yellow", plan.warnings), ("dim", plan.degraded)):
        for line in lines:
            console.print(f"[{style}]{escape(in_language(notice_to_read(line), language))}[/{style}]")
    console.print(f"[dim]{escape(_map_of(plan, language))}[/dim]", soft_wrap=True, highlight=False)
    seconds = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in plan.seconds_by_step.items())
    console.print(f"[dim]{plan.solver.name}: {plan.solver.status}; {seconds}[/dim]")


def _map_of(plan: Plan, language: Language) -> str:
    if plan.map_data_at is None:
        return word("undated_map", language, source=plan.map_source)
    return word("map", language, source=plan.map_source, date=written_date(plan.map_data_at.date(), language))


def show_shortages(shortages: tuple[Shortage, ...], *, console: Console, language: Language) -> None:
    """Print each shortage with the changes that would serve it, the cheapest per container first."""
    if not shortages:
        return
    console.print(f"[bold]{word('shortage', language)}[/bold]")
    for shortage in shortages:
        console.print(f"[red]{escape(in_language(shortage.text, language))}[/red]", soft_wrap=True)
        for number, one in enumerate(shortage.relaxations, start=1):
            console.print(f"  {number}. {escape(in_language(one.text, language))}", soft_wrap=True, highlight=False)
        if not shortage.relaxations:
            console.print(f"  {word('no_remedy', language)}", soft_wrap=True)
    if any(shortage.relaxations for shortage in shortages):
        console.print(f"[dim]{word('tried', language)}[/dim]", soft_wrap=True)
    console.print()


def _tours(summary: PlanSummary, zone: ZoneInfo | None, *, width: int, language: Language) -> Table:
    table = Table(title=word("tours", language), title_justify="left", **PLAIN)
    is_wide = width >= WIDE
    for heading in ("vehicle", "from_to", *(["streams"] if is_wide else [])):
        table.add_column(word(heading, language), no_wrap=True)
    counts = [word(heading, language) for heading in ("trips", "stops", "emptied")]
    diesel = [word("diesel_l", language)] if is_wide else []
    out = [word("out", language)] if is_wide else []
    for heading in (*counts, "km", word("hours", language), *out, "kg", *diesel, "EUR"):
        table.add_column(heading, justify="right", no_wrap=True)
    for tour in summary.tours:
        table.add_row(
            escape(tour.vehicle_id),
            f"{_clock(tour.departs_at, zone)} - {_clock(tour.returns_at, zone)}",
            *([", ".join(tour.streams)] if is_wide else []),
            str(tour.trip_count),
            str(tour.stop_count),
            str(tour.container_count),
            figure(tour.distance_km, "{:.1f}", language),
            figure(tour.working_h, "{:.1f}", language),
            *([figure(tour.out_h, "{:.1f}", language)] if is_wide else []),
            f"{tour.collected_kg:.0f}",
            *([figure(tour.diesel_l, "{:.1f}", language)] if is_wide else []),
            figure(tour.cost_eur, "{:.2f}", language),
        )
    return table


def _show_extras(summary: PlanSummary, console: Console, language: Language) -> None:
    """Who works overtime and who pays toll; most tours do neither."""
    for tour in summary.tours:
        name = escape(tour.vehicle_id)
        if tour.overtime_h > 0:
            hours = figure(tour.overtime_h, "{:.1f} h", language)
            console.print(word("overtime", language, vehicle=name, hours=hours), soft_wrap=True)
        if tour.toll_eur > 0:
            eur = figure(tour.toll_eur, "{:.2f} EUR", language)
            console.print(word("toll", language, vehicle=name, eur=eur), soft_wrap=True)


def _show_unserved(summary: PlanSummary, console: Console, language: Language) -> None:
    due = [one for one in summary.unserved if one.is_due]
    waiting = [one for one in summary.unserved if not one.is_due]
    if due:
        console.print(_unserved_table(word("due", language, n=len(due)), due, language))
    if waiting:
        title = word("waiting", language, n=len(waiting))
        console.print(_unserved_table(title, waiting[:ROWS_OF_WAITING], language))


def _unserved_table(title: str, rows: list[Unserved], language: Language) -> Table:
    table = Table(title=title, title_justify="left", **PLAIN)
    table.add_column(word("container", language), no_wrap=True)
    table.add_column(word("fill", language), justify="right")
    table.add_column(word("overflow", language), justify="right")
    table.add_column(word("why", language))
    has_remedies = any(row.what_would_change_it for row in rows)
    if has_remedies:
        table.add_column(word("remedy", language))
    for row in rows:
        cells = [
            escape(row.container_id),
            f"{row.expected_fraction:.0%}",
            f"{row.overflow_probability:.0%}",
            escape(why(row, language)),
        ]
        if has_remedies:
            cells.append(escape(remedy(row, language)))
        table.add_row(*cells)
    return table


def _figures(plan: Plan, summary: PlanSummary, language: Language) -> Table:
    compared = {one.figure: one for one in summary.comparisons}
    table = Table(title=word("figures", language), title_justify="left", **PLAIN)
    table.add_column("")
    table.add_column(word("this_plan", language), justify="right")
    if compared:
        table.add_column(word("all", language), justify="right")
        table.add_column(word("change", language), justify="right")
    values = {
        Figure.DISTANCE_KM: summary.distance_km,
        Figure.WORKING_H: summary.working_h,
        Figure.CONTAINERS: float(summary.container_count),
        Figure.DIESEL_L: summary.diesel_l,
        Figure.CO2E_KG: summary.co2e_kg,
        Figure.COST_EUR: plan.totals.cost_eur,
        Figure.OVERTIME_H: summary.overtime_h,
        Figure.TOLL_EUR: summary.toll_eur,
    }
    for which, (name, form) in FIGURES.items():
        baseline_value = compared[which].baseline_value if compared else 0.0
        if which in RARE_FIGURES and not values[which] and not baseline_value:
            continue
        cells = [in_language(name, language), figure(values[which], form, language)]
        if compared:
            cells += _compared_cells(compared[which], form, language)
        table.add_row(*cells)
    return table


def _compared_cells(comparison: Comparison, form: str, language: Language) -> list[str]:
    change = f"{comparison.change_percent:+.0f} %" if comparison.change_percent is not None else ""
    return [figure(comparison.baseline_value, form, language), change]


def _clock(instant: datetime, zone: ZoneInfo | None) -> str:
    return f"{instant.astimezone(zone) if zone else instant:%H:%M}"
