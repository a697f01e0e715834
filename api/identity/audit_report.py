"""The audit log read back, page by page."""

from collections.abc import Iterator

from api.store.tenant_ports import AuditEntry, AuditStore

_PAGE = 1_000


def all_entries(audit: AuditStore) -> Iterator[AuditEntry]:
    """Every line, rising."""
    after = 0
    while page := audit.entries(after=after, limit=_PAGE):
        yield from page
        after = page[-1].sequence
