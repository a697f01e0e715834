"""The town in memory, read again only when its stored version has changed.

Many who ask at once share one question to the database. Everybody's answer is from a question that was put after they
asked, so that whoever has changed the town sees the change; and nobody waits for more than one question without answer.
"""

import threading

from api.store.ports import TownStore
from api.store.town_document import TownRecord


class TownCache:
    """Answers with the stored town; safe to share between threads."""

    def __init__(self, store: TownStore) -> None:
        self._store = store
        self._counting = threading.Lock()
        self._asking = threading.Lock()
        self._begun = 0
        self._ended = 0
        self._waiting = 0
        self._failure: BaseException | None = None
        self._version = 0
        self._record: TownRecord | None = None

    @property
    def waiting(self) -> int:
        """Callers who have asked while another's question is under way."""
        return self._waiting

    def load(self) -> TownRecord | None:
        """The town as it is now, or None before there is one."""
        with self._counting:
            begun_before, ended_before = self._begun, self._ended
            self._waiting += 1
        with self._asking:
            with self._counting:
                self._waiting -= 1
            if self._failure is not None and self._ended > ended_before:
                raise self._failure  # a database that has not answered meanwhile is not asked by everybody in turn
            if self._ended <= begun_before:
                self._ask()
            return self._record

    def _ask(self) -> None:
        with self._counting:
            self._begun += 1
        self._failure = None
        try:
            version = self._store.version()
            if version != self._version:
                self._record, self._version = self._store.load(), version
        except BaseException as error:
            self._failure = error
            raise
        finally:
            with self._counting:
                self._ended = self._begun
