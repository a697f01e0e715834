"""Room for the messages that are under way, shared by the towns: one that floods leaves the others theirs.

Guards everybody's answers: with many messages under way at once, each turn of the event loop is long, and all callers
wait for turns, whatever they ask for.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.caller import STATE_NAME
from api.http.operations import OperationIndex

PLACES = 128
"""Messages that are under way in good times: about 40 ms of work. One town alone may fill half."""

OWN_PLACES = 8
"""So many a town always has, however many others flood."""

PATIENCE_S = 1.0
"""A crowd is let in for so long: sensors that all report on the hour are no flood, and networks may not ask again."""

MOST_BEGUN = 16
"""Messages of a crowd that are begun in one turn of the event loop; the others wait for the next one, unread."""

LEAST_BEGUN = 4
TURN_S = 0.02
"""Where a turn takes longer, fewer are begun in the next: with less of a processor, too, nobody waits long."""

CALM_S = 1.0
"""So long after the last of a crowd the patience begins anew."""


class Room(Enum):
    """What there is for one more message of a town."""

    FREE = auto()
    SOON = auto()
    NONE = auto()


@dataclass(slots=True)
class _Crowd:
    """Messages of a town that came when its part was full, each soon after the one before."""

    began_s: float
    last_s: float


class FairShare:
    """Counts what is under way, on the event loop only.

    A town may fill as much as is still free, which is half for one, a third for each of two, and always leaves room for
    whoever comes: the dynamic threshold of Choudhury and Hahne, https://doi.org/10.1109/90.664262.
    """

    def __init__(self, *, places: int = PLACES, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._places = places
        self._clock_s = clock_s
        self._under_way: dict[str, int] = {}
        self._total = 0
        self._expected: dict[str, int] = {}
        self._expected_total = 0
        self._most_begun = MOST_BEGUN
        self._crowds: dict[str, _Crowd] = {}

    def room_for(self, town: str) -> Room:
        """Whether there is room for one more message of this town; asking is coming, and makes a crowd larger."""
        expected = self._expected.get(town, 0)
        own = self._under_way.get(town, 0) + expected
        free = self._places - self._total - self._expected_total
        if own < max(OWN_PLACES, free) and expected < self._most_begun:
            return Room.FREE
        now_s = self._clock_s()
        crowd = self._crowds.get(town)
        if crowd is None or now_s - crowd.last_s > CALM_S:
            self._crowds[town] = _Crowd(now_s, now_s)
            return Room.SOON
        crowd.last_s = now_s
        return Room.SOON if now_s - crowd.began_s < PATIENCE_S else Room.NONE

    def expect(self, town: str) -> None:
        """Keep a place for a message that has come in and takes its place in the next turn of the event loop.

        All that one turn reads is looked at before any of it is begun; none of it would find the places taken.
        """
        if not self._expected_total:
            asyncio.get_running_loop().call_soon(self._forget_expected)
        self._expected_total += 1
        self._expected[town] = self._expected.get(town, 0) + 1

    def _forget_expected(self) -> None:
        self._expected_total = 0
        self._expected.clear()
        asyncio.get_running_loop().call_soon(self._look_at_turn, self._clock_s())

    def _look_at_turn(self, began_s: float) -> None:
        """Judge the turn in which the expected were begun: it ends where this is called."""
        if self._clock_s() - began_s > TURN_S:
            self._most_begun = max(LEAST_BEGUN, self._most_begun * 3 // 4)
        else:
            self._most_begun = min(MOST_BEGUN, self._most_begun + 1)

    @contextmanager
    def place(self, town: str) -> Iterator[None]:
        """Take a place for the length of the block; there always is one, for ``room_for`` is asked before."""
        self._total += 1
        self._under_way[town] = self._under_way.get(town, 0) + 1
        try:
            yield
        finally:
            self._total -= 1
            left = self._under_way.pop(town) - 1
            if left:
                self._under_way[town] = left


class CountsMessages:
    """ASGI middleware behind the gate: gives each message of a sensor or network its place while it is worked on."""

    def __init__(self, app: ASGIApp, *, share: FairShare, operations: OperationIndex) -> None:
        self._app = app
        self._share = share
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        caller = scope.get("state", {}).get(STATE_NAME) if scope["type"] == "http" else None
        operation = None if caller is None else self._operations.find(scope)
        if caller is None or operation is None or not operation.permission.is_ingestion:
            await self._app(scope, receive, send)
            return
        with self._share.place(caller.tenant_id):
            await self._app(scope, receive, send)
