"""Access keys of all tenants in a SQL table; only digests of secrets are kept."""

from datetime import datetime

from sqlalchemy import Row, insert, select, update

from api.store.database import Database
from api.store.instants import instant, instant_or_none, microseconds, microseconds_or_none
from api.store.service_schema import ACCESS_KEYS
from api.store.tenant_ports import AccessKey, Role


class SqlKeyStore:
    """One row per key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: AccessKey) -> None:
        """Keep a new key."""
        with self._database.write() as connection:
            connection.execute(
                insert(ACCESS_KEYS).values(
                    key_id=key.key_id,
                    tenant_id=key.tenant_id,
                    role=key.role.value,
                    label=key.label,
                    secret_sha256=key.secret_sha256,
                    created_at_us=microseconds(key.created_at),
                    subject_id=key.subject_id,
                    expires_at_us=microseconds_or_none(key.expires_at),
                    revoked_at_us=microseconds_or_none(key.revoked_at),
                )
            )

    def find(self, key_id: str) -> AccessKey | None:
        """A key, revoked and expired ones too."""
        if not key_id.isprintable():
            return None
        with self._database.read() as connection:
            row = connection.execute(select(ACCESS_KEYS).where(ACCESS_KEYS.c.key_id == key_id)).one_or_none()
        return None if row is None else _key(row)

    def of_tenant(self, tenant_id: str) -> list[AccessKey]:
        """All keys of a tenant, oldest first."""
        query = (
            select(ACCESS_KEYS)
            .where(ACCESS_KEYS.c.tenant_id == tenant_id)
            .order_by(ACCESS_KEYS.c.created_at_us, ACCESS_KEYS.c.key_id)
        )
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """End a key at once; False when there is no such key or it had ended."""
        with self._database.write() as connection:
            changed = connection.execute(
                update(ACCESS_KEYS)
                .where(ACCESS_KEYS.c.key_id == key_id, ACCESS_KEYS.c.revoked_at_us.is_(None))
                .values(revoked_at_us=microseconds(at))
            )
            return changed.rowcount == 1

    def forget_holder(self, key_id: str, *, at: datetime) -> bool:
        """End a key, and forget for whom and what it was; False when there is no such key."""
        self.revoke(key_id, at=at)
        with self._database.write() as connection:
            changed = connection.execute(
                update(ACCESS_KEYS).where(ACCESS_KEYS.c.key_id == key_id).values(label="", subject_id=None)
            )
            return changed.rowcount == 1


def _key(row: Row[tuple[object, ...]]) -> AccessKey:
    return AccessKey(
        key_id=row.key_id,
        tenant_id=row.tenant_id,
        role=Role(row.role),
        label=row.label,
        secret_sha256=row.secret_sha256,
        created_at=instant(row.created_at_us),
        subject_id=row.subject_id,
        expires_at=instant_or_none(row.expires_at_us),
        revoked_at=instant_or_none(row.revoked_at_us),
    )
