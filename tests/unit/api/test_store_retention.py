from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from api.store.driver_links import UNLINKED
from api.store.retention import apply_retention
from api.store.sql_store import SqlStore
from api.store.sql_tenants import open_tenant_stores
from api.tablet.closures import Closure
from api.tablet.incidents import Incident, IncidentKind, IncidentRecord
from api.tablet.take_in import EventFields, sent_batch
from optimizer.domain.reading import Reading, Source
from optimizer.domain.tour_event import EventKind
from tests.contract.test_tenant_stores import LUENEN, append, message
from tests.flow.http_samples import NOW, rising_history, small_record
from tests.postgres import postgres

__all__ = ["postgres"]

TENANT = replace(LUENEN, retention_days={"readings": 5, "audit": 1, "quarantine": 2, "message_keys": 3})


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    is_file = request.param == "sqlite"
    stores = open_tenant_stores(tmp_path if is_file else request.getfixturevalue("postgres").make_database())
    stores.add_tenant(TENANT)
    opened = stores.store("luenen")
    opened.town.replace(small_record())
    yield opened
    stores.close()


def levels(store: SqlStore) -> list[tuple[object, ...]]:
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM daily_levels ORDER BY container_key, day_number").all()
    return [tuple(row) for row in rows]


def test_old_readings_become_daily_levels_and_young_ones_stay(store: SqlStore) -> None:
    history = rising_history(small_record().town)
    store.readings.add_history(history, received_at=NOW)
    report = apply_retention(store, TENANT, now=NOW)
    end_s = int((NOW - timedelta(days=5)).timestamp()) // 86_400 * 86_400
    series = history["P-001"]
    old = series.observed_at_s < end_s
    assert report.readings == 12 * (int(old.sum()) + 1)
    left = store.readings.history(as_of=NOW, days=30)
    assert left["P-001"].observed_at_s.tolist() == series.observed_at_s[~old].tolist()
    assert not len(left["P-001"].emptied_at_s)
    mine = [row for row in levels(store) if row[0] == levels(store)[0][0]]
    days = series.observed_at_s[old] // 86_400
    ppm = (series.fill_fraction[old].astype(float) * 1e6).round().astype(int)
    assert [row[1:] for row in mine] == [
        (
            day,
            int((days == day).sum()),
            int(ppm[days == day].min()),
            int(ppm[days == day].max()),
            int(ppm[days == day].sum()),
            1 if day == days[0] else 0,
        )
        for day in sorted(set(days.tolist()))
    ]


def test_readings_that_come_late_are_added_to_their_day(store: SqlStore) -> None:
    day = NOW - timedelta(days=20)
    for fill, source in ((0.2, Source.SENSOR), (0.6, Source.DRIVER)):
        one = Reading(container_id="P-001", observed_at=day, fill_fraction=fill, source=source)
        store.readings.add([one], received_at=NOW)
        assert apply_retention(store, TENANT, now=NOW).readings == 1
    assert [row[2:] for row in levels(store)] == [(2, 200_000, 600_000, 800_000, 0)]
    assert apply_retention(store, TENANT, now=NOW).readings == 0


def test_old_audit_lines_go_from_the_front_and_the_chain_stays_whole(store: SqlStore) -> None:
    for number in range(6):
        append(store, number, minutes=number * 600)
    now = NOW + timedelta(days=2)
    assert apply_retention(store, TENANT, now=now).audit_lines == 3
    assert [one.sequence for one in store.audit.entries()] == [4, 5, 6]
    assert store.audit.first_broken() is None
    assert append(store) == 7
    assert store.audit.first_broken() is None
    with store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE sequence = 4")
    assert store.audit.first_broken() == 4


def test_audit_that_is_wholly_old_goes_wholly_and_goes_on_counting(store: SqlStore) -> None:
    for number in range(3):
        append(store, number)
    assert apply_retention(store, TENANT, now=NOW + timedelta(days=9)).audit_lines == 3
    assert store.audit.entries() == []
    assert store.audit.first_broken() is None
    assert append(store) == 4
    assert store.audit.first_broken() is None


def test_old_messages_go(store: SqlStore) -> None:
    store.quarantine.add(message(1))
    store.quarantine.add(message(3 * 86_400))
    reading = Reading(container_id="P-001", observed_at=NOW, fill_fraction=0.5)
    store.readings.add([reading], received_at=NOW, dedup_keys=["old"])
    store.readings.add([reading], received_at=NOW + timedelta(days=3), dedup_keys=["young"])
    report = apply_retention(store, TENANT, now=NOW + timedelta(days=4))
    assert (report.quarantined, report.message_keys) == (1, 1)
    assert [one.message_id for one in store.quarantine.all()] == [f"{3 * 86_400:08d}"]
    assert store.readings.add([reading], received_at=NOW, dedup_keys=["young"]) == ["duplicate"]


def test_forgotten_content_is_gone_from_the_file_which_shrinks(tmp_path: Path) -> None:
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(TENANT)
    store = stores.store("luenen")
    for number in range(400):
        store.quarantine.add(replace(message(number), body=b"Erika Mustermann" * 200))
    path = tmp_path / "tenants" / "luenen.sqlite3"
    apply_retention(store, TENANT, now=NOW)
    full = path.stat().st_size
    assert b"Erika Mustermann" in path.read_bytes()
    apply_retention(store, TENANT, now=NOW + timedelta(days=30))
    assert b"Erika" not in path.read_bytes()
    assert b"Erika" not in Path(f"{path}-wal").read_bytes()
    assert path.stat().st_size < full / 4
    stores.close()


def test_whole_months_are_dropped_as_tables(request: pytest.FixtureRequest) -> None:
    stores = open_tenant_stores(request.getfixturevalue("postgres").make_database())
    stores.add_tenant(TENANT)
    store = stores.store("luenen")
    store.town.replace(small_record())
    for days in (400, 100, 40, 0):
        one = Reading(container_id="P-001", observed_at=NOW - timedelta(days=days), fill_fraction=0.5)
        store.readings.add([one], received_at=NOW)

    def tables() -> set[str]:
        with store.database.read() as connection:
            return set(
                connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'readings_%%'")
                .scalars()
                .all()
            )

    assert len(tables()) == 4
    assert apply_retention(store, TENANT, now=NOW).readings == 3
    assert tables() == {f"readings_{NOW.year}_{NOW.month:02d}"}
    late = Reading(container_id="P-001", observed_at=NOW - timedelta(days=100), fill_fraction=0.7)
    assert store.readings.add([late], received_at=NOW) == ["accepted"]
    stores.close()


def test_what_crews_reported_is_forgotten_after_its_days(store: SqlStore) -> None:
    for day, vehicle in ((date(2025, 11, 1), "old"), (date(2026, 2, 20), "young")):
        events = (EventFields(event_id=vehicle, sequence=1, at=NOW - timedelta(days=1), kind=EventKind.STARTED),)
        items = [({"event_id": one.event_id}, one) for one in events]
        town = small_record().town
        store.tour_events.take(
            sent_batch(items, town, vehicle_id="LUE-1", day=day, received_at=NOW, sent_at=None, actor="key")
        )
        store.tour_events.put_lesson(day, "LUE-1", vehicle.encode())
    report = apply_retention(store, replace(TENANT, retention_days={"tour_events": 30}), now=NOW)
    assert report.tour_events == 1
    assert store.tour_events.of_day(date(2025, 11, 1)) == {}
    assert set(store.tour_events.of_day(date(2026, 2, 20))) == {"LUE-1"}
    assert store.tour_events.lessons(since=date(2025, 1, 1), until=date(2027, 1, 1)) == [b"young"]


def test_who_reported_is_forgotten_after_a_month_and_the_reports_stay(store: SqlStore) -> None:
    old, young = NOW.date() - timedelta(days=31), NOW.date() - timedelta(days=29)
    town = small_record().town
    for day, key in ((old, "key-1"), (young, "key-2")):
        told_at = datetime.combine(day, NOW.timetz())
        event = EventFields(event_id=key, sequence=1, at=NOW, kind=EventKind.STARTED)
        batch = sent_batch(
            [({"event_id": key}, event)],
            town,
            vehicle_id="LUE-1",
            day=day,
            received_at=told_at,
            sent_at=None,
            actor=key,
        )
        store.tour_events.take(batch)
        closed = Incident(
            incident_id=f"incident-{key}",
            day=day,
            happened_at=NOW,
            kind=IncidentKind.ROAD_CLOSED,
            vehicle_id="LUE-1",
            line=(town.depots[0].location,),
        )
        closure = Closure(
            closure_id=f"closure-{key}",
            line=closed.line,
            reason="works",
            valid_from_at=NOW,
            valid_until_at=None,
            added_at=NOW,
            added_by=key,
        )
        store.closures.add(closure)
        record = IncidentRecord(incident=closed, reported_at=told_at, actor=key, closure_id=closure.closure_id)
        store.incidents.add(record)
    apply_retention(store, TENANT, now=NOW)
    assert store.tour_events.actors(old, "LUE-1") == [UNLINKED]
    assert store.tour_events.actors(young, "LUE-1") == ["key-2"]
    assert [one.actor for day in (old, young) for one in store.incidents.of_day(day)] == [UNLINKED, "key-2"]
    assert [one.added_by for one in store.closures.all()] == [UNLINKED, "key-2"]
    assert not store.subjects.traces_of("key-1")
    assert store.subjects.traces_of("key-2")
