"""How often something may happen: a bucket of tokens for each name, filled at a steady rate."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class TokenBuckets:
    """Buckets that begin full; those used longest ago are forgotten when there are too many names.

    Parameters
    ----------
    rate_per_s, burst
        Tokens that come each second, and the most that a bucket holds.
    max_names
        Bound on memory, for names may be an attacker's choice.
    """

    def __init__(
        self, *, rate_per_s: float, burst: float, max_names: int = 10_000, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._max_names = max_names
        self._clock_s = clock_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> int:
        """Take a token; 0 when there was one, else the whole seconds until there is."""
        with self._lock:
            tokens, now_s = self._filled(name)
            has_token = tokens >= 1
            self._buckets[name] = (tokens - 1 if has_token else tokens, now_s)
            self._buckets.move_to_end(name)
            if len(self._buckets) > self._max_names:
                self._buckets.popitem(last=False)
            return 0 if has_token else self._wait_s(tokens)

    def wait_s(self, name: str) -> int:
        """Whole seconds until there is a token, without taking it; 0 when there is one."""
        with self._lock:
            tokens, _ = self._filled(name)
            return 0 if tokens >= 1 else self._wait_s(tokens)

    def _filled(self, name: str) -> tuple[float, float]:
        now_s = self._clock_s()
        tokens, at_s = self._buckets.get(name, (self._burst, now_s))
        return min(self._burst, tokens + (now_s - at_s) * self._rate_per_s), now_s

    def _wait_s(self, tokens: float) -> int:
        return max(1, math.ceil((1 - tokens) / self._rate_per_s))
