"""Who waits for a commit: a thread that is held up, or a coroutine whose event loop serves others meanwhile.

Guards the event loop from being woken once for each of many answers: all answers of a commit go over together.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

R = TypeVar("R")

Wait: TypeAlias = Future[R] | asyncio.Future[R]

Told: TypeAlias = tuple[Wait[R], R | None, BaseException | None]
"""Who waited, and the result or what went wrong."""


def is_wanted(done: Wait[Any]) -> bool:
    """Whether somebody still waits; from now on a thread that gives up leaves the write as it is."""
    if isinstance(done, Future):
        return done.set_running_or_notify_cancel()
    return not done.cancelled()


def tell_all(told: Sequence[Told[Any]]) -> None:
    """Tell everybody, from the thread that wrote."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Told[Any]]] = {}
    for one in told:
        done = one[0]
        if isinstance(done, Future):
            _tell(one)
        else:
            by_loop.setdefault(done.get_loop(), []).append(one)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # a loop that has ended: nobody waits there any more
            loop.call_soon_threadsafe(_tell_here, theirs)


def _tell_here(told: Sequence[Told[Any]]) -> None:
    for one in told:
        if not one[0].done():  # else the caller has given up meanwhile
            _tell(one)


def _tell(one: Told[Any]) -> None:
    done, result, error = one
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
