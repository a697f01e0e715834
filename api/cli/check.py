"""`fuhre check`: the independent judge, for our plans and for those made by hand."""

import json as json_module
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import (
    AsOfOption,
    CacheDirOption,
    CacheOption,
    ContainersOption,
    FleetOption,
    JsonOption,
    LanguageOption,
    OsmOption,
    ReadingsOption,
    ReportLanguage,
    TownFiles,
    TownOption,
    parse_instant,
)
from api.cli.plan_file import read_document

if TYPE_CHECKING:
    from api.files.town_folder import LoadedTown
    from optimizer.checking.errors import Violation
    from optimizer.planning.complete_plan import CompletedPlan
    from routing.ports import StreetRouter


def check(
    plan_file: Annotated[Path, typer.Argument(help="A plan.json, written by fuhre or by hand.")],
    town: TownOption = None,
    osm: OsmOption = None,
    containers: ContainersOption = None,
    readings: ReadingsOption = None,
    fleet: FleetOption = None,
    as_of: AsOfOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the plan made by hand here, with all its times and loads.")
    ] = None,
    cache_dir: CacheDirOption = None,
    cache: CacheOption = True,
    json: JsonOption = False,
    language: LanguageOption = ReportLanguage.EN,
) -> None:
    """Check a plan against every rule: times, loads, breaks, windows, sums.

    A plan made by hand says which vehicle empties what, in this order, as in
    {"day": "2026-03-04", "tours": {"truck-1": ["G-001", "G-002", "north"]}};
    times, breaks and tippings are worked out where they are missing, and without a day the next working day is meant.
    Exits with 0 when the plan keeps all rules, with 1 when it breaks one.
    Example: fuhre check plan.json --town demo-town
    """
    from api.files.atomic import write_atomically
    from api.files.handmade_json import is_handmade
    from api.files.plan_json import dump_plan, load_plan
    from optimizer.checking.check_plan import check_plan
    from optimizer.checking.german_words import in_german, sentence_in_german

    document = read_document(plan_file)
    by_hand = is_handmade(document)
    plan = None if by_hand else load_plan(document, source=plan_file.name)
    files = TownFiles(
        folder=town,
        osm=osm,
        containers=containers,
        readings=readings,
        fleet=fleet,
        cache_dir=cache_dir,
        may_cache=cache,
    )
    loaded = files.load()
    router = files.open_router(loaded)
    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()
    if plan is None:
        completed = _completed(document, plan_file.name, loaded, router, as_of)
        plan, violations, notes = completed.plan, completed.violations, completed.notes
        if out is not None:
            write_atomically(out, dump_plan(plan))
    violations = (*violations, *check_plan(plan, loaded.town, router))
    stops = sum(len(tour.stops) for tour in plan.tours)
    is_german = language is ReportLanguage.DE
    if is_german:
        violations = tuple(in_german(one) for one in violations)
        notes = tuple(sentence_in_german(one) for one in notes)
    if json:
        _write_json(violations, notes, is_german=is_german)
    else:
        _report(violations, notes, n_tours=len(plan.tours), n_stops=stops, is_german=is_german)
    if violations:
        raise typer.Exit(1)


def _completed(
    document: bytes, source: str, loaded: "LoadedTown", router: "StreetRouter", as_of: str | None
) -> "CompletedPlan":
    """The plan made by hand, with the loads that are expected on its day."""
    from api.files.handmade_json import load_handmade
    from api.wiring import build_ports
    from optimizer.domain.request import DayRequest
    from optimizer.planning.complete_plan import complete_plan
    from optimizer.planning.judge_fills import judge_fills
    from optimizer.planning.steps import Steps

    cut_off = parse_instant(as_of, loaded.town.zone)
    usual_day = loaded.town.next_working_date(cut_off.astimezone(loaded.town.zone).date())
    handmade = load_handmade(document, source=source, usual_day=usual_day)
    request = DayRequest(
        town=loaded.town,
        day=handmade.day,
        as_of=cut_off,
        history=loaded.history,
        rules=loaded.rules,
    )
    fills = judge_fills(request, build_ports(router), steps=Steps())
    candidates = {one.container_id: one for one in fills.selection.candidates}
    return complete_plan(handmade, loaded.town, router, candidates, generated_at=datetime.now(tz=UTC))


def _write_json(violations: "tuple[Violation, ...]", notes: tuple[str, ...], *, is_german: bool) -> None:
    from optimizer.checking.advice import advice_for

    found = [
        {
            "code": one.code,
            "where": one.where,
            "sentence": one.sentence,
            "what_to_do": advice_for(one.code, language="de" if is_german else "en"),
        }
        for one in violations
    ]
    document = {"is_valid": not found, "violations": found, "notes": list(notes)}
    typer.echo(json_module.dumps(document, ensure_ascii=False))


def _report(
    violations: "tuple[Violation, ...]", notes: tuple[str, ...], *, n_tours: int, n_stops: int, is_german: bool
) -> None:
    from optimizer.checking.advice import advice_for

    console = Console()
    for note in notes:
        console.print(f"[dim]{escape(note)}[/dim]", soft_wrap=True, highlight=False)
    for one in violations:
        what_to_do = advice_for(one.code, language="de" if is_german else "en")
        advice = f" [italic]{escape(what_to_do)}[/italic]" if what_to_do else ""
        sentence = f"[red]✗[/red] [bold]{escape(one.where)}[/bold]: {escape(one.sentence)}{advice}"
        console.print(sentence, soft_wrap=True, highlight=False)
    console.print(_verdict(len(violations), n_tours=n_tours, n_stops=n_stops, is_german=is_german), soft_wrap=True)


def _verdict(n_broken: int, *, n_tours: int, n_stops: int, is_german: bool) -> str:
    if is_german:
        size = f"{n_tours} {'Tour' if n_tours == 1 else 'Touren'} und {n_stops} {'Halt' if n_stops == 1 else 'Halte'}"
        broken = f"{n_broken} {'Verstoß' if n_broken == 1 else 'Verstöße'}"
        kept = "Der Plan hält jede Regel ein"
        return f"[bold red]{broken}[/bold red]: {size}" if n_broken else f"[bold green]✓ {kept}[/bold green]: {size}"
    size = f"{n_tours} {'tour' if n_tours == 1 else 'tours'}, {n_stops} stops"
    if n_broken:
        return f"[bold red]{'1 rule' if n_broken == 1 else f'{n_broken} rules'} broken[/bold red] in {size}"
    return f"[bold green]✓ The plan keeps every rule[/bold green]: {size}"
