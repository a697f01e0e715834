"""Sends the head of an answer together with the beginning of its body: one packet and one call of the system less.

Guards streams: a head that no body follows at once goes out alone before the event loop looks at anything else.
"""

import asyncio
from typing import Any

_FINAL_HEADS = tuple(b"HTTP/1.1 %d" % first_digit for first_digit in range(2, 6))
_HEAD_END = b"\r\n\r\n"


class JoinedHead(asyncio.Transport):
    """A transport around the connection's own, for a server that writes a head and then its body."""

    def __init__(self, line: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._line = line
        self._loop = loop
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or keep a head until what follows it in this turn of the loop."""
        if self._head:
            self._line.write(self._head + data)
            self._head = b""
        elif bytes(data[:10]).startswith(_FINAL_HEADS) and bytes(data[-4:]) == _HEAD_END:  # else it has its body
            self._head = bytes(data)
            self._loop.call_soon(self._send_head)
        elif data:
            self._line.write(data)

    def get_write_buffer_size(self) -> int:
        """Bytes that are not with the system yet."""
        return len(self._head) + self._line.get_write_buffer_size()

    def close(self) -> None:
        """Close after what was written."""
        self._send_head()
        self._line.close()

    def abort(self) -> None:
        """Close at once."""
        self._head = b""
        self._line.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._line.is_closing()

    def pause_reading(self) -> None:
        """Take nothing in for now."""
        self._line.pause_reading()

    def resume_reading(self) -> None:
        """Take in again."""
        self._line.resume_reading()

    def is_reading(self) -> bool:
        """Whether it takes in."""
        return self._line.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """From how much waiting on the protocol is asked to pause."""
        self._line.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The connection's facts."""
        return self._line.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to another protocol."""
        self._line.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told of what comes."""
        return self._line.get_protocol()

    def _send_head(self) -> None:
        if self._head:
            self._line.write(self._head)
            self._head = b""
