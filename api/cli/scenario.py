"""`fuhre scenario`: what would change, beside the plan as it is."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.inputs import (
    AsOfOption,
    DayOption,
    JsonOption,
    LanguageOption,
    ReportLanguage,
    SeedOption,
    SolverOption,
    TimeLimitOption,
    TownFiles,
    TownOption,
    build_request,
)
from api.cli.progress import progress_bars
from api.cli.scenario_options import parse_demand, parse_replacement, parse_road, parse_shift
from api.search_limits import search_limits
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Totals
from optimizer.domain.scenario import (
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    CloseDisposalSite,
    LoseSensors,
    RemoveContainers,
    RemoveVehicle,
    Scenario,
)

if TYPE_CHECKING:
    from optimizer.planning.scenario_comparison import ScenarioComparison


def scenario(
    town: TownOption = None,
    name: Annotated[str, typer.Option("--name", help="What to call it.")] = "What if",
    without_vehicle: Annotated[
        list[str] | None, typer.Option("--without-vehicle", metavar="ID", help="This vehicle does not drive.")
    ] = None,
    add_vehicle_like: Annotated[
        list[str] | None, typer.Option("--add-vehicle-like", metavar="ID", help="One more vehicle of this kind.")
    ] = None,
    close_site: Annotated[
        list[str] | None, typer.Option("--close-site", metavar="ID", help="This disposal site is closed.")
    ] = None,
    shift: Annotated[
        list[str] | None,
        typer.Option("--shift", metavar="ID=HH:MM-HH:MM", help="This vehicle works at other hours."),
    ] = None,
    must_collect_probability: Annotated[
        float | None, typer.Option("--must-collect-probability", min=0, max=1, help="Empty from this risk of overflow.")
    ] = None,
    replace_vehicle: Annotated[
        list[str] | None,
        typer.Option("--replace-vehicle", metavar="ID=LIKE", help="A vehicle of another's kind drives instead."),
    ] = None,
    close_road: Annotated[
        list[str] | None,
        typer.Option("--close-road", metavar="NAME|LON,LAT,M", help="A street, or all within so many metres."),
    ] = None,
    without_container: Annotated[
        list[str] | None, typer.Option("--without-container", metavar="ID", help="This container is gone.")
    ] = None,
    demand: Annotated[
        list[str] | None,
        typer.Option("--demand", metavar="[STREAM=]FACTOR", help="Containers fill so many times as fast."),
    ] = None,
    lose_sensors: Annotated[
        float | None, typer.Option("--lose-sensors", min=0.01, max=1, help="This share of the sensors is dead.")
    ] = None,
    language: LanguageOption = ReportLanguage.EN,
    day: DayOption = None,
    as_of: AsOfOption = None,
    time_limit: TimeLimitOption = 5.0,
    solver: SolverOption = "sisr",
    seed: SeedOption = 1,
    json: JsonOption = False,
) -> None:
    """Compare a changed day with the plan as it is; nothing is stored.

    Example: fuhre scenario --town demo-town --without-vehicle van-2
    """
    from api.files.plan_json import dump_comparison
    from api.wiring import build_ports
    from optimizer.planning.compare_scenario import compare_scenario

    changes: list[Change] = [RemoveVehicle(vehicle_id=one) for one in without_vehicle or ()]
    changes += [AddVehicleLike(vehicle_id=one, new_vehicle_id=f"{one}-2nd") for one in add_vehicle_like or ()]
    changes += [CloseDisposalSite(disposal_site_id=one) for one in close_site or ()]
    changes += [parse_shift(one) for one in shift or ()]
    changes += [parse_replacement(one) for one in replace_vehicle or ()]
    changes += [parse_road(one) for one in close_road or ()]
    changes += [parse_demand(one) for one in demand or ()]
    if without_container:
        changes.append(RemoveContainers(container_ids=tuple(without_container)))
    if lose_sensors is not None:
        changes.append(LoseSensors(lost_fraction=lose_sensors))
    if must_collect_probability is not None:
        changes.append(ChangeServiceLevel(must_collect_probability=must_collect_probability))
    if not changes:
        message = "Give at least one change, e.g. --without-vehicle van-2. `fuhre scenario --help` lists them."
        raise InvalidInputError([Issue(where="scenario", code="no_change", message=message)])
    files = TownFiles(folder=town)
    loaded = files.load()
    router = files.open_router(loaded)
    request = build_request(
        loaded, day=day, as_of=as_of, limits=search_limits(time_limit_s=time_limit, seed=seed), solver=solver
    )
    with progress_bars(is_shown=not json) as progress:
        comparison = compare_scenario(
            request,
            Scenario(name=name, changes=tuple(changes)),
            build_ports(router),
            plan_id=str(uuid.uuid4()),
            generated_at=datetime.now(tz=UTC),
            progress=progress,
        )
    if json:
        typer.echo(dump_comparison(comparison).decode())
        return
    _show(comparison, Console(), language)


def _show(comparison: "ScenarioComparison", console: Console, language: ReportLanguage) -> None:
    is_german = language is ReportLanguage.DE
    console.print()
    for sentence in comparison.summary_de if is_german else comparison.summary:
        console.print(escape(sentence))
    table = Table(title_justify="left")
    for heading in ("", "jetzt", "geändert", "Unterschied") if is_german else ("", "as it is", "changed", "difference"):
        table.add_column(heading, justify="right" if heading else "left")
    rows: tuple[tuple[str, Callable[[Totals], float], str], ...] = (
        ("Kilometer" if is_german else "kilometres", lambda totals: totals.distance_m / 1000, ".1f"),
        ("Arbeitsstunden" if is_german else "working hours", lambda totals: totals.working_s / 3600, ".1f"),
        ("Leerungen" if is_german else "containers emptied", lambda totals: totals.lifts, ".0f"),
        ("Diesel l" if is_german else "diesel l", lambda totals: totals.diesel_l, ".1f"),
        ("CO2e kg", lambda totals: totals.co2e_kg, ".1f"),
        ("Kosten EUR" if is_german else "cost EUR", lambda totals: totals.cost_eur, ".2f"),
    )
    for name, figure, form in rows:
        totals: tuple[Totals, ...] = (comparison.base.totals, comparison.changed.totals, comparison.difference)
        values = [figure(one) for one in totals]
        table.add_row(name, f"{values[0]:{form}}", f"{values[1]:{form}}", f"{values[2]:+{form}}")
    console.print(table)
    if comparison.newly_unserved:
        lost = {one.container_id: one for one in comparison.changed.unserved}
        for container_id in comparison.newly_unserved[:15]:
            one = lost.get(container_id)
            why = ""
            if one is not None and is_german:
                why = f"{one.message_de} {one.what_would_change_it_de}"
            elif one is not None:
                why = f"{one.message} {one.what_would_change_it}"
            console.print(f"  [bold]{escape(container_id)}[/bold] {escape(why)}", soft_wrap=True)
