"""The server's protocol, with a look at each request's bytes before they are parsed.

Guards the order of answers: while a request is worked on, what comes behind it waits, and is looked at when its turn
comes.
"""

import asyncio

import h11
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.http.early_refusals import NEXT_TURN, STATE_NAME, EarlyRefusals, PlainRequest, plain_request

LONGEST_HEAD_BYTES = 16_384
"""A request that does not show by then what it is goes to the parser, which has limits of its own."""

REST_S = 0.5
REFUSALS_BEFORE_REST = 500
"""A connection that was refused so often is not read for a while: what it sends waits with the system, or with it."""


class EarlyRefusalProtocol(H11Protocol):
    """Answers what would be refused anyway; all else is the server's."""

    _held = b""
    """Bytes that wait: for the end of a request under way, for the rest of one, or for a reader of the answers."""

    _unread_bytes = 0
    """Of the body of a request that was refused."""

    _refusal_count = 0
    _rest: asyncio.Handle | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        self._take(self._held + data)

    def on_response_complete(self) -> None:
        """Go on with what waits."""
        super().on_response_complete()
        self._take_held()

    def resume_writing(self) -> None:
        """Go on with what waits."""
        super().resume_writing()
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what waits."""
        self._held = b""
        if self._rest is not None:
            self._rest.cancel()
        super().connection_lost(exc)

    def on_early_refusal(self) -> None:
        """Do what is to be done after an answer."""

    def _early(self) -> EarlyRefusals | None:
        found: EarlyRefusals | None = self.app_state.get(STATE_NAME)
        return found

    def _take(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._held = b""
        early, at = self._early(), 0
        answers: list[bytes] = []
        while at < len(data):
            if self._unread_bytes:
                passed = min(self._unread_bytes, len(data) - at)
                self._unread_bytes -= passed
                at += passed
                continue
            if self._has_to_wait():
                self._hold(data[at:])
                break
            request = None
            if early is not None and self._is_between_requests():
                request = plain_request(data, at)
                if request is None and early.is_busy and _may_become_plain(data, at):
                    self._held = data[at:]
                    break
            verdict = 0 if request is None or early is None else early.verdict_on(request)
            if verdict == NEXT_TURN:
                self._rest = self.loop.call_soon(self._end_rest)
                continue
            if request is None or early is None or not verdict:
                self._send(answers)
                answers = []
                at = self._pass_on(data, at, request)
                continue
            answers.append(early.answer_to(request, verdict, self.server_state.default_headers))
            at = min(request.ends_at, len(data))
            self._unread_bytes = request.ends_at - at
            self._count_refusal()
        self._send(answers)

    def _has_to_wait(self) -> bool:
        return self.conn.their_state is h11.DONE or self.flow.write_paused or self._rest is not None

    def _is_between_requests(self) -> bool:
        conn = self.conn
        return conn.their_state is h11.IDLE and conn.our_state is h11.IDLE and not conn.trailing_data[0]

    def _hold(self, data: bytes) -> None:
        self._held = data
        if self.conn.their_state is not h11.DONE or len(data) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def _pass_on(self, data: bytes, at: int, request: PlainRequest | None) -> int:
        """Give the parser one request, or all there is where it is not known how long that is."""
        end = len(data) if request is None else min(request.ends_at, len(data))
        super().data_received(data[at:end])
        return end

    def _count_refusal(self) -> None:
        self.server_state.total_requests += 1
        self._refusal_count += 1
        if self._refusal_count >= REFUSALS_BEFORE_REST:
            self._refusal_count = 0
            self._rest = self.loop.call_later(REST_S, self._end_rest)

    def _end_rest(self) -> None:
        self._rest = None
        self._go_on()

    def _go_on(self) -> None:
        if not self._has_to_wait():
            self.flow.resume_reading()
        self._take_held()

    def _take_held(self) -> None:
        if self._held and not self.transport.is_closing():
            self._take(self._held)

    def _send(self, answers: list[bytes]) -> None:
        if answers:
            self.transport.write(b"".join(answers))
            self.on_early_refusal()


def _may_become_plain(data: bytes, at: int) -> bool:
    return len(data) - at < LONGEST_HEAD_BYTES and data.find(b"\r\n\r\n", at) < 0
