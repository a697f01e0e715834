"""A key that was looked up a moment ago is told from memory, and no longer than promised."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.identity.access_keys import mint_key
from api.identity.doorkeeper import WithKeys
from api.identity.key_cache import FRESH_S, KNOWN_S, KeyCache
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role, Tenant
from tests.flow.http_samples import NOW


def test_key_is_known_between_its_look_up_and_the_end_of_its_freshness(tmp_path: Path) -> None:
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(Tenant(tenant_id="lue", name="lue", created_at=NOW))
    key, text = mint_key(tenant_id="lue", role=Role.SENSOR, label="test", now=NOW)
    stores.keys.add(key)
    now_s = 100.0
    cache = KeyCache(stores, clock_s=lambda: now_s)
    doorkeeper = WithKeys(stores)
    doorkeeper._cache = cache
    headers = {"authorization": f"Bearer {text}"}
    assert not doorkeeper.knows(headers)
    assert doorkeeper.recognise(headers, source="here", now=NOW).principal.tenant_id == "lue"
    assert doorkeeper.knows(headers)
    assert doorkeeper.knows({"x-fuhre-key": text})
    assert doorkeeper.knows({"x-fuhre-key-id": key.key_id})
    for stranger in (
        {},
        {"authorization": "Bearer x"},
        {"authorization": f"Basic {text}"},
        {"x-fuhre-key-id": "0" * 12},
    ):
        assert not doorkeeper.knows(stranger)
    now_s += KNOWN_S
    assert not doorkeeper.knows(headers)
    stores.keys.find = pytest.fail  # type: ignore[method-assign, assignment]  # what is fresh is not asked for again
    assert cache.key(key.key_id) == key
    stores.close()


def test_revoked_key_is_not_believed_longer_than_it_is_fresh(tmp_path: Path) -> None:
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(Tenant(tenant_id="lue", name="lue", created_at=NOW))
    key, _ = mint_key(tenant_id="lue", role=Role.SENSOR, label="test", now=NOW)
    stores.keys.add(key)
    now_s = 100.0
    cache = KeyCache(stores, clock_s=lambda: now_s)
    assert cache.key(key.key_id) == key
    assert cache.is_active("lue")
    stores.keys.revoke(key.key_id, at=NOW)
    now_s += FRESH_S
    assert not cache.knows(key.key_id)
    assert cache.key(key.key_id) == replace(key, revoked_at=NOW)
    stores.close()
