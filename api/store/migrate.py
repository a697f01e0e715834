"""Brings a database to the layout that the code knows, or refuses it with a sentence; never starts a silent new one."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from api.store.database import Database
from api.store.errors import BrokenDatabaseError, NewerDatabaseError

TOWN_LAYOUTS = "migrations"
"""Folder of the layouts of a town's or tenant's store."""

SERVICE_LAYOUTS = "service_migrations"
"""Folder of the layouts of what the service keeps beside them."""

_NOTED_IN = "alembic_version"


def migrate(database: Database, layouts: str = TOWN_LAYOUTS, *, target: str = "head") -> None:
    """Check the database and apply what is missing, all in one transaction.

    Parameters
    ----------
    target
        The layout to reach; an earlier one only for an empty database that old content will fill.

    Raises
    ------
    BrokenDatabaseError
        When the database is damaged or belongs to something else.
    NewerDatabaseError
        When a later version wrote it.
    """
    if database.is_sqlite:
        check_pages(database)
    with database.write() as connection:
        migrate_on(connection, layouts, source=database.source, target=target)


def migrate_on(connection: Connection, layouts: str, *, source: str, target: str = "head") -> None:
    """As ``migrate``, in a transaction that the caller has begun."""
    known = known_layouts(layouts)
    found = layout_of(connection, source)
    if found is not None and found not in known:
        raise NewerDatabaseError(source=source, found=found, known=known[0])
    if found != (known[0] if target == "head" else target):
        _upgrade(connection, layouts, target)


def known_layouts(layouts: str) -> list[str]:
    """Names of all layouts, the newest first: each has a file that begins with it."""
    files = (Path(__file__).parent / layouts / "versions").glob("[a-z]*_*.py")
    return sorted((path.stem.split("_")[0].removeprefix("v") for path in files), reverse=True)


def check_pages(database: Database, *, is_thorough: bool = False) -> None:
    """Read every page of a SQLite file.

    Raises
    ------
    BrokenDatabaseError
        When one is damaged.
    """
    with database.read() as connection:
        said = connection.exec_driver_sql(f"PRAGMA {'integrity' if is_thorough else 'quick'}_check(1)").scalar()
    if said != "ok":
        raise BrokenDatabaseError(source=database.source, detail="some of its pages are damaged")


def layout_of(connection: Connection, source: str) -> str | None:
    """The layout of a database, None where it is empty.

    Raises
    ------
    BrokenDatabaseError
        When it holds the tables of something else.
    """
    tables = inspect(connection).get_table_names()
    found = None
    if _NOTED_IN in tables:
        found = connection.exec_driver_sql(f"SELECT version_num FROM {_NOTED_IN}").scalar()  # noqa: S608 - our own name
    if found is None and set(tables) - {_NOTED_IN}:
        raise BrokenDatabaseError(source=source, detail="it holds the tables of something else")
    return found


def _upgrade(connection: Connection, layouts: str, target: str) -> None:
    # Imported here: a start that finds nothing to do need not wait for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / layouts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
