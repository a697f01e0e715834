"""One door to the database: short transactions, durable commits, and the driver's errors in the store's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.store.errors import BrokenDatabaseError, StoreFullError, StoreUnavailableError

BUSY_TIMEOUT_S = 4.0
"""Longest wait for a lock or a connection: people and sensors get their answer within five seconds."""

_WRITES = "fuhre_writes"


class Database:
    """An engine with the service's rules for transactions.

    SQLite runs in WAL mode with ``synchronous=FULL``: a commit returns after its bytes are on the disk, and readers
    never wait for the writer.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise BrokenDatabaseError(source="URL", detail="its form is not understood") from error
        self.source = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.file = parsed.database if self.is_sqlite and parsed.database not in {None, "", ":memory:"} else None
        self.engine: Engine = create_engine(
            parsed, pool_size=20, max_overflow=30, pool_timeout=BUSY_TIMEOUT_S, pool_pre_ping=not self.is_sqlite
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one snapshot, never in a writer's way."""
        with _in_store_words(self.source), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable when the block ends, and has never been when it raises."""
        with (
            _in_store_words(self.source),
            self.engine.connect().execution_options(**{_WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:
    # The driver's own transaction handling would commit behind our back and begin too late to hold one snapshot.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a lock taken half-way through cannot be waited for.
    is_write = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


@contextmanager
def _in_store_words(source: str) -> Iterator[None]:
    try:
        yield
    except (PoolTimeoutError, InterfaceError) as error:
        raise StoreUnavailableError from error
    except (OperationalError, DatabaseError) as error:
        raise _translated(error, source) or error from error


def _translated(error: DBAPIError, source: str) -> Exception | None:
    said = str(error.orig).lower()
    if "full" in said:
        return StoreFullError()
    if "malformed" in said or "not a database" in said or "corrupt" in said:
        return BrokenDatabaseError(source=source, detail="its content is damaged")
    return StoreUnavailableError() if isinstance(error, OperationalError) else None
