"""Many small writes, few commits: what arrives while the disk is busy is written together in the next transaction.

Every caller waits until the transaction that holds its item is durable; nobody is told of a success before. Threads
wait held up, coroutines while their event loop serves others. When there is more than the store can take, callers are
refused at once instead of waiting longer and longer.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

from api.store.commit_waits import Wait, is_wanted, tell_all
from api.store.errors import StoreBusyError, StoreError, StoreUnavailableError

ANSWER_WITHIN_S = 4.5
"""A caller hears after this long that the store does not answer, even when the database itself hangs."""

T = TypeVar("T")
R = TypeVar("R")


class GroupCommit(Generic[T, R]):
    """One thread that writes what others hand over.

    Parameters
    ----------
    write
        Writes the items in their order in one transaction, and gives one result each; durable on return.
    size_of
        How much an item counts against the two limits.
    most_waiting, most_at_once
        Total size that may wait, and that goes into one transaction.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Sequence[R]],
        *,
        name: str,
        size_of: Callable[[T], int],
        most_waiting: int,
        most_at_once: int,
    ) -> None:
        self._write = write
        self._name = name
        self._size_of = size_of
        self._most_waiting = most_waiting
        self._most_at_once = most_at_once
        self._changed = threading.Condition()
        self._waiting: deque[tuple[T, int, Wait[R]]] = deque()
        self._waiting_size = 0
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def submit(self, item: T) -> R:
        """Write an item, holding this thread; durable on return.

        Raises
        ------
        StoreBusyError
            When too much is waiting already; nothing was written.
        StoreUnavailableError
            When it was not done in time; it may be written later, so writing must be repeatable.
        StoreError
            When the transaction failed; nothing was written.
        """
        done: Future[R] = Future()
        self._put(item, done)
        self._wake()
        try:
            return done.result(timeout=ANSWER_WITHIN_S)
        except (TimeoutError, CancelledError) as error:
            done.cancel()
            raise StoreUnavailableError from error

    async def written(self, item: T) -> R:
        """Write an item, while the event loop serves others; durable on return.

        Raises
        ------
        StoreError
            As ``submit``.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[R] = loop.create_future()
        self._put(item, done)
        # Once the others whose turn it is have handed over theirs too: one large transaction costs half of many small.
        loop.call_soon(self._wake)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await done
        except TimeoutError as error:
            raise StoreUnavailableError from error

    def _put(self, item: T, done: Wait[R]) -> None:
        size = max(1, self._size_of(item))
        with self._changed:
            if self._is_closing:
                raise StoreUnavailableError
            if self._waiting and self._waiting_size + size > self._most_waiting:
                raise StoreBusyError
            self._waiting.append((item, size, done))
            self._waiting_size += size

    def _wake(self) -> None:
        with self._changed:
            if self._waiting and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, then end the thread; later items are refused."""
        with self._changed:
            self._is_closing = True
        self._wake()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            begun = [(item, done) for item, done in group if is_wanted(done)]
            if begun:
                self._settle(begun)

    def _next_group(self) -> list[tuple[T, Wait[R]]]:
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            group: list[tuple[T, Wait[R]]] = []
            total = 0
            while self._waiting and (not group or total + self._waiting[0][1] <= self._most_at_once):
                item, size, done = self._waiting.popleft()
                group.append((item, done))
                total += size
            self._waiting_size -= total
            return group

    def _settle(self, group: list[tuple[T, Wait[R]]]) -> None:
        try:
            results = self._write([item for item, _ in group])
        except StoreError as error:
            tell_all([(done, None, error) for _, done in group])
        except BaseException as error:  # noqa: BLE001 - handed to the caller who waits for it
            if len(group) == 1:
                tell_all([(group[0][1], None, error)])
                return
            # One of them cannot be written; the others must not suffer for it.
            for one in group:
                self._settle([one])
        else:
            tell_all([(done, result, None) for (_, done), result in zip(group, results, strict=True)])
