"""Sensors in a SQL table."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from api.store.database import Database
from api.store.instants import instant, microseconds
from api.store.reading_rows import array_of_texts
from api.store.schema import DEVICES
from api.store.tenant_ports import Device

_FIND = (
    "SELECT device_id, decoder, container_id, empty_mm, full_mm, shape, registered_at_us, is_active "
    "FROM devices WHERE device_id "
)
_SQLITE_FIND = _FIND + "IN (SELECT value FROM json_each(?))"  # noqa: S608 - nothing but our own words
_POSTGRESQL_FIND = _FIND + "= ANY(%s::text[])"


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
        # In the drivers' own words: this is asked for each body of unregistered senders, with a hundred ids and more.
        with self._database.read() as connection:
            cursor = connection.connection.cursor()
            try:
                if self._database.is_sqlite:
                    cursor.execute(_SQLITE_FIND, (json.dumps(sorted(device_ids)),))
                else:
                    cursor.execute(_POSTGRESQL_FIND, [array_of_texts(sorted(device_ids))])
                rows = cursor.fetchall()
            finally:
                cursor.close()
        return {row[0]: _device(row) for row in rows}

    def all(self, *, after: str = "", limit: int = 1_000) -> list[Device]:
        """Devices with ids greater than ``after``, rising."""
        order = DEVICES.c.device_id.collate(self._database.code_point_collation)
        query = select(DEVICES).where(order > after).order_by(order).limit(limit)
        with self._database.read() as connection:
            return [_device(row) for row in connection.execute(query)]


def _device(row: Sequence[Any]) -> Device:
    """A row with the table's columns in their order, as either driver hands it out."""
    device_id, decoder, container_id, empty_mm, full_mm, shape, registered_at_us, is_active = row
    return Device(
        device_id=device_id,
        decoder=decoder,
        container_id=container_id,
        empty_mm=empty_mm,
        full_mm=full_mm,
        shape=shape,
        registered_at=instant(registered_at_us),
        is_active=bool(is_active),
    )
