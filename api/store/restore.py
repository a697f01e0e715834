"""Brings an archive back, into a place where nothing is; every table is compared with what was saved."""

import shutil
import zipfile
from pathlib import Path

import psycopg
from sqlalchemy import Connection, inspect

from api.store.archive import Manifest, PartList, check_tables, open_archive
from api.store.backup import lists_of
from api.store.database import Database
from api.store.errors import BrokenArchiveError, NewerDatabaseError, TargetExistsError
from api.store.homes import SERVICE_SCHEMA, TENANT_FOLDER, schema_of, sync_folder
from api.store.migrate import SERVICE_LAYOUTS, TOWN_LAYOUTS, check_pages, known_layouts, migrate_on
from api.store.parts import SERVICE_PART, TENANT_PREFIX, TOWN_FILE, TOWN_PART
from api.store.reading_partitions import make_partitions, partitions
from api.store.schema import METADATA
from api.store.service_schema import SERVICE_METADATA
from api.store.table_copy import advance_sequences

_CHUNK = 1 << 20


def restore(archive_path: Path, into: str) -> Manifest:
    """Restore into a new folder (an archive of SQLite) or an empty database (an archive of PostgreSQL).

    Raises
    ------
    BrokenArchiveError
        When the archive is damaged, or of the other kind of database; nothing is left in the new place.
    TargetExistsError
        When there is something in that place.
    NewerDatabaseError
        When a later version made the archive.
    """
    is_server = "://" in into
    with open_archive(archive_path) as (archive, manifest):
        if is_server != (manifest.database == "postgresql"):
            place = "a postgresql:// URL" if manifest.database == "postgresql" else "a new folder"
            raise BrokenArchiveError(
                source=str(archive_path), detail=f"it was made of {manifest.database}: name {place}"
            )
        _refuse_newer(archive_path, manifest)
        if is_server:
            _restore_schemas(archive, manifest, into, source=str(archive_path))
        else:
            _restore_files(archive, manifest, Path(into), source=str(archive_path))
        return manifest


def _refuse_newer(archive_path: Path, manifest: Manifest) -> None:
    for part in manifest.parts:
        known = known_layouts(_layouts(part))
        if part.layout not in known:
            raise NewerDatabaseError(source=str(archive_path), found=part.layout, known=known[0])


def _restore_files(archive: zipfile.ZipFile, manifest: Manifest, folder: Path, *, source: str) -> None:
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TargetExistsError(str(folder))
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        (unfinished / TENANT_FOLDER).mkdir(parents=True, mode=0o700)
        for part in manifest.parts:
            name = TOWN_FILE if part.name == TOWN_PART else f"{part.name}.sqlite3"
            path = unfinished / name
            with archive.open(f"{part.name}.sqlite3") as saved, path.open("xb") as file:
                shutil.copyfileobj(saved, file, _CHUNK)
            path.chmod(0o600)
            _check_file(path, part, source)
        if all(part.name == TOWN_PART for part in manifest.parts):
            (unfinished / TENANT_FOLDER).rmdir()
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _check_file(path: Path, part: PartList, source: str) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        check_pages(database)
        with database.read() as connection:
            check_tables(source, part, lists_of(connection))
        with database.outside_transaction() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()


def _restore_schemas(archive: zipfile.ZipFile, manifest: Manifest, url: str, *, source: str) -> None:
    """All schemas in one transaction: a failure leaves nothing."""
    database = Database(url)
    try:
        with database.write() as connection:
            catalogue = inspect(connection)
            if catalogue.has_schema(SERVICE_SCHEMA) or catalogue.get_table_names(schema="public"):
                raise TargetExistsError(database.source)
            for part in manifest.parts:
                if part.name != TOWN_PART:
                    schema = SERVICE_SCHEMA if part.name == SERVICE_PART else schema_of(_tenant_id(part))
                    connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"; SET LOCAL search_path TO "{schema}"')
                migrate_on(connection, _layouts(part), source=database.source, target=part.layout)
                try:
                    _fill_schema(connection, archive, part)
                except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
                    detail = f"the content of {part.name} does not fit its tables"
                    raise BrokenArchiveError(source=source, detail=detail) from error
                check_tables(source, part, lists_of(connection))
    finally:
        database.close()


def _fill_schema(connection: Connection, archive: zipfile.ZipFile, part: PartList) -> None:
    if part.months:
        make_partitions(connection, sorted({*part.months} - partitions(connection).keys()))
    known = (SERVICE_METADATA if part.name == SERVICE_PART else METADATA).sorted_tables
    driver = connection.connection.driver_connection
    assert driver is not None
    for table in known:
        if table.name not in part.tables:
            continue
        names = ", ".join(f'"{name}"' for name in part.columns[table.name] if name.isidentifier())
        query = f'COPY "{table.name}" ({names}) FROM STDIN'
        member = f"{part.name}/{table.name}.copy"
        with driver.cursor() as cursor, archive.open(member) as saved, cursor.copy(query) as lines:
            while piece := saved.read(_CHUNK):
                lines.write(piece)
        advance_sequences(connection, table.name)


def _layouts(part: PartList) -> str:
    return SERVICE_LAYOUTS if part.name == SERVICE_PART else TOWN_LAYOUTS


def _tenant_id(part: PartList) -> str:
    return part.name.removeprefix(TENANT_PREFIX)
