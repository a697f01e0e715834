"""`fuhre privacy`: what is kept about somebody, for them to read, and its end."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from api.cli.service_stores import DEFAULT_TOWN, DataOption, OpenedStores, TenantOption, TownOption, opened_stores
from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from pathlib import Path

    from api.store.tenant_ports import Tenant

app = typer.Typer(help="What is kept about somebody, and its end.", no_args_is_help=True)

WhoArgument = Annotated[
    str,
    typer.Argument(
        metavar="WHO",
        help="Public half of the key that they use, as fuhre key list shows it; or their login, as fuhre privacy login "
        "tells it.",
    ),
]


@app.callback()
def _privacy() -> None:
    """What is kept about somebody, and its end."""


@app.command("report")
def report(
    who: WhoArgument,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Say as JSON everything that is kept about somebody, and for how long.

    Example: fuhre privacy report 1f0c93b2a7de --town demo-town
    """
    from api.identity.subject_rights import subject_report

    with _somebody(who, tenant, town, data) as (opened, theirs):
        told = subject_report(opened.stores, theirs, who)
    _say(told)


@app.command("erase")
def erase(
    who: WhoArgument,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make everything that is kept about somebody lead to nobody; their key ends, the history of tours stays whole.

    Somebody who logs in loses their login at the provider first. Backups keep what they hold until they are deleted.
    Example: fuhre privacy erase 1f0c93b2a7de --town demo-town
    """
    from api.identity.subject_rights import erase_subject

    with _somebody(who, tenant, town, data) as (opened, theirs):
        if not yes:
            typer.confirm(f"Their key ends, and nothing leads to {who} any more. Go on?", abort=True, err=True)
        told = erase_subject(opened.stores, theirs, who, now=datetime.now(UTC))
    _say(told)


@app.command("login")
def login(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="As the login provider calls them (claim sub).")],
) -> None:
    """Say how somebody who logs in is called in what is kept; needs FUHRE_OIDC_ISSUER.

    Example: fuhre privacy login 7d0c-anna
    """
    from api.identity.oidc import pseudonym
    from api.settings import read_settings

    issuer = read_settings().oidc_issuer
    if issuer is None:
        message = "Nobody logs in here: FUHRE_OIDC_ISSUER is not set. People are known by their keys."
        raise InvalidInputError([Issue(where="SUBJECT", code="no_logins", message=message)])
    Console().print(pseudonym(issuer, subject))


@contextmanager
def _somebody(
    who: str, asked: str | None, town: "Path", data: "Path | None"
) -> Iterator[tuple[OpenedStores, "Tenant"]]:
    from api.identity.subject_rights import LOGIN_PREFIX

    with opened_stores(town, data) as opened:
        key = opened.stores.keys.find(who)
        if key is None and not who.startswith(LOGIN_PREFIX):
            message = "There is no such key. See fuhre key list, or fuhre privacy login for people who log in."
            raise InvalidInputError([Issue(where="WHO", code="unknown_key", message=message)])
        tenant = opened.stores.tenant(opened.tenant_id(asked) if key is None else key.tenant_id)
        assert tenant is not None, "every key has its tenant"
        yield opened, tenant


def _say(told: object) -> None:
    json.dump(told, sys.stdout, ensure_ascii=False, indent=2, default=lambda value: value.isoformat())
    sys.stdout.write("\n")
