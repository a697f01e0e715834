"""Requests refused by their bytes: only those that the gate refused a moment ago, in order, and none misread."""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.http import early_refusal_protocol
from api.http.early_refusals import (
    ASK_EVERY_S,
    BELIEVED_S,
    FORGOTTEN_S,
    NEXT_TURN,
    STATE_NAME,
    EarlyRefusals,
    plain_request,
)
from api.http.header_timeout import HeaderTimeoutProtocol

PATH = "/v1/readings"
HEAD = b"POST /v1/readings HTTP/1.1\r\nHost: x\r\n"
KEY = b"Authorization: Bearer k\r\n"


class Counts:
    """In place of the figures for Prometheus."""

    registry = CollectorRegistry()

    def __init__(self) -> None:
        self.refused: dict[str, int] = {}

    def count_refused(self, operation_id: str, number: int) -> None:
        self.refused[operation_id] = self.refused.get(operation_id, 0) + number


class Wire(asyncio.Transport):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.is_reading_now = True
        self.was_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        return default

    def is_closing(self) -> bool:
        return self.was_closed

    def close(self) -> None:
        self.was_closed = True

    def pause_reading(self) -> None:
        self.is_reading_now = False

    def resume_reading(self) -> None:
        self.is_reading_now = True


class Server:
    """One connection to an application that answers with the body."""

    def __init__(self, verdict: Callable[[], int], *, clock_s: Callable[[], float] = lambda: 0.0) -> None:
        self.counts = Counts()
        self.early = EarlyRefusals(metrics=self.counts, headers=lambda _: {"x-own": "1"}, clock_s=clock_s)  # type: ignore[arg-type]  # all it needs of them
        self.verdict = verdict
        self.bodies: list[bytes] = []
        self.wire = Wire()
        config = uvicorn.Config(self._answer, interface="asgi3", log_config=None, proxy_headers=False)  # type: ignore[arg-type]  # any application will do
        config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"today")]
        self.protocol = HeaderTimeoutProtocol(config=config, server_state=state, app_state={STATE_NAME: self.early})
        self.protocol.connection_made(self.wire)

    async def _answer(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body, has_more = b"", True
        while has_more:
            message = await receive()
            body += message.get("body", b"")
            has_more = message.get("more_body", False)
        self.bodies.append(body)
        await asyncio.sleep(0)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def refuse(self, *, path: str = PATH, key: bytes = b"Bearer k") -> None:
        scope = {
            "method": "POST",
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"x"), (b"authorization", key)],
        }
        self.early.remember(scope, operation_id="addReadings", tenant_id="lue", verdict=self.verdict)

    async def settle(self) -> None:
        for _ in range(60):  # more turns than all requests take
            await asyncio.sleep(0)

    def end(self) -> None:
        self.protocol.connection_lost(None)
        if self.early._teller is not None:
            self.early._teller.cancel()


def request(body: bytes, *, key: str = "Bearer k", more: str = "", path: str = PATH) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answers(sent: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer."""
    found = []
    while sent:
        head, _, rest = sent.partition(b"\r\n\r\n")
        [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        found.append((int(head[9:12]), rest[:length]))
        sent = rest[length:]
    return found


def run(work: Callable[[], Any]) -> Any:
    async def inside() -> Any:
        return await work()

    return asyncio.run(inside())


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[tuple[bytes, bytes, bool]], list[int], list[int]]:
    """Requests with their bodies and whether they may be refused early, where the bytes break, what the gate says."""
    shapes: list[tuple[bool, Callable[[bytes], bytes]]] = [
        (True, request),
        (True, lambda body: request(body, more="Accept: */*\r\nConnection: keep-alive\r\n")),
        (False, lambda body: request(body, key="Bearer another")),
        (False, lambda body: request(body, path="/v1/plans")),
        (False, lambda body: request(body, more="Connection: upgrade\r\nUpgrade: h2c\r\n")),
        (
            False,
            lambda body: (
                (HEAD + KEY + b"Transfer-Encoding: chunked\r\n\r\n")
                + b"".join(b"1\r\n%s\r\n" % body[at : at + 1] for at in range(len(body)))
                + b"0\r\n\r\n"
            ),
        ),
    ]
    inner = request(b"inner")
    parts = []
    for number in range(draw(st.integers(1, 8))):
        may_be_refused, shape = draw(st.sampled_from(shapes))
        body = b"%d:" % number + draw(st.sampled_from([b"", b"x" * 40, inner, b"\r\n\r\n", b"HTTP/1.1 429"]))
        parts.append((shape(body), body, may_be_refused))
    length = sum(len(part) for part, _, _ in parts)
    breaks = sorted(draw(st.lists(st.integers(0, length), max_size=12)))
    return parts, breaks, draw(st.lists(st.sampled_from([0, 1, NEXT_TURN]), max_size=5))


@settings(deadline=None, max_examples=150)
@given(talks())
def test_every_request_gets_its_answer_in_order_however_the_bytes_break(
    talk: tuple[list[tuple[bytes, bytes, bool]], list[int], list[int]],
) -> None:
    parts, breaks, decisions = talk
    data = b"".join(part for part, _, _ in parts)

    async def work() -> Server:
        said = itertools.cycle([*decisions, 1])
        server = Server(lambda: next(said))
        server.refuse()
        for begin, end in zip([0, *breaks], [*breaks, len(data)], strict=True):
            if begin < end:
                server.protocol.data_received(data[begin:end])
            if (begin + end) % 3 == 0:
                await server.settle()
        await server.settle()
        server.end()
        return server

    server = run(work)
    got = answers(server.wire.sent)
    assert len(got) == len(parts)
    through = iter(server.bodies)
    for (status, answer), (_, body, may_be_refused) in zip(got, parts, strict=True):
        if status == 429:
            assert may_be_refused
            assert json.loads(answer)["code"] == "too_many_requests"
        else:
            assert (status, answer) == (200, body) == (200, next(through))
    assert next(through, None) is None


def sent_to(server: Server, *pieces: bytes) -> list[int]:
    """The statuses that these pieces of bytes bring."""
    for piece in pieces:
        server.protocol.data_received(piece)
    return [status for status, _ in answers(server.wire.sent)]


def test_refused_requests_are_answered_at_once_and_their_bodies_reach_nobody() -> None:
    async def work() -> None:
        server = Server(lambda: 3)
        server.refuse()
        assert sent_to(server, request(b"a") * 5, request(b"b" * 50_000)[:300], b"b" * 60_000) == [429] * 6
        await server.settle()
        assert server.bodies == []
        assert b"\r\nretry-after: 3\r\n" in server.wire.sent
        assert b"\r\ndate: today\r\n" in server.wire.sent
        assert b"\r\nx-own: 1\r\n" in server.wire.sent
        assert len({json.loads(body)["trace_id"] for _, body in answers(server.wire.sent)}) == 6
        server.end()

    run(work)


def test_gate_is_asked_again_since_a_key_may_have_ended() -> None:
    async def work() -> None:
        now_s = 0.0
        server = Server(lambda: 1, clock_s=lambda: now_s)
        server.refuse()
        assert sent_to(server, request(b"a")) == [429]
        now_s = ASK_EVERY_S + 0.01
        assert sent_to(server, request(b"b") + request(b"c")) == [429]
        await server.settle()
        assert [status for status, _ in answers(server.wire.sent)] == [429, 200, 429]
        assert server.bodies == [b"b"]
        now_s = BELIEVED_S + 0.01  # unconfirmed since then
        server.protocol.data_received(request(b"d") + request(b"e"))
        await server.settle()
        assert server.bodies == [b"b", b"d", b"e"]
        server.end()

    run(work)


def test_refusals_are_counted_and_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        now_s = 0.0
        server = Server(lambda: 1, clock_s=lambda: now_s)
        server.refuse()
        sent_to(server, request(b"a") * 40)
        with caplog.at_level("INFO", logger="api.http.early_refusals"):
            server.early.tell()
            assert server.early.is_busy
            now_s = FORGOTTEN_S + 0.1
            server.early.tell()
        assert server.counts.refused == {"addReadings": 40}
        assert [(one.message, one.__dict__["count"]) for one in caplog.records] == [("refused early", 40)]
        assert not server.early.is_busy
        server.end()

    run(work)


def test_connection_that_goes_on_after_many_refusals_is_not_read_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_refusal_protocol, "REFUSALS_BEFORE_REST", 10)
    monkeypatch.setattr(early_refusal_protocol, "REST_S", 0.05)

    async def work() -> None:
        server = Server(lambda: 1)
        server.refuse()
        assert sent_to(server, request(b"a") * 25) == [429] * 10
        assert not server.wire.is_reading_now
        await asyncio.sleep(0.07)
        assert len(answers(server.wire.sent)) == 20
        await asyncio.sleep(0.07)
        assert len(answers(server.wire.sent)) == 25
        assert server.wire.is_reading_now
        server.end()

    run(work)


def test_answers_that_nobody_reads_are_not_piled_up() -> None:
    async def work() -> None:
        server = Server(lambda: 1)
        server.refuse()
        server.protocol.pause_writing()
        assert sent_to(server, request(b"a") * 30) == []
        assert not server.wire.is_reading_now
        server.protocol.resume_writing()
        assert [status for status, _ in answers(server.wire.sent)] == [429] * 30
        assert server.wire.is_reading_now
        server.end()

    run(work)


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 1\r\n\r\n",  # of nobody
        HEAD + KEY + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        HEAD + KEY + b"Content-Length: 1, 1\r\n\r\n",
        HEAD + KEY + b"Content-Length: +1\r\n\r\n",
        HEAD + KEY + b"Content-Length: \xb2\r\n\r\n",
        HEAD + KEY + b"Content-Length: 9999999999\r\n\r\n",
        HEAD + KEY + b"Transfer-Encoding: chunked\r\n\r\n",
        HEAD + KEY + b"transfer-encoding : chunked\r\n\r\n",
        HEAD + KEY + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n",  # continues the line before
        HEAD + KEY + b"X: y\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + KEY + b"X: y\rTransfer-Encoding: chunked\r\n\r\n",
        HEAD + KEY + b"Expect: 100-continue\r\n\r\n",
        HEAD + KEY + b"Connection: close\r\n\r\n",
        HEAD + KEY + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        HEAD + KEY + KEY + b"\r\n",
        HEAD + KEY + b"X-Fuhre-Key: k\r\n\r\n",
        HEAD + KEY + b"X-Fuhre-Key-Id: k\r\n\r\n",
        HEAD + KEY + b"X: \xe4\r\n\r\n",
        HEAD + KEY,  # not there yet
        HEAD.replace(b"1.1", b"1.0") + KEY + b"\r\n",
        HEAD.replace(b"POST", b"HEAD") + KEY + b"\r\n",
        HEAD.replace(b"POST ", b"POST  ") + KEY + b"\r\n",
        b"\r\n" + HEAD + KEY + b"\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(head: bytes) -> None:
    assert plain_request(head + b"x", 0) is None


def test_plain_request_is_read_from_where_it_begins() -> None:
    found = plain_request(b"..." + HEAD + b"x-FUHRE-key:\t k \r\nContent-Length: 12\r\n\r\n", 3)
    assert found is not None
    assert found.proof == (b"POST /v1/readings HTTP/1.1", b"x-fuhre-key:k")
    assert found.ends_at - found.body_at == 12
