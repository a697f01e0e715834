"""Refuses once more, by the bytes of a request, who was refused a moment ago: for a twentieth of what parsing costs.

The gate tells which requests of which key it refused, and how to ask whether it still would. Guards the service against
senders that are faster than their limits. What is not plain, or was not refused a moment ago, goes the usual way, so
nobody is refused here whom the gate would let in, and nobody learns of a key by it who does not hold it.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.types import Scope

from api.http.errors import ProblemError, problem_body
from api.http.metrics import Metrics

STATE_NAME = "early_refusals"
"""Where connections find these in the state of the application."""

ASK_EVERY_S = 0.4
"""So often one request goes to the gate: its key may have been revoked meanwhile."""

BELIEVED_S = 1.5
"""What the gate has not confirmed for so long is forgotten."""

TELL_EVERY_S = 5.0
"""How often the refusals are counted in the figures and told in the log: one line instead of one each."""

MAX_REMEMBERED = 4_096

FORGOTTEN_S = 5.0
"""After so long without a refusal."""

NEXT_TURN = -1
"""The verdict on a request that may wait for the next turn of the event loop."""

Fields = Sequence[tuple[bytes, bytes]]

_HEAD = re.compile(
    rb"((?:GET|POST|PUT|PATCH|DELETE) [!-~]+ HTTP/1\.1)\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)*)\r\n"
)
_TELLING = re.compile(
    rb"^(authorization|x-fuhre-key|x-fuhre-key-id|content-length|connection|transfer-encoding|expect|upgrade)"
    rb":[\t ]*([^\r]*?)[\t ]*\r$",
    re.IGNORECASE | re.MULTILINE,
)
_PROOFS = frozenset({b"authorization", b"x-fuhre-key"})
_PLAIN = _PROOFS | {b"content-length", b"connection"}
_LONGEST_LENGTH = 9
_NO_TRACE = b"0" * 32
_LOGGER = logging.getLogger(__name__)


class PlainRequest(NamedTuple):
    """A request that needs no parser.

    Attributes
    ----------
    proof
        First line, and the header that says who asks.
    body_at
        Where its body begins.
    ends_at
        Where it ends, which may be behind the bytes at hand.
    """

    proof: tuple[bytes, bytes]
    body_at: int
    ends_at: int


@dataclass(slots=True)
class _Refused:
    """Requests of one key and one address."""

    operation_id: str
    tenant_id: str
    verdict: Callable[[], int]
    refused_s: float
    confirmed_s: float
    asked_s: float
    count: int = 0


class EarlyRefusals:
    """What the gate refused a moment ago, and the answers for more of it; used on the event loop only."""

    def __init__(
        self,
        *,
        metrics: Metrics,
        headers: Callable[[str], Mapping[str, str]],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._headers = headers
        self._clock_s = clock_s
        self._refused: dict[tuple[bytes, bytes], _Refused] = {}
        self._teller: asyncio.TimerHandle | None = None
        self._trace_prefix = secrets.token_hex(8).encode()
        self._number = 0
        self._answers: dict[tuple[bytes, int], tuple[Fields, bytes]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether anybody was refused lately; else nothing needs to be looked at here."""
        return bool(self._refused)

    def remember(self, scope: Scope, *, operation_id: str, tenant_id: str, verdict: Callable[[], int]) -> None:
        """Note a request that was refused, or came in a crowd.

        Parameters
        ----------
        verdict
            Tells what would become of more of it: seconds to wait, ``NEXT_TURN``, or 0 for one that goes to the gate.
        """
        proof = _proof_of(scope)
        if proof is None or (len(self._refused) >= MAX_REMEMBERED and proof not in self._refused):
            return
        now_s = self._clock_s()
        known = self._refused.setdefault(proof, _Refused(operation_id, tenant_id, verdict, now_s, now_s, now_s))
        known.verdict, known.refused_s, known.confirmed_s = verdict, now_s, now_s
        if self._teller is None:
            self._teller = asyncio.get_running_loop().call_later(TELL_EVERY_S, self._tell_again)

    def confirm(self, scope: Scope) -> None:
        """Note that the gate has let in a request, whose key is still good."""
        proof = _proof_of(scope)
        known = None if proof is None else self._refused.get(proof)
        if known is not None:
            known.confirmed_s = self._clock_s()

    def verdict_on(self, request: PlainRequest) -> int:
        """Seconds to wait, ``NEXT_TURN``, or 0 where the gate is to be asked."""
        known = self._refused.get(request.proof)
        if known is None:
            return 0
        now_s = self._clock_s()
        if now_s - known.confirmed_s > BELIEVED_S:
            return 0
        if now_s - known.asked_s > ASK_EVERY_S:
            known.asked_s = now_s
            return 0
        verdict = known.verdict()
        if verdict:
            known.refused_s = now_s
        return verdict

    def answer_to(self, request: PlainRequest, wait_s: int, default_headers: Fields) -> bytes:
        """The refusal as it goes over the wire."""
        self._refused[request.proof].count += 1
        self._number += 1
        trace_id = b"%s%016x" % (self._trace_prefix, self._number)
        return self._answer(request.proof[0], wait_s, default_headers).replace(_NO_TRACE, trace_id)

    def tell(self) -> None:
        """Count what was refused since the last time, and forget what is over."""
        now_s = self._clock_s()
        for proof, known in list(self._refused.items()):
            if known.count:
                self._metrics.count_refused(known.operation_id, known.count)
                _LOGGER.info(
                    "refused early",
                    extra={
                        "operation": known.operation_id,
                        "tenant": known.tenant_id,
                        "status": 429,
                        "count": known.count,
                        "trace_ids": f"{self._trace_prefix.decode()}...",
                    },
                )
                known.count = 0
            if now_s - known.refused_s > FORGOTTEN_S:
                del self._refused[proof]
        self._answers.clear()

    def _tell_again(self) -> None:
        self._teller = None
        self.tell()
        if self._refused:
            self._teller = asyncio.get_running_loop().call_later(TELL_EVERY_S, self._tell_again)

    def _answer(self, line: bytes, wait_s: int, default_headers: Fields) -> bytes:
        made_for, answer = self._answers.get((line, wait_s), ((), b""))
        if made_for is not default_headers:  # the server makes a new list each second, for its date
            answer = self._made_answer(line, wait_s, default_headers)
            self._answers[line, wait_s] = (default_headers, answer)
        return answer

    def _made_answer(self, line: bytes, wait_s: int, default_headers: Fields) -> bytes:
        status, headers, document = problem_body(too_many(wait_s), _NO_TRACE.decode())
        content = document.model_dump_json().encode()
        path = line.split(b" ")[1].partition(b"?")[0].decode("ascii")
        headers |= {"content-length": str(len(content)), "x-trace-id": _NO_TRACE.decode()}
        headers = {**self._headers(path), **headers}
        lines = [b"HTTP/1.1 %d Too Many Requests" % status, *(b"%s: %s" % field for field in default_headers)]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in headers.items()]
        return b"\r\n".join([*lines, b"", content])


def too_many(wait_s: int) -> ProblemError:
    """The problem of a caller that is too fast."""
    return ProblemError("too_many_requests", f"Too many requests came at once. Wait {wait_s} s.", retry_after_s=wait_s)


def plain_request(data: bytes, start: int) -> PlainRequest | None:
    """The request that begins there, or None where it takes the parser to understand it, or it is not there yet."""
    head = _HEAD.match(data, start)
    if head is None:
        return None
    proof = b""
    length = connection = None
    for name, value in _TELLING.findall(head[2]):
        match name.lower():
            case b"authorization" | b"x-fuhre-key" if not proof:
                proof = name.lower() + b":" + value
            case b"content-length" if length is None and value.isdigit() and len(value) <= _LONGEST_LENGTH:
                length = int(value)
            case b"connection" if connection is None and value.lower() == b"keep-alive":
                connection = value
            case _:
                return None
    return PlainRequest((head[1], proof), head.end(), head.end() + (length or 0)) if proof else None


def _proof_of(scope: Scope) -> tuple[bytes, bytes] | None:
    """The same of a parsed request."""
    proofs = [(name, value) for name, value in scope["headers"] if name in _PROOFS]
    if len(proofs) != 1 or any(name == b"x-fuhre-key-id" for name, _ in scope["headers"]):
        return None
    target = scope.get("raw_path", b"") + (b"?" + scope["query_string"] if scope.get("query_string") else b"")
    return b"%s %s HTTP/1.1" % (scope["method"].encode(), target), b":".join(proofs[0])
