"""Brings a database to the layout that the code knows, or refuses it with a sentence; never starts a silent new one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from api.store.database import Database
from api.store.errors import BrokenDatabaseError, NewerDatabaseError


def migrate(database: Database) -> None:
    """Check the database and apply what is missing, all in one transaction.

    Raises
    ------
    BrokenDatabaseError
        When the database is damaged or belongs to something else.
    NewerDatabaseError
        When a later version wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if database.is_sqlite:
        _check_pages(database)
    with database.write() as connection:
        found = _layout(connection, database.source)
        if found is not None and found not in known:
            raise NewerDatabaseError(source=database.source, found=found, known=known[0])
        if found != known[0]:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _check_pages(database: Database) -> None:
    with database.read() as connection:
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if said != "ok":
        raise BrokenDatabaseError(source=database.source, detail="some of its pages are damaged")


def _layout(connection: Connection, source: str) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None and inspect(connection).get_table_names():
        raise BrokenDatabaseError(source=source, detail="it holds the tables of something else")
    return found
