"""Writes down who did what and who was denied: each write before its answer, sensors' writes as counts."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from api.identity.access_keys import without_secrets
from api.identity.principal import Principal
from api.store.errors import StoreError
from api.store.tenant_ports import Role, TenantStores

COUNT_EVERY_S = 60.0
_LOGGER = logging.getLogger(__name__)
_MAX_TARGET = 200


class AuditTrail:
    """The audit logs of all tenants; what it returns from is durable, but counts up to a minute old are in memory."""

    def __init__(self, stores: TenantStores, *, now: Callable[[], datetime]) -> None:
        self._stores = stores
        self._now = now
        self._counts: Counter[tuple[Principal, str, str]] = Counter()
        self._counted_since = now()
        self._lock = threading.Lock()

    def note(self, who: Principal, *, action: str, target: str, outcome: str, trace_id: str) -> None:
        """Write a line.

        Raises
        ------
        StoreError
            When it cannot be stored.
        """
        self._stores.store(who.tenant_id).audit.append(
            at=self._now(),
            actor=who.actor,
            role=who.role,
            action=action,
            target=without_secrets(target)[:_MAX_TARGET],
            outcome=outcome,
            trace_id=trace_id,
        )

    def note_by_operator(self, tenant_id: str, *, action: str, target: str) -> None:
        """Write a line about what was done on the command line, which needs no key but the machine."""
        operator = Principal(tenant_id=tenant_id, role=Role.ADMIN, actor="operator")
        self.note(operator, action=action, target=target, outcome="accepted", trace_id="")

    def count(self, who: Principal, *, action: str, target: str) -> None:
        """Count a use that is written with others of its kind."""
        with self._lock:
            self._counts[who, action, without_secrets(target)[:_MAX_TARGET]] += 1

    def write_counts(self, *, is_due_only: bool = True) -> None:
        """Write a line for each kind of counted use; what cannot be stored now is kept for the next time."""
        now = self._now()
        with self._lock:
            if not self._counts or (is_due_only and (now - self._counted_since).total_seconds() < COUNT_EVERY_S):
                return
            counts, self._counts = self._counts, Counter()
            self._counted_since = now
        for (who, action, target), uses in counts.items():
            try:
                self.note(who, action=action, target=target, outcome=f"accepted x{uses}", trace_id="")
            except StoreError as error:
                _LOGGER.warning("Counts of the audit log could not be stored yet: %s", error)
                with self._lock:
                    self._counts[who, action, target] += uses
