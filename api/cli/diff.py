"""`fuhre diff`: what another plan does differently, vehicle by vehicle."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import JsonOption, LanguageOption, ReportLanguage
from api.cli.plan_file import read_plan
from api.cli.plan_words import in_language


def diff(
    first: Annotated[Path, typer.Argument(metavar="PLAN_A", help="A plan.json.")],
    second: Annotated[Path, typer.Argument(metavar="PLAN_B", help="The plan.json to compare with it.")],
    language: LanguageOption = ReportLanguage.EN,
    json: JsonOption = False,
) -> None:
    """Say what PLAN_B does differently from PLAN_A: stops moved, added, dropped; kilometres, minutes, cost.

    Example: fuhre diff yesterday/plan.json today/plan.json
    """
    from api.files.plan_json import dump_difference
    from optimizer.planning.compare_plans import compare_plans

    difference = compare_plans(read_plan(first), read_plan(second))
    if json:
        typer.echo(dump_difference(difference).decode())
        return
    console = Console()
    for at, sentence in enumerate(difference.sentences):
        text = escape(in_language(sentence, language.value))
        console.print(f"[bold]{text}[/bold]" if at == 0 else f"  {text}", soft_wrap=True, highlight=False)
