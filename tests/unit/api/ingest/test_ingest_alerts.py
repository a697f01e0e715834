import random
from datetime import datetime, timedelta

import pytest

from api.ingest.alerts import Alert, AlertKind, MemoryAlertStore, alert_id
from api.ingest.areas import find_silent_areas
from routing.location import Location
from tests.unit.api.ingest.intake_setup import EUI, NOW, bench, device
from tests.unit.api.ingest.test_ingest_intake import tts


def alert(kind: AlertKind, subject_id: str = "a", *, minute: int = 0) -> Alert:
    at = NOW + timedelta(minutes=minute)
    return Alert(
        alert_id=alert_id(kind, subject_id),
        kind=kind,
        subject_id=subject_id,
        container_id="P-001",
        began_at=at,
        seen_at=at,
        detail="",
    )


def test_fire_comes_first_and_then_the_latest() -> None:
    store = MemoryAlertStore()
    for kind, subject, minute in ((AlertKind.LID_OPEN, "a", 9), (AlertKind.TILT, "b", 3), (AlertKind.TILT, "c", 5)):
        store.note(alert(kind, subject, minute=minute))
    store.note(alert(AlertKind.FIRE, "d", minute=0))
    assert [one.alert_id for one in store.open()] == ["fire:d", "tilt:c", "tilt:b", "lid_open:a"]
    assert [one.alert_id for one in store.open(limit=1)] == ["fire:d"]


def test_repeated_alert_is_one_that_lasts() -> None:
    store = MemoryAlertStore()
    assert store.note(alert(AlertKind.TILT, minute=5))
    assert not store.note(alert(AlertKind.TILT, minute=0))
    assert not store.note(alert(AlertKind.TILT, minute=9))
    [one] = store.open()
    assert (one.began_at, one.seen_at) == (NOW, NOW + timedelta(minutes=9))


def test_late_message_does_not_open_again_what_is_over() -> None:
    store = MemoryAlertStore()
    store.note(alert(AlertKind.TILT, minute=0))
    assert store.end("tilt:a", at=NOW + timedelta(minutes=5))
    assert not store.note(alert(AlertKind.TILT, minute=4))
    assert store.open() == []
    assert store.note(alert(AlertKind.TILT, minute=6))


def test_all_clear_from_before_does_not_end_an_alert() -> None:
    store = MemoryAlertStore()
    store.note(alert(AlertKind.TILT, minute=5))
    assert not store.end("tilt:a", at=NOW)
    assert len(store.open()) == 1


def test_flood_of_tilts_never_hides_a_fire() -> None:
    store = MemoryAlertStore(capacity=10)
    store.note(alert(AlertKind.FIRE, "burning"))
    for number in range(50):
        store.note(alert(AlertKind.TILT, f"{number}", minute=number))
    assert len(store.open()) == 10
    assert store.open()[0].subject_id == "burning"


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"distance": 900, "position": "tilt"}, ["tilt"]),
        ({"distance": 900, "temperature": 81}, ["fire"]),
        ({"distance": 900, "temperature": 45}, []),
        ({"distance": 900, "temperature_alarm": "threshold_alarm"}, ["fire"]),
        ({"distance": 900, "temperature_alarm": "threshold_alarm_release"}, []),
    ],
)
def test_message_raises_its_alerts(fields: dict[str, object], kinds: list[str]) -> None:
    fed = bench(device(decoder="milesight_em400"))
    fed.intake.take_in("things_stack", tts(decoded_payload=fields, frm_payload=None))
    assert [one.kind.value for one in fed.alerts.open()] == kinds


def test_tilt_ends_when_the_sensor_says_so_but_fire_by_a_person_only() -> None:
    fed = bench(device(decoder="dingtek_df702"))
    for counter, fields in enumerate(({"level": "900 mm", "fire": True, "tilt": True}, {"level": "900 mm"})):
        at = f"2026-03-02T03:5{counter}:00Z"
        fed.intake.take_in("things_stack", tts(decoded_payload=fields, frm_payload=None, f_cnt=counter, received_at=at))
    assert [one.alert_id for one in fed.alerts.open()] == [f"fire:{EUI}"]


def test_clock_ahead_does_not_keep_an_alert_open_for_ever() -> None:
    fed = bench(device(decoder="dingtek_df702"))
    tilted = tts(
        decoded_payload={"level": "900 mm", "tilt": True}, frm_payload=None, received_at="2099-01-01T00:00:00Z"
    )
    fed.intake.take_in("things_stack", tilted)
    assert fed.alerts.open()[0].seen_at == NOW
    fed.now += timedelta(hours=1)
    upright = tts(decoded_payload={"level": "900 mm"}, frm_payload=None, f_cnt=2, received_at="2026-03-02T04:59:00Z")
    fed.intake.take_in("things_stack", upright)
    assert fed.alerts.open() == []


def town(count: int, *, spacing_deg: float = 0.0005) -> dict[str, Location]:
    return {f"C-{n:02d}": Location(lon_deg=7.5 + n * spacing_deg, lat_deg=51.6055) for n in range(count)}


def silent(locations: dict[str, Location], last_seen: dict[str, datetime]) -> list[Alert]:
    return find_silent_areas(last_seen, locations, now=NOW, interval=timedelta(hours=1))


def test_area_that_fell_silent_at_once_is_one_alert() -> None:
    locations = town(12)
    found = silent(locations, {name: NOW - timedelta(hours=5) for name in locations})
    assert 1 <= len(found) <= 2
    assert all(one.kind is AlertKind.SILENT_AREA and "together" in one.detail for one in found)


def test_sensors_that_speak_are_no_silent_area() -> None:
    locations = town(12)
    assert silent(locations, {name: NOW - timedelta(hours=2) for name in locations}) == []


def test_two_broken_sensors_among_many_are_no_silent_area() -> None:
    locations = town(12)
    last_seen = {name: NOW - timedelta(minutes=10) for name in locations}
    last_seen |= {name: NOW - timedelta(days=3) for name in list(locations)[:2]}
    assert silent(locations, last_seen) == []


def test_sensors_that_fell_silent_one_by_one_are_no_silent_area() -> None:
    locations = town(12, spacing_deg=0.0)
    last_seen = {name: NOW - timedelta(days=3 * place + 1) for place, name in enumerate(locations)}
    assert silent(locations, last_seen) == []


def test_silent_areas_do_not_depend_on_the_order() -> None:
    locations = town(40)
    last_seen = {name: NOW - timedelta(hours=5, minutes=place) for place, name in enumerate(locations)}
    shuffled = list(last_seen.items())
    random.Random(1).shuffle(shuffled)
    assert sorted(one.alert_id for one in silent(locations, last_seen)) == sorted(
        one.alert_id for one in silent(locations, dict(shuffled))
    )
