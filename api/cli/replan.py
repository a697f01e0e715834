"""`fuhre replan`: a new plan for the rest of a day that is being driven."""

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import (
    CacheDirOption,
    CacheOption,
    ContainersOption,
    FleetOption,
    IterationsOption,
    JsonOption,
    LanguageOption,
    OsmOption,
    ReportLanguage,
    SeedOption,
    TownFiles,
    TownOption,
)
from api.cli.plan_file import read_document, read_plan
from api.cli.plan_words import in_language, word
from api.cli.progress import progress_bars
from api.cli.show_plan import show_plan
from api.search_limits import search_limits
from optimizer.domain.day_state import (
    CHANGE_COST_EUR,
    MOST_MOVED_FRACTION,
    DayState,
    VehicleState,
    state_on_plan,
)
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan

if TYPE_CHECKING:
    from optimizer.planning.replan import Replan

SECONDS_FOR_AN_ANSWER = 1.5


def replan(
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.json that is being driven.")],
    town: TownOption = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="How the day stands, as JSON (see above), instead of the options.")
    ] = None,
    now: Annotated[
        str | None, typer.Option("--now", metavar="HH:MM", help="When, on the plan's day; all have followed the plan.")
    ] = None,
    breakdown: Annotated[
        list[str] | None, typer.Option("--breakdown", metavar="ID@HH:MM", help="This vehicle broke down.")
    ] = None,
    full: Annotated[
        list[str] | None, typer.Option("--full", metavar="ID@HH:MM", help="This vehicle's body is full already.")
    ] = None,
    blocked: Annotated[
        list[str] | None, typer.Option("--blocked", metavar="ID", help="This container cannot be emptied today.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", metavar="ID", help="Leave this one out.")] = None,
    urgent: Annotated[
        list[str] | None, typer.Option("--urgent", metavar="ID", help="This container must be emptied today.")
    ] = None,
    pin: Annotated[
        list[str] | None, typer.Option("--pin", metavar="CONTAINER=VEHICLE", help="Only this vehicle may empty it.")
    ] = None,
    change_cost: Annotated[
        float | None,
        typer.Option(
            "--change-cost",
            min=0,
            help="EUR that handing a stop to another vehicle has to save.",
            show_default=f"{CHANGE_COST_EUR:g}",
        ),
    ] = None,
    most_moved: Annotated[
        float | None,
        typer.Option(
            "--most-moved",
            min=0,
            max=100,
            help="Percent of what is left that may change vehicles.",
            show_default=f"{100 * MOST_MOVED_FRACTION:g}",
        ),
    ] = None,
    osm: OsmOption = None,
    containers: ContainersOption = None,
    fleet: FleetOption = None,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.1, max=3600, help="Seconds for the search.")
    ] = SECONDS_FOR_AN_ANSWER,
    iterations: IterationsOption = None,
    seed: SeedOption = 1,
    solver: Annotated[str, typer.Option("--solver", help="sisr, ortools, or greedy for an answer at once.")] = "sisr",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write plan.json, plan.geojson, GPX files and map.html into this folder."),
    ] = None,
    cache_dir: CacheDirOption = None,
    cache: CacheOption = True,
    language: LanguageOption = ReportLanguage.EN,
    json: JsonOption = False,
) -> None:
    r"""Plan the rest of a day anew: what is done stays, what is left may change, at a price.

    Example: fuhre replan tours/plan.json --town demo-town --breakdown truck-2@10:00

    Streets closed meanwhile go into the town's overrides.toml. The state as JSON, all but "now" may be left out:

    {"now": "2026-03-02T10:00:00+01:00", "change_cost_eur": 3, "most_moved_fraction": 0.15,
     "blocked": \["G-017"], "excluded": \[], "urgent": \["P-004"], "pins": {"P-020": "truck-1"},
     "vehicles": \[{"vehicle_id": "truck-2", "done_stops": 12, "is_heading_to_next": true,
       "is_full": false, "is_out_of_service": false, "on_board_kg": 2400, "on_board_l": 9000,
       "position": {"lon_deg": 8.69, "lat_deg": 49.41},
       "breaks": \[{"starts_at": "2026-03-02T09:00:00+01:00", "ends_at": "2026-03-02T09:30:00+01:00"}]}]}

    done_stops counts stops done or begun, the start of the tour included. A vehicle goes on from its last one, after
    the next one (is_heading_to_next), or from a position; one that is not listed has followed the plan.
    """
    from api.files.plan_folder import write_plan_folder
    from api.files.replan_json import dump_replan, load_state
    from api.wiring import build_ports
    from optimizer.planning.replan import replan_day

    old = read_plan(plan_file)
    files = TownFiles(folder=town, osm=osm, containers=containers, fleet=fleet, cache_dir=cache_dir, may_cache=cache)
    loaded = files.load()
    if state is not None:
        prices = (change_cost, most_moved)
        if any((now, breakdown, full, blocked, exclude, urgent, pin)) or any(one is not None for one in prices):
            raise _issue("--state", "state", "The file says all; put what the other options say into it.")
        day = load_state(read_document(state), source=state.name)
    else:
        told = tuple(_told(old, loaded.town.zone, breakdown or (), full or ()))
        day = DayState(
            now=_latest(old, loaded.town.zone, now, [*(breakdown or ()), *(full or ())]),
            vehicles=told,
            blocked=frozenset(blocked or ()),
            excluded=frozenset(exclude or ()),
            urgent=frozenset(urgent or ()),
            pins=dict(_pair(one, "=", "--pin", "container=vehicle") for one in pin or ()),
            change_cost_eur=CHANGE_COST_EUR if change_cost is None else change_cost,
            most_moved_fraction=MOST_MOVED_FRACTION if most_moved is None else most_moved / 100,
        )
    router = files.open_router(loaded)
    limits = search_limits(
        time_limit_s=None if iterations is not None else time_limit, iteration_limit=iterations, seed=seed
    )
    with progress_bars(is_shown=not json) as progress:
        found = replan_day(
            old,
            loaded.town,
            day,
            build_ports(router),
            limits,
            plan_id=str(uuid.uuid4()),
            generated_at=datetime.now(tz=UTC),
            solver=solver,
            progress=progress,
        )
        folder = write_plan_folder(found.plan, loaded.town, router, out) if out is not None else None
    if json:
        typer.echo(dump_replan(found).decode())
        return
    console = Console()
    show_plan(found.plan, console=console, zone=loaded.town.zone, language=language.value)
    _show_changes(found, console, language)
    if folder is not None:
        console.print(word("written_to", language.value, folder=escape(str(folder))))


def _show_changes(found: "Replan", console: Console, language: ReportLanguage) -> None:
    for at, sentence in enumerate(found.diff.sentences):
        text = escape(in_language(sentence, language.value))
        console.print(f"[bold]{text}[/bold]" if at == 0 else f"  {text}", soft_wrap=True, highlight=False)
    share = round(100 * found.moved_by_choice_fraction)
    moved = word("handed_over", language.value, moved=found.moved_by_choice, left=found.remaining, percent=share)
    console.print(f"[dim]{moved}[/dim]")


def _told(plan: Plan, zone: ZoneInfo, breakdown: Iterable[str], full: Iterable[str]) -> Iterable[VehicleState]:
    """States of the vehicles that the options name, which have followed the plan up to then."""
    tours = {tour.vehicle_id: tour for tour in plan.tours}
    for text in breakdown:
        vehicle_id, clock = _pair(text, "@", "--breakdown", "truck-2@10:00")
        if vehicle_id in tours:
            yield state_on_plan(tours[vehicle_id], _instant(clock, plan.day, zone), is_out_of_service=True)
        else:
            yield VehicleState(vehicle_id=vehicle_id, is_out_of_service=True)
    for text in full:
        vehicle_id, clock = _pair(text, "@", "--full", "truck-2@10:00")
        if vehicle_id not in tours:
            raise _issue("--full", "no_tour", f"Vehicle '{vehicle_id}' has no tour in the plan. Correct the id.")
        known = state_on_plan(tours[vehicle_id], _instant(clock, plan.day, zone))
        yield VehicleState(vehicle_id=vehicle_id, done_stops=known.done_stops, is_full=True)


def _latest(plan: Plan, zone: ZoneInfo, now: str | None, told: Iterable[str]) -> datetime:
    clocks = [one.rpartition("@")[2] for one in told] + ([now] if now is not None else [])
    if not clocks:
        raise _issue(
            "command line", "no_state", "Say when and what: --breakdown ID@HH:MM, --now HH:MM, or --state FILE."
        )
    return max(_instant(clock, plan.day, zone) for clock in clocks)


def _instant(clock: str, day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
    except ValueError as error:
        raise _issue("command line", "clock", f"'{clock}' is no time of day. Write it as 10:00.") from error


def _pair(text: str, sign: str, where: str, example: str) -> tuple[str, str]:
    left, found, right = text.rpartition(sign)
    if not found or not left or not right:
        raise _issue(where, "pair", f"'{text}' is not understood. Write e.g. {example}.")
    return left, right


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
