"""Signed messages of gateways that cannot keep a secret out of their logs: HMAC-SHA256 over instant and body.

``X-Fuhre-Key-Id`` names a sensor key, ``X-Fuhre-Timestamp`` is the instant in Unix seconds, and ``X-Fuhre-Signature``
is ``sha256=<hex>`` of ``HMAC(SHA256(secret) as hex, "<timestamp>." + body)``. The HMAC's key is the digest that the
service keeps, so a stolen database could sign: that is why sensor keys alone may sign.
"""

import hashlib
import hmac
import threading
from collections import OrderedDict
from datetime import datetime

WINDOW_S = 300
MAX_REMEMBERED = 100_000


def sign(secret_sha256: str, *, timestamp: str, body: bytes) -> str:
    """The signature of a message."""
    return f"sha256={hmac.new(secret_sha256.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def is_signed(secret_sha256: str, *, timestamp: str, body: bytes, signature: str) -> bool:
    """Whether the signature is that of this very message; compared in constant time."""
    expected = sign(secret_sha256, timestamp=timestamp, body=body)
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))


def is_timely(timestamp: str, now: datetime) -> bool:
    """Whether the message was signed within five minutes of now."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= WINDOW_S


class SeenSignatures:
    """Remembers signatures for as long as their instants are accepted: a message is taken once."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, signature: str, now: datetime) -> bool:
        """Note a valid signature; False when it was noted before."""
        now_s = now.timestamp()
        with self._lock:
            while self._seen:
                oldest, noted_s = next(iter(self._seen.items()))
                # A timestamp may lie as far ahead as behind, so a signature can stay valid for two windows.
                if now_s - noted_s <= 2 * WINDOW_S and len(self._seen) < MAX_REMEMBERED:
                    break
                del self._seen[oldest]
            if signature in self._seen:
                return False
            self._seen[signature] = now_s
            return True
