"""A lock that is handed over in the order of asking, so that no busy writer keeps the others out.

SQLite lets one writer in at a time and chooses the next by chance; a thread that writes without pause would win nearly
always.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """First come, first served."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_held = False

    @contextmanager
    def held(self, *, timeout_s: float) -> Iterator[None]:
        """Hold the lock for the block.

        Raises
        ------
        TimeoutError
            When it was not free in time.
        """
        self._acquire(timeout_s)
        try:
            yield
        finally:
            self._hand_over()

    def _acquire(self, timeout_s: float) -> None:
        turn = threading.Lock()
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise TimeoutError
        # Handed over in the very moment that the wait ended: it is ours.

    def _hand_over(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False
