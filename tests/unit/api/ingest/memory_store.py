"""A tenant's store in memory, as far as ingestion uses it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from api.store.ports import ReadingStatus
from api.store.tenant_ports import Device, QuarantinedMessage
from optimizer.domain.reading import Reading

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "ingest"


def fixture_bytes(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


class MemoryReadings:
    def __init__(self, container_ids: Sequence[str]) -> None:
        self.container_ids = set(container_ids)
        self.kept: dict[tuple[str, int, float], Reading] = {}
        self.keys: set[str] = set()

    def add(
        self, readings: Sequence[Reading], *, received_at: datetime, dedup_keys: Sequence[str | None] = ()
    ) -> list[ReadingStatus]:
        assert not dedup_keys or len(dedup_keys) == len(readings)
        assert received_at.tzinfo is not None
        statuses = []
        for reading, key in zip(readings, dedup_keys or [None] * len(readings), strict=True):
            natural = (reading.container_id, int(reading.observed_at.timestamp()), reading.fill_fraction)
            if reading.container_id not in self.container_ids:
                statuses.append(ReadingStatus.UNKNOWN_CONTAINER)
                continue
            is_known = natural in self.kept or (key is not None and key in self.keys)
            if key is not None:
                self.keys.add(key)
            if not is_known:
                self.kept[natural] = reading
            statuses.append(ReadingStatus.DUPLICATE if is_known else ReadingStatus.ACCEPTED)
        return statuses

    def latest(self, container_ids: Sequence[str]) -> Mapping[str, Reading]:
        found: dict[str, Reading] = {}
        for reading in sorted(self.kept.values(), key=lambda one: one.observed_at):
            if reading.container_id in container_ids:
                found[reading.container_id] = reading
        return found


class MemoryDevices:
    def __init__(self) -> None:
        self.kept: dict[str, Device] = {}

    def put(self, device: Device) -> None:
        self.kept[device.device_id] = device

    def get(self, device_id: str) -> Device | None:
        return self.kept.get(device_id)

    def find(self, device_ids: Collection[str]) -> dict[str, Device]:
        return {one: self.kept[one] for one in device_ids if one in self.kept}

    def all(self, *, after: str = "", limit: int = 1_000) -> Sequence[Device]:
        return [self.kept[name] for name in sorted(self.kept) if name > after][:limit]


class MemoryQuarantine:
    def __init__(self) -> None:
        self.kept: dict[str, QuarantinedMessage] = {}

    def add(self, message: QuarantinedMessage) -> None:
        self.kept[message.message_id] = message

    def get(self, message_id: str) -> QuarantinedMessage | None:
        return self.kept.get(message_id)

    def all(self, *, after: str = "", limit: int = 100, reason: str | None = None) -> Sequence[QuarantinedMessage]:
        names = (name for name in sorted(self.kept) if name > after)
        return [self.kept[name] for name in names if reason in {None, self.kept[name].reason}][:limit]

    def mark_replayed(self, message_id: str, *, at: datetime) -> None:
        self.kept[message_id] = replace(self.kept[message_id], replayed_at=at)


class MemoryTenantStore:
    def __init__(self, container_ids: Sequence[str] = ("P-000", "P-001", "P-002", "P-003", "P-004")) -> None:
        self.readings: Any = MemoryReadings(container_ids)
        self.devices: Any = MemoryDevices()
        self.quarantine: Any = MemoryQuarantine()
