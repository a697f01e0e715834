"""The town in memory, read again only when its stored version has changed."""

import threading

from api.store.ports import TownStore
from api.store.town_document import TownRecord


class TownCache:
    """Answers with the stored town; safe to share between threads."""

    def __init__(self, store: TownStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._version = 0
        self._record: TownRecord | None = None

    def load(self) -> TownRecord | None:
        """The town as it is now, or None before there is one."""
        version = self._store.version()
        with self._lock:
            if version != self._version:
                self._record, self._version = self._store.load(), version
            return self._record
