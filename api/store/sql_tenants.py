"""All tenants of a service: each in a SQLite file or PostgreSQL schema of its own."""

import json
import tempfile
import threading
from pathlib import Path

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from api.store.backup import copy_file
from api.store.errors import TenantExistsError, UnknownTenantError
from api.store.homes import Home, check_tenant_id, home_at
from api.store.instance_lock import InstanceLock
from api.store.instants import instant, microseconds
from api.store.service_schema import TENANTS
from api.store.sql_agreements import SqlAgreementStore, SqlJointDays
from api.store.sql_keys import SqlKeyStore
from api.store.sql_store import SqlStore, lock_of, open_store
from api.store.tenant_ports import Tenant


class SqlTenantStores:
    """Opens a tenant's store when it is first asked for, and keeps it open."""

    def __init__(self, home: Home, *, may_migrate: bool) -> None:
        self._home = home
        self._may_migrate = may_migrate
        self.source = home.source
        self.database = home.open_service(may_migrate=may_migrate)
        self.keys = SqlKeyStore(self.database)
        self.agreements = SqlAgreementStore(self.database)
        self.joint_days = SqlJointDays(self.database)
        self._stores: dict[str, SqlStore] = {}
        self._guard = threading.Lock()
        self._lock: InstanceLock | None = None

    def add_tenant(self, tenant: Tenant) -> None:
        """Make a tenant's store and note the tenant, both or neither."""
        check_tenant_id(tenant.tenant_id)
        try:
            with self.database.write() as connection:
                connection.execute(insert(TENANTS).values(**_row(tenant)))
                self._home.make_tenant(tenant.tenant_id, connection)
        except IntegrityError as error:
            raise TenantExistsError(tenant.tenant_id) from error

    def adopt_tenant(self, tenant: Tenant, town_file: Path) -> None:
        """Make a tenant of a single town's SQLite file, both or neither; the file stays as it is, even while in use.

        Raises
        ------
        TenantExistsError
            When there is one with this id.
        BrokenDatabaseError
            When the file is damaged or none of this service.
        """
        check_tenant_id(tenant.tenant_id)
        with tempfile.TemporaryDirectory(prefix="fuhre-adopt-") as scratch:
            copy = Path(scratch) / "town.sqlite3"
            copy_file(town_file, copy)
            open_store(f"sqlite:///{copy}").close()  # brings the copy to the newest layout
            try:
                with self.database.write() as connection:
                    connection.execute(insert(TENANTS).values(**_row(tenant)))
                    self._home.adopt_file(tenant.tenant_id, copy, connection)
            except IntegrityError as error:
                raise TenantExistsError(tenant.tenant_id) from error

    def put_tenant(self, tenant: Tenant) -> None:
        """Change a tenant's name, state or retention."""
        row = _row(tenant)
        values = {name: row[name] for name in ("name", "is_active", "retention_days")}
        with self.database.write() as connection:
            changed = connection.execute(
                update(TENANTS).where(TENANTS.c.tenant_id == tenant.tenant_id).values(**values)
            )
            if changed.rowcount == 0:
                raise UnknownTenantError(tenant.tenant_id)

    def tenants(self) -> list[Tenant]:
        """All tenants in the order of their ids."""
        with self.database.read() as connection:
            return sorted(
                (_tenant(row) for row in connection.execute(select(TENANTS))), key=lambda tenant: tenant.tenant_id
            )

    def tenant(self, tenant_id: str) -> Tenant | None:
        """One tenant."""
        if not tenant_id.isprintable():
            return None
        with self.database.read() as connection:
            row = connection.execute(select(TENANTS).where(TENANTS.c.tenant_id == tenant_id)).one_or_none()
        return None if row is None else _tenant(row)

    def store(self, tenant_id: str) -> SqlStore:
        """A tenant's store; the same object every time."""
        with self._guard:
            store = self._stores.get(tenant_id)
            if store is None:
                if self.tenant(tenant_id) is None:
                    raise UnknownTenantError(tenant_id)
                store = SqlStore(self._home.open_tenant(tenant_id, may_migrate=self._may_migrate))
                self._stores[tenant_id] = store
            return store

    def claim(self) -> None:
        """Make sure that no second service works on this data until ``close``."""
        if self._lock is None:
            self._lock = lock_of(self.database)

    def ping(self) -> None:
        """Do nothing, if the database answers, and the files of all opened stores are where they were."""
        self.database.check_file()
        with self._guard:
            opened = tuple(self._stores.values())
        for store in opened:
            store.database.check_file()
        with self.database.read() as connection:
            connection.execute(text("SELECT 1"))
        if self._lock is not None:
            self._lock.renew()

    def close(self) -> None:
        """Write what waits, and give the connections back."""
        with self._guard:
            for store in self._stores.values():
                store.close()
            self._stores.clear()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self.database.close()
        self._home.close()


def open_tenant_stores(url_or_folder: str | Path, *, may_migrate: bool = True) -> SqlTenantStores:
    """The stores in a folder (SQLite) or at a PostgreSQL URL, all brought to the layout that this version knows.

    Parameters
    ----------
    may_migrate
        False in worker processes: the service has checked everything before it started them.

    Raises
    ------
    BrokenDatabaseError
        When a database is damaged or belongs to something else.
    NewerDatabaseError
        When a later version wrote one.
    StoreUnavailableError
        When one does not answer.
    """
    home = home_at(url_or_folder)
    try:
        stores = SqlTenantStores(home, may_migrate=may_migrate)
    except BaseException:
        home.close()
        raise
    try:
        if may_migrate:
            # A service that cannot read one of its towns says so at its start, not at the first request.
            for tenant in stores.tenants():
                stores.store(tenant.tenant_id)
    except BaseException:
        stores.close()
        raise
    return stores


def _row(tenant: Tenant) -> dict[str, object]:
    days = tenant.retention_days
    return {
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
        "created_at_us": microseconds(tenant.created_at),
        "is_active": tenant.is_active,
        "retention_days": None if days is None else json.dumps(dict(days)).encode(),
    }


def _tenant(row: Row[tuple[object, ...]]) -> Tenant:
    return Tenant(
        tenant_id=row.tenant_id,
        name=row.name,
        created_at=instant(row.created_at_us),
        is_active=row.is_active,
        retention_days=None if row.retention_days is None else json.loads(row.retention_days),
    )
