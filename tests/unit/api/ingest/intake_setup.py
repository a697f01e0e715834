"""An intake on a store in memory, with one calibrated device."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.ingest.alerts import MemoryAlertStore
from api.ingest.intake import Intake, IntakeReport, Outcome, Result
from api.store.tenant_ports import Device
from tests.unit.api.ingest.memory_store import MemoryTenantStore, fixture_bytes

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
EUI = "A84041000181C061"


def device(device_id: str = EUI, **changes: Any) -> Device:
    fields: dict[str, Any] = {
        "device_id": device_id,
        "decoder": "",
        "container_id": "P-001",
        "empty_mm": 2_000.0,
        "full_mm": 400.0,
        "shape": "box",
        "registered_at": NOW,
    }
    return Device(**{**fields, **changes})


@dataclass
class Bench:
    """What a test feeds and looks at."""

    store: Any
    alerts: MemoryAlertStore
    now: datetime = NOW

    @property
    def intake(self) -> Intake:
        return Intake(self.store, self.alerts, now=lambda: self.now)

    def feed(self, format_name: str, fixture: str, **how: Any) -> IntakeReport:
        return self.intake.take_in(format_name, fixture_bytes(fixture), **how)

    def one(self, format_name: str, fixture: str, **how: Any) -> Result:
        report = self.feed(format_name, fixture, **how)
        assert len(report.results) == 1, report
        return report.results[0]

    def levels(self) -> list[float]:
        return [round(one.fill_fraction, 4) for one in self.store.readings.kept.values()]

    def reasons(self) -> list[str]:
        return [one.reason for one in self.store.quarantine.all(limit=1_000)]


def bench(*devices: Device) -> Bench:
    store = MemoryTenantStore()
    for one in devices or (device(),):
        store.devices.put(one)
    return Bench(store=store, alerts=MemoryAlertStore())


def outcome_of(result: Result) -> tuple[Outcome, str]:
    return result.outcome, result.code
