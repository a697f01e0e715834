"""Kept connections that send any bytes as a request and read any answer: what a library would correct is left wrong."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE_S = 60.0
_BODILESS = {"204", "304"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the status is a word where no answer came."""

    status: str
    head: bytes
    body: bytes


class Line:
    """One connection, opened again whenever the other side has ended it."""

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        self._host, self._port = address.hostname, address.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes, *, patience_s: float = PATIENCE_S) -> Answer:
        """Send a request, read its answer."""
        for is_last in (False, True):
            was_kept = self._streams is not None
            try:
                async with asyncio.timeout(patience_s):
                    return await self._ask(request)
            except TimeoutError:
                self.close()
                return Answer("silent", b"", b"")
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                self.close()
                # A kept connection may have been closed for its age just as the request was sent.
                if is_last or not was_kept:
                    return Answer(type(error).__name__, b"", b"")
        raise AssertionError

    def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**24)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = head[9:12].decode("latin-1")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
        body = b""
        if status not in _BODILESS and not request.startswith(b"HEAD "):
            if b"chunked" in fields.get(b"transfer-encoding", b""):
                body = await _chunks(reader)
            elif b"content-length" in fields:
                body = await reader.readexactly(int(fields[b"content-length"]))
        if fields.get(b"connection") == b"close":
            self.close()
        return Answer(status, head, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


def request_bytes(
    method: str,
    target: str,
    *,
    key: str | None = None,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """A request as it goes over the wire; nothing is checked but the length of its body."""
    fields = {"host": "town.example", "content-type": "application/json"} | (headers or {})
    if key is not None:
        fields.setdefault("authorization", f"Bearer {key}")
    if body is not None:
        fields["content-length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + (body or b"")
