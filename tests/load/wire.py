"""A sender that costs little, so that the service is measured and not its caller: plain bytes, kept connections."""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.load.drive import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Requests of one key holder to one service."""

    base_url: str
    key: str

    def request(self, method: str, path: str, body: object = None, *, headers: str = "") -> bytes:
        """A request as it goes over the wire."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        typed = f"content-type: application/json\r\ncontent-length: {len(content)}\r\n" if content else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {self.key}\r\n{headers}{typed}\r\n"
        )
        return head.encode() + content

    async def send_all(self, tally: Tally, requests: Iterable[bytes], *, connections: int, until_s: float = 0) -> None:
        """Send as fast as so many connections are answered; ``until_s`` ends it, of ``time.perf_counter``."""
        rest = iter(requests)
        await asyncio.gather(*(self._send_some(tally, rest, until_s) for _ in range(connections)))

    async def send_at_rate(self, tally: Tally, request: bytes, *, per_s: float, seconds: float) -> None:
        """Send the same again and again; a time counts from when its request was due."""
        begun_s = time.perf_counter()
        tasks = []
        for number in range(int(per_s * seconds)):
            due_s = begun_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            tasks.append(asyncio.create_task(self._send_some(tally, iter([request]), 0, due_s)))
        await asyncio.gather(*tasks)

    async def _send_some(self, tally: Tally, rest: Iterator[bytes], until_s: float, due_s: float | None = None) -> None:
        address = urlsplit(self.base_url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            for request in rest:
                begun_s = due_s or time.perf_counter()
                if until_s and begun_s > until_s:
                    return
                writer.write(request)
                status, is_open = await _answer(reader)
                tally.seconds.append(time.perf_counter() - begun_s)
                tally.outcomes[status] += 1
                if not is_open:
                    writer.close()
                    reader, writer = await asyncio.open_connection(address.hostname, address.port)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            tally.outcomes[type(error).__name__] += 1
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    await reader.readexactly(int(lines.get("content-length", "0")))
    return head[9:12], lines.get("connection") != "close"
