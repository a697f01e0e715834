import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from api.ingest.formats import FORMATS
from api.ingest.intake import INLINE_BYTES, MAX_KEPT_BYTES, Delivery, Outcome
from api.ingest.record import Arrival, Parsed
from tests.unit.api.ingest.intake_setup import EUI, NOW, bench, device
from tests.unit.api.ingest.memory_store import fixture_bytes


def tts(**changes: object) -> bytes:
    document = json.loads(fixture_bytes("tts_em310.json"))
    document["uplink_message"].update(changes)
    return json.dumps(
        {**document, "uplink_message": {k: v for k, v in document["uplink_message"].items() if v is not None}}
    ).encode()


def test_batch_keeps_the_good_and_names_the_bad() -> None:
    fed = bench()
    report = fed.feed("ngsi", "ngsi_ld_many.json")
    codes = [(one.outcome.value, one.code) for one in report.results]
    assert codes == [
        ("accepted", ""),
        ("accepted", ""),
        ("quarantined", "out_of_range"),
        ("quarantined", "not_a_number"),
        ("quarantined", "ambiguous_scale"),
        ("quarantined", "unknown_container"),
        ("ignored", "other_type"),
        ("quarantined", "not_ngsi"),
    ]
    assert fed.levels() == [0.1, 0.2]
    assert sorted(fed.reasons()) == ["ambiguous_scale", "not_a_number", "not_ngsi", "out_of_range", "unknown_container"]


def test_batch_repeated_adds_nothing() -> None:
    fed = bench()
    fed.feed("ngsi", "ngsi_ld_many.json")
    again = fed.feed("ngsi", "ngsi_ld_many.json")
    assert again.count(Outcome.ACCEPTED) == 0
    assert again.count(Outcome.DUPLICATE) == 2


def test_page_takes_the_end_of_intervals_and_numbers_in_text() -> None:
    fed = bench(device("sta:4711"))
    report = fed.feed("sensorthings", "sensorthings_page.json")
    assert [one.code for one in report.results] == ["", "", "no_instant", "not_a_number"]
    stored = sorted(fed.store.readings.kept.values(), key=lambda one: one.observed_at)
    assert [one.fill_fraction for one in stored] == [0.615, 0.63]
    assert [f"{one.observed_at:%H:%M}" for one in stored] == ["01:15", "02:00"]


def test_pack_of_two_times_becomes_two_messages() -> None:
    fed = bench(device("bin-7"))
    report = fed.feed("senml", "senml_3435_two_times.json", device_id="bin-7")
    assert [(one.outcome.value, one.code) for one in report.results] == [("accepted", ""), ("quarantined", "lid_open")]
    assert fed.levels() == [0.7]
    assert [alert.kind.value for alert in fed.alerts.open()] == ["lid_open"]


def test_pack_without_device_waits_for_one() -> None:
    fed = bench()
    report = fed.feed("senml", "senml_3435_two_times.json")
    assert {one.code for one in report.results} == {"no_device"}
    assert len(fed.store.quarantine.kept) == 1


def test_replayed_webhook_changes_nothing_when_it_claims_a_new_arrival() -> None:
    fed = bench()
    fed.intake.take_in("things_stack", tts())
    fed.now += timedelta(days=1)
    later = fed.intake.take_in("things_stack", tts(received_at="2026-03-03T03:50:00Z"))
    assert later.results[0].outcome is Outcome.DUPLICATE
    assert len(fed.levels()) == 1


def test_same_counter_of_a_new_session_is_new() -> None:
    fed = bench()
    fed.intake.take_in("things_stack", tts())
    other = fed.intake.take_in("things_stack", tts(session_key_id="AXBSH2", received_at="2026-03-02T03:55:00Z"))
    assert other.results[0].outcome is Outcome.ACCEPTED


def test_left_out_counter_is_the_counter_zero() -> None:
    fed = bench()
    fed.intake.take_in("things_stack", tts(f_cnt=None))
    zero = fed.intake.take_in("things_stack", tts(f_cnt=0, received_at="2026-03-02T03:55:00Z"))
    assert zero.results[0].outcome is Outcome.DUPLICATE


def test_level_left_out_is_not_guessed_when_bytes_are_at_hand() -> None:
    fed = bench(device(decoder="netvox_r718x", empty_mm=None, full_mm=None))
    # The bytes say 61 percent; the codec's fields lack the level, which by themselves would mean zero.
    body = tts(decoded_payload={"Status": "ON"}, frm_payload="ATQBJAED6P/nPQMA", f_port=6)
    fed.intake.take_in("things_stack", body)
    assert fed.levels() == [0.61]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"container_id": None}, "unmounted_device"),
        ({"container_id": "P-777"}, "unknown_container"),
        ({"empty_mm": None, "full_mm": None}, "not_calibrated"),
        ({"is_active": False}, "inactive_device"),
        ({"decoder": "gone"}, "no_decoder"),
        ({"empty_mm": 400.0, "full_mm": 2_000.0}, "bad_calibration"),
    ],
)
def test_quarantined_message_is_taken_in_after_its_device_is_mended(changes: dict[str, object], code: str) -> None:
    fed = bench(device(**changes))
    assert fed.one("things_stack", "tts_em310.json").code == code
    [message] = fed.store.quarantine.all()
    assert (message.reason, message.device_id, message.source) == (code, EUI, "things_stack")
    assert message.body == fixture_bytes("tts_em310.json")
    still = fed.intake.replay(message)
    assert still.results[0].code == code
    assert fed.store.quarantine.get(message.message_id).replayed_at is None
    fed.store.devices.put(device())
    fed.now += timedelta(days=90)  # what came in time is not too old because it waited
    mended = fed.intake.replay(message)
    assert mended.results[0].outcome is Outcome.ACCEPTED
    assert fed.store.quarantine.get(message.message_id).replayed_at == fed.now
    assert fed.levels() == [0.625]
    assert fed.intake.replay(message).results[0].outcome is Outcome.DUPLICATE
    assert len(fed.store.quarantine.kept) == 1


def test_unknown_device_is_named_whatever_its_decoder() -> None:
    fed = bench(device("0000000000000001"))
    assert fed.one("things_stack", "tts_em310.json").code == "unknown_device"
    assert fed.one("things_stack", "tts_sensoneo_stray_echo.json").code == "unknown_device"
    assert len(fed.store.quarantine.all(reason="unknown_device")) == 2


def test_fire_of_an_unknown_device_is_told_all_the_same() -> None:
    fed = bench(device("0000000000000001"))
    fed.feed("things_stack", "tts_df702_burning.json")
    assert [alert.subject_id for alert in fed.alerts.open()] == [EUI]


def test_refused_parts_of_a_batch_replay_together() -> None:
    fed = bench()
    entities = [
        {"id": f"C:{n}", "type": "WasteContainer", "fillingLevel": 0.5, "dateObserved": "2026-03-02T03:00:00Z"}
        for n in range(100)
    ]
    body = json.dumps({"notifiedAt": "2026-03-02T03:50:02Z", "data": entities}).encode()
    assert fed.intake.take_in("ngsi", body).count(Outcome.QUARANTINED) == 100
    [message] = fed.store.quarantine.all()
    fed.store.readings.container_ids |= {str(n) for n in range(100)}
    assert fed.intake.replay(message).count(Outcome.ACCEPTED) == 100


def test_entity_without_instant_keeps_that_of_its_notification_in_quarantine() -> None:
    fed = bench()
    entity = {"id": "C:new", "type": "WasteContainer", "fillingLevel": 0.5}
    fed.intake.take_in("ngsi", json.dumps({"notifiedAt": "2026-03-01T12:00:00Z", "data": [entity]}).encode())
    [message] = fed.store.quarantine.all()
    fed.store.readings.container_ids.add("new")
    fed.intake.replay(message)
    [stored] = fed.store.readings.kept.values()
    assert stored.observed_at.isoformat() == "2026-03-01T12:00:00+00:00"


def test_pack_replays_with_its_own_times() -> None:
    fed = bench(device("bin-7", container_id=None))
    fed.feed("senml", "senml_3435_height_and_level.json")
    fed.feed("senml", "senml_3435_two_times.json", device_id="bin-7")
    for message in fed.store.quarantine.all():
        fed.store.devices.put(device("bin-7"))
        fed.store.devices.put(device("urn:dev:ops:bin-7"))
        fed.intake.replay(message)
    assert sorted(fed.levels()) == [0.45, 0.7]


def test_too_many_messages_are_refused_as_a_whole() -> None:
    fed = bench()
    entity = {"id": "C:P-001", "type": "WasteContainer", "fillingLevel": 0.5}
    report = fed.intake.take_in("ngsi", json.dumps({"data": [entity] * 5_001}).encode())
    assert [one.code for one in report.results] == ["too_many"]
    assert fed.levels() == []


def test_large_junk_is_kept_in_part_only() -> None:
    fed = bench()
    fed.intake.take_in("things_stack", b"x" * 1_000_000)
    [message] = fed.store.quarantine.all()
    assert len(message.body) == MAX_KEPT_BYTES
    assert "Only its beginning" in message.detail


def test_device_key_speaks_for_its_device_only() -> None:
    fed = bench()
    body = fixture_bytes("tts_em310.json")
    foreign = fed.intake.take_in("things_stack", body, only_device_id="0000000000000001")
    assert foreign.results[0].code == "foreign_device"
    own = fed.intake.take_in("things_stack", body, only_device_id=EUI)
    assert own.results[0].outcome is Outcome.ACCEPTED


def test_hundred_poison_messages_are_all_kept_with_a_reason() -> None:
    fed = bench()
    for number in range(100):
        fed.now += timedelta(seconds=1)
        report = fed.intake.take_in("things_stack", tts(frm_payload="AQ==", decoded_payload=None, f_cnt=number))
        assert report.results[0].code == "unknown_channel"
    assert len(fed.store.quarantine.all(limit=1_000)) == 100
    assert list(fed.store.quarantine.kept) == sorted(fed.store.quarantine.kept)


def test_order_of_messages_does_not_matter() -> None:
    bodies = [
        tts(
            f_cnt=number,
            received_at=f"2026-03-02T0{number % 4}:{10 + number}:00Z",
            frm_payload=None,
            decoded_payload={"distance": 500 + 100 * number},
        )
        for number in range(8)
    ]
    states = []
    for order in (bodies, bodies[::-1], bodies[4:] + bodies[:4] + bodies):
        fed = bench()
        for body in order:
            fed.intake.take_in("things_stack", body)
        states.append(set(fed.store.readings.kept))
    assert states[0] == states[1] == states[2]
    assert len(states[0]) == 8


@pytest.mark.parametrize(
    ("observed_at", "code"),
    [
        ("1970-01-01T00:00:12Z", "clock_lost"),
        ("2099-01-01T00:00:00Z", "clock_ahead"),
        ("2026-03-02T06:00:00Z", "clock_ahead"),
        ("2026-03-02T04:10:01Z", "clock_ahead"),
        ("2026-01-30T00:00:00Z", "too_old"),
    ],
)
def test_wrong_clock_is_kept_out_of_the_readings(observed_at: str, code: str) -> None:
    fed = bench()
    report = fed.intake.take_in("things_stack", tts(received_at=observed_at))
    assert report.results[0].code == code
    assert fed.levels() == []


def test_clock_within_ten_minutes_counts() -> None:
    fed = bench()
    report = fed.intake.take_in("things_stack", tts(received_at="2026-03-02T04:09:59Z"))
    assert report.results[0].outcome is Outcome.ACCEPTED


def test_naive_time_is_not_believed() -> None:
    fed = bench()
    document = json.loads(tts(received_at="2026-03-02T03:50:00"))
    document["received_at"] = "2026-03-02T03:50:00"
    report = fed.intake.take_in("things_stack", json.dumps(document).encode())
    assert report.results[0].reasons == ("no_instant",)
    [stored] = fed.store.readings.kept.values()
    assert stored.observed_at == NOW


def test_two_readings_of_the_doubled_hour_lie_an_hour_apart() -> None:
    fed = bench()
    fed.now = NOW.replace(month=10, day=26)
    for at, counter in (("2026-10-25T02:30:00+02:00", 1), ("2026-10-25T02:30:00+01:00", 2)):
        fed.intake.take_in("things_stack", tts(received_at=at, f_cnt=counter))
    first, second = sorted(one.observed_at for one in fed.store.readings.kept.values())
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "code"),
    [(-5, "out_of_range"), (101, ""), (254, "sensor_code"), (255, "sensor_code"), (1e308, "out_of_range")],
)
def test_impossible_percent_is_kept_out(value: float, code: str) -> None:
    fed = bench(device(decoder="plain_percent"))
    report = fed.intake.take_in("things_stack", tts(decoded_payload={"fill_percent": value}, frm_payload=None))
    assert report.results[0].code == code
    assert fed.levels() == ([] if code else [1.01])


@pytest.mark.parametrize("value", [True, None, [1], {"a": 1}, "full", ""])
def test_value_of_another_type_is_no_level(value: object) -> None:
    fed = bench(device(decoder="plain_percent"))
    report = fed.intake.take_in("things_stack", tts(decoded_payload={"fill_percent": value}, frm_payload=None))
    assert report.results[0].code == "no_level"
    assert fed.levels() == []


@pytest.mark.parametrize(("scale", "levels"), [("ngsi_percent", [0.01]), ("ngsi_fraction", [1.0]), ("ngsi", [1.0])])
def test_level_of_one_means_what_the_scale_says(scale: str, levels: list[float]) -> None:
    fed = bench()
    entity = {"id": "C:P-001", "type": "WasteContainer", "fillingLevel": 1, "dateObserved": "2026-03-02T03:00:00Z"}
    fed.intake.take_in(scale, json.dumps(entity).encode())
    assert fed.levels() == levels


@pytest.mark.parametrize("padding", [0, INLINE_BYTES])
def test_awaited_body_of_unknown_devices_is_read_once(padding: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def parses(body: bytes, arrival: Arrival) -> list[Parsed]:
        read.append(body)
        return plain.parses(body, arrival)

    plain = FORMATS["ngsi"]
    monkeypatch.setitem(FORMATS, "ngsi", replace(plain, parses=parses))  # type: ignore[arg-type]  # it is a dict
    entity = {"id": "nobody", "type": "WasteContainer", "fillingLevel": 900, "dateObserved": NOW.isoformat()}
    body = json.dumps({"data": [entity, {**entity, "id": "A:P-001"}]}).encode() + b" " * padding
    fed = bench()
    delivery = Delivery(format_name="ngsi", body=body, arrival=Arrival(received_at=NOW))
    report = asyncio.run(fed.intake.take_in_awaited(delivery))
    assert read == [body]
    assert report == fed.intake.take_in("ngsi", body)
    assert [one.code for one in report.results] == ["out_of_range"] * 2
    assert len(fed.store.quarantine.kept) == 2


def test_refused_entity_is_kept_alone_and_as_it_came() -> None:
    fed = bench()
    good = {"id": "A:P-001", "type": "WasteContainer", "fillingLevel": 0.5, "dateObserved": NOW.isoformat()}
    bad = {**good, "id": "A:P-404", "https://vendor.example/terms#colour": "gr\u00fcn"}
    body = json.dumps({"notifiedAt": NOW.isoformat(), "data": [good, bad]}).encode()
    assert [one.outcome for one in fed.intake.take_in("ngsi", body).results] == [Outcome.ACCEPTED, Outcome.QUARANTINED]
    [kept] = fed.store.quarantine.kept.values()
    assert json.loads(kept.body) == {"data": [{"dateModified": NOW.isoformat(), **bad}]}
