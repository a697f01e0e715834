"""The command `fuhre`: collects the commands, and turns errors into sentences."""

import json
import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli import (
    audit,
    bench,
    check,
    database,
    demo,
    diff,
    explain,
    forecast,
    import_files,
    ingest,
    key,
    plan,
    privacy,
    replan,
    scenario,
    serve,
    share,
    simulate,
    study,
    tenant,
    town,
    warm_up,
)
from api.identity.errors import IdentityError
from api.settings import SettingsError
from api.store.errors import StoreError
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.issues import InvalidInputError
from routing.errors import RoutingError

EXIT_BAD_INPUT = 2
EXIT_BAD_PLAN = 3
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="fuhre",
    help=(
        "Plans the day's collection tours from fill-level sensors, on real streets.\n\n"
        "Start with [bold]fuhre demo[/bold]; then [bold]fuhre town add --osm FILE[/bold] makes a town of your own, "
        "[bold]fuhre plan --town DIR[/bold] plans a day, and [bold]fuhre serve --town DIR[/bold] gives it an API."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"fuhre {version('fuhre')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None: ...


app.command("demo")(demo.demo)
app.command("plan")(plan.plan)
app.command("replan")(replan.replan)
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.command("diff")(diff.diff)
app.command("forecast")(forecast.forecast)
app.command("scenario")(scenario.scenario)
app.command("share")(share.share)
app.command("study")(study.study)
app.command("import")(import_files.import_files)
app.add_typer(town.app, name="town")
app.command("serve")(serve.serve)
app.command("simulate")(simulate.simulate)
app.add_typer(tenant.app, name="tenant")
app.add_typer(key.app, name="key")
app.add_typer(audit.app, name="audit")
app.add_typer(privacy.app, name="privacy")
database.register(app)
ingest.register(app)
app.command("bench")(bench.bench)
app.command("warm-up")(warm_up.warm_up)


def main() -> None:
    """Run the command line; bad input ends in a message and exit code 2, never in a traceback."""
    try:
        app()
    except InvalidInputError as error:
        _report_issues(error)
        sys.exit(EXIT_BAD_INPUT)
    except InvalidSolutionError as error:
        _complain(f"The plan breaks rules and was not written: {error}")
        sys.exit(EXIT_BAD_PLAN)
    except BrokenPipeError:
        # The reader of our output is gone (as after `| head`); nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (RoutingError, StoreError, SettingsError, IdentityError, OSError) as error:
        _complain(str(error))
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        _complain("Stopped. Nothing half-written was left behind.")
        sys.exit(EXIT_INTERRUPTED)


def _report_issues(error: InvalidInputError) -> None:
    if "--json" in sys.argv:
        issues = [{"where": one.where, "code": one.code, "message": one.message} for one in error.issues]
        sys.stdout.write(json.dumps({"issues": issues}, ensure_ascii=False) + "\n")
        return
    console = Console(stderr=True)
    count = len(error.issues)
    console.print(f"[bold red]The input cannot be used: {count} {'issue' if count == 1 else 'issues'}[/bold red]")
    for issue in error.issues[:50]:
        console.print(f"  [bold]{escape(issue.where)}[/bold]: {escape(issue.message)}", soft_wrap=True)
    if count > 50:
        console.print(f"  and {count - 50} more")


def _complain(message: str) -> None:
    Console(stderr=True).print(f"[bold red]Error:[/bold red] {escape(message)}", soft_wrap=True)
