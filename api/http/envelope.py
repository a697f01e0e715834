"""What every request passes first and every answer last: the gate, limits on the body, a trace id, and no bare 500."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.caller import STATE_NAME
from api.http.errors import ProblemError, problem_body, problem_of
from api.http.gate import Admission, Gate
from api.http.metrics import Metrics

BODY_TIMEOUT_S = 30.0
INLINE_CHECK_BYTES = 16_384
_LOGGER = logging.getLogger(__name__)

BeforeAnswer = Callable[[int], Awaitable[None]]


class Envelope:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    gate
        Decides who may pass, before anything is read of the body.
    body_limit
        Most bytes of a body by path. Bytes are counted as they come: what Content-Length says is only believed when
        it is already too much.
    headers
        Added to the answer at a path where it does not say otherwise itself.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        gate: Gate,
        metrics: Metrics,
        body_limit: Callable[[str], int],
        headers: Callable[[str], dict[str, str]],
    ) -> None:
        self._app = app
        self._gate = gate
        self._metrics = metrics
        self._body_limit = body_limit
        self._headers = headers
        # Asking the system for each would let another thread go first, which then keeps the processor for a while.
        self._trace_ids = random.Random()  # noqa: S311 - it names requests, and guards nothing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = f"{self._trace_ids.getrandbits(128):032x}"
        scope.setdefault("state", {})["trace_id"] = trace_id
        answer = _Answer(send, trace_id, self._headers(scope["path"]), is_body_read=not _has_body(scope))
        began_s = time.perf_counter()
        admission = Admission(operation=None, caller=None)
        try:
            admission = await self._gate.admit(scope, trace_id)
            body = await self._read_body(scope, receive)
            answer.is_body_read = True
            await _check_body(admission, body)
            scope["state"][STATE_NAME] = admission.caller
            answer.before_answer = self._note_use(admission, scope, trace_id)
            await self._app(scope, _replay(body, receive), answer.send)
        except Exception as error:
            # The framework would tell of a failed write into the audit log in words of its own.
            problem = problem_of(answer.failure or error)
            if problem.code == "internal_error":
                _LOGGER.exception("Request %s failed.", trace_id, exc_info=error)
            if not answer.has_begun:
                await answer.send_problem(problem)
        finally:
            self._tell(scope, admission, answer.status, trace_id, time.perf_counter() - began_s)

    def _note_use(self, admission: Admission, scope: Scope, trace_id: str) -> BeforeAnswer:
        async def note(status: int) -> None:
            await self._gate.note_use(admission, scope, status, trace_id)

        return note

    def _tell(self, scope: Scope, admission: Admission, status: int, trace_id: str, seconds: float) -> None:
        operation_id = "none" if admission.operation is None else admission.operation.operation_id
        self._metrics.observe(operation_id, status=status, seconds=seconds)
        # Neither the address nor the query: both may hold what concerns people.
        _LOGGER.info(
            "request",
            extra={
                "trace_id": trace_id,
                "method": scope["method"],
                "operation": operation_id,
                "tenant": None if admission.caller is None else admission.caller.tenant_id,
                "actor": None if admission.caller is None else admission.caller.actor,
                "status": status,
                "ms": round(seconds * 1000, 1),
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
            async with asyncio.timeout(BODY_TIMEOUT_S):
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


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def _check_body(admission: Admission, body: bytes) -> None:
    if admission.check_body is None:
        return
    if len(body) <= INLINE_CHECK_BYTES:
        admission.check_body(body)
    else:
        await run_sync(admission.check_body, body)


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

    before_answer: BeforeAnswer | None = None
    failure: Exception | None = None

    def __init__(self, send: Send, trace_id: str, headers: dict[str, str], *, is_body_read: bool) -> None:
        self._send = send
        self._trace_id = trace_id
        self._headers = headers
        self.is_body_read = is_body_read
        self.status = 0

    @property
    def has_begun(self) -> bool:
        return self.status != 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            # Once: when it fails, the answer becomes a problem, which is nothing to write down.
            before_answer, self.before_answer = self.before_answer, None
            if before_answer is not None:
                try:
                    await before_answer(message["status"])
                except Exception as error:
                    self.failure = error
                    raise
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-trace-id"] = self._trace_id
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            if not self.is_body_read:
                headers["connection"] = "close"  # nobody will read the rest of the body
        await self._send(message)

    async def send_problem(self, problem: ProblemError) -> None:
        self.before_answer = None
        status, headers, document = problem_body(problem, self._trace_id)
        content = document.model_dump_json().encode()
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        raw.append((b"content-length", str(len(content)).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self.send({"type": "http.response.body", "body": content})
