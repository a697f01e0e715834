"""What belongs to a service's data: its own part and one per tenant, or the one store of a single town."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, select

from api.store.database import Database, parse_url
from api.store.errors import BrokenDatabaseError, UnknownTenantError
from api.store.homes import SERVICE_FILE, SERVICE_SCHEMA, home_at
from api.store.migrate import SERVICE_LAYOUTS, TOWN_LAYOUTS, migrate
from api.store.service_schema import TENANTS
from api.store.sql_store import lock_of

SERVICE_PART = "service"
TOWN_PART = "town"
TOWN_FILE = "fuhre.db"
TENANT_PREFIX = "tenants/"


@dataclass(frozen=True, slots=True)
class Part:
    """A database or schema, under the name that it has in an archive."""

    name: str
    database: Database

    @property
    def layouts(self) -> str:
        """Which kind of tables it has."""
        return SERVICE_LAYOUTS if self.name == SERVICE_PART else TOWN_LAYOUTS


@contextmanager
def open_parts(url_or_folder: str) -> Iterator[list[Part]]:
    """All parts of the data at a place, the service's first; nothing is made or migrated.

    Raises
    ------
    BrokenDatabaseError
        When there is no data of this service.
    """
    with ExitStack() as stack:
        folder = Path(url_or_folder)
        if "://" not in url_or_folder and not (folder / SERVICE_FILE).is_file() and (folder / TOWN_FILE).is_file():
            url_or_folder = f"sqlite:///{folder / TOWN_FILE}"
        if _is_one_town(url_or_folder):
            database = Database(url_or_folder)
            stack.callback(database.close)
            yield [Part(TOWN_PART, database)]
            return
        home = home_at(url_or_folder)
        stack.callback(home.close)
        service = home.open_service(may_migrate=False)
        stack.callback(service.close)
        parts = [Part(SERVICE_PART, service)]
        with service.read() as connection:
            tenant_ids = sorted(connection.scalars(select(TENANTS.c.tenant_id)))
        for tenant_id in tenant_ids:
            database = home.open_tenant(tenant_id, may_migrate=False)
            stack.callback(database.close)
            parts.append(Part(f"{TENANT_PREFIX}{tenant_id}", database))
        yield parts


def part_of_tenant(parts: list[Part], tenant_id: str | None) -> Part:
    """The part of a tenant; None for the only one that there is.

    Raises
    ------
    UnknownTenantError
        When there is no such tenant, or None was said and there are several.
    """
    towns = [part for part in parts if part.name != SERVICE_PART]
    found = towns if tenant_id is None else [part for part in towns if part.name == f"{TENANT_PREFIX}{tenant_id}"]
    if len(found) != 1:
        raise UnknownTenantError(tenant_id or "(none named)")
    return found[0]


def bring_up_to_date(url_or_folder: str) -> list[str]:
    """Migrate every part, while no service works on it; the parts' names.

    Raises
    ------
    InUseError
        When a service does.
    """
    with open_parts(url_or_folder) as parts:
        lock = lock_of(parts[0].database)
        try:
            for part in parts:
                migrate(part.database, part.layouts)
        finally:
            if lock is not None:
                lock.release()
        return [part.name for part in parts]


def _is_one_town(url_or_folder: str) -> bool:
    if "://" not in url_or_folder:
        if not (Path(url_or_folder) / SERVICE_FILE).is_file():
            raise BrokenDatabaseError(source=url_or_folder, detail=f"there is neither {SERVICE_FILE} nor {TOWN_FILE}")
        return False
    database = Database(url_or_folder)
    try:
        if database.is_sqlite:
            if database.file is None or not Path(database.file).is_file():
                raise BrokenDatabaseError(source=database.source, detail="there is no such file")
            return True
        with database.read() as connection:
            if inspect(connection).has_schema(SERVICE_SCHEMA):
                return False
            if inspect(connection).has_table("town"):
                return True
    finally:
        database.close()
    raise BrokenDatabaseError(source=parse_url(url_or_folder).render_as_string(), detail="it has no tables of ours")
