"""Notices when a SQLite file is no longer where it was opened: its open descriptors go on where nobody looks again."""

from pathlib import Path

from sqlalchemy import Engine, event

from api.store.errors import MovedDatabaseError


class WatchedFile:
    """A database's file, as it was when the first connection opened it.

    A connection that came later would make an empty file in the old one's place, and drop the log of commits that
    lies beside it: so none is made.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        event.listen(engine, "do_connect", self._before_connecting)
        event.listen(engine, "connect", self._note)

    def check(self) -> None:
        """Do nothing, if the file is still there, or was never opened.

        Raises
        ------
        MovedDatabaseError
            When it is gone, or there is another in its place.
        """
        if self._identity is not None and self._identity != self._found():
            raise MovedDatabaseError(source=str(self._path))

    def _before_connecting(self, *_: object) -> None:
        self.check()

    def _note(self, *_: object) -> None:
        if self._identity is None:
            self._identity = self._found()

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
