"""Closes connections that do not finish their request's headers, or do not take their answer.

Idlers cannot use up all sockets, and answers that nobody reads cannot use up the memory.
"""

import asyncio
import socket
import struct

import h11

from api.http.crowd_server import BEYOND_LIMIT
from api.http.early_refusal_protocol import EarlyRefusalProtocol
from api.http.joined_head import JoinedHead

HEADER_TIMEOUT_S = 10.0
"""A client has this long from the connection, or from the last answer, to the end of the next request's headers."""

READER_TIMEOUT_S = 25.0
"""After each so many seconds a client must have taken a part of what waits for it, or its connection is cut."""

LEAST_TAKEN_BYTES = 16_384
"""That part; a tablet with a very poor connection takes as much in a few seconds."""

UNSENT_BYTES = 131_072
"""The system holds no more of an answer ready to be sent: it is seen soon whether the client takes it."""

_CUT = struct.pack("ii", 1, 0)


class HeaderTimeoutProtocol(EarlyRefusalProtocol):
    """The server's protocol, which by itself waits for ever for the end of the headers, and for slow readers."""

    _deadline: asyncio.TimerHandle | None = None
    _refused_early_s = -HEADER_TIMEOUT_S
    _next_look: asyncio.TimerHandle | None = None
    _has_caught_up = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class does
        """Begin to wait for the first request."""
        super().connection_made(JoinedHead(transport, self.loop))
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency + BEYOND_LIMIT:
            self.transport.abort()
            return
        line = transport.get_extra_info("socket")
        if (
            hasattr(socket, "TCP_NOTSENT_LOWAT")
            and line is not None
            and line.family in {socket.AF_INET, socket.AF_INET6}
        ):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the end of the headers ends the wait, a part of them does not prolong it."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._watch()
        self._watch_reader()

    def on_early_refusal(self) -> None:
        """Begin to wait for the next request; a timer that runs looks at the clock when it ends."""
        self._refused_early_s = self.loop.time()
        self._watch_reader()

    def pause_writing(self) -> None:
        """Begin to look whether the client reads."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Remember that it has read nearly all there was."""
        super().resume_writing()
        self._has_caught_up = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._forget()
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_TIMEOUT_S, self._end_wait)

    def _end_wait(self) -> None:
        self._deadline = None
        left_s = self._refused_early_s + HEADER_TIMEOUT_S - self.loop.time()
        if left_s > 0:
            self._deadline = self.loop.call_later(left_s, self._end_wait)
        else:
            self.transport.close()

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _watch_reader(self) -> None:
        waiting_bytes = self.transport.get_write_buffer_size()
        if self._next_look is None and waiting_bytes:
            self._has_caught_up = False
            self._next_look = self.loop.call_later(READER_TIMEOUT_S, self._look_at_reader, waiting_bytes)

    def _look_at_reader(self, waited_bytes: int) -> None:
        self._next_look = None
        waiting_bytes = self.transport.get_write_buffer_size()
        if waiting_bytes and not self._has_caught_up and waiting_bytes > waited_bytes - LEAST_TAKEN_BYTES:
            # Closing would wait for the reader, here and then in the system, which would keep what it has.
            line = self.transport.get_extra_info("socket")
            if line is not None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CUT)
            self.transport.abort()
        else:
            self._watch_reader()
