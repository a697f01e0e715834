"""Sensors in a SQL table."""

from collections.abc import Collection

from sqlalchemy import Row, delete, insert, select

from api.store.database import Database
from api.store.instants import instant, microseconds
from api.store.schema import DEVICES
from api.store.tenant_ports import Device

_ASKED_AT_ONCE = 500


class SqlDeviceStore:
    """One row per sensor."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, device: Device) -> None:
        """Add or replace one."""
        with self._database.write(alone_on=DEVICES) as connection:
            connection.execute(delete(DEVICES).where(DEVICES.c.device_id == device.device_id))
            connection.execute(
                insert(DEVICES).values(
                    device_id=device.device_id,
                    decoder=device.decoder,
                    container_id=device.container_id,
                    empty_mm=device.empty_mm,
                    full_mm=device.full_mm,
                    shape=device.shape,
                    registered_at_us=microseconds(device.registered_at),
                    is_active=device.is_active,
                )
            )

    def get(self, device_id: str) -> Device | None:
        """One, inactive ones too."""
        with self._database.read() as connection:
            row = connection.execute(select(DEVICES).where(DEVICES.c.device_id == device_id)).one_or_none()
        return None if row is None else _device(row)

    def find(self, device_ids: Collection[str]) -> dict[str, Device]:
        """Those of these ids that there are, inactive ones too."""
        found: dict[str, Device] = {}
        ids = sorted(device_ids)
        with self._database.read() as connection:
            for start in range(0, len(ids), _ASKED_AT_ONCE):
                query = select(DEVICES).where(DEVICES.c.device_id.in_(ids[start : start + _ASKED_AT_ONCE]))
                found.update({row.device_id: _device(row) for row in connection.execute(query)})
        return found

    def all(self, *, after: str = "", limit: int = 1_000) -> list[Device]:
        """Devices with ids greater than ``after``, rising."""
        order = DEVICES.c.device_id.collate(self._database.code_point_collation)
        query = select(DEVICES).where(order > after).order_by(order).limit(limit)
        with self._database.read() as connection:
            return [_device(row) for row in connection.execute(query)]


def _device(row: Row[tuple[object, ...]]) -> Device:
    return Device(
        device_id=row.device_id,
        decoder=row.decoder,
        container_id=row.container_id,
        empty_mm=row.empty_mm,
        full_mm=row.full_mm,
        shape=row.shape,
        registered_at=instant(row.registered_at_us),
        is_active=row.is_active,
    )
