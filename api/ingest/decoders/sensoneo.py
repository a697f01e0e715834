"""Sensoneo Single Sensor 3.0: 17 bytes with four echoes, of which any one may be a wall or nothing at all."""

import statistics
from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder, wrong_length
from api.ingest.record import Measurement
from api.ingest.values import flag, number

_MEASURED, _FIRE, _TILT = 0x01, 0x02, 0x04
_NO_ECHO = frozenset({0, 254, 255})
_AGREE_CM = 20


def read_bytes(payload: bytes, _f_port: int | None) -> Measurement:
    """What the sensor sent."""
    if len(payload) != 17:
        raise wrong_length(len(payload), "17")
    events = payload[8]
    # The tilt angle (byte 15) is not in use on this model: only the event tells.
    echoes_cm = [2.0 * one for one in payload[9:13] if one not in _NO_ECHO]
    return _measurement(
        echoes_cm,
        is_measured=bool(events & _MEASURED),
        temperature_c=float(int.from_bytes(payload[14:15], "little", signed=True)),
        battery_v=(2_500 + 10 * payload[13]) / 1_000,
        is_burning=bool(events & _FIRE),
        is_tilted=bool(events & _TILT),
    )


def read_fields(fields: Mapping[str, object], may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """What a codec after the vendor's document made of a payload: ``sonar0`` to ``sonar3`` in cm."""
    values = (number(fields.get(f"sonar{index}")) for index in range(4))
    echoes_cm = [value for value in values if value is not None and value not in {0.0, 508.0, 510.0}]
    absent = False if may_omit_zeros else None
    fire, tilt, measured = (flag(fields.get(name, absent)) for name in ("fire", "tilt", "measured"))
    return _measurement(
        echoes_cm,
        is_measured=measured if measured is not None else bool(echoes_cm),
        temperature_c=number(fields.get("temperature")),
        battery_v=number(fields.get("voltage")),
        is_burning=fire,
        is_tilted=tilt,
    )


def _measurement(
    echoes_cm: list[float],
    *,
    is_measured: bool,
    temperature_c: float | None,
    battery_v: float | None,
    is_burning: bool | None,
    is_tilted: bool | None,
) -> Measurement:
    remarks: tuple[str, ...] = ()
    distance_mm: float | None = None
    if is_measured and not echoes_cm:
        distance_mm = 0.0
        remarks = ("no_echo",)
    elif is_measured:
        # The lower of the two middle echoes: one stray echo moves nothing, and a tie counts as the fuller.
        distance_cm = statistics.median_low(echoes_cm)
        distance_mm = 10.0 * distance_cm
        agreeing = sum(abs(one - distance_cm) <= _AGREE_CM for one in echoes_cm)
        if agreeing < 3:
            remarks = ("echoes_disagree",)
    return Measurement(
        distance_mm=distance_mm,
        temperature_c=temperature_c,
        battery_v=battery_v,
        is_burning=is_burning,
        is_tilted=is_tilted,
        remarks=remarks,
    )


SINGLE_3 = Decoder(
    name="sensoneo_single3",
    models=("single sensor 3.0", "single-sensor-3", "single3", "sensoneo_single3"),
    reads_fields=read_fields,
    reads_bytes=read_bytes,
)
