"""What the stores of several tenants must keep, on each database that they run on."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.store.errors import (
    BrokenDatabaseError,
    InUseError,
    InvalidTenantIdError,
    StaleVersionError,
    TenantExistsError,
    UnknownTenantError,
)
from api.store.ports import ReadingStatus
from api.store.sql_quarantine import SqlQuarantineStore
from api.store.sql_store import SqlStore
from api.store.sql_tenants import SqlTenantStores, open_tenant_stores
from api.store.tenant_ports import AccessKey, Device, QuarantinedMessage, Role, Tenant
from optimizer.domain.reading import Reading
from tests.flow.http_samples import NOW, small_record
from tests.postgres import postgres

__all__ = ["postgres"]

LUENEN = Tenant(tenant_id="luenen", name="Lünen", created_at=NOW)
UNNA = Tenant(tenant_id="unna-2", name="Unna", created_at=NOW, retention_days={"readings": 90})
DEVICE = Device(
    device_id="A84041000181C061",
    decoder="milesight_em310",
    container_id="P-001",
    empty_mm=1_500.5,
    full_mm=None,
    shape="box",
    registered_at=NOW + timedelta(microseconds=7),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "data")
    url: str = request.getfixturevalue("postgres").make_database()
    return url


@pytest.fixture
def stores(place: str) -> Iterator[SqlTenantStores]:
    opened = open_tenant_stores(place)
    opened.add_tenant(LUENEN)
    opened.add_tenant(UNNA)
    yield opened
    opened.close()


@pytest.fixture
def store(stores: SqlTenantStores) -> SqlStore:
    found = stores.store("luenen")
    found.town.replace(small_record())
    return found


def key(key_id: str = "k1", *, tenant_id: str = "luenen", minutes: int = 0) -> AccessKey:
    return AccessKey(
        key_id=key_id,
        tenant_id=tenant_id,
        role=Role.DRIVER,
        label="Fahrzeug 1",
        secret_sha256="ab" * 32,
        created_at=NOW + timedelta(minutes=minutes),
        subject_id="LUE-1",
        expires_at=NOW + timedelta(days=30),
    )


def message(number: int, *, reason: str = "unknown_device", body: bytes = b"\x00\xff") -> QuarantinedMessage:
    return QuarantinedMessage(
        message_id=f"{number:08d}",
        received_at=NOW + timedelta(seconds=number),
        source="tts",
        reason=reason,
        detail="Register the device.",
        content_type="application/json",
        body=body,
        device_id="A84041000181C061",
    )


def append(store: SqlStore, number: int = 1, *, target: str = "/v1/plans", minutes: int = 0) -> int:
    entry = store.audit.append(
        at=NOW + timedelta(minutes=minutes),
        actor=f"key-{number}",
        role="dispatcher",
        action="createPlan",
        target=target,
        outcome="accepted",
        trace_id="t",
    )
    return entry.sequence


def reading(container_id: str = "P-001", *, minutes: float = 0, fill: float = 0.5) -> Reading:
    return Reading(container_id=container_id, observed_at=NOW - timedelta(minutes=minutes), fill_fraction=fill)


def test_tenants_come_back_equal_and_in_order(stores: SqlTenantStores) -> None:
    assert stores.tenants() == [LUENEN, UNNA]
    assert stores.tenant("unna-2") == UNNA
    assert stores.tenant("nobody") is None


def test_tenant_can_be_changed(stores: SqlTenantStores) -> None:
    changed = replace(UNNA, name="Kreisstadt Unna", is_active=False, retention_days=None)
    stores.put_tenant(changed)
    assert stores.tenant("unna-2") == changed
    with pytest.raises(UnknownTenantError):
        stores.put_tenant(replace(UNNA, tenant_id="nobody"))


def test_same_tenant_twice_is_refused_and_leaves_the_first(stores: SqlTenantStores) -> None:
    stores.store("luenen").town.replace(small_record())
    with pytest.raises(TenantExistsError):
        stores.add_tenant(replace(LUENEN, name="another"))
    assert stores.tenant("luenen") == LUENEN
    assert stores.store("luenen").town.load() == small_record()


@pytest.mark.parametrize("tenant_id", ["", "Lünen", "a/../b", "1a", "-a", "a" * 41, 'a"; DROP SCHEMA service', "a\n"])
def test_id_that_cannot_name_a_store_is_refused(stores: SqlTenantStores, tenant_id: str) -> None:
    with pytest.raises(InvalidTenantIdError):
        stores.add_tenant(replace(LUENEN, tenant_id=tenant_id))
    with pytest.raises(UnknownTenantError):
        stores.store(tenant_id)
    assert stores.tenants() == [LUENEN, UNNA]


def test_failed_making_of_a_store_notes_no_tenant(stores: SqlTenantStores, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(stores._home, "make_tenant", fail)
    with pytest.raises(RuntimeError):
        stores.add_tenant(replace(LUENEN, tenant_id="hamm"))
    monkeypatch.undo()
    assert stores.tenant("hamm") is None
    stores.add_tenant(replace(LUENEN, tenant_id="hamm"))
    assert stores.store("hamm").town.load() is None


def test_store_is_the_same_object_every_time(stores: SqlTenantStores) -> None:
    assert stores.store("luenen") is stores.store("luenen")
    assert stores.store("luenen") is not stores.store("unna-2")


def test_no_tenant_sees_anything_of_another(stores: SqlTenantStores, store: SqlStore) -> None:
    other = stores.store("unna-2")
    store.readings.add([reading()], received_at=NOW, dedup_keys=["m1"])
    store.devices.put(DEVICE)
    store.quarantine.add(message(1))
    append(store)
    assert other.town.load() is None
    assert other.readings.history(as_of=NOW, days=9) == {}
    assert other.devices.all() == []
    assert other.devices.get(DEVICE.device_id) is None
    assert other.quarantine.all() == []
    assert other.audit.entries() == []
    other.town.replace(small_record())
    assert other.readings.add([reading()], received_at=NOW, dedup_keys=["m1"]) == [ReadingStatus.ACCEPTED]


def test_tenants_stay_apart_when_many_threads_take_turns(stores: SqlTenantStores) -> None:
    wrong: list[str] = []

    def work(tenant_id: str, number: int) -> None:
        mine = stores.store(tenant_id)
        for turn in range(10):
            device_id = f"{tenant_id}-{number}-{turn}"
            mine.devices.put(replace(DEVICE, device_id=device_id))
            wrong.extend(one.device_id for one in mine.devices.all() if not one.device_id.startswith(tenant_id))

    threads = [threading.Thread(target=work, args=(one, number)) for one in ("luenen", "unna-2") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(stores.store("luenen").devices.all()) == 40


def test_everything_is_there_after_reopening(place: str, stores: SqlTenantStores, store: SqlStore) -> None:
    store.devices.put(DEVICE)
    stores.keys.add(key())
    append(store)
    stores.close()
    again = open_tenant_stores(place)
    assert again.tenants() == [LUENEN, UNNA]
    assert again.store("luenen").devices.get(DEVICE.device_id) == DEVICE
    assert again.store("luenen").town.load() == small_record()
    assert again.keys.find("k1") == key()
    assert append(again.store("luenen")) == 2
    again.close()


def test_store_opened_without_migration_works(place: str, stores: SqlTenantStores, store: SqlStore) -> None:
    worker = open_tenant_stores(place, may_migrate=False)
    assert worker.store("luenen").town.load() == store.town.load()
    stores.add_tenant(replace(LUENEN, tenant_id="hamm"))
    assert worker.store("hamm").town.load() is None
    worker.close()


def test_second_service_is_held_off_until_the_first_has_closed(place: str, stores: SqlTenantStores) -> None:
    stores.claim()
    stores.ping()
    second = open_tenant_stores(place)
    with pytest.raises(InUseError):
        second.claim()
    stores.close()
    second.claim()
    second.close()


def test_missing_store_is_refused_and_never_replaced_by_an_empty_one(place: str, stores: SqlTenantStores) -> None:
    stores.close()
    if place.startswith("postgresql"):
        opened = open_tenant_stores(place)
        with opened.database.write() as connection:
            connection.exec_driver_sql('DROP SCHEMA "tenant_luenen" CASCADE')
        opened.close()
    else:
        (Path(place) / "tenants" / "luenen.sqlite3").unlink()
    with pytest.raises(BrokenDatabaseError, match="missing"):
        open_tenant_stores(place)


def test_keys_come_back_equal_until_and_after_they_are_revoked(stores: SqlTenantStores) -> None:
    stores.keys.add(key("k2", minutes=5))
    stores.keys.add(key("k1"))
    stores.keys.add(key("k3", tenant_id="unna-2"))
    assert stores.keys.of_tenant("luenen") == [key("k1"), key("k2", minutes=5)]
    at = NOW + timedelta(hours=1, microseconds=1)
    assert stores.keys.revoke("k1", at=at)
    assert not stores.keys.revoke("k1", at=at + timedelta(hours=1))
    assert not stores.keys.revoke("nobody", at=at)
    assert stores.keys.find("k1") == replace(key("k1"), revoked_at=at)
    assert stores.keys.find("k\x00") is None


def test_devices_are_found_whatever_their_ids_hold(store: SqlStore) -> None:
    odd = ('a"b', "a\\b", "a'b", "{a,b}", "a b", "NULL", "\u00fc\U0001f5d1")
    devices = {name: replace(DEVICE, device_id=name, is_active=index % 2 == 0) for index, name in enumerate(odd)}
    for one in devices.values():
        store.devices.put(one)
    assert store.devices.find([*odd, "nobody"]) == devices
    assert store.devices.find(odd[:1]) == {odd[0]: devices[odd[0]]}
    assert store.devices.find([]) == {}


def test_devices_are_replaced_and_paged(store: SqlStore) -> None:
    for number in (3, 1, 2):
        store.devices.put(replace(DEVICE, device_id=f"D{number}"))
    store.devices.put(replace(DEVICE, device_id="D2", container_id=None, is_active=False))
    assert [one.device_id for one in store.devices.all(limit=2)] == ["D1", "D2"]
    assert [one.device_id for one in store.devices.all(after="D2")] == ["D3"]
    assert store.devices.get("D2") == replace(DEVICE, device_id="D2", container_id=None, is_active=False)
    assert store.devices.get("D9") is None


def test_quarantine_keeps_bytes_and_is_paged_by_reason(store: SqlStore) -> None:
    for number in range(4):
        store.quarantine.add(message(number, reason="bad" if number % 2 else "unknown_device"))
    store.quarantine.add(message(0, body=b"another"))
    assert store.quarantine.get("00000000") == message(0)
    assert [one.message_id for one in store.quarantine.all(reason="bad")] == ["00000001", "00000003"]
    assert [one.message_id for one in store.quarantine.all(after="00000001", limit=1)] == ["00000002"]
    store.quarantine.mark_replayed("00000002", at=NOW)
    assert store.quarantine.get("00000002") == replace(message(2), replayed_at=NOW)
    assert store.quarantine.get("nobody") is None


def test_quarantine_forgets_the_oldest_when_there_are_too_many(store: SqlStore) -> None:
    small = SqlQuarantineStore(store.database, most=3)
    for number in range(5):
        small.add(message(number))
    assert [one.message_id for one in small.all()] == ["00000002", "00000003", "00000004"]


def test_audit_counts_without_gaps_when_many_write_at_once(store: SqlStore) -> None:
    sequences: list[int] = []

    def work(number: int) -> None:
        sequences.extend(append(store, number) for _ in range(10))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sequences) == list(range(1, 81))
    assert [one.sequence for one in store.audit.entries(after=70)] == list(range(71, 81))
    assert store.audit.first_broken() is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET outcome = 'denied' WHERE sequence = 4", 4),
        ("UPDATE audit SET at_us = at_us + 1 WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 3", 3),
        ("DELETE FROM audit WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 6", 6),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET chain_sha256 = 'x' WHERE sequence = 6", 6),
    ],
)
def test_audit_names_the_first_line_that_was_changed_or_is_missing(
    store: SqlStore, statement: str, broken: int
) -> None:
    for number in range(6):
        append(store, number)
    assert store.audit.first_broken() is None
    with store.database.write() as connection:
        connection.exec_driver_sql(statement)
    assert store.audit.first_broken() == broken


def test_audit_takes_every_word_and_keeps_its_chain(store: SqlStore) -> None:
    append(store, target="/v1/\x00\ud800\r\nplans" + "x" * 900)
    entry = store.audit.entries()[0]
    assert entry.target.startswith("/v1/????plans")
    assert len(entry.target) == 500
    assert store.audit.first_broken() is None


def test_message_key_seen_before_makes_a_duplicate_whatever_it_says(store: SqlStore) -> None:
    one, other = reading(), reading(minutes=3, fill=0.9)
    assert store.readings.add([one], received_at=NOW, dedup_keys=["m1"]) == [ReadingStatus.ACCEPTED]
    assert store.readings.add([other], received_at=NOW, dedup_keys=["m1"]) == [ReadingStatus.DUPLICATE]
    assert store.readings.add([other], received_at=NOW, dedup_keys=[None]) == [ReadingStatus.ACCEPTED]
    assert len(store.readings.history(as_of=NOW, days=1)["P-001"]) == 2


def test_readings_of_one_message_may_share_its_key(store: SqlStore) -> None:
    both = [reading(), reading(minutes=1)]
    assert store.readings.add(both, received_at=NOW, dedup_keys=["m", "m"]) == [ReadingStatus.ACCEPTED] * 2
    assert store.readings.add(both, received_at=NOW, dedup_keys=["m", "m"]) == [ReadingStatus.DUPLICATE] * 2


def test_message_key_is_not_kept_for_an_unknown_container(store: SqlStore) -> None:
    lost = [reading("not-yet")]
    assert store.readings.add(lost, received_at=NOW, dedup_keys=["m"]) == [ReadingStatus.UNKNOWN_CONTAINER]
    assert store.readings.add([reading()], received_at=NOW, dedup_keys=["m"]) == [ReadingStatus.ACCEPTED]


def test_message_keys_of_any_form_are_told_apart(store: SqlStore) -> None:
    keys = [
        "",
        "ä",
        "a\x00b",
        "\ud800",
        "x" * 500,
        "x" * 501,
        '"',
        "\\",
        '\\"',
        "a,b",
        "{}",
        "NULL",
        "null",
        "'",
        "%s",
        " ",
    ]
    batch = [reading(minutes=number) for number in range(len(keys))]
    assert store.readings.add(batch, received_at=NOW, dedup_keys=keys) == [ReadingStatus.ACCEPTED] * len(keys)
    for key_again, other in zip(keys, batch, strict=True):
        changed = replace(other, fill_fraction=0.77)
        assert store.readings.add([changed], received_at=NOW, dedup_keys=[key_again]) == [ReadingStatus.DUPLICATE]


@pytest.mark.parametrize("known", [(), (0,), (1, 3), (0, 1, 2, 3)])
def test_batch_tells_of_each_reading_whether_it_is_new(store: SqlStore, known: tuple[int, ...]) -> None:
    batch = [
        reading(),
        reading(minutes=1),
        replace(reading(minutes=2), is_emptying=True),
        reading(minutes=-60 * 24 * 70),
    ]
    keys = [f"m{number}" for number in range(4)]
    for number in known:
        store.readings.add([batch[number]], received_at=NOW, dedup_keys=[keys[number]])
    expected = [ReadingStatus.DUPLICATE if one in known else ReadingStatus.ACCEPTED for one in range(4)]
    assert store.readings.add(batch, received_at=NOW, dedup_keys=keys) == expected
    assert store.readings.add(batch, received_at=NOW) == [ReadingStatus.DUPLICATE] * 4


def test_dedup_keys_must_fit_the_readings(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="one dedup key per reading"):
        store.readings.add([reading()], received_at=NOW, dedup_keys=["a", "b"])


def test_same_reading_from_many_threads_is_accepted_once(store: SqlStore) -> None:
    told: list[ReadingStatus] = []

    def work() -> None:
        for minute in range(20):
            told.extend(store.readings.add([reading(minutes=minute)], received_at=NOW, dedup_keys=[f"m{minute}"]))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count(ReadingStatus.ACCEPTED) == 20
    assert told.count(ReadingStatus.DUPLICATE) == 140
    assert len(store.readings.history(as_of=NOW, days=1)["P-001"]) == 20


def test_readings_of_any_instant_find_their_place(store: SqlStore) -> None:
    instants = [NOW.replace(year=year) for year in (1971, 2014, 2015, 2025, 2026, 2059, 2060, 2090)]
    batch = [Reading(container_id="P-001", observed_at=one, fill_fraction=0.5) for one in instants]
    assert store.readings.add(batch, received_at=NOW) == [ReadingStatus.ACCEPTED] * len(batch)
    series = store.readings.history(as_of=instants[-1], days=365 * 120)["P-001"]
    assert series.observed_at_s.tolist() == [int(one.timestamp()) for one in instants]


def test_container_changed_by_two_at_once_is_changed_by_one(store: SqlStore) -> None:
    stored = store.town.container("P-001")
    assert stored is not None
    outcomes: list[str] = []

    def work(capacity_l: int) -> None:
        try:
            store.town.put_container(replace(stored.container, capacity_l=capacity_l), if_match=stored.etag)
            outcomes.append("changed")
        except StaleVersionError:
            outcomes.append("stale")

    threads = [threading.Thread(target=work, args=(1_000 + number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed"] + ["stale"] * 5
