"""Every format and documented trap has a fixture; this table says what becomes of each."""

from typing import NamedTuple

import pytest

from api.ingest.intake import Outcome
from tests.unit.api.ingest.intake_setup import bench, device
from tests.unit.api.ingest.memory_store import FIXTURES

ACCEPTED, IGNORED, QUARANTINED = Outcome.ACCEPTED, Outcome.IGNORED, Outcome.QUARANTINED


class Trap(NamedTuple):
    fixture: str
    what: str
    outcome: Outcome
    code: str = ""
    level: float | None = None
    quality: int | None = 4
    reasons: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    decoder: str = ""


# The device is 2,000 mm deep when empty and 400 mm when full: 1,000 mm are 62.5 %.
TRAPS = [
    Trap("tts_em310.json", "a message as documented", ACCEPTED, level=0.625),
    Trap("tts_em310_zero_counter.json", "frame counter and port 0 are left out", ACCEPTED, level=0.625),
    Trap("tts_em310_without_codec.json", "bytes only; tilted", QUARANTINED, "tilted", alerts=("tilt",)),
    Trap("tts_em400_alarm_frames.json", "alarm channels 0x83 and 0x84", ACCEPTED, level=1.0, alerts=("fire",)),
    Trap("tts_em400_codec.json", "alarms as words of the codec", ACCEPTED, level=0.7425),
    Trap("tts_plain_level_zero_omitted.json", "level 0 is left out", ACCEPTED, level=0.0, decoder="plain_percent"),
    Trap("tts_join.json", "a join", IGNORED, "not_an_uplink"),
    Trap("tts_bad_base64.json", "the payload is no base64", QUARANTINED, "bad_payload"),
    Trap(
        "tts_sensoneo_stray_echo.json", "one of four echoes is a wall", ACCEPTED, level=0.5, decoder="sensoneo_single3"
    ),
    Trap(
        "tts_sensoneo_fire_and_tilt.json",
        "fire and tilt bits",
        QUARANTINED,
        "tilted",
        alerts=("fire", "tilt"),
        decoder="sensoneo_single3",
    ),
    Trap(
        "tts_sensoneo_not_measured.json",
        "echoes of another day, as nothing was measured; but it burns",
        IGNORED,
        "no_level",
        alerts=("fire",),
        decoder="sensoneo_single3",
    ),
    Trap("tts_sensoneo_no_echo.json", "codes 0, 254, 255", QUARANTINED, "no_echo", decoder="sensoneo_single3"),
    Trap("tts_mbx.json", "value objects", ACCEPTED, level=0.4788),
    Trap("tts_mbx_no_valid_samples.json", "0 valid samples, left out", QUARANTINED, "no_valid_samples"),
    Trap("tts_ldds75.json", "distance holds millivolts", ACCEPTED, level=0.625),
    Trap("tts_ldds75_value_omitted.json", "value 0 left out beside millivolts", QUARANTINED, "no_sensor"),
    Trap("tts_ldds75_invalid_reading.json", "a sentence for a number", QUARANTINED, "invalid_reading"),
    Trap("tts_ldds75_no_sensor.json", "a sentence for a number", QUARANTINED, "no_sensor"),
    Trap("tts_ldds75_raw_near.json", "20 mm means invalid", QUARANTINED, "invalid_reading"),
    Trap("tts_r718x_low_battery.json", "a sentence for the voltage", ACCEPTED, level=0.625, reasons=("low_battery",)),
    Trap("tts_r718x_raw_tilted.json", "bytes with an angle of 45", QUARANTINED, "tilted", alerts=("tilt",)),
    Trap(
        "tts_r718x_level_omitted.json",
        "level and distance 0 left out",
        ACCEPTED,
        level=0.0,
        quality=3,
        reasons=("vendor_level",),
    ),
    Trap("tts_r718x_settings.json", "the answer to a command", IGNORED, "no_level"),
    Trap("tts_df702.json", "sentences with units", ACCEPTED, level=0.4788, reasons=("low_battery",)),
    Trap("tts_df702_burning.json", "bytes with a fire bit", ACCEPTED, level=0.4788, alerts=("fire",)),
    Trap("tts_df703_located_upside_down.json", "25 bytes, signed angle", QUARANTINED, "tilted", alerts=("tilt",)),
    Trap("tts_df702_settings.json", "25 bytes of settings", IGNORED, "no_level"),
    Trap("chirpstack_em310.json", "an event as documented", ACCEPTED, level=0.625),
    Trap("chirpstack_without_codec.json", "no object without a codec", ACCEPTED, level=0.625),
    Trap("chirpstack_encrypted.json", "a join server keeps the key", QUARANTINED, "encrypted"),
    Trap("chirpstack_v3.json", "version 3", QUARANTINED, "chirpstack_v3"),
    Trap("chirpstack_join.json", "a join", IGNORED, "not_an_uplink"),
    Trap("chirpstack_status.json", "a status", IGNORED, "not_an_uplink"),
    Trap("ngsi_v2_normalized.json", "version 2", ACCEPTED, level=0.72),
    Trap("ngsi_v2_key_values.json", "version 2, plain", ACCEPTED, level=0.72),
    Trap("ngsi_v2_percent.json", "percent by unit code", ACCEPTED, level=0.72),
    Trap("ngsi_v2_without_instant.json", "nothing says when", ACCEPTED, level=0.4, quality=3, reasons=("no_instant",)),
    Trap("ngsi_ld_normalized.json", "linked data", ACCEPTED, level=0.72),
    Trap("ngsi_ld_key_values.json", "linked data, plain: as of the notification", ACCEPTED, level=0.72),
    Trap("ngsi_ld_concise_percent_by_unit.json", "linked data, concise", ACCEPTED, level=0.72),
    Trap("ngsi_ld_unknown_context.json", "a context that nobody must fetch", ACCEPTED, level=0.72),
    Trap("ngsi_ld_expanded.json", "names expanded to addresses", ACCEPTED, level=0.72),
    Trap("ngsi_ld_without_level.json", "the standard's own example has no level", IGNORED, "no_level"),
    Trap("ngsi_ld_burning.json", "a burning container has no level", IGNORED, "no_level", alerts=("fire",)),
    Trap("sensorthings_observation.json", "an observation", ACCEPTED, level=0.72),
    Trap("sensorthings_centimetres.json", "a distance in cm, by a text id", ACCEPTED, level=0.625),
    Trap("sensorthings_unknown_unit.json", "degrees are no level", QUARANTINED, "unknown_unit"),
    Trap("senml_3435.json", "the object with its device", ACCEPTED, level=0.72),
    Trap(
        "senml_3435_height_and_level.json",
        "no percent but cm; relative time; doubted by the sender",
        ACCEPTED,
        level=0.45,
        quality=3,
        reasons=("stated_suspicious",),
    ),
    Trap("senml_other_object.json", "a thermometer", IGNORED, "no_level_object"),
    Trap("junk_not_json.txt", "a proxy's error page", QUARANTINED, "not_json"),
    Trap("junk_not_utf8.txt", "bytes that are no text", QUARANTINED, "not_utf8"),
    Trap("junk_nan.txt", "NaN", QUARANTINED, "not_finite"),
    Trap("junk_overflow.txt", "1e999", QUARANTINED, "not_finite"),
    Trap("junk_deep.txt", "40,000 brackets", QUARANTINED, "too_deep"),
    Trap("junk_nul_id.txt", "NUL and a lone surrogate in an id", QUARANTINED, "no_device"),
    Trap("junk_empty.txt", "nothing at all", QUARANTINED, "empty"),
]
SEVERAL = {"ngsi_ld_many.json", "sensorthings_page.json", "senml_3435_two_times.json"}
"""Fixtures of several messages, whose tests stand in ``test_ingest_intake.py``."""


def format_of(fixture: str) -> str:
    head = fixture.split("_", 1)[0]
    return {"tts": "things_stack", "junk": "things_stack"}.get(head, head)


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.fixture for trap in TRAPS])
def test_trap_ends_as_documented(trap: Trap) -> None:
    others = ("sta:4711", "urn:dev:mac:0024befffe804ff1", "urn:dev:ops:bin-7")
    fed = bench(device(decoder=trap.decoder), *(device(name) for name in others))
    result = fed.one(format_of(trap.fixture), trap.fixture)
    assert (result.outcome, result.code) == (trap.outcome, trap.code)
    assert fed.levels() == ([] if trap.level is None else [trap.level])
    assert [alert.kind.value for alert in fed.alerts.open()] == list(trap.alerts)
    if trap.outcome is ACCEPTED:
        assert (result.quality, result.reasons) == (trap.quality, trap.reasons)
    assert fed.reasons() == ([trap.code] if trap.outcome is QUARANTINED else [])


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap.outcome is ACCEPTED], ids=lambda trap: trap.fixture)
def test_accepted_message_is_a_duplicate_when_it_comes_again(trap: Trap) -> None:
    others = ("sta:4711", "urn:dev:mac:0024befffe804ff1", "urn:dev:ops:bin-7")
    fed = bench(device(decoder=trap.decoder), *(device(name) for name in others))
    fed.one(format_of(trap.fixture), trap.fixture)
    again = fed.one(format_of(trap.fixture), trap.fixture)
    assert again.outcome is Outcome.DUPLICATE
    assert len(fed.levels()) == 1


def test_every_fixture_has_its_line() -> None:
    found = {path.name for path in FIXTURES.iterdir() if path.suffix in {".json", ".txt"}}
    assert found == {trap.fixture for trap in TRAPS} | SEVERAL
