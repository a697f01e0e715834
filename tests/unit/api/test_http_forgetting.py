import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.http import forgetting
from api.http.forgetting import Forgetting
from api.store.errors import StoreUnavailableError
from api.store.retention import apply_retention
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Tenant

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_each_town_forgets_by_its_own_rules_and_one_towns_trouble_stops_no_other(tmp_path: Path) -> None:
    stores = open_tenant_stores(tmp_path)
    for tenant_id, audit_days in (("a", 30), ("b", 300), ("c", 30)):
        days = {"audit": audit_days}
        stores.add_tenant(Tenant(tenant_id=tenant_id, name=tenant_id, created_at=NOW, retention_days=days))
        for age_days in (100, 1):
            stores.store(tenant_id).audit.append(
                at=NOW - timedelta(days=age_days), actor="k", role="admin", action="x", target="/", outcome="accepted",
                trace_id="",
            )  # fmt: skip

    def forget(tenant: Tenant) -> object:
        if tenant.tenant_id == "a":
            raise StoreUnavailableError
        return apply_retention(stores.store(tenant.tenant_id), tenant, now=NOW)

    Forgetting(stores, forget).forget_all()
    assert [len(stores.store(one).audit.entries()) for one in "abc"] == [2, 2, 1]
    assert stores.store("c").audit.first_broken() is None  # what is left still proves itself
    stores.close()


def test_forgetting_runs_by_itself_and_ends_with_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "FIRST_AFTER_S", 0.01)
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(Tenant(tenant_id="a", name="a", created_at=NOW))
    has_run = threading.Event()
    running = Forgetting(stores, lambda _tenant: has_run.set())
    running.start()
    assert has_run.wait(20)
    running.stop()
    assert not running._thread.is_alive()
    stores.close()
