"""A sender that offers thousands of single readings a second by the clock, whether they are answered or not.

    python -m tests.load.flood_sender '{"port": 8000, "key": "...", "per_s": 10000, "seconds": 60, ...}'

A process of its own, so that neither the service nor whoever measures it shares an interpreter with it. Bytes that the
system does not take are not sent: it says how many messages were due, how many left, and what became of them. Numbers
of the readings that were acknowledged go to a file, its report to standard output, behind a line when the time is over.
"""

import array
import json
import os
import re
import select
import socket
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

OVER = "over"
"""Said when the time is over, before the last answers are waited for."""

STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d)")
_LONGEST_PART = 11
"""Bytes of a status line that are not yet one."""
_TICK_S = 0.002
_TOGETHER = 4
"""Messages in a row that go over one connection: less than half a millisecond's at the usual rate."""
_READ_BYTES = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What is to be sent.

    Attributes
    ----------
    begins_at
        The readings are older than this, each container's a second apart.
    drain_s
        So long at most the answers to what was sent are waited for, after the time is over.
    acknowledged_path
        Where the numbers of the acknowledged readings go.
    cpu_index
        The processor to stay on; None for any.
    """

    port: int
    key: str
    begins_at: str
    acknowledged_path: str = os.devnull
    per_s: int = 10_000
    seconds: float = 60.0
    connections: int = 200
    containers: int = 300
    drain_s: float = 10.0
    cpu_index: int | None = None


@dataclass(slots=True)
class FloodReport:
    """What became of it.

    Attributes
    ----------
    due
        Messages whose instant came.
    sent
        Those that the system took whole.
    by_status
        Answers within the time.
    late_by_status
        Answers after it, to what had been sent within.
    waiting
        Messages that were sent and not answered when the time was over.
    closed
        Connections that the service ended, and how many messages were on their way in them.
    took_s
        From the first message until the time was over: longer than asked for when the sender itself was held up.
    ended_s
        When the time was over, of ``time.monotonic``.
    """

    due: int = 0
    sent: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    late_by_status: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    unanswered: int = 0
    closed: int = 0
    closed_with: int = 0
    not_connected: int = 0
    cpu_s: float = 0.0
    took_s: float = 0.0
    ended_s: float = 0.0

    @property
    def answered(self) -> int:
        """Within the time."""
        return self.by_status.total()


class Messages:
    """Readings as they go over the wire, by number: one of its own for each, rendered from a few ready pieces."""

    def __init__(self, flood: Flood) -> None:
        begins_at = datetime.fromisoformat(flood.begins_at)
        turns = int(flood.per_s * flood.seconds) // flood.containers + 1
        self._containers = [f"P-{number:04d}".encode() for number in range(flood.containers)]
        self._instants = [
            (begins_at - timedelta(seconds=1 + turn)).astimezone(UTC).isoformat().encode() for turn in range(turns)
        ]
        body = b'{"readings": [{"container_id": "%s", "observed_at": "%s", "fill_fraction": 0.5}]}'
        length = len(body % (self._containers[0], self._instants[0]))
        head = (
            "POST /v1/readings HTTP/1.1\r\nhost: localhost\r\n"
            f"authorization: Bearer {flood.key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
        before, between, after = body.split(b"%s")
        self._before, self._between, self._after = head.encode() + before, between, after

    def message(self, number: int) -> bytes:
        """One reading as a request."""
        turn, container = divmod(number, len(self._containers))
        return b"".join((self._before, self._containers[container], self._between, self._instants[turn], self._after))

    def reading(self, number: int) -> dict[str, object]:
        """The same reading as it stands in a body."""
        turn, container = divmod(number, len(self._containers))
        instant = self._instants[turn].decode()
        return {"container_id": self._containers[container].decode(), "observed_at": instant, "fill_fraction": 0.5}


class _Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.under_way: deque[int] = deque()
        self.part = b""

    def send(self, messages: bytes, numbers: range) -> bool:
        """Whether the system took them, at least in part; the remainder goes before anything else."""
        if self.rest and not self.send_rest():
            return False
        try:
            taken = self.socket.send(messages)
        except BlockingIOError:
            return False
        self.under_way.extend(numbers)
        self.rest = messages[taken:]
        return True

    def send_rest(self) -> bool:
        try:
            self.rest = self.rest[self.socket.send(self.rest) :]
        except BlockingIOError:
            return False
        return not self.rest

    def answers(self) -> list[bytes]:
        """Statuses of what came in."""
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError
        seen = self.part + data
        self.part = seen[-_LONGEST_PART:]
        return STATUS.findall(seen)


class Sender:
    """Sends one flood."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._messages = Messages(flood)
        self._report = FloodReport()
        self._acknowledged = array.array("I")
        self._poll = select.epoll()
        self._lines: list[_Line | None] = [None] * flood.connections
        self._index_of: dict[int, int] = {}

    def run(self) -> FloodReport:
        """Send until the time is over, then wait a little for the answers."""
        flood, report = self._flood, self._report
        for index in range(flood.connections):
            self._connect(index)
        total = int(flood.per_s * flood.seconds)
        begun_cpu_s, begun_s = time.process_time(), time.monotonic()
        while report.due < total:
            due = min(total, int((time.monotonic() - begun_s) * flood.per_s) + 1)
            while report.due < due:
                end = min(due, report.due + _TOGETHER - report.due % _TOGETHER)
                self._send(range(report.due, end))
                report.due = end
            wait_s = max(0.0, min(_TICK_S, begun_s + due / flood.per_s - time.monotonic()))
            self._receive(wait_s, report.by_status)
        report.ended_s = time.monotonic()
        report.took_s = report.ended_s - begun_s
        report.cpu_s = time.process_time() - begun_cpu_s
        report.waiting = self._waiting()
        sys.stdout.write(f"{OVER}\n")
        sys.stdout.flush()
        while self._waiting() and time.monotonic() < report.ended_s + flood.drain_s:
            for line in self._lines:
                if line is not None and line.rest:
                    line.send_rest()
            self._receive(0.05, report.late_by_status)
        report.unanswered = self._waiting()
        for line in self._lines:
            if line is not None:
                line.socket.close()
        with Path(flood.acknowledged_path).open("wb") as file:
            self._acknowledged.tofile(file)
        return report

    def _waiting(self) -> int:
        return sum(len(line.under_way) for line in self._lines if line is not None)

    def _send(self, numbers: range) -> None:
        index = numbers.start // _TOGETHER % len(self._lines)
        line = self._lines[index] or self._connect(index)
        if line is None:
            return
        try:
            if line.send(b"".join(map(self._messages.message, numbers)), numbers):
                self._report.sent += len(numbers)
        except OSError:
            self._close(index, line)

    def _receive(self, wait_s: float, by_status: Counter[str]) -> None:
        acknowledged = self._acknowledged
        for descriptor, _ in self._poll.poll(wait_s):
            index = self._index_of[descriptor]
            line = self._lines[index]
            if line is None:
                continue
            try:
                statuses = line.answers()
            except BlockingIOError:
                continue
            except OSError:
                self._close(index, line)
                continue
            for status in statuses:
                number = line.under_way.popleft()
                if status[0] == ord("2"):
                    acknowledged.append(number)
                by_status[status.decode()] += 1

    def _connect(self, index: int) -> _Line | None:
        try:
            line = _Line(self._flood.port)
        except OSError:
            self._report.not_connected += 1
            return None
        self._lines[index] = line
        self._index_of[line.socket.fileno()] = index
        self._poll.register(line.socket, select.EPOLLIN)
        return line

    def _close(self, index: int, line: _Line) -> None:
        self._report.closed += 1
        self._report.closed_with += len(line.under_way)
        self._poll.unregister(line.socket)
        line.socket.close()
        self._lines[index] = None


def main() -> None:
    """Send as the argument says, and tell."""
    flood = Flood(**json.loads(sys.argv[1]))
    if flood.cpu_index is not None:
        os.sched_setaffinity(0, {flood.cpu_index})
    report = Sender(flood).run()
    sys.stdout.write(json.dumps({one.name: getattr(report, one.name) for one in fields(report)}))


if __name__ == "__main__":
    main()
