"""Saves a service's data into one archive while the service works on."""

import os
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from api.store.archive import MANIFEST, Manifest, PartList, TableList
from api.store.database import Database
from api.store.errors import BrokenDatabaseError, TargetExistsError
from api.store.homes import sync_folder
from api.store.migrate import check_pages, layout_of
from api.store.parts import Part, open_parts
from api.store.reading_partitions import partitions
from api.store.table_digest import column_names, content_of


def back_up(url_or_folder: str, target: Path, *, now: datetime) -> Manifest:
    """Write an archive of everything that was durable when the backup began; it appears under its name when whole.

    Raises
    ------
    TargetExistsError
        When there is something under that name.
    StoreError
        When the data cannot be read.
    """
    if target.exists():
        raise TargetExistsError(str(target))
    target = target.absolute()
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        with open_parts(url_or_folder) as parts:
            with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                is_sqlite = parts[0].database.is_sqlite
                lists = _save_files(parts, archive, target.parent) if is_sqlite else _save_schemas(parts, archive)
                manifest = Manifest(
                    database="sqlite" if is_sqlite else "postgresql", made_at=now.isoformat(), parts=lists
                )
                archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
            unfinished.chmod(0o600)
            with unfinished.open("rb") as written:
                os.fsync(written.fileno())
            os.link(unfinished, target)  # unlike a renaming, it never overwrites
            sync_folder(target.parent)
            return manifest
    except FileExistsError as error:
        raise TargetExistsError(str(target)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def copy_file(source: Path | str, target: Path) -> None:
    """A consistent copy of a SQLite file, made in one step: writers go on meanwhile."""
    if not Path(source).is_file():
        raise BrokenDatabaseError(source=str(source), detail="there is no such file")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        there.backup(here)
    target.chmod(0o600)


def lists_of(connection: Connection) -> dict[str, TableList]:
    """Content of all tables, in the words of an archive."""
    return {name: TableList(rows=one.rows, digest=one.digest) for name, one in content_of(connection).items()}


def _save_files(parts: list[Part], archive: zipfile.ZipFile, folder: Path) -> list[PartList]:
    lists = []
    with tempfile.TemporaryDirectory(prefix=".fuhre-backup-", dir=folder) as scratch:
        for part in parts:
            assert part.database.file is not None, "a database in memory has no parts"
            copy = Path(scratch) / "copy.sqlite3"
            copy_file(part.database.file, copy)
            database = Database(f"sqlite:///{copy}")
            try:
                check_pages(database, is_thorough=True)
                with database.read() as connection:
                    layout = layout_of(connection, part.database.source) or "0000"
                    lists.append(PartList(name=part.name, layout=layout, tables=lists_of(connection)))
            finally:
                database.close()
            archive.write(copy, f"{part.name}.sqlite3")
            copy.unlink()
    return lists


def _save_schemas(parts: list[Part], archive: zipfile.ZipFile) -> list[PartList]:
    """All schemas as one moment shows them: one transaction, one snapshot."""
    lists = []
    with parts[0].database.read() as connection:
        for part in parts:
            if part.database.schema is not None:
                connection.exec_driver_sql(f'SET LOCAL search_path TO "{part.database.schema}"')
            tables = lists_of(connection)
            columns = {name: column_names(connection, name) for name in tables}
            for name in tables:
                _save_table(connection, archive, f"{part.name}/{name}.copy", name, columns[name])
            lists.append(
                PartList(
                    name=part.name,
                    layout=layout_of(connection, part.database.source) or "0000",
                    tables=tables,
                    columns=columns,
                    months=sorted(partitions(connection)) if "readings" in tables else [],
                )
            )
    return lists


def _save_table(connection: Connection, archive: zipfile.ZipFile, member: str, table: str, columns: list[str]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    query = f'COPY (SELECT {names} FROM "{table}") TO STDOUT'  # noqa: S608 - names from the database's own catalogue
    with driver.cursor() as cursor, archive.open(member, "w", force_zip64=True) as file, cursor.copy(query) as lines:
        for line in lines:
            file.write(line)
