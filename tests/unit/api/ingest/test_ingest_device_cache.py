from api.ingest.device_cache import KEPT_FOR_S, DeviceCache
from api.store.tenant_ports import Device
from tests.unit.api.ingest.intake_setup import EUI, device
from tests.unit.api.ingest.memory_store import MemoryDevices


class CountingDevices(MemoryDevices):
    asked = 0

    def get(self, device_id: str) -> Device | None:
        self.asked += 1
        return super().get(device_id)


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
