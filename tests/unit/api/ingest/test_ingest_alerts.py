from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from api.ingest.alerts import Alert, AlertKind, MemoryAlertStore, alert_id
from api.ingest.areas import SilentAreas, find_silent_areas
from optimizer.domain.container import Container
from optimizer.domain.reading import FillSeries
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


def containers(count: int) -> list[Container]:
    return [
        Container(
            container_id=f"C-{number:02d}",
            site_id=f"S-{number:02d}",
            location=Location(lon_deg=7.5 + number * 0.0005, lat_deg=51.6055),
            stream="glass",
            capacity_l=3_000,
        )
        for number in range(count)
    ]


def hourly(last_h: dict[str, float]) -> dict[str, FillSeries]:
    """Hourly readings of a week, up to so many hours ago."""
    history = {}
    for name, hours in last_h.items():
        last_s = int((NOW - timedelta(hours=hours)).timestamp())
        observed_at_s = np.arange(last_s - 7 * 86_400, last_s + 1, 3_600, dtype=np.int64)
        history[name] = FillSeries(
            container_id=name,
            observed_at_s=observed_at_s,
            fill_fraction=np.full(len(observed_at_s), 0.5, dtype=np.float32),
            quality=np.zeros(len(observed_at_s), dtype=np.int8),
        )
    return history


@pytest.mark.parametrize(
    ("last_h", "count"),
    [
        (dict.fromkeys(range(12), 20.0), 1),
        (dict.fromkeys(range(12), 2.0), 0),
        ({n: 72.0 if n < 2 else 0.5 for n in range(12)}, 0),
        (dict.fromkeys(range(3), 20.0), 0),
        ({n: 20.0 if n < 9 else 0.5 for n in range(12)}, 1),
    ],
)
def test_area_that_fell_silent_together_is_one_alert(last_h: dict[int, float], count: int) -> None:
    history = hourly({f"C-{number:02d}": hours for number, hours in last_h.items()})
    found = find_silent_areas(history, containers(12), now=NOW)
    assert len(found) == count
    for one in found:
        assert (one.kind, one.container_id) == (AlertKind.SILENT_AREA, "C-00")
        assert abs(one.began_at - (NOW - timedelta(hours=20))) <= timedelta(hours=1)


def test_silent_areas_are_looked_for_once_a_minute() -> None:
    class Readings:
        asked = 0

        def history(self, *, as_of: datetime, days: int) -> dict[str, FillSeries]:
            assert (as_of.tzinfo, days > 0) == (NOW.tzinfo, True)
            self.asked += 1
            return hourly({f"C-{number:02d}": 20.0 for number in range(12)})

    readings: Any = Readings()
    areas = SilentAreas()
    for second in (0, 30, 59, 61, 70):
        found = areas.of("lue", readings, containers(12), now=NOW + timedelta(seconds=second))
        assert len(found) == 1
    assert readings.asked == 2
    areas.of("sel", readings, containers(12), now=NOW)
    assert readings.asked == 3
