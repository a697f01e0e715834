"""`fuhre key`: keys of programs, tablets and sensors; a key is shown once, when it is made."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.service_stores import DEFAULT_TOWN, DataOption, TenantOption, TownOption, opened_stores
from optimizer.domain.issues import InvalidInputError, Issue

app = typer.Typer(help="Keys of programs, tablets and sensors.", no_args_is_help=True)


@app.callback()
def _keys() -> None:
    """Keys of programs, tablets and sensors."""


@app.command("add")
def add(
    role: Annotated[str, typer.Option("--role", help="dispatcher, planner, driver, sensor or admin.")],
    label: Annotated[str, typer.Option("--label", help="What it is for; name no person.")],
    subject: Annotated[
        str | None, typer.Option("--for", help="The vehicle (driver) or device (sensor) that alone it is for.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3_650, help="Valid for so many days.")] = None,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Make a key and show it, this once. To replace a key, make the new one, change over, then revoke the old one.

    Example: fuhre key add --role driver --for truck-1 --label "tablet in truck 1" --days 365
    """
    from api.identity.access_keys import mint_key
    from api.identity.audit_trail import AuditTrail
    from api.store.tenant_ports import Role

    if role not in {one.value for one in Role}:
        message = f"There is no role of this name. Use one of {', '.join(Role)}."
        raise InvalidInputError([Issue(where="--role", code="unknown_role", message=message)])
    if subject is not None and role not in {Role.DRIVER, Role.SENSOR}:
        message = "Only a driver's or sensor's key is for one vehicle or device. Leave out --for."
        raise InvalidInputError([Issue(where="--for", code="no_subject", message=message)])
    with opened_stores(town, data) as opened:
        now = datetime.now(UTC)
        tenant_id = opened.tenant_id(tenant)
        key, text = mint_key(
            tenant_id=tenant_id, role=Role(role), label=label, now=now, subject_id=subject, valid_days=days
        )
        opened.stores.keys.add(key)
        AuditTrail(opened.stores, now=lambda: now).note_by_operator(tenant_id, action="addKey", target=key.key_id)
    Console(stderr=True).print("Keep it safe; it is not shown again:")
    sys.stdout.write(f"{text}\n")


@app.command("list")
def list_keys(tenant: TenantOption = None, town: TownOption = DEFAULT_TOWN, data: DataOption = None) -> None:
    """List the keys by their public halves, with what became of them.

    Example: fuhre key list --town demo-town
    """
    from api.identity.access_keys import why_ended

    table = Table("key", "role", "for", "label", "since", "until", "state")
    with opened_stores(town, data) as opened:
        now = datetime.now(UTC)
        for one in opened.stores.keys.of_tenant(opened.tenant_id(tenant)):
            table.add_row(
                one.key_id,
                one.role,
                one.subject_id or "",
                one.label,
                f"{one.created_at:%Y-%m-%d}",
                "" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}",
                why_ended(one, now) or "valid",
            )
    Console().print(table)


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's public half, as fuhre key list shows it.")],
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """End a key; a running service refuses it after a second at the latest.

    Example: fuhre key revoke 1f0c93b2a7de
    """
    from api.identity.audit_trail import AuditTrail

    with opened_stores(town, data) as opened:
        now = datetime.now(UTC)
        key = opened.stores.keys.find(key_id)
        if key is None or not opened.stores.keys.revoke(key_id, at=now):
            message = "There is no such key, or it was revoked before. See fuhre key list."
            raise InvalidInputError([Issue(where="KEY_ID", code="unknown_key", message=message)])
        AuditTrail(opened.stores, now=lambda: now).note_by_operator(key.tenant_id, action="revokeKey", target=key_id)
    Console().print(f"Revoked {key_id}.")
