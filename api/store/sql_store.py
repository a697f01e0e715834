"""The store on one SQL database: SQLite in one file by default, PostgreSQL by its URL."""

from pathlib import Path

from sqlalchemy import text

from api.store.database import Database
from api.store.instance_lock import InstanceLock
from api.store.migrate import migrate
from api.store.sql_jobs import SqlJobStore
from api.store.sql_plans import SqlPlanStore
from api.store.sql_readings import SqlReadingStore
from api.store.sql_town import SqlTownStore


class SqlStore:
    """All stores on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.town = SqlTownStore(database)
        self.readings = SqlReadingStore(database)
        self.jobs = SqlJobStore(database)
        self.plans = SqlPlanStore(database)

        self._lock: InstanceLock | None = None

    def claim(self) -> None:
        """Make sure that no second service works on this database until ``close``."""
        if self._database.file is not None and self._lock is None:
            self._lock = InstanceLock(Path(f"{self._database.file}.lock"), source=self._database.source)

    def ping(self) -> None:
        """Do nothing, if the database answers."""
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def open_store(url: str, *, may_migrate: bool = True) -> SqlStore:
    """The store at a database URL, brought to the layout that this version knows.

    Parameters
    ----------
    may_migrate
        False in worker processes: the service has checked the database before it started them.

    Raises
    ------
    BrokenDatabaseError
        When the database is damaged or belongs to something else.
    NewerDatabaseError
        When a later version wrote it.
    StoreUnavailableError
        When it does not answer.
    """
    database = Database(url)
    try:
        if may_migrate:
            migrate(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
