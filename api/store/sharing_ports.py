"""What tenants share, as the service asks of its store: agreements, and each tenant's part of joint days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from optimizer.domain.agreement import Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class JointDayRecord:
    """One tenant's part of a joint day.

    Attributes
    ----------
    plan_id
        The same for all partners.
    document
        JSON with the tenant's plan, its share and its vehicles' errands.
    agreed_at
        When the tenant agreed to drive it; None while it has not.
    """

    plan_id: str
    tenant_id: str
    day: date
    created_at: datetime
    saved_micro_eur: int
    document: bytes
    agreed_at: datetime | None = None


class AgreementStore(Protocol):
    """Agreements of all tenants; every question names one."""

    def add(self, agreement: Agreement) -> None:
        """Keep a new one; durable on return."""
        ...

    def replace(self, before: Agreement, after: Agreement) -> bool:
        """Change one, unless it was changed meanwhile; False then."""
        ...

    def get(self, agreement_id: str, tenant_id: str) -> Agreement | None:
        """One of the tenant's; another's is as unknown as none."""
        ...

    def of_tenant(self, tenant_id: str) -> Sequence[Agreement]:
        """All that the tenant takes part in, the oldest first."""
        ...


class JointDayStore(Protocol):
    """Parts of joint days of all tenants; every question names one."""

    def add(self, records: Sequence[JointDayRecord]) -> None:
        """Keep every tenant's part, all or none; parts of a plan that is made again are replaced."""
        ...

    def get(self, plan_id: str, tenant_id: str) -> JointDayRecord | None:
        """The tenant's part of one."""
        ...

    def of_tenant(self, tenant_id: str, *, limit: int = 100) -> Sequence[JointDayRecord]:
        """The tenant's parts, newest first."""
        ...

    def agree(self, plan_id: str, tenant_id: str, *, at: datetime) -> None:
        """Note that the tenant drives its part; the first time counts, durable on return."""
        ...


class SharingStore(Protocol):
    """Both."""

    @property
    def agreements(self) -> AgreementStore:
        """Agreements."""
        ...

    @property
    def joint_days(self) -> JointDayStore:
        """Joint days."""
        ...
