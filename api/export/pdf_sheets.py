"""Sheets to print: what a crew takes along when every screen fails, and what the law says of each tour."""

from collections.abc import Sequence
from datetime import datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Spacer, Table

from api.export.geojson import tour_index_of
from api.export.plan_paths import PlanPaths
from api.export.sheet_layout import (
    ACCENT,
    ALARM,
    FAINT,
    make_pdf,
    ready_for_words,
    ruled_table,
    sheet_text,
    style,
    weekday_name,
    words,
)
from api.export.texts import Language, written_date
from api.export.tour_sketch import TourSketch
from api.export.trips import trips_of
from optimizer.compliance.finding import Status, clock
from optimizer.compliance.judge_plan import TourCompliance
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Plan, Stop, StopKind, Tour
from optimizer.domain.town import Town

_FIGURES_A_ROW = 5
_STATUS_COLOR = {Status.BROKEN: ALARM, Status.KEPT: ACCENT}


def tour_sheet_pdf(
    plan: Plan, vehicle_id: str, *, town: Town, language: Language = "de", paths: PlanPaths | None = None
) -> bytes:
    """One vehicle's tour as A4 pages: key figures, a sketch, and a line to tick for every stop.

    Raises
    ------
    UnknownTourError
        When the plan has no tour of this vehicle.
    """
    ready_for_words()
    tour = plan.tours[tour_index_of(plan, vehicle_id)]
    lines = [trip.lon_lat_deg for trip in trips_of(tour, paths)] if paths is not None else []
    story = [
        *_head(plan, sheet_text("tour_sheet", language), vehicle_id, language),
        *_figures(tour, town, language),
        Spacer(0, 4 * mm),
        TourSketch(tour, lines),
        words(sheet_text("caption", language), style(7, color=FAINT)),
        Spacer(0, 4 * mm),
        _stops(tour, town, language),
    ]
    return _pdf(plan, story, f"{sheet_text('tour_sheet', language)} {vehicle_id}", town, language)


def compliance_sheet_pdf(
    plan: Plan, sheets: Sequence[TourCompliance], *, town: Town, language: Language = "de"
) -> bytes:
    """The compliance of tours as A4 pages, a page for each tour."""
    ready_for_words()
    story: list[Flowable] = []
    title = sheet_text("compliance_sheet", language)
    for sheet in sheets:
        if story:
            story.append(PageBreak())
        story += _head(plan, title, sheet.vehicle_id, language)
        broken = sum(one.status is Status.BROKEN for one in sheet.findings)
        key = "all_kept" if not broken else "one_broken" if broken == 1 else "some_broken"
        said = sheet_text(key, language, n=broken)
        story += [words(said, style(11, color=ALARM if broken else ACCENT, is_bold=True)), Spacer(0, 4 * mm)]
        story.append(_findings(sheet, language))
        story += [Spacer(0, 4 * mm), words(sheet_text("no_advice", language), style(7, color=FAINT))]
    return _pdf(plan, story, title, town, language)


def _pdf(plan: Plan, story: Sequence[Flowable], title: str, town: Town, language: Language) -> bytes:
    foot = sheet_text(
        "footer",
        language,
        plan=plan.plan_id,
        data=_moment(plan.data_as_of, town),
        generated=_moment(plan.generated_at, town),
    )
    if plan.map_data_at is not None:
        foot += f" · {sheet_text('map_date', language, date=f'{plan.map_data_at:%d.%m.%Y}')}"
    return make_pdf(story, title=f"{title} · {plan.town_name} · {plan.day}", foot=foot, language=language)


def _moment(instant: datetime, town: Town) -> str:
    return f"{instant.astimezone(town.zone):%d.%m.%Y %H:%M}"


def _head(plan: Plan, title: str, vehicle_id: str, language: Language) -> list[Flowable]:
    when = sheet_text(
        "for_date",
        language,
        town=plan.town_name,
        weekday=weekday_name(plan.day.weekday(), language),
        date=written_date(plan.day, language),
    )
    return [
        words(title, style(9, color=FAINT)),
        words(vehicle_id, style(20, is_bold=True)),
        words(when, style(10)),
        Spacer(0, 4 * mm),
    ]


def _figures(tour: Tour, town: Town, language: Language) -> list[Flowable]:
    """Key figures in rows of a few; overtime and toll only where there are any."""
    totals = tour.totals
    comma = "," if language == "de" else "."
    figures = [
        ("departs", _clock(tour.stops[0].departs_at, town)),
        ("returns", _clock(tour.stops[-1].arrives_at, town)),
        ("distance", f"{totals.distance_m / 1000:.1f} km".replace(".", comma)),
        ("working", f"{clock(totals.working_s)} h"),
        *([("overtime", f"{clock(totals.overtime_s)} h")] if totals.overtime_s else []),
        ("breaks", f"{totals.break_s // 60} min"),
        ("out", f"{clock(totals.working_s + totals.break_s)} h"),
        ("lifts", str(totals.lifts)),
        ("weight", f"{totals.collected_kg / 1000:.1f} t".replace(".", comma)),
        *([("toll", f"{totals.toll_eur:.2f} EUR".replace(".", comma))] if totals.toll_eur else []),
    ]
    rows: list[Flowable] = []
    for begin in range(0, len(figures), _FIGURES_A_ROW):
        some = figures[begin : begin + _FIGURES_A_ROW]
        labels = [words(sheet_text(key, language), style(7, color=FAINT)) for key, _ in some]
        values = [words(value, style(11, is_bold=True)) for _, value in some]
        widths = [174 / _FIGURES_A_ROW * mm] * len(some)
        rows.append(Table([labels, values], colWidths=widths, hAlign="LEFT"))
    return rows


def _stops(tour: Tour, town: Town, language: Language) -> Table:
    heads = [
        words(sheet_text(f"col_{name}", language), style(7.5, is_bold=True))
        for name in ("number", "time", "place", "task", "load", "done")
    ]
    rows: list[list[Flowable]] = [heads]
    bands = []
    for stop in tour.stops:
        if stop.kind is not StopKind.COLLECT:
            bands.append(len(rows))
        rows.append(
            [
                words(str(stop.sequence)),
                words(_clock(stop.arrives_at, town), style(is_bold=True)),
                words(stop.label),
                words(_task(stop, language)),
                words(f"{stop.load_kg:.0f} kg"),
                words("☐" if stop.kind in {StopKind.COLLECT, StopKind.TIP} else "", style(12)),
            ]
        )
    return ruled_table(rows, (10, 14, 56, 57, 19, 18), bands)


def _task(stop: Stop, language: Language) -> str:
    if stop.kind is StopKind.COLLECT:
        ids = ", ".join(one.container_id for one in stop.collections)
        return sheet_text("collect", language, n=len(stop.collections), stream=stop.stream, ids=ids)
    minutes = seconds_between(stop.starts_at, stop.departs_at) // 60
    return sheet_text(f"kind_{stop.kind.value}", language, minutes=minutes)


def _findings(sheet: TourCompliance, language: Language) -> Table:
    heads = [
        words(sheet_text(f"col_{name}", language), style(7.5, is_bold=True)) for name in ("rule", "status", "figures")
    ]
    rows: list[list[Flowable]] = [heads]
    for one in sheet.findings:
        name = [
            words(sheet_text(f"rule_{one.rule}", language), style(is_bold=True)),
            words(one.reference, style(7, color=FAINT)),
        ]
        status = words(
            sheet_text(f"status_{one.status.value}", language),
            style(color=_STATUS_COLOR.get(one.status, FAINT), is_bold=True),
        )
        rows.append([name, status, words(one.detail.de if language == "de" else one.detail.en)])
    return ruled_table(rows, (60, 30, 84))


def _clock(instant: datetime, town: Town) -> str:
    return f"{instant.astimezone(town.zone):%H:%M}"
