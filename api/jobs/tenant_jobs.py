"""The queue's way to every tenant's jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.store.ports import JobStore
from api.store.tenant_ports import TenantStores


@dataclass(frozen=True, slots=True)
class JobsOfStores:
    """Every tenant's jobs, for the queue."""

    stores: TenantStores

    def tenant_ids(self) -> Sequence[str]:
        """All tenants."""
        return [tenant.tenant_id for tenant in self.stores.tenants()]

    def of(self, tenant_id: str) -> JobStore:
        """One tenant's jobs."""
        return self.stores.store(tenant_id).jobs
