"""One door to the database: short transactions, durable commits, and the driver's errors in the store's words."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.store.errors import BrokenDatabaseError, StoreFullError, StoreUnavailableError
from api.store.fair_lock import FairLock
from api.store.watched_file import WatchedFile

BUSY_TIMEOUT_S = 4.0
"""Longest wait for a lock or a connection: people and sensors get their answer within five seconds."""

KEPT_FILE_CONNECTIONS = 20
"""As many reads as go on at once. Who finds none free waits: opening one more takes longer than a read."""

KEPT_SERVER_CONNECTIONS = 40
"""One for each thread that answers requests, so that no burst opens and closes connections."""

TRUSTED_FOR_S = 1.0
"""A PostgreSQL connection that worked so short a time ago is used again without asking whether it is still there."""

_BEGIN = "fuhre_begin"
_USED_AT_S = "fuhre_used_at_s"
_DAMAGED = "its content is damaged"


class Database:
    """An engine with the service's rules for transactions.

    SQLite runs in WAL mode with ``synchronous=FULL``: a commit returns after its bytes are on the disk, and readers
    never wait for the writer. PostgreSQL keeps ``synchronous_commit`` on for the same promise.

    Parameters
    ----------
    schema
        PostgreSQL only: the schema that every transaction sees, and no other.
    engine
        PostgreSQL only: connections to share with other schemas of the same database.
    """

    def __init__(self, url: str, *, schema: str | None = None, engine: Engine | None = None) -> None:
        parsed = parse_url(url)
        self.url = url
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.schema = schema
        self.source = parsed.render_as_string(hide_password=True) + (f" (schema {schema})" if schema else "")
        self.file = parsed.database if self.is_sqlite and parsed.database not in {None, "", ":memory:"} else None
        self._is_owner = engine is None
        self.engine = engine or make_engine(parsed)
        self._turns = FairLock() if self.is_sqlite else None
        self._watched = None if self.file is None else WatchedFile(self.engine, Path(self.file))

    @property
    def code_point_collation(self) -> str:
        """The collation that orders text as Python does, whatever the database's own is."""
        return "BINARY" if self.is_sqlite else "C"

    def check_file(self) -> None:
        """Do nothing, if the database's file is where it was opened, or is on a server.

        Raises
        ------
        MovedDatabaseError
            When it is gone, or there is another in its place.
        """
        if self._watched is not None:
            self._watched.check()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one snapshot, never in a writer's way."""
        begin = "BEGIN" if self.is_sqlite else f"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;{self._search_path()}"
        with _in_store_words(self.source), self._begun(begin) as connection:
            yield connection

    @contextmanager
    def write(self, *, alone_on: Table | None = None) -> Iterator[Connection]:
        """A transaction that is durable when the block ends, and has never been when it raises.

        Parameters
        ----------
        alone_on
            A table that no other transaction may change meanwhile; SQLite always has one writer only.
        """
        self.check_file()  # what is written where nobody looks again must not be acknowledged
        turn = nullcontext() if self._turns is None else self._turns.held(timeout_s=BUSY_TIMEOUT_S)
        lock = "" if alone_on is None else f'LOCK TABLE "{alone_on.name}" IN EXCLUSIVE MODE;'
        # SQLite's writer takes its lock at once: a lock taken half-way through cannot be waited for.
        begin = "BEGIN IMMEDIATE" if self.is_sqlite else f"BEGIN;{self._search_path()}{lock}"
        with _in_store_words(self.source), turn, self._begun(begin) as connection:
            yield connection

    @contextmanager
    def _begun(self, begin: str) -> Iterator[Connection]:
        with self.engine.connect().execution_options(**{_BEGIN: begin}) as connection, connection.begin():
            yield connection

    @contextmanager
    def outside_transaction(self) -> Iterator[sqlite3.Connection]:
        """SQLite's own connection, for the few statements that no transaction may hold."""
        assert self._turns is not None, "only SQLite has such statements"
        with _in_store_words(self.source), self._turns.held(timeout_s=BUSY_TIMEOUT_S):
            pooled = self.engine.raw_connection()
            try:
                assert isinstance(pooled.driver_connection, sqlite3.Connection)
                yield pooled.driver_connection
            finally:
                pooled.close()

    def close(self) -> None:
        """Give every connection back."""
        if self._is_owner:
            self.engine.dispose()

    def _search_path(self) -> str:
        return "" if self.schema is None else f'SET LOCAL search_path TO "{self.schema}";'


def parse_url(url: str) -> URL:
    """The parts of a database URL.

    Raises
    ------
    BrokenDatabaseError
        When it is none.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BrokenDatabaseError(source="URL", detail="its form is not understood") from error
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def make_engine(url: URL) -> Engine:
    """Connections that keep the service's rules."""
    is_sqlite = url.get_backend_name() == "sqlite"
    try:
        engine = create_engine(
            url,
            pool_size=KEPT_FILE_CONNECTIONS if is_sqlite else KEPT_SERVER_CONNECTIONS,
            max_overflow=0 if is_sqlite else 10,
            pool_timeout=BUSY_TIMEOUT_S,
            pool_use_lifo=True,  # few connections that stay warm, and no new ones while those do
            connect_args={} if is_sqlite else {"connect_timeout": int(BUSY_TIMEOUT_S)},
        )
    except NoSuchModuleError as error:
        raise BrokenDatabaseError(source="URL", detail="only sqlite:// and postgresql:// are understood") from error
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkout", _look_after_a_rest)
        event.listen(engine, "checkin", _note_use)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling would commit behind our back and begin too late to hold one snapshot.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}",
        # Heard only before the first table is made: deleted readings can give their pages back.
        "auto_vacuum=INCREMENTAL",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is deleted for privacy's sake is overwritten, not only unlinked.
        "secure_delete=ON",
        # Each of the pool's connections may fill its own; what they share lies in the system's memory anyway.
        "cache_size=-8000",
        # Pages that many commits change are copied into the file once for all of them.
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.execute(f"SET synchronous_commit TO on; SET lock_timeout TO {int(BUSY_TIMEOUT_S * 1000)}")
    connection.commit()


def _begin(connection: Connection) -> None:
    # Said by us and not by the drivers: mode, schema and lock of a transaction go in one message with its begin.
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    driver_connection = connection.connection.driver_connection
    if isinstance(driver_connection, psycopg.Connection) and not driver_connection.autocommit:
        driver_connection.autocommit = True
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _note_use(_connection: Any, record: Any) -> None:
    record.info[_USED_AT_S] = time.monotonic()


def _look_after_a_rest(connection: Any, record: Any, _proxy: Any) -> None:
    if time.monotonic() - record.info.get(_USED_AT_S, time.monotonic()) < TRUSTED_FOR_S:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error  # the pool makes a new one


@contextmanager
def _in_store_words(source: str) -> Iterator[None]:
    try:
        yield
    except (PoolTimeoutError, InterfaceError, TimeoutError) as error:
        raise StoreUnavailableError from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        raise _translated(error, source) or error from error


def _translated(error: Exception, source: str) -> Exception | None:
    said = error.orig if isinstance(error, DBAPIError) else error
    sqlite_code = getattr(said, "sqlite_errorcode", 0) & 0xFF
    sql_state = getattr(said, "sqlstate", None) or ""
    if sqlite_code == sqlite3.SQLITE_FULL or sql_state == "53100":
        return StoreFullError()
    if sqlite_code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or sql_state.startswith("XX00"):
        return BrokenDatabaseError(source=source, detail=_DAMAGED)
    is_operational = isinstance(
        error, OperationalError | sqlite3.OperationalError | psycopg.OperationalError | psycopg.InterfaceError
    )
    return StoreUnavailableError() if is_operational else None
