"""The store of one town on one SQL database: SQLite in one file by default, PostgreSQL by its URL."""

from pathlib import Path

from sqlalchemy import text

from api.store.database import Database
from api.store.instance_lock import FileLock, InstanceLock, ServerLock
from api.store.migrate import migrate
from api.store.sql_alerts import SqlAlertStore
from api.store.sql_audit import SqlAuditStore
from api.store.sql_devices import SqlDeviceStore
from api.store.sql_incidents import SqlClosureStore, SqlIncidentStore
from api.store.sql_jobs import SqlJobStore
from api.store.sql_plan_versions import SqlPlanVersionStore
from api.store.sql_plans import SqlPlanStore
from api.store.sql_quarantine import SqlQuarantineStore
from api.store.sql_readings import SqlReadingStore
from api.store.sql_released_tours import SqlReleasedTours
from api.store.sql_signing_keys import SqlSigningKeyStore
from api.store.sql_subjects import SqlSubjects
from api.store.sql_tour_events import SqlTourEventStore
from api.store.sql_town import SqlTownStore


class SqlStore:
    """All stores of a town on one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.town = SqlTownStore(database)
        self.readings = SqlReadingStore(database)
        self.jobs = SqlJobStore(database)
        self.plans = SqlPlanStore(database)
        self.versions = SqlPlanVersionStore(database)
        self.devices = SqlDeviceStore(database)
        self.quarantine = SqlQuarantineStore(database)
        self.audit = SqlAuditStore(database)
        self.tour_events = SqlTourEventStore(database)
        self.released_tours = SqlReleasedTours(database)
        self.signing_keys = SqlSigningKeyStore(database)
        self.alerts = SqlAlertStore(database)
        self.incidents = SqlIncidentStore(database)
        self.closures = SqlClosureStore(database)
        self.subjects = SqlSubjects(database)

        self._lock: InstanceLock | None = None

    def claim(self) -> None:
        """Make sure that no second service works on this database until ``close``."""
        if self._lock is None:
            self._lock = lock_of(self.database)

    def ping(self) -> None:
        """Do nothing, if the database answers."""
        self.database.check_file()
        with self.database.read() as connection:
            connection.execute(text("SELECT 1"))
        if self._lock is not None:
            self._lock.renew()

    def close(self) -> None:
        """Write what waits, and give the connections back."""
        self.jobs.close()
        self.readings.close()
        self.tour_events.close()
        self.audit.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self.database.close()


def lock_of(database: Database) -> InstanceLock | None:
    """The lock that keeps a second service off a database; None where nobody else can reach it.

    Raises
    ------
    InUseError
        When another service holds it.
    """
    if not database.is_sqlite:
        return ServerLock(database.engine, name=database.schema or "", source=database.source)
    return None if database.file is None else FileLock(Path(f"{database.file}.lock"), source=database.source)


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
