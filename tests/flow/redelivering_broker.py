"""The least broker that MQTT 3.1.1 allows: one persistent session, which gets again what it did not acknowledge."""

import contextlib
import socket
import struct
import threading
from collections.abc import Sequence

_CONNECT, _PUBACK, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 4, 8, 12, 14


class RedeliveringBroker:
    """Delivers messages at quality of service 1, at most ``window`` unacknowledged at a time."""

    def __init__(self, topic: str, payloads: Sequence[bytes], *, window: int = 20) -> None:
        self._topic = topic.encode()
        self._waiting = dict(enumerate(payloads, start=1))
        self._window = window
        self.acknowledged: set[int] = set()
        self.delivered = 0
        self.redelivered = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        seen: set[int] = set()
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # A killed client ends in the middle of a packet.
            with connection, contextlib.suppress(OSError, EOFError, struct.error):
                self._speak(connection, seen)

    def _speak(self, connection: socket.socket, seen: set[int]) -> None:
        in_flight: set[int] = set()
        has_subscribed = False
        while True:
            kind, body = _packet(connection)
            if kind == _CONNECT:
                connection.sendall(bytes([0x20, 2, bool(seen), 0]))
            elif kind == _SUBSCRIBE:
                connection.sendall(bytes([0x90, 3]) + body[:2] + b"\x01")
                has_subscribed = True
            elif kind == _PUBACK:
                [number] = struct.unpack(">H", body)
                self.acknowledged.add(number)
                self._waiting.pop(number, None)
                in_flight.discard(number)
            elif kind == _PINGREQ:
                connection.sendall(b"\xd0\x00")
            elif kind == _DISCONNECT:
                return
            if has_subscribed:
                free = self._window - len(in_flight)
                for number in [one for one in self._waiting if one not in in_flight][:free]:
                    connection.sendall(self._publish(number, is_again=number in seen))
                    self.delivered += 1
                    self.redelivered += number in seen
                    in_flight.add(number)
                    seen.add(number)

    def _publish(self, number: int, *, is_again: bool) -> bytes:
        body = struct.pack(">H", len(self._topic)) + self._topic + struct.pack(">H", number) + self._waiting[number]
        size, length = len(body), b""
        while size > 127:
            length += bytes([size % 128 | 128])
            size //= 128
        return bytes([0x32 | is_again << 3]) + length + bytes([size]) + body


def _packet(connection: socket.socket) -> tuple[int, bytes]:
    head = _exactly(connection, 1)[0]
    size, shift = 0, 0
    while True:
        part = _exactly(connection, 1)[0]
        size |= (part & 127) << shift
        shift += 7
        if part < 128:
            break
    return head >> 4, _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = connection.recv(size - len(content))
        if not part:
            raise EOFError
        content += part
    return content
