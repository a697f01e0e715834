"""Forgets what a tenant need not keep: raw readings become daily levels, and old messages and audit lines go.

Every transaction is short, so that a service that writes meanwhile is not kept waiting; a run that is killed is simply
run again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, delete, select, text

from api.store.database import Database
from api.store.driver_links import forget_driver_links
from api.store.free_room import give_room_back
from api.store.instants import microseconds
from api.store.reading_partitions import bounds_of, partitions
from api.store.schema import ALERTS, CONTAINERS, INCIDENTS, MESSAGE_KEYS, QUARANTINE, TOUR_EVENTS, TOUR_LESSONS
from api.store.sql_store import SqlStore
from api.store.tenant_ports import Tenant

DEFAULT_DAYS: Mapping[str, int] = MappingProxyType(
    {
        "readings": 730,
        "message_keys": 90,
        "quarantine": 30,
        "audit": 365,
        "tour_events": 90,
        "driver_links": 30,
        "alerts": 365,
    }
)
"""Days that hold where the tenant names none; ``driver_links`` is for who reported an event of a tour."""

_DAY_S = 86_400
_CONTAINERS_AT_ONCE = 25
_ROLL_UP = """
INSERT INTO daily_levels
    (container_key, day_number, level_count, least_ppm, most_ppm, sum_ppm, emptying_count)
SELECT container_key, observed_at_s / 86400,
    COUNT(CASE WHEN fill_ppm >= 0 THEN 1 END),
    MIN(CASE WHEN fill_ppm >= 0 THEN fill_ppm END), MAX(CASE WHEN fill_ppm >= 0 THEN fill_ppm END),
    COALESCE(SUM(CASE WHEN fill_ppm >= 0 THEN fill_ppm END), 0),
    COUNT(CASE WHEN is_emptying THEN 1 END)
FROM readings
WHERE container_key BETWEEN :first_key AND :last_key AND observed_at_s >= :first_s AND observed_at_s < :end_s
GROUP BY container_key, observed_at_s / 86400
ON CONFLICT (container_key, day_number) DO UPDATE SET
    level_count = daily_levels.level_count + excluded.level_count,
    least_ppm = CASE WHEN daily_levels.least_ppm IS NULL OR excluded.least_ppm < daily_levels.least_ppm
        THEN excluded.least_ppm ELSE daily_levels.least_ppm END,
    most_ppm = CASE WHEN daily_levels.most_ppm IS NULL OR excluded.most_ppm > daily_levels.most_ppm
        THEN excluded.most_ppm ELSE daily_levels.most_ppm END,
    sum_ppm = daily_levels.sum_ppm + excluded.sum_ppm,
    emptying_count = daily_levels.emptying_count + excluded.emptying_count
"""
_DELETE = """
DELETE FROM readings
WHERE container_key BETWEEN :first_key AND :last_key AND observed_at_s >= :first_s AND observed_at_s < :end_s
"""
_LONG_AGO_S = -(2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """How many rows went."""

    readings: int
    message_keys: int
    quarantined: int
    audit_lines: int
    tour_events: int = 0


def apply_retention(store: SqlStore, tenant: Tenant, *, now: datetime) -> RetentionReport:
    """Delete what is older than the tenant's days, and give the room back to the disk.

    Readings go by whole UTC days, after their levels were added to the daily levels.
    """
    days = {**DEFAULT_DAYS, **(tenant.retention_days or {})}
    database = store.database
    end_s = int((now - timedelta(days=days["readings"])).timestamp()) // _DAY_S * _DAY_S
    readings = _drop_months(database, end_s) + _drop_slices(database, end_s)
    with database.write() as connection:
        message_keys = connection.execute(
            delete(MESSAGE_KEYS).where(
                MESSAGE_KEYS.c.received_at_s < int((now - timedelta(days=days["message_keys"])).timestamp())
            )
        ).rowcount
        quarantined = connection.execute(
            delete(QUARANTINE).where(
                QUARANTINE.c.received_at_us < microseconds(now - timedelta(days=days["quarantine"]))
            )
        ).rowcount
    tour_events = _forget_tours(database, now, days)
    audit_lines = store.audit.forget_before(now - timedelta(days=days["audit"]))
    give_room_back(database)
    return RetentionReport(
        readings=readings,
        message_keys=message_keys,
        quarantined=quarantined,
        audit_lines=audit_lines,
        tour_events=tour_events,
    )


def _forget_tours(database: Database, now: datetime, days: Mapping[str, int]) -> int:
    """What crews reported says when who was where: it goes, with what was learnt of it; alerts go once they ended."""
    first_day = (now - timedelta(days=days["tour_events"])).date().isoformat()
    ended_us = microseconds(now - timedelta(days=days["alerts"]))
    with database.write() as connection:
        forget_driver_links(connection, before_at=now - timedelta(days=days["driver_links"]))
        for table in (TOUR_LESSONS, INCIDENTS):
            connection.execute(delete(table).where(table.c.day < first_day))
        connection.execute(delete(ALERTS).where(ALERTS.c.ended_at_us < ended_us))
        return connection.execute(delete(TOUR_EVENTS).where(TOUR_EVENTS.c.day < first_day)).rowcount


def _drop_months(database: Database, end_s: int) -> int:
    """Drop the tables of PostgreSQL's whole months."""
    if database.is_sqlite:
        return 0
    with database.read() as connection:
        found = partitions(connection)
    gone = 0
    for month, name in sorted(found.items()):
        first_s, month_end_s = bounds_of(month)
        if month_end_s is None or month_end_s > end_s:
            continue
        with database.write() as connection:
            _roll_up(connection, 0, 2**31 - 1, _LONG_AGO_S if first_s is None else first_s, month_end_s)
            gone += connection.scalar(text(f'SELECT COUNT(*) FROM "{name}"')) or 0  # noqa: S608 - our own table's name
            connection.exec_driver_sql(f'DROP TABLE "{name}"')
    return gone


def _drop_slices(database: Database, end_s: int) -> int:
    gone = 0
    for first_key, last_key in _key_ranges(database):
        with database.write() as connection:
            _roll_up(connection, first_key, last_key, _LONG_AGO_S, end_s)
            gone += connection.execute(text(_DELETE), _range(first_key, last_key, _LONG_AGO_S, end_s)).rowcount
    return gone


def _roll_up(connection: Connection, first_key: int, last_key: int, first_s: int, end_s: int) -> None:
    connection.execute(text(_ROLL_UP), _range(first_key, last_key, first_s, end_s))


def _range(first_key: int, last_key: int, first_s: int, end_s: int) -> dict[str, int]:
    return {"first_key": first_key, "last_key": last_key, "first_s": first_s, "end_s": end_s}


def _key_ranges(database: Database) -> Iterator[tuple[int, int]]:
    with database.read() as connection:
        keys = list(connection.scalars(select(CONTAINERS.c.container_key).order_by(CONTAINERS.c.container_key)))
    for start in range(0, len(keys), _CONTAINERS_AT_ONCE):
        part = keys[start : start + _CONTAINERS_AT_ONCE]
        yield part[0], part[-1]
