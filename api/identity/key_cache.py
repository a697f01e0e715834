"""Keys and tenants as they were a moment ago, so that not every request asks the database."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from api.store.tenant_ports import AccessKey, Tenant, TenantStores

FRESH_S = 1.0
"""A key that is revoked by another process is refused after this long at the latest."""

KNOWN_S = 0.8
"""What was told within this time is still fresh when it is asked for in a moment."""

MAX_REMEMBERED = 5_000


class KeyCache:
    """Answers for a second with what it was told last."""

    def __init__(self, stores: TenantStores, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stores = stores
        self._clock_s = clock_s
        self._keys: OrderedDict[str, tuple[float, AccessKey | None]] = OrderedDict()
        self._tenants: dict[str, tuple[float, Tenant | None]] = {}
        self._lock = threading.Lock()

    def key(self, key_id: str) -> AccessKey | None:
        """The key of this id, ended ones too."""
        now_s = self._clock_s()
        with self._lock:
            known = self._keys.get(key_id)
        if known is not None and now_s - known[0] < FRESH_S:
            return known[1]
        found = self._stores.keys.find(key_id)
        with self._lock:
            self._keys[key_id] = (now_s, found)
            self._keys.move_to_end(key_id)
            if len(self._keys) > MAX_REMEMBERED:
                self._keys.popitem(last=False)
        return found

    def knows(self, key_id: str) -> bool:
        """Whether the key and its tenant can be told in a moment without asking the database."""
        oldest_s = self._clock_s() - KNOWN_S
        with self._lock:
            asked_s, key = self._keys.get(key_id, (-math.inf, None))
            if asked_s <= oldest_s or key is None:
                return False
            return self._tenants.get(key.tenant_id, (-math.inf, None))[0] > oldest_s

    def is_active(self, tenant_id: str) -> bool:
        """Whether there is such a tenant and it may work."""
        now_s = self._clock_s()
        with self._lock:
            known = self._tenants.get(tenant_id)
        if known is None or now_s - known[0] >= FRESH_S:
            known = (now_s, self._stores.tenant(tenant_id))
            if known[1] is None:
                return False  # a name from a token: not worth remembering
            with self._lock:
                self._tenants[tenant_id] = known
        return known[1] is not None and known[1].is_active
