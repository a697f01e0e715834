"""The audit log read back: page by page, and what it holds of one actor."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from api.store.retention import DEFAULT_DAYS
from api.store.tenant_ports import AccessKey, AuditEntry, AuditStore, Tenant

_PAGE = 1_000


def all_entries(audit: AuditStore) -> Iterator[AuditEntry]:
    """Every line, rising."""
    after = 0
    while page := audit.entries(after=after, limit=_PAGE):
        yield from page
        after = page[-1].sequence


def subject_report(key: AccessKey, tenant: Tenant, audit: AuditStore) -> dict[str, Any]:
    """Everything that is kept about the holder of a key: the key's record, and what the audit log says they did."""
    uses: Counter[str] = Counter()
    first_at = last_at = None
    for entry in all_entries(audit):
        if entry.actor == key.key_id:
            uses[f"{entry.action} {entry.outcome}"] += 1
            first_at, last_at = first_at or entry.at, entry.at
    return {
        "tenant": tenant.tenant_id,
        "key": {
            "key_id": key.key_id,
            "role": key.role.value,
            "label": key.label,
            "subject_id": key.subject_id,
            "created_at": key.created_at,
            "expires_at": key.expires_at,
            "revoked_at": key.revoked_at,
        },
        "audit_log": {"first_at": first_at, "last_at": last_at, "lines": dict(sorted(uses.items()))},
        "kept_for_days": {**DEFAULT_DAYS, **(tenant.retention_days or {})},
        "not_kept": ["positions", "names of drivers", "figures about a person's work"],
    }
