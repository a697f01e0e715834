"""Where the stores of several tenants live: a folder of SQLite files, or the schemas of a PostgreSQL database."""

import os
import re
import shutil
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, inspect

from api.store.database import Database, make_engine, parse_url
from api.store.errors import BrokenDatabaseError, InvalidTenantIdError
from api.store.migrate import SERVICE_LAYOUTS, TOWN_LAYOUTS, migrate, migrate_on
from api.store.table_copy import copy_tables

SERVICE_SCHEMA = "service"
SERVICE_FILE = "service.sqlite3"
TENANT_FOLDER = "tenants"

_TENANT_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Home(Protocol):
    """A place for stores."""

    @property
    def source(self) -> str:
        """Its name for messages, without a password."""
        ...

    def open_service(self, *, may_migrate: bool) -> Database:
        """What the service keeps beside its tenants."""
        ...

    def open_tenant(self, tenant_id: str, *, may_migrate: bool) -> Database:
        """A tenant's tables, and nobody else's."""
        ...

    def make_tenant(self, tenant_id: str, connection: Connection) -> None:
        """Make an empty store, before the service's transaction that notes it is committed.

        Raises
        ------
        BrokenDatabaseError
            When there is something in its place that no tenant claims.
        """
        ...

    def adopt_file(self, tenant_id: str, town_file: Path, connection: Connection) -> None:
        """Make a store of a finished SQLite file, which stays; as ``make_tenant`` else."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


def home_at(url_or_folder: str | Path) -> Home:
    """The home at a PostgreSQL URL or in a folder."""
    if isinstance(url_or_folder, str) and "://" in url_or_folder:
        url = parse_url(url_or_folder)
        if url.get_backend_name() == "sqlite":
            detail = "several towns need a folder or a postgresql:// URL, not one file"
            raise BrokenDatabaseError(source=str(url), detail=detail)
        return ServerHome(url_or_folder)
    return FolderHome(Path(url_or_folder))


def check_tenant_id(tenant_id: str) -> str:
    """The id, if it can name a store.

    Raises
    ------
    InvalidTenantIdError
        When it cannot.
    """
    if _TENANT_ID.fullmatch(tenant_id) is None:
        raise InvalidTenantIdError(tenant_id)
    return tenant_id


class FolderHome:
    """One SQLite file for the service, and one for each tenant."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self.source = str(folder)

    def open_service(self, *, may_migrate: bool) -> Database:
        """The service's own file, made where it is missing."""
        if may_migrate:
            (self._folder / TENANT_FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._open(self._folder / SERVICE_FILE, SERVICE_LAYOUTS, may_migrate=may_migrate)

    def open_tenant(self, tenant_id: str, *, may_migrate: bool) -> Database:
        """A tenant's file, which must be there."""
        path = self._path_of(tenant_id)
        if not path.is_file():
            raise BrokenDatabaseError(source=str(path), detail="the tenant's file is missing")
        return self._open(path, TOWN_LAYOUTS, may_migrate=may_migrate)

    def make_tenant(self, tenant_id: str, connection: Connection) -> None:
        """Make an empty file; what a crash left of an earlier attempt is used again if it is empty."""
        del connection
        path = self._path_of(tenant_id)
        database = self._open(path, TOWN_LAYOUTS, may_migrate=True)
        try:
            with database.read() as tables:
                is_empty = not tables.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM containers)").scalar()
        finally:
            database.close()
        if not is_empty:
            raise BrokenDatabaseError(source=str(path), detail="it holds a town that no tenant claims")

    def adopt_file(self, tenant_id: str, town_file: Path, connection: Connection) -> None:
        """Copy the file into the tenant's place."""
        del connection
        path = self._path_of(tenant_id)
        if path.exists():
            raise BrokenDatabaseError(source=str(path), detail="it holds a town that no tenant claims")
        shutil.copyfile(town_file, unfinished := path.with_suffix(".unfinished"))
        unfinished.chmod(0o600)
        with unfinished.open("rb") as copied:
            os.fsync(copied.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)

    def close(self) -> None:
        """Nothing is held."""

    def _path_of(self, tenant_id: str) -> Path:
        return self._folder / TENANT_FOLDER / f"{check_tenant_id(tenant_id)}.sqlite3"

    @staticmethod
    def _open(path: Path, layouts: str, *, may_migrate: bool) -> Database:
        if not may_migrate and not path.is_file():
            raise BrokenDatabaseError(source=str(path), detail="the file is missing")
        database = Database(f"sqlite:///{path}")
        try:
            if may_migrate:
                path.touch(mode=0o600, exist_ok=True)
                migrate(database, layouts)
        except BaseException:
            database.close()
            raise
        return database


class ServerHome:
    """One PostgreSQL schema for the service, and one for each tenant; all share the connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = make_engine(parse_url(url))
        self.source = parse_url(url).render_as_string(hide_password=True)

    def open_service(self, *, may_migrate: bool) -> Database:
        """The service's schema, made where it is missing."""
        database = Database(self._url, schema=SERVICE_SCHEMA, engine=self._engine)
        if may_migrate:
            with database.write() as connection:
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{SERVICE_SCHEMA}"')
                migrate_on(connection, SERVICE_LAYOUTS, source=database.source)
        return database

    def open_tenant(self, tenant_id: str, *, may_migrate: bool) -> Database:
        """A tenant's schema, which must be there."""
        database = self._tenant(tenant_id)
        if may_migrate:
            with database.read() as connection:
                is_there = inspect(connection).has_schema(schema_of(tenant_id))
            if not is_there:
                raise BrokenDatabaseError(source=database.source, detail="the tenant's schema is missing")
            migrate(database)
        return database

    def make_tenant(self, tenant_id: str, connection: Connection) -> None:
        """Make the schema in the service's own transaction."""
        database = self._tenant(tenant_id)
        if inspect(connection).has_schema(schema_of(tenant_id)):
            raise BrokenDatabaseError(source=database.source, detail="it holds tables that no tenant claims")
        connection.exec_driver_sql(
            f'CREATE SCHEMA "{schema_of(tenant_id)}"; SET LOCAL search_path TO "{schema_of(tenant_id)}"'
        )
        migrate_on(connection, TOWN_LAYOUTS, source=database.source)

    def adopt_file(self, tenant_id: str, town_file: Path, connection: Connection) -> None:
        """Copy the file's tables into a new schema, in the service's own transaction."""
        self.make_tenant(tenant_id, connection)
        database = Database(f"sqlite:///{town_file}")
        try:
            with database.read() as source:
                copy_tables(source, connection)
        finally:
            database.close()

    def close(self) -> None:
        """End all connections."""
        self._engine.dispose()

    def _tenant(self, tenant_id: str) -> Database:
        return Database(self._url, schema=schema_of(tenant_id), engine=self._engine)


def schema_of(tenant_id: str) -> str:
    """Name of a tenant's PostgreSQL schema."""
    return f"tenant_{check_tenant_id(tenant_id)}"


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
