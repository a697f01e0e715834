"""One service per database: a lock that the operating system or the database server lifts when its holder dies."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from api.store.errors import InUseError, StoreUnavailableError


class InstanceLock(Protocol):
    """Held from its making to ``release``."""

    def renew(self) -> None:
        """Take the lock again where it was lost.

        Raises
        ------
        InUseError
            When another service has it meanwhile.
        """
        ...

    def release(self) -> None:
        """Let others in."""
        ...


class FileLock:
    """Lock of a file beside the database.

    Where the operating system has no such lock (Windows) it is a mere file and holds nothing off.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - exists on POSIX only

            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(self._descriptor)
                raise InUseError(source=source) from error

    def renew(self) -> None:
        """Nothing to do: it is lost only with the process."""

    def release(self) -> None:
        """Let others in; the file stays, for removing it would let two in at once."""
        os.close(self._descriptor)


class ServerLock:
    """Advisory lock of PostgreSQL, held by a connection of its own; lost when the server restarts."""

    def __init__(self, engine: Engine, *, name: str, source: str) -> None:
        self._engine = engine
        self._name = name
        self._source = source
        self._connection: Connection | None = None
        self.renew()

    def renew(self) -> None:
        """Take the lock again where its connection was lost."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return
        except DBAPIError:
            self.release()
        try:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            query = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
            is_ours = connection.scalar(query, {"name": f"fuhre {self._name}"})
        except DBAPIError as error:
            raise StoreUnavailableError from error
        if not is_ours:
            connection.close()
            raise InUseError(source=self._source)
        self._connection = connection

    def release(self) -> None:
        """Let others in, at once where the server answers, and by ending the connection in any case."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                query = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
                self._connection.execute(query, {"name": f"fuhre {self._name}"})
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
