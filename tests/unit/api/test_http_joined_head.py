"""What the wire gets of an answer: every byte once and in order, heads with their bodies."""

import asyncio
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from api.http.joined_head import JoinedHead


class Line(asyncio.Transport):
    """Keeps what is sent, by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.end = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.end
        self.pieces.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 7

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


def sent(work: Callable[[JoinedHead], None], *, turns: int = 0) -> Line:
    async def run() -> Line:
        line = Line()
        work(JoinedHead(line, asyncio.get_running_loop()))
        for _ in range(turns):
            await asyncio.sleep(0)
        return line

    return asyncio.run(run())


def test_head_and_body_go_together() -> None:
    def answer(wire: JoinedHead) -> None:
        wire.write(b"HTTP/1.1 200 OK\r\n\r\n")
        wire.write(b"body")
        wire.write(b"more")

    assert sent(answer).pieces == [b"HTTP/1.1 200 OK\r\n\r\nbody", b"more"]


def test_head_of_a_stream_waits_for_no_body() -> None:
    assert sent(lambda wire: wire.write(b"HTTP/1.1 200 OK\r\n\r\n"), turns=2).pieces == [b"HTTP/1.1 200 OK\r\n\r\n"]


def test_answer_without_a_body_ends_with_its_head() -> None:
    def answer(wire: JoinedHead) -> None:
        wire.write(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        wire.write(b"")
        wire.write(b"")

    assert sent(answer, turns=2).pieces == [b"HTTP/1.1 304 Not Modified\r\n\r\n"]


def test_leave_to_go_on_is_given_at_once() -> None:
    assert sent(lambda wire: wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")).pieces == [b"HTTP/1.1 100 Continue\r\n\r\n"]


def test_closing_sends_the_head_and_aborting_drops_it() -> None:
    def answer(wire: JoinedHead) -> None:
        wire.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        assert wire.get_write_buffer_size() == 7 + 28
        wire.close()

    def cut(wire: JoinedHead) -> None:
        wire.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        wire.abort()

    closed, aborted = sent(answer, turns=2), sent(cut, turns=2)
    assert (closed.pieces, closed.end) == ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "closed")
    assert (aborted.pieces, aborted.end) == ([], "aborted")


@given(st.lists(st.one_of(st.binary(max_size=20), st.binary(max_size=9).map(lambda rest: b"HTTP/1.1 200" + rest))))
def test_every_byte_is_sent_once_and_in_order(pieces: list[bytes]) -> None:
    def answer(wire: JoinedHead) -> None:
        for piece in pieces:
            wire.write(piece)

    assert b"".join(sent(answer, turns=2).pieces) == b"".join(pieces)
