"""`fuhre backup`, `restore`, `migrate`, `check-database`, `export-readings`, `forget`: care for a service's data."""

import json as json_module
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.cli.inputs import JsonOption

DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        envvar="FUHRE_DATABASE_URL",
        help="The service's folder, or a sqlite:/// or postgresql:// URL.",
    ),
]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="One tenant; needless where there is one only.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("migrate")(migrate)
    app.command("check-database")(check_database)
    app.command("export-readings")(export_readings)
    app.command("forget")(forget)


def backup(
    target: Annotated[
        Path, typer.Argument(help="The archive to write, which must not exist yet; or a folder, where it gets a date.")
    ],
    data: DataOption = "demo-town",
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, help="In a folder: keep the newest so many dated archives, remove older ones."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Save everything into one archive, while the service works on.

    Example: fuhre backup monday.fuhre.zip --data /var/lib/fuhre
    Every night: fuhre backup /var/backups/fuhre --keep 30 (api/deploy has a timer for it)
    """
    from api.store.backup import back_up
    from api.store.backup_folder import dated_archive, remove_oldest

    started_s = time.monotonic()
    now = datetime.now(UTC)
    is_folder = target.is_dir()
    if keep is not None and not is_folder:
        raise typer.BadParameter(f"--keep needs a folder, and {target} is none. Make it, or leave --keep out.")
    archive = dated_archive(target, now) if is_folder else target
    manifest = back_up(data, archive, now=now)
    removed = [] if keep is None else remove_oldest(target, keep=keep)
    older = f", {len(removed)} older removed" if removed else ""
    _tell(
        f"[green]✓[/green] {escape(str(archive))}: {manifest.rows} rows in {len(manifest.parts)} parts{older}",
        {
            "archive": str(archive),
            "parts": len(manifest.parts),
            "rows": manifest.rows,
            "bytes": archive.stat().st_size,
            "removed": [str(one) for one in removed],
        },
        since_s=started_s,
        is_json=json,
    )


def restore(
    archive: Annotated[Path, typer.Argument(help="An archive that `fuhre backup` wrote.")],
    into: Annotated[str, typer.Option("--into", help="A new folder, or the URL of an empty PostgreSQL database.")],
    json: JsonOption = False,
) -> None:
    """Bring an archive back into a new place, and compare every table with what was saved.

    Example: fuhre restore monday.fuhre.zip --into /var/lib/fuhre-restored
    """
    from api.store.restore import restore as restore_archive

    started_s = time.monotonic()
    manifest = restore_archive(archive, into)
    _tell(
        f"[green]✓[/green] {manifest.rows} rows of {escape(manifest.made_at)} are back, each table as it was saved",
        {"parts": len(manifest.parts), "rows": manifest.rows, "made_at": manifest.made_at},
        since_s=started_s,
        is_json=json,
    )


def migrate(data: DataOption = "demo-town", json: JsonOption = False) -> None:
    """Bring the data to the layout of this version; refused while a service works on it.

    A service does the same when it starts; here it can be done, and seen, before. Make a backup first.
    Example: fuhre migrate --data /var/lib/fuhre
    """
    from api.store.parts import bring_up_to_date

    started_s = time.monotonic()
    names = bring_up_to_date(data)
    _tell(
        f"[green]✓[/green] {len(names)} {'part is' if len(names) == 1 else 'parts are'} up to date",
        {"parts": names},
        since_s=started_s,
        is_json=json,
    )


def check_database(data: DataOption = "demo-town", json: JsonOption = False) -> None:
    """Look the data over: pages, references, layouts, audit logs. Changes nothing; exits with 1 at a fault.

    Example: fuhre check-database --data /var/lib/fuhre
    """
    from api.store.check import check_data

    reports = check_data(data)
    if json:
        document = [
            {"part": one.name, "layout": one.layout, "is_current": one.is_current, "faults": list(one.faults)}
            for one in reports
        ]
        typer.echo(json_module.dumps(document, ensure_ascii=False))
    else:
        console = Console()
        for one in reports:
            mark = "[red]✗[/red]" if one.faults else "[green]✓[/green]"
            layout = "" if one.is_current else f", layout {one.layout}: run `fuhre migrate`"
            console.print(f"{mark} {escape(one.name)}{layout}", soft_wrap=True, highlight=False)
            for fault in one.faults:
                console.print(f"    {escape(fault)}", soft_wrap=True, highlight=False)
    if any(one.faults for one in reports):
        raise typer.Exit(1)


def export_readings(
    out: Annotated[Path, typer.Argument(help="The file to write: .csv or .parquet.")],
    data: DataOption = "demo-town",
    tenant: TenantOption = None,
    since: Annotated[datetime | None, typer.Option("--since", help="First instant, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", help="Instant before which to end, in UTC.")] = None,
    json: JsonOption = False,
) -> None:
    """Write all raw readings of a town into a CSV or Parquet file, and name their digest.

    Example: fuhre export-readings readings.parquet --data /var/lib/fuhre --tenant luenen
    """
    from api.store.export_readings import ExportFormat
    from api.store.export_readings import export_readings as export
    from api.store.parts import open_parts, part_of_tenant

    started_s = time.monotonic()
    format_name = ExportFormat.PARQUET if out.suffix == ".parquet" else ExportFormat.CSV
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        with open_parts(data) as parts, unfinished.open("wb") as file:
            done = export(
                part_of_tenant(parts, tenant).database,
                file,
                format_name=format_name,
                since=since and since.replace(tzinfo=UTC),
                until=until and until.replace(tzinfo=UTC),
            )
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    _tell(
        f"[green]✓[/green] {done.count} readings, digest {done.digest}",
        {"count": done.count, "digest": done.digest},
        since_s=started_s,
        is_json=json,
    )


def forget(data: DataOption = "demo-town", json: JsonOption = False) -> None:
    """Delete what is older than each tenant keeps it; readings live on as daily levels. Works beside the service.

    Example: fuhre forget --data /var/lib/fuhre
    """
    from api.store.retention import apply_retention
    from api.store.sql_tenants import open_tenant_stores

    started_s = time.monotonic()
    stores = open_tenant_stores(data, may_migrate=False)
    try:
        gone = {
            tenant.tenant_id: asdict(apply_retention(stores.store(tenant.tenant_id), tenant, now=datetime.now(UTC)))
            for tenant in stores.tenants()
        }
    finally:
        stores.close()
    words = "; ".join(f"{name}: {counts['readings']} readings" for name, counts in gone.items()) or "no tenant"
    _tell(f"[green]✓[/green] gone are: {escape(words)}", {"gone": gone}, since_s=started_s, is_json=json)


def _tell(sentence: str, document: dict[str, object], *, since_s: float, is_json: bool) -> None:
    took_s = time.monotonic() - since_s
    if is_json:
        typer.echo(json_module.dumps({**document, "seconds": round(took_s, 3)}, ensure_ascii=False))
    else:
        Console().print(f"{sentence} [dim]({took_s:.1f} s)[/dim]", soft_wrap=True, highlight=False)
