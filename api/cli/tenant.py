"""`fuhre tenant`: the towns of a service for several."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.service_stores import DEFAULT_TOWN, DataOption, opened_stores
from optimizer.domain.issues import InvalidInputError, Issue

app = typer.Typer(help="Towns of a service for several.", no_args_is_help=True)


@app.callback()
def _tenants() -> None:
    """Towns of a service for several."""


@app.command("add")
def add(
    tenant_id: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, e.g. luenen.")],
    town: Annotated[Path, typer.Option("--from", help="Folder with the town's files; they are copied.")],
    data: DataOption = None,
) -> None:
    """Add a town with its containers, fleet, readings and map. A running service plans for it after its next start.

    Example: fuhre tenant add luenen --from luenen-town --data /var/lib/fuhre
    """
    from api.files.town_folder import read_town_folder
    from api.http.first_start import KEY_NAME, fill_from_folder
    from api.identity.audit_trail import AuditTrail
    from api.jobs.town_folders import TownFolders
    from api.store.tenant_ports import Tenant

    name = read_town_folder(town).town.name  # refuses bad files before anything is made
    with opened_stores(DEFAULT_TOWN, _required(data)) as opened:
        now = datetime.now(UTC)
        opened.stores.add_tenant(Tenant(tenant_id=tenant_id, name=name, created_at=now))
        fill_from_folder(opened.stores.store(tenant_id), town)
        assert opened.data_folder is not None
        ignored = shutil.ignore_patterns("cache", "tenants", "service.sqlite3*", "*.db", "*.db-*", KEY_NAME, "tours")
        shutil.copytree(
            town, TownFolders(data_folder=opened.data_folder).of(tenant_id), ignore=ignored, dirs_exist_ok=True
        )
        AuditTrail(opened.stores, now=lambda: now).note_by_operator(tenant_id, action="addTenant", target=tenant_id)
    Console().print(f"Added {tenant_id}. Next: fuhre key add --tenant {tenant_id} --role dispatcher --label NAME")


@app.command("list")
def list_tenants(data: DataOption = None) -> None:
    """List the towns.

    Example: fuhre tenant list --data /var/lib/fuhre
    """
    table = Table("tenant", "name", "active", "since")
    with opened_stores(DEFAULT_TOWN, _required(data)) as opened:
        for one in opened.stores.tenants():
            table.add_row(one.tenant_id, one.name, "yes" if one.is_active else "no", f"{one.created_at:%Y-%m-%d}")
    Console().print(table)


def _required(data: Path | None) -> Path:
    from api.settings import read_settings

    folder = data or read_settings().data_folder
    if folder is None:
        message = "Several towns need a data folder. Name it with --data, or set FUHRE_DATA_FOLDER."
        raise InvalidInputError([Issue(where="--data", code="no_folder", message=message)])
    return folder
