"""What a service for several towns asks of its store: every tenant has a store of its own, and the service one beside.

A tenant's tables live in a database (SQLite) or schema (PostgreSQL) of their own, so no statement can reach a foreign
row, not even one that forgot a filter. Every adapter passes ``tests/contract/test_tenant_stores.py``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from api.store.ports import Store
from api.store.sharing_ports import SharingStore
from api.tablet.ports import ReleasedTours, SigningKeyStore

if TYPE_CHECKING:  # what judges messages knows these ports in turn
    from api.ingest.alerts import AlertStore


class Role(StrEnum):
    """What the holder of a key or a login may do; the table of operations is in ``api.identity``."""

    DISPATCHER = "dispatcher"
    DRIVER = "driver"
    PLANNER = "planner"
    SENSOR = "sensor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A town or company that the service works for.

    Attributes
    ----------
    tenant_id
        Lower-case letters, digits and hyphens, at most 40; it names the tenant's database or schema.
    retention_days
        Days that readings, tour events and the audit log are kept, by name; absent for the service's defaults.
    """

    tenant_id: str
    name: str
    created_at: datetime
    is_active: bool = True
    retention_days: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A key as it is kept: never the key itself, only the digest of its secret half.

    Attributes
    ----------
    key_id
        The public half, part of the key.
    secret_sha256
        Hex digest of the secret half, which has at least 128 random bits.
    subject_id
        The device or vehicle that the key belongs to; None for people and programs.
    """

    key_id: str
    tenant_id: str
    role: Role
    label: str
    secret_sha256: str
    created_at: datetime
    subject_id: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of a tenant's audit log; each line carries the digest of the line before.

    Attributes
    ----------
    sequence
        1, 2, 3, ... without gaps.
    actor
        Key id or the login's pseudonym; never a name.
    action, target, outcome
        Operation id, path without query, and status class, e.g. ``"createPlan"``, ``"/v1/plans"``, ``"accepted"``.
    chain_sha256
        Digest over the previous line's digest and this line's content.
    """

    sequence: int
    at: datetime
    actor: str
    role: str
    action: str
    target: str
    outcome: str
    trace_id: str
    chain_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A sensor of a tenant.

    Attributes
    ----------
    device_id
        DevEUI in upper-case hex for LoRaWAN, else the network's own id.
    decoder
        Name of the payload decoder, e.g. ``"milesight_em310"``; empty to choose by the message.
    container_id
        Where it hangs; None until it is mounted.
    empty_mm, full_mm
        Measured distance when empty and when full; None until calibrated.
    shape
        How distance becomes volume: ``"box"``, ``"cone"``, ``"sphere"`` or ``"cylinder_lying"``.
    """

    device_id: str
    decoder: str
    container_id: str | None
    empty_mm: float | None
    full_mm: float | None
    shape: str
    registered_at: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedMessage:
    """An authenticated message that could not be used, kept to be read and tried again.

    Attributes
    ----------
    reason
        Stable code, e.g. ``"unknown_device"``.
    detail
        A sentence that says what to do.
    """

    message_id: str
    received_at: datetime
    source: str
    reason: str
    detail: str
    content_type: str
    body: bytes
    device_id: str | None = None
    replayed_at: datetime | None = None


class KeyStore(Protocol):
    """Access keys of all tenants."""

    def add(self, key: AccessKey) -> None:
        """Keep a new key."""
        ...

    def find(self, key_id: str) -> AccessKey | None:
        """A key, revoked and expired ones too."""
        ...

    def of_tenant(self, tenant_id: str) -> Sequence[AccessKey]:
        """All keys of a tenant, oldest first."""
        ...

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """End a key at once; False when there is no such key or it had ended."""
        ...

    def forget_holder(self, key_id: str, *, at: datetime) -> bool:
        """End a key, and forget for whom and what it was; False when there is no such key."""
        ...


class AuditStore(Protocol):
    """A tenant's log of who did what: only ever longer."""

    def append(
        self, *, at: datetime, actor: str, role: str, action: str, target: str, outcome: str, trace_id: str
    ) -> AuditEntry:
        """Write a line, chained to the last one; durable on return."""
        ...

    def entries(self, *, after: int = 0, limit: int = 1_000) -> Sequence[AuditEntry]:
        """Lines with a greater sequence, rising."""
        ...

    def first_broken(self) -> int | None:
        """Sequence of the first line that was changed or is missing; None when the chain is whole."""
        ...


class SubjectStore(Protocol):
    """What a tenant's tables say about a person, whom they know by a key's id or a login's pseudonym."""

    def traces_of(self, actor: str) -> Mapping[str, list[dict[str, object]]]:
        """Every row that names somebody, by table, as JSON can hold it; the audit log has its own reader."""
        ...

    def hand_over(self, actor: str, pseudonym: str) -> Mapping[str, int]:
        """Put the pseudonym in somebody's place, and forget their free words; how many rows changed, by table."""
        ...


class DeviceStore(Protocol):
    """A tenant's sensors."""

    def put(self, device: Device) -> None:
        """Add or replace one."""
        ...

    def get(self, device_id: str) -> Device | None:
        """One, inactive ones too."""
        ...

    def find(self, device_ids: Collection[str]) -> Mapping[str, Device]:
        """Those of these ids that there are, inactive ones too."""
        ...

    def all(self, *, after: str = "", limit: int = 1_000) -> Sequence[Device]:
        """Devices with ids greater than ``after``, rising."""
        ...


class QuarantineStore(Protocol):
    """A tenant's messages that could not be used; the oldest go when there are too many."""

    def add(self, message: QuarantinedMessage) -> None:
        """Keep one; durable on return."""
        ...

    def get(self, message_id: str) -> QuarantinedMessage | None:
        """One."""
        ...

    def all(self, *, after: str = "", limit: int = 100, reason: str | None = None) -> Sequence[QuarantinedMessage]:
        """Messages with ids greater than ``after``, rising; ids rise with time."""
        ...

    def mark_replayed(self, message_id: str, *, at: datetime) -> None:
        """Note that one was taken in after all."""
        ...


class TenantStore(Store, Protocol):
    """Everything of one tenant."""

    @property
    def devices(self) -> DeviceStore:
        """Sensors."""
        ...

    @property
    def quarantine(self) -> QuarantineStore:
        """Messages that could not be used."""
        ...

    @property
    def audit(self) -> AuditStore:
        """The log of who did what."""
        ...

    @property
    def subjects(self) -> SubjectStore:
        """What is kept about people."""
        ...

    @property
    def released_tours(self) -> ReleasedTours:
        """What tablets had before."""
        ...

    @property
    def signing_keys(self) -> SigningKeyStore:
        """What signs the tours."""
        ...

    @property
    def alerts(self) -> "AlertStore":
        """What people should look at."""
        ...


class TenantStores(SharingStore, Protocol):
    """All tenants of a service, and what the service keeps beside them."""

    @property
    def keys(self) -> KeyStore:
        """Access keys."""
        ...

    def add_tenant(self, tenant: Tenant) -> None:
        """Make a tenant's store and note the tenant, both or neither.

        Raises
        ------
        TenantExistsError
            When there is one with this id.
        """
        ...

    def put_tenant(self, tenant: Tenant) -> None:
        """Change a tenant's name, state or retention."""
        ...

    def tenants(self) -> Sequence[Tenant]:
        """All tenants in the order of their ids."""
        ...

    def tenant(self, tenant_id: str) -> Tenant | None:
        """One tenant."""
        ...

    def store(self, tenant_id: str) -> TenantStore:
        """A tenant's store; the same object every time.

        Raises
        ------
        UnknownTenantError
            When there is no such tenant.
        """
        ...

    def claim(self) -> None:
        """Make sure that no second service works on this data until ``close``.

        Raises
        ------
        InUseError
            When one does.
        """
        ...

    def ping(self) -> None:
        """Do nothing, if the database answers.

        Raises
        ------
        StoreError
            When it does not.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
