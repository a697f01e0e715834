"""`fuhre explain`: why a container is in a plan or not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import (
    CacheDirOption,
    CacheOption,
    ContainersOption,
    FleetOption,
    JsonOption,
    LanguageOption,
    OsmOption,
    ReportLanguage,
    TownFiles,
    TownOption,
)
from api.cli.plan_file import read_plan
from api.cli.plan_words import in_language, word
from api.export.texts import Language


def explain(
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan.json, written by fuhre.")],
    container: Annotated[str, typer.Argument(metavar="CONTAINER", help="The container's id.")],
    town: TownOption = None,
    osm: OsmOption = None,
    containers: ContainersOption = None,
    fleet: FleetOption = None,
    cache_dir: CacheDirOption = None,
    cache: CacheOption = True,
    language: LanguageOption = ReportLanguage.EN,
    json: JsonOption = False,
) -> None:
    """Say why a container is in or out, what it would cost on each vehicle, which rule binds, and what would help.

    Example: fuhre explain tours/plan.json G-017 --town demo-town
    """
    from api.files.plan_json import dump_explanation
    from optimizer.planning.explain_container import explain_container

    plan = read_plan(plan_file)
    files = TownFiles(folder=town, osm=osm, containers=containers, fleet=fleet, cache_dir=cache_dir, may_cache=cache)
    loaded = files.load()
    explanation = explain_container(plan, loaded.town, files.open_router(loaded), container)
    if json:
        typer.echo(dump_explanation(explanation).decode())
        return
    console = Console()
    spoken: Language = language.value

    def say(text: str) -> None:
        console.print(escape(text), soft_wrap=True, highlight=False)

    say(in_language(explanation.decision, spoken))
    console.print(f"[bold]{word('on_each_vehicle', spoken)}[/bold]")
    for one in explanation.vehicles:
        say(f"  {in_language(one.text, spoken)}")
    if explanation.remedies:
        console.print(f"[bold]{word('remedies', spoken)}[/bold]")
        for remedy in explanation.remedies:
            say(f"  {in_language(remedy, spoken)}")
