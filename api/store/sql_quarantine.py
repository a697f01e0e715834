"""Messages that could not be used, in a SQL table of bounded size."""

from datetime import datetime

from sqlalchemy import Row, delete, insert, select, update

from api.store.database import Database
from api.store.instants import instant, instant_or_none, microseconds, microseconds_or_none
from api.store.schema import QUARANTINE
from api.store.tenant_ports import QuarantinedMessage

MOST_MESSAGES = 10_000
"""The oldest go when there are more: a broken sender must not fill the disk."""


class SqlQuarantineStore:
    """One row per message."""

    def __init__(self, database: Database, *, most: int = MOST_MESSAGES) -> None:
        self._database = database
        self._most = most

    def add(self, message: QuarantinedMessage) -> None:
        """Keep one; durable on return. The same id again changes nothing."""
        order = QUARANTINE.c.message_id.collate(self._database.code_point_collation)
        last_to_go = select(QUARANTINE.c.message_id).order_by(order.desc()).limit(1).offset(self._most)
        with self._database.write(alone_on=QUARANTINE) as connection:
            is_there = select(QUARANTINE.c.message_id).where(QUARANTINE.c.message_id == message.message_id)
            if connection.scalar(is_there) is not None:
                return
            connection.execute(
                insert(QUARANTINE).values(
                    message_id=message.message_id,
                    received_at_us=microseconds(message.received_at),
                    source=message.source,
                    reason=message.reason,
                    detail=message.detail[:1_000],
                    content_type=message.content_type[:200],
                    body=message.body,
                    device_id=message.device_id,
                    replayed_at_us=microseconds_or_none(message.replayed_at),
                )
            )
            oldest = connection.scalar(last_to_go)
            if oldest is not None:
                connection.execute(delete(QUARANTINE).where(order <= oldest))

    def get(self, message_id: str) -> QuarantinedMessage | None:
        """One."""
        with self._database.read() as connection:
            row = connection.execute(select(QUARANTINE).where(QUARANTINE.c.message_id == message_id)).one_or_none()
        return None if row is None else _message(row)

    def all(self, *, after: str = "", limit: int = 100, reason: str | None = None) -> list[QuarantinedMessage]:
        """Messages with ids greater than ``after``, rising; ids rise with time."""
        order = QUARANTINE.c.message_id.collate(self._database.code_point_collation)
        query = select(QUARANTINE).where(order > after).order_by(order).limit(limit)
        if reason is not None:
            query = query.where(QUARANTINE.c.reason == reason)
        with self._database.read() as connection:
            return [_message(row) for row in connection.execute(query)]

    def mark_replayed(self, message_id: str, *, at: datetime) -> None:
        """Note that one was taken in after all."""
        with self._database.write() as connection:
            connection.execute(
                update(QUARANTINE).where(QUARANTINE.c.message_id == message_id).values(replayed_at_us=microseconds(at))
            )


def _message(row: Row[tuple[object, ...]]) -> QuarantinedMessage:
    return QuarantinedMessage(
        message_id=row.message_id,
        received_at=instant(row.received_at_us),
        source=row.source,
        reason=row.reason,
        detail=row.detail,
        content_type=row.content_type,
        body=row.body,
        device_id=row.device_id,
        replayed_at=instant_or_none(row.replayed_at_us),
    )
