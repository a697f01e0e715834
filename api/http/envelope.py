"""What every request passes first and every answer last: limits on the body, a trace id, headers, and no bare 500."""

import logging
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

from anyio import fail_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import ProblemError, problem_body, problem_of

BODY_TIMEOUT_S = 30.0
_LOGGER = logging.getLogger(__name__)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


class Envelope:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    body_limit
        Most bytes of a body by path. Bytes are counted as they come: what Content-Length says is only believed when
        it is already too much.
    """

    def __init__(self, app: ASGIApp, *, body_limit: Callable[[str], int]) -> None:
        self._app = app
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = uuid.uuid4().hex
        scope.setdefault("state", {})["trace_id"] = trace_id
        answer = _Answer(send, trace_id)
        began_s = time.perf_counter()
        try:
            body = await self._read_body(scope, receive)
            await self._app(scope, _replay(body, receive), answer.send)
        except Exception as error:
            problem = problem_of(error)
            if problem.code == "internal_error":
                _LOGGER.exception("Request %s failed.", trace_id, exc_info=error)
            if not answer.has_begun:
                await answer.send_problem(problem)
        finally:
            _LOGGER.info(
                "request",
                extra={
                    "trace_id": trace_id,
                    "method": scope["method"],
                    "status": answer.status,
                    "ms": round((time.perf_counter() - began_s) * 1000, 1),
                },
            )

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes:
        headers = Headers(scope=scope)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise ProblemError("unsupported_media_type", "Compressed bodies are not read.")
        limit = self._body_limit(scope["path"])
        too_large = ProblemError("body_too_large", f"The body is larger than {limit} bytes.")
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced[:18]) > limit:
            raise too_large
        chunks: list[bytes] = []
        size = 0
        try:
            with fail_after(BODY_TIMEOUT_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        break
                    size += len(message.get("body", b""))
                    if size > limit:
                        raise too_large
                    chunks.append(message.get("body", b""))
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise ProblemError("body_too_slow", f"The body did not end within {BODY_TIMEOUT_S:.0f} seconds.") from None
        return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    was_read = False

    async def replayed() -> Message:
        nonlocal was_read
        if was_read:
            return await receive()
        was_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


class _Answer:
    """Adds the headers to whatever is sent, and remembers whether anything was."""

    def __init__(self, send: Send, trace_id: str) -> None:
        self._send = send
        self._trace_id = trace_id
        self.status = 0

    @property
    def has_begun(self) -> bool:
        return self.status != 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-trace-id"] = self._trace_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self.status in {408, 413}:
                headers["connection"] = "close"  # the rest of the body will not be read
        await self._send(message)

    async def send_problem(self, problem: ProblemError) -> None:
        status, headers, document = problem_body(problem, self._trace_id)
        content = document.model_dump_json().encode()
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        raw.append((b"content-length", str(len(content)).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self.send({"type": "http.response.body", "body": content})
