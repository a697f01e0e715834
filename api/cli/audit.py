"""`fuhre audit`: whether the log of who did what is whole, and the log for a security system."""

import json
import sys
from dataclasses import asdict

import typer
from rich.console import Console

from api.cli.service_stores import DEFAULT_TOWN, DataOption, TenantOption, TownOption, opened_stores

EXIT_BROKEN = 3

app = typer.Typer(help="The log of who did what.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """The log of who did what."""


@app.command("verify")
def verify(tenant: TenantOption = None, town: TownOption = DEFAULT_TOWN, data: DataOption = None) -> None:
    """Recompute the chain of the log; exit code 3 when a line was changed or is missing.

    Example: fuhre audit verify --town demo-town
    """
    with opened_stores(town, data) as opened:
        tenant_ids = [one.tenant_id for one in opened.stores.tenants()] if tenant is None else [tenant]
        broken = {one: opened.stores.store(one).audit.first_broken() for one in tenant_ids}
    for tenant_id, sequence in broken.items():
        said = "whole" if sequence is None else f"broken at line {sequence}: it was changed, or one before is missing"
        Console().print(f"{tenant_id}: {said}")
    if any(sequence is not None for sequence in broken.values()):
        raise typer.Exit(EXIT_BROKEN)


@app.command("export")
def export(tenant: TenantOption = None, town: TownOption = DEFAULT_TOWN, data: DataOption = None) -> None:
    """Write the log as one JSON object a line, for a system that watches over security.

    Example: fuhre audit export --town demo-town > audit.jsonl
    """
    from api.identity.audit_report import all_entries

    with opened_stores(town, data) as opened:
        for entry in all_entries(opened.stores.store(opened.tenant_id(tenant)).audit):
            sys.stdout.write(json.dumps(asdict(entry) | {"at": entry.at.isoformat()}, ensure_ascii=False) + "\n")
