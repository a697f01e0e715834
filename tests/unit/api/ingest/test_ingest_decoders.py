import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.decoders import decentlab, dingtek, dragino, milesight, netvox, sensoneo
from api.ingest.decoders.catalogue import DECODERS, find_decoder
from api.ingest.record import Measurement, RefusedMessageError


def single(events: int, echoes: tuple[int, int, int, int]) -> Measurement:
    return sensoneo.read_bytes(bytes(4) + (1234).to_bytes(4, "little") + bytes([events, *echoes, 110, 246, 0, 1]), 1)


@pytest.mark.parametrize(
    ("echoes", "distance_mm", "remarks"),
    [
        ((60, 61, 60, 60), 1_200, ()),
        ((60, 61, 10, 60), 1_200, ()),
        ((60, 61, 250, 60), 1_200, ()),
        ((60, 60, 20, 20), 400, ("echoes_disagree",)),
        ((60, 255, 254, 0), 1_200, ("echoes_disagree",)),
        ((10, 50, 90, 130), 1_000, ("echoes_disagree",)),
        ((0, 0, 254, 255), 0, ("no_echo",)),
    ],
)
def test_sensoneo_takes_the_lower_middle_echo(
    echoes: tuple[int, int, int, int], distance_mm: float, remarks: tuple[str, ...]
) -> None:
    read = single(0x01, echoes)
    assert (read.distance_mm, read.remarks) == (distance_mm, remarks)
    assert (read.battery_v, read.temperature_c) == (pytest.approx(3.6), -10)


@given(st.integers(1, 253), st.integers(0, 255), st.integers(0, 3))
def test_one_stray_echo_never_moves_three_that_agree(echo: int, stray: int, place: int) -> None:
    echoes = [echo] * 4
    echoes[place] = stray
    assert single(0x01, (echoes[0], echoes[1], echoes[2], echoes[3])).distance_mm == 20 * echo


@pytest.mark.parametrize("events", range(8))
def test_sensoneo_events_are_bits(events: int) -> None:
    read = single(events, (60, 60, 60, 60))
    assert (read.has_level, read.is_burning, read.is_tilted) == (bool(events & 1), bool(events & 2), bool(events & 4))


@given(st.integers(0, 65_535), st.integers(0, 100), st.booleans())
def test_em310_bytes_and_codec_agree(distance_mm: int, battery: int, is_tilted: bool) -> None:  # noqa: FBT001 - drawn
    payload = struct.pack("<BBBBBHBBB", 0x01, 0x75, battery, 0x03, 0x82, distance_mm, 0x04, 0x00, is_tilted)
    fields = {"battery": battery, "distance": distance_mm, "position": "tilt" if is_tilted else "normal"}
    read = milesight.read_em310(payload, 85)
    decoded = milesight.read_fields(fields, False)
    assert (read.distance_mm, read.battery_percent, read.is_tilted) == (distance_mm, battery, is_tilted)
    assert (decoded.distance_mm, decoded.battery_percent, decoded.is_tilted) == (distance_mm, battery, is_tilted)


def test_em310_without_battery_is_normal() -> None:
    read = milesight.read_em310(bytes.fromhex("0382e803040000"), 85)
    assert (read.distance_mm, read.battery_percent) == (1_000, None)


def test_em400_reads_the_alarm_channels() -> None:
    read = milesight.read_em400(bytes.fromhex("8367e80301 8482e90301 050001".replace(" ", "")), 85)
    assert read == Measurement(distance_mm=1_001, temperature_c=100.0, is_tilted=True, has_heat_alarm=True)


def test_em400_temperature_may_be_below_zero() -> None:
    assert milesight.read_em400(bytes.fromhex("0367ceff"), 85).temperature_c == -5


def test_milesight_start_message_has_no_level() -> None:
    start = bytes.fromhex("ff0bff ff0101 ff166713d03846260011 ff090310 ff0a0101 ff0f00".replace(" ", ""))
    assert milesight.read_em310(start, 85) == Measurement()


def test_milesight_answer_to_a_command_ends_the_message() -> None:
    assert milesight.read_em310(bytes.fromhex("0382e803fe02b004"), 85).distance_mm == 1_000


@pytest.mark.parametrize("payload", ["03", "0382", "0382e8", "0482e803", "03670000"])
def test_em310_refuses_what_it_never_sends(payload: str) -> None:
    with pytest.raises(RefusedMessageError):
        milesight.read_em310(bytes.fromhex(payload), 85)


@pytest.mark.parametrize(
    ("samples", "remarks"), [(0, ("no_valid_samples",)), (1, ("few_valid_samples",)), (3, ()), (10, ())]
)
def test_mbx_samples_are_a_quality(samples: int, remarks: tuple[str, ...]) -> None:
    payload = struct.pack(">BHHHHH", 2, 303, 3, 1_234, samples, 2_993)
    read = decentlab.read_bytes(payload, 1)
    assert read == Measurement(distance_mm=1_234, battery_v=2.993, remarks=remarks)


def test_mbx_may_send_its_battery_alone() -> None:
    assert decentlab.read_bytes(struct.pack(">BHHH", 2, 303, 2, 2_993), 1) == Measurement(battery_v=2.993)


@pytest.mark.parametrize("payload", ["", "02", "03012f000304d2000a0bb1", "02012f000304d2"])
def test_mbx_refuses_another_version_or_length(payload: str) -> None:
    with pytest.raises(RefusedMessageError):
        decentlab.read_bytes(bytes.fromhex(payload), 1)


def test_ldds75_masks_the_battery() -> None:
    read = dragino.read_bytes(bytes.fromhex("cce4 03e8 00 00f1 01".replace(" ", "")), 2)
    assert (read.battery_v, read.distance_mm, read.temperature_c) == (3.3, 1_000, 24.1)


@pytest.mark.parametrize("millivolts", [1, 500, 3_300])
def test_ldds75_never_takes_millivolts_for_a_distance(millivolts: int) -> None:
    read = dragino.read_fields({"distance": millivolts}, True)
    assert (read.distance_mm, read.remarks, read.battery_v) == (0, ("no_sensor",), millivolts / 1_000)


def test_ldds75_corrected_codec_is_read_too() -> None:
    assert dragino.read_fields({"Bat": 3.3, "Distance": "1000 mm"}, True).distance_mm == 1_000


def test_netvox_temperature_may_be_below_zero() -> None:
    read = netvox.read_bytes(bytes.fromhex("013401a10103e8ffe73d0300"), 6)
    assert (read.temperature_c, read.tilt_deg, read.battery_v, read.fill_fraction) == (-2.5, 3, 3.3, 0.61)
    assert read.remarks == ("vendor_level", "low_battery")


def test_netvox_pe_has_its_level_elsewhere() -> None:
    read = netvox.read_bytes(bytes.fromhex("01b101240103e83d00000000"), 6)
    assert (read.fill_fraction, read.temperature_c, read.tilt_deg) == (0.61, None, None)


def test_netvox_version_report_has_no_level() -> None:
    assert not netvox.read_bytes(bytes.fromhex("0134000a0320240101000000"), 6).has_level


@pytest.mark.parametrize("angle", ["12 °", "-12 °", "-12"])
def test_dingtek_angle_has_no_sign(angle: str) -> None:
    assert dingtek.read_fields({"level": "1234 mm", "angle": angle}, False).tilt_deg == 12


def test_dingtek_flags_left_out_are_false() -> None:
    read = dingtek.read_fields({"level": "1234 mm"}, True)
    assert (read.is_burning, read.is_tilted) == (False, False)


@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=40), st.one_of(st.none(), st.integers(0, 255)))
def test_any_bytes_are_read_or_refused_by_name(name: str, payload: bytes, f_port: int | None) -> None:
    reads = DECODERS[name].reads_bytes
    if reads is None:
        return
    try:
        read = reads(payload, f_port)
    except RefusedMessageError:
        return  # any other error fails the test
    assert isinstance(read, Measurement)


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    [
        "distance",
        "value",
        "level",
        "fill_percent",
        "Distance",
        "FillLevel",
        "Volt",
        "Temp",
        "angle",
        "fire",
        "tilt",
        "temperature",
        "battery",
        "position",
        "number_of_valid_samples",
        "battery_voltage",
        "sonar0",
        "Status",
        "Bat",
    ]
)


@given(st.sampled_from(sorted(DECODERS)), st.dictionaries(_NAMES, _VALUES, max_size=6), st.booleans())
def test_any_fields_are_read(name: str, fields: dict[str, object], may_omit_zeros: bool) -> None:  # noqa: FBT001 - drawn
    assert isinstance(DECODERS[name].reads_fields(fields, may_omit_zeros), Measurement)


def test_device_entry_comes_before_the_networks_model() -> None:
    assert find_decoder("dragino_ldds75", "em310-udl") is DECODERS["dragino_ldds75"]
    assert find_decoder("", " EM310-UDL ") is DECODERS["milesight_em310"]
    assert find_decoder("", "toaster") is None
