"""What the stores of tours on the road must keep, on each database that they run on."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from api.ingest.alerts import Alert, AlertKind, MemoryAlertStore, alert_id
from api.store.sql_alerts import SqlAlertStore
from api.store.sql_store import SqlStore, open_store
from api.tablet.closures import Closure
from api.tablet.incidents import Incident, IncidentKind, IncidentRecord, IncidentState
from api.tablet.ports import EventStatus, SentBatch
from api.tablet.signature import TourSigner, is_signed_by, new_private_key
from api.tablet.take_in import EventFields, Unreadable, sent_batch
from optimizer.domain.tour_event import EventKind, ExceptionCode
from optimizer.planning.tour_progress import fold_events
from routing.location import Location
from tests.flow.http_samples import small_record, small_town
from tests.postgres import postgres

__all__ = ["postgres"]

DAY = date(2026, 3, 2)
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
TOWN = small_town()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/town.sqlite3"
    made: str = request.getfixturevalue("postgres").make_database()
    return made


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url)
    opened.town.replace(small_record())
    yield opened
    opened.close()


def fields(number: int, kind: EventKind = EventKind.EMPTIED, *, minute: float = 0, **more: object) -> EventFields:
    made = EventFields(event_id=f"e{number}", sequence=number, at=SIX + timedelta(minutes=minute), kind=kind)
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the event


def batch(*events: EventFields | Unreadable, vehicle_id: str = "LUE-1", minute: float = 600) -> SentBatch:
    return sent_batch(
        [({"event_id": getattr(one, "event_id", None), "said": repr(one)}, one) for one in events],
        TOWN,
        vehicle_id=vehicle_id,
        day=DAY,
        received_at=SIX + timedelta(minutes=minute),
        sent_at=None,
        actor="key",
    )


def statuses(store: SqlStore, sent: SentBatch) -> list[tuple[EventStatus, str]]:
    return [(one.status, one.code) for one in store.tour_events.take(sent)]


def test_receipts_tell_what_counts_and_are_the_same_again(store: SqlStore) -> None:
    sent = batch(
        fields(1, minute=1, container_id="P-001", fill_fraction=0.5),
        fields(2, minute=2, container_id="P-001"),
        fields(3, EventKind.NOT_EMPTIED, minute=3, container_id="P-001", code=ExceptionCode.OTHER),
        fields(4, EventKind.NOT_EMPTIED, minute=4, container_id="nobody", code=ExceptionCode.OTHER),
        Unreadable(code="missing", reason="nothing"),
    )
    expected = [
        (EventStatus.ACCEPTED, ""),
        (EventStatus.DUPLICATE, "emptied_before"),
        (EventStatus.SUPERSEDED, "emptied"),
        (EventStatus.REJECTED, "unknown_container"),
        (EventStatus.REJECTED, "missing"),
    ]
    assert statuses(store, sent) == expected
    assert statuses(store, replace(sent, received_at=SIX + timedelta(days=2))) == expected
    assert len(store.tour_events.of_day(DAY)["LUE-1"]) == 3
    assert sorted(one.reason for one in store.quarantine.all()) == ["missing", "unknown_container"]
    assert store.tour_events.actors(DAY, "LUE-1") == ["key"]


def test_readings_follow_the_facts_in_any_order_of_arrival(store: SqlStore) -> None:
    events = [
        fields(number, minute=number, container_id=f"P-{number % 4:03d}", fill_fraction=(number % 5) / 4)
        for number in range(24)
    ]
    Random(4).shuffle(events)
    for start in range(0, len(events), 5):
        store.tour_events.take(batch(*events[start : start + 5]))
    history = store.readings.history(as_of=SIX + timedelta(days=1), days=3)
    for number in range(4):
        at_s = int((SIX + timedelta(minutes=number)).timestamp())
        series = history[f"P-{number:03d}"]
        assert series.emptied_at_s.tolist() == [at_s]
        assert series.glanced_at_s.tolist() == [at_s]
        assert series.glance_fraction.tolist() == [(number % 5) / 4]


def test_tablets_at_once_lose_nothing(store: SqlStore) -> None:
    def send(number: int) -> None:
        events = [
            fields(number * 100 + at, minute=at, container_id=f"P-{at % 12:03d}", event_id=f"{number}-{at}")
            for at in range(30)
        ]
        answers.extend(store.tour_events.take(batch(*events, vehicle_id=f"LUE-{1 + number % 2}")))

    answers: list[object] = []
    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 360
    kept = store.tour_events.of_day(DAY)
    assert sum(map(len, kept.values())) == 360
    assert all(len(fold_events(vehicle, events).emptied) == 12 for vehicle, events in kept.items())


def test_lessons_are_replaced_and_read_by_day(store: SqlStore) -> None:
    for day, vehicle, document in ((1, "a", b"old"), (1, "a", b"new"), (2, "b", b"two"), (3, "a", b"late")):
        store.tour_events.put_lesson(date(2026, 3, day), vehicle, document)
    assert store.tour_events.lessons(since=date(2026, 3, 1), until=date(2026, 3, 3)) == [b"new", b"two"]
    asked = [(1, "a"), (1, "b"), (2, "b"), (4, "a")]
    assert [store.tour_events.has_lesson(date(2026, 3, day), name) for day, name in asked] == [True, False, True, False]


def test_signing_key_is_made_once_for_all_who_ask(store: SqlStore) -> None:
    found: list[tuple[str, bytes]] = []
    threads = [
        threading.Thread(target=lambda: found.append(store.signing_keys.current(new_private_key, at=SIX)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    signer = TourSigner.of_bytes(*found[0])
    assert is_signed_by(signer.public_key, b"tour", signer.sign(b"tour"))
    assert not is_signed_by(signer.public_key, b"tour!", signer.sign(b"tour"))


def test_incident_is_decided_once(store: SqlStore) -> None:
    incident = Incident(
        incident_id="i1", day=DAY, kind=IncidentKind.BREAKDOWN, vehicle_id="LUE-1", happened_at=SIX, note="Motor"
    )
    store.incidents.add(IncidentRecord(incident=incident, reported_at=SIX, actor="key"))
    store.incidents.note_job("i1", "j1")
    assert store.incidents.decide("i1", IncidentState.ACCEPTED, at=SIX, by="boss")
    assert not store.incidents.decide("i1", IncidentState.REJECTED, at=SIX, by="other")
    found = store.incidents.get("i1")
    assert found is not None
    assert (found.incident, found.job_id, found.state, found.decided_by) == (
        incident,
        "j1",
        IncidentState.ACCEPTED,
        "boss",
    )
    assert list(store.incidents.of_day(DAY)) == [found]
    assert store.incidents.get("i2") is None


def test_closure_that_was_withdrawn_stays_and_changes_no_more(store: SqlStore) -> None:
    closure = Closure(
        closure_id="c1",
        line=(Location(lon_deg=7.5, lat_deg=51.6), Location(lon_deg=7.6, lat_deg=51.6)),
        reason="Markt",
        valid_from_at=SIX,
        valid_until_at=SIX + timedelta(hours=3),
        added_at=SIX,
        added_by="key",
    )
    store.closures.add(closure)
    assert store.closures.all() == [closure]
    assert store.closures.confirm("c1", at=SIX, by="boss")
    assert store.closures.withdraw("c1", at=SIX, by="boss")
    assert not store.closures.withdraw("c1", at=SIX, by="boss")
    assert not store.closures.confirm("c1", at=SIX, by="boss")
    assert store.closures.get("c1") == replace(
        closure, confirmed_at=SIX, confirmed_by="boss", withdrawn_at=SIX, withdrawn_by="boss"
    )


def test_alerts_are_those_of_memory_and_outlive_a_restart(store: SqlStore) -> None:
    memory, chance = MemoryAlertStore(), Random(7)
    for _ in range(300):
        kind, subject = chance.choice(list(AlertKind)), chance.choice("abc")
        at = SIX + timedelta(seconds=chance.randint(0, 3_000))
        if chance.random() < 0.4:
            assert store.alerts.end(alert_id(kind, subject), at=at) == memory.end(alert_id(kind, subject), at=at)
            continue
        alert = Alert(
            alert_id=alert_id(kind, subject),
            kind=kind,
            subject_id=subject,
            container_id=None,
            began_at=at,
            seen_at=at,
            detail="look",
        )
        assert store.alerts.note(alert) == memory.note(alert)
        assert store.alerts.open() == memory.open()
    again = SqlAlertStore(store.database)
    assert {(one.alert_id, one.began_at) for one in again.open()} == {
        (one.alert_id, one.began_at) for one in memory.open()
    }
    for one in memory.open():
        kept = again.get(one.alert_id)
        assert kept is not None
        assert abs(one.seen_at - kept.seen_at) < timedelta(minutes=1)
