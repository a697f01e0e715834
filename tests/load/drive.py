"""Senders of an open loop: each request is due at an instant, and is late from then on, whatever held it up.

A sender that waited for an answer before it noticed that the next request is due would hide the very delays that a load
test is for.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

Send = Callable[[int], Awaitable[httpx.Response]]


@dataclass(slots=True)
class Tally:
    """What one kind of sender met.

    Attributes
    ----------
    seconds
        From the instant that a request was due until its answer was read.
    outcomes
        Answers by status, and connections that failed by the error's name.
    """

    kind: str
    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def percentile_ms(self, share: float) -> float:
        """The time within which this share of the requests was answered; not a number without any."""
        if not self.seconds:
            return math.nan
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    def count(self, *first_digits: str) -> int:
        """Answers whose status begins with one of these."""
        return sum(number for status, number in self.outcomes.items() if status.startswith(first_digits))

    def faults(self) -> list[tuple[str, int]]:
        """Answers that no sender should ever get: 5xx without advice to come back, and broken connections."""
        return [
            (status, number)
            for status, number in sorted(self.outcomes.items())
            if not status[0].isdigit() or (status[0] == "5" and status != "503")
        ]

    @property
    def errors(self) -> int:
        """How many faults there were."""
        return sum(number for _, number in self.faults())


async def send_at_rate(tally: Tally, send: Send, *, per_s: float, until_s: float, most_open: int = 200) -> None:
    """Send at a steady rate until the instant; ``until_s`` is of ``time.perf_counter``."""
    begun_s = time.perf_counter()
    tasks: set[asyncio.Task[None]] = set()
    number = 0
    while (due_s := begun_s + number / per_s) < until_s:
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        if len(tasks) >= most_open:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(_send_one(tally, send, number, due_s))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
    if tasks:
        await asyncio.wait(tasks)


async def _send_one(tally: Tally, send: Send, number: int, due_s: float) -> None:
    try:
        answer = await send(number)
    except httpx.HTTPError as error:
        tally.outcomes[type(error).__name__] += 1
    else:
        tally.outcomes[str(answer.status_code)] += 1
        tally.seconds.append(time.perf_counter() - due_s)
