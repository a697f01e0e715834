from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from api.ingest.device_cache import KEPT_FOR_S, DeviceCache, NotRememberedError
from api.store.sql_store import open_store
from api.store.tenant_ports import Device
from tests.unit.api.ingest.intake_setup import EUI, device
from tests.unit.api.ingest.memory_store import MemoryDevices


class CountingDevices(MemoryDevices):
    asked = 0

    def get(self, device_id: str) -> Device | None:
        self.asked += 1
        return super().get(device_id)

    def find(self, device_ids: Collection[str]) -> dict[str, Device]:
        self.asked += 1
        return super().find(device_ids)


def test_device_is_asked_for_once_in_a_few_seconds() -> None:
    devices, now_s = CountingDevices(), [0.0]
    devices.put(device())
    cache = DeviceCache(devices, clock_s=lambda: now_s[0])
    for now_s[0] in (0.0, 1.0, KEPT_FOR_S - 0.1):
        assert cache.get(EUI) == device()
    assert devices.asked == 1
    devices.put(device(empty_mm=3_000.0))
    now_s[0] = KEPT_FOR_S
    assert cache.get(EUI) == device(empty_mm=3_000.0)


def test_new_device_counts_at_once() -> None:
    devices = CountingDevices()
    cache = DeviceCache(devices, clock_s=lambda: 0.0)
    assert cache.get(EUI) is None
    devices.put(device())
    assert cache.get(EUI) == device()


def test_changed_device_counts_at_once_when_it_is_looked_at_anew() -> None:
    devices = CountingDevices()
    devices.put(device())
    cache = DeviceCache(devices, clock_s=lambda: 0.0)
    cache.get(EUI)
    devices.put(device(full_mm=500.0))
    assert cache.fresh(EUI) == device(full_mm=500.0) == cache.get(EUI)


def test_all_devices_that_are_not_in_memory_are_asked_for_at_once() -> None:
    devices = CountingDevices()
    names = [f"bin-{number}" for number in range(20)]
    for name in names:
        devices.put(replace(device(), device_id=name))
    cache = DeviceCache(devices, clock_s=lambda: 0.0)
    assert cache.get_all(names[:5]) == {name: devices.kept[name] for name in names[:5]}
    assert cache.get_all([*names, "nobody"]) == devices.kept
    assert devices.asked == 2
    assert cache.remembered(names) == devices.kept
    assert cache.fresh_all([*names, "nobody"]) == devices.kept
    assert devices.asked == 2 + 21


def test_nothing_is_told_at_once_that_the_database_must_be_asked_for() -> None:
    devices, now_s = CountingDevices(), [0.0]
    devices.put(device())
    cache = DeviceCache(devices, clock_s=lambda: now_s[0])
    with pytest.raises(NotRememberedError):
        cache.remembered({EUI})
    cache.get(EUI)
    assert cache.remembered({EUI}) == {EUI: device()}
    with pytest.raises(NotRememberedError):
        cache.remembered({EUI, "nobody"})
    now_s[0] = KEPT_FOR_S
    with pytest.raises(NotRememberedError):
        cache.remembered({EUI})
    assert devices.asked == 1


def test_sql_store_finds_however_many_devices_are_asked_for(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'town.sqlite3'}")
    for number in range(3):
        store.devices.put(replace(device(), device_id=f"bin-{number}"))
    found = store.devices.find([f"bin-{number}" for number in range(1_200)])
    assert {name: one.device_id for name, one in found.items()} == {
        f"bin-{number}": f"bin-{number}" for number in range(3)
    }
    assert store.devices.find([]) == {}
    store.close()
