"""`fuhre privacy`: what is kept about somebody, for them to read."""

import json
import sys
from typing import Annotated

import typer

from api.cli.service_stores import DEFAULT_TOWN, DataOption, TownOption, opened_stores
from optimizer.domain.issues import InvalidInputError, Issue

app = typer.Typer(help="What is kept about somebody.", no_args_is_help=True)


@app.callback()
def _privacy() -> None:
    """What is kept about somebody."""


@app.command("report")
def report(
    key_id: Annotated[str, typer.Argument(help="Public half of the key that they use, as fuhre key list shows it.")],
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Say as JSON everything that is kept about the holder of a key, and for how long.

    Example: fuhre privacy report 1f0c93b2a7de --town demo-town
    """
    from api.identity.audit_report import subject_report

    with opened_stores(town, data) as opened:
        key = opened.stores.keys.find(key_id)
        tenant = None if key is None else opened.stores.tenant(key.tenant_id)
        if key is None or tenant is None:
            message = "There is no such key. See fuhre key list."
            raise InvalidInputError([Issue(where="KEY_ID", code="unknown_key", message=message)])
        told = subject_report(key, tenant, opened.stores.store(tenant.tenant_id).audit)
    json.dump(told, sys.stdout, ensure_ascii=False, indent=2, default=lambda value: value.isoformat())
    sys.stdout.write("\n")
