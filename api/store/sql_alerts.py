"""Alerts in a SQL table, with the open ones in memory: a fire outlives a restart, and repeated tilts are few writes."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, insert, or_, select

from api.ingest.alerts import Alert, AlertKind, MemoryAlertStore
from api.store.database import Database
from api.store.instants import instant, instant_or_none, microseconds, microseconds_or_none
from api.store.schema import ALERTS

SAVED_EVERY = timedelta(minutes=1)
"""An alert that lasts is written again after this long: until then the table's last message may lag behind."""

_LOADED = 2_000


class SqlAlertStore:
    """What ``MemoryAlertStore`` keeps, and the table with it; one service writes a tenant's alerts."""

    def __init__(self, database: Database, *, capacity: int = 10_000) -> None:
        self._database = database
        self._memory = MemoryAlertStore(capacity=capacity)
        self._saved: dict[str, Alert] = {}
        self._is_loaded = False
        self._lock = threading.RLock()

    def note(self, alert: Alert) -> bool:
        """Open an alert, or renew the one that is open; the value says whether it is new. Durable on return if so."""
        with self._lock:
            self._load()
            is_new = self._memory.note(alert)
            self._save(alert.alert_id)
            return is_new

    def end(self, alert_id: str, *, at: datetime) -> bool:
        """End an alert that nothing later than ``at`` told of; False when there is none such."""
        with self._lock:
            self._load()
            has_ended = self._memory.end(alert_id, at=at)
            self._save(alert_id)
            return has_ended

    def get(self, alert_id: str) -> Alert | None:
        """The last alert with this id, ended ones too."""
        with self._lock:
            self._load()
            found = self._memory.get(alert_id)
        if found is not None:
            return found
        with self._database.read() as connection:
            row = connection.execute(select(ALERTS).where(ALERTS.c.alert_id == alert_id)).one_or_none()
        return None if row is None else _alert(row)

    def open(self, *, limit: int = 500) -> Sequence[Alert]:
        """Open alerts: the most urgent kind first, then the latest."""
        with self._lock:
            self._load()
            return self._memory.open(limit=limit)

    def _load(self) -> None:
        if self._is_loaded:
            return
        ended = select(ALERTS.c.ended_at_us).where(ALERTS.c.ended_at_us.is_not(None))
        newest = ended.order_by(ALERTS.c.ended_at_us.desc()).limit(1).offset(_LOADED)
        with self._database.read() as connection:
            from_us = connection.scalar(newest) or 0
            is_wanted = or_(ALERTS.c.ended_at_us.is_(None), ALERTS.c.ended_at_us >= from_us)
            rows = connection.execute(select(ALERTS).where(is_wanted)).all()
        for row in rows:
            alert = _alert(row)
            self._saved[alert.alert_id] = alert
            self._memory.restore(alert)
        self._is_loaded = True

    def _save(self, alert_id: str) -> None:
        """Write an alert unless the table knows it well enough; when that fails, the next message tries again."""
        alert, saved = self._memory.get(alert_id), self._saved.get(alert_id)
        if alert is None or alert == saved:
            return
        is_same = saved is not None and (alert.ended_at, alert.began_at) == (saved.ended_at, saved.began_at)
        if is_same and saved is not None and alert.seen_at - saved.seen_at < SAVED_EVERY:
            return
        with self._database.write(alone_on=ALERTS) as connection:
            connection.execute(delete(ALERTS).where(ALERTS.c.alert_id == alert_id))
            connection.execute(
                insert(ALERTS).values(
                    alert_id=alert.alert_id,
                    kind=alert.kind,
                    subject_id=alert.subject_id,
                    container_id=alert.container_id,
                    began_at_us=microseconds(alert.began_at),
                    seen_at_us=microseconds(alert.seen_at),
                    ended_at_us=microseconds_or_none(alert.ended_at),
                    detail=alert.detail[:1_000],
                )
            )
        self._saved[alert_id] = alert


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    return Alert(
        alert_id=row.alert_id,
        kind=AlertKind(row.kind),
        subject_id=row.subject_id,
        container_id=row.container_id,
        began_at=instant(row.began_at_us),
        seen_at=instant(row.seen_at_us),
        detail=row.detail,
        ended_at=instant_or_none(row.ended_at_us),
    )
