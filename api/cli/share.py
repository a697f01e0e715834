"""`fuhre share`: what neighbouring towns would save by collecting a day together, before anything is agreed."""

import json as json_module
import uuid
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.inputs import (
    AsOfOption,
    DayOption,
    IterationsOption,
    JsonOption,
    LanguageOption,
    ReportLanguage,
    SeedOption,
    SolverOption,
    TimeLimitOption,
    TownFiles,
    build_request,
)
from api.cli.progress import progress_bars
from api.search_limits import search_limits
from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from optimizer.domain.agreement import Agreement
    from optimizer.domain.request import DayRequest
    from optimizer.planning.joint_answer import JointDay
    from optimizer.planning.joint_town import Party

HEADINGS = {
    ReportLanguage.EN: ("town", "kg", "alone EUR", "shared EUR", "saved EUR", "extra EUR"),
    ReportLanguage.DE: ("Ort", "kg", "allein EUR", "gemeinsam EUR", "gespart EUR", "zusätzlich EUR"),
}


def share(
    town: Annotated[list[Path], typer.Option("--town", help="Folder of a town; give it once for each of 2 to 4.")],
    osm: Annotated[
        Path | None, typer.Option("--osm", help="A map that covers all of them [default: that of the first].")
    ] = None,
    max_share: Annotated[
        float, typer.Option("--max-share", min=0, max=1, help="Most that a town's vehicles do for the others.")
    ] = 0.5,
    by_weight: Annotated[
        bool, typer.Option("--by-weight", help="Divide the saving by weight, not equally (Shapley value).")
    ] = False,
    day: DayOption = None,
    as_of: AsOfOption = None,
    time_limit: TimeLimitOption = 10.0,
    iterations: IterationsOption = None,
    solver: SolverOption = "sisr",
    seed: SeedOption = 1,
    language: LanguageOption = ReportLanguage.EN,
    json: JsonOption = False,
) -> None:
    """Plan a day of neighbouring towns jointly, every vehicle lent, and say what each pays and saves.

    A service does the same for towns that have agreed: see /v1/agreements, and "partners" of /v1/plans.

    Example: fuhre share --town lemgo --town kalletal --osm lippe.osm.pbf
    """
    from api.wiring import build_ports
    from optimizer.planning.joint_day import MOST_TOGETHER, plan_joint_day
    from optimizer.planning.joint_town import Party

    if not 2 <= len(town) <= MOST_TOGETHER:
        message = f"Give --town once for each of 2 to {MOST_TOGETHER} towns."
        raise InvalidInputError([Issue(where="--town", code="partners", message=message)])
    limits = search_limits(
        time_limit_s=time_limit if iterations is None else None, iteration_limit=iterations, seed=seed
    )
    files = [TownFiles(folder=one, osm=osm) for one in town]
    loaded = [one.load() for one in files]
    first = build_request(loaded[0], day=day, as_of=as_of, limits=limits, solver=solver)
    requests: list[DayRequest] = [
        first,
        *(
            build_request(one, day=first.day.isoformat(), as_of=as_of, limits=limits, solver=solver)
            for one in loaded[1:]
        ),
    ]
    parties = [Party(party_id=name, request=one) for name, one in zip(_names(requests), requests, strict=True)]
    ports = build_ports(files[0].open_router(loaded[0]))
    with progress_bars(is_shown=not json) as progress:
        found = plan_joint_day(
            parties,
            _agreements(parties, first.day, max_share_fraction=max_share, is_by_weight=by_weight),
            ports,
            plan_id=str(uuid.uuid4()),
            generated_at=datetime.now(tz=UTC),
            progress=progress,
        )
    if json:
        document = {
            "day": first.day.isoformat(),
            "joint_micro_eur": found.joint_micro_eur,
            "shares": [asdict(one) for one in found.shares],
        }
        typer.echo(json_module.dumps(document, ensure_ascii=False))
        return
    _show(found, Console(), language)


def _names(requests: "list[DayRequest]") -> list[str]:
    """The towns' ids, told apart where two are equal."""
    names: list[str] = []
    for one in requests:
        name = one.town.town_id.replace("/", "-")
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def _agreements(
    parties: "list[Party]", day: date, *, max_share_fraction: float, is_by_weight: bool
) -> "list[Agreement]":
    """Everything is lent to everybody."""
    from itertools import combinations

    from optimizer.domain.agreement import Agreement, Lending, PriceRule

    lendings = {
        one.party_id: Lending(
            vehicle_ids=tuple(vehicle.vehicle_id for vehicle in one.request.town.vehicles),
            disposal_site_ids=tuple(site.disposal_site_id for site in one.request.town.disposal_sites),
        )
        for one in parties
    }
    streams = sorted({stream.stream_id for one in parties for stream in one.request.town.streams})
    return [
        Agreement(
            agreement_id=f"{one.party_id} {other.party_id}",
            proposer_id=one.party_id,
            partner_id=other.party_id,
            streams=tuple(streams),
            valid_from=day,
            valid_until=day,
            weekdays=tuple(range(7)),
            lendings={name: lendings[name] for name in (one.party_id, other.party_id)},
            max_share_fraction=max_share_fraction,
            price_rule=PriceRule.BY_WEIGHT if is_by_weight else PriceRule.EQUAL_SAVING,
            accepted_by=(one.party_id, other.party_id),
        )
        for one, other in combinations(parties, 2)
    ]


def _show(found: "JointDay", console: Console, language: ReportLanguage) -> None:
    table = Table(title_justify="left")
    for at, heading in enumerate(HEADINGS[language]):
        table.add_column(heading, justify="right" if at else "left")
    for one in found.shares:
        euros = (one.alone_micro_eur, one.share_micro_eur, one.saved_micro_eur, one.extra_micro_eur)
        table.add_row(escape(one.party_id), f"{one.expected_kg:.0f}", *(f"{value / 1e6:.2f}" for value in euros))
    alone = sum(one.alone_micro_eur for one in found.shares)
    saved = sum(one.saved_micro_eur for one in found.shares)
    extra = sum(one.extra_micro_eur for one in found.shares)
    table.add_section()
    weight = sum(one.expected_kg for one in found.shares)
    values = (alone, alone - saved, saved, extra)
    table.add_row("", f"{weight:.0f}", *(f"{value / 1e6:.2f}" for value in values))
    console.print(table)
