"""Dingtek DF702 and DF703: values are sentences such as ``"1234 mm"``, and the angle's sign means nothing."""

from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder, wrong_length
from api.ingest.record import Measurement
from api.ingest.values import flag, number

_SETTINGS = 0x03
_PLAIN_BYTES, _LOCATED_BYTES = 17, 25


def read_bytes(payload: bytes, _f_port: int | None) -> Measurement:
    """What the sensor sent: 17 bytes, or 25 with a position; its settings have 25 too and carry no level."""
    if len(payload) not in {_PLAIN_BYTES, _LOCATED_BYTES}:
        raise wrong_length(len(payload), "17 or 25")
    if len(payload) == _LOCATED_BYTES and payload[3] == _SETTINGS:
        return Measurement()
    at = 8 if len(payload) == _PLAIN_BYTES else 16
    return Measurement(
        distance_mm=float(int.from_bytes(payload[5:7], "big")),
        temperature_c=float(int.from_bytes(payload[at : at + 1], "big", signed=True)),
        tilt_deg=float(payload[at + 2]),
        is_burning=bool(payload[at + 3] & 0x0F),
        is_tilted=bool(payload[at + 4] >> 4),
        remarks=("low_battery",) if payload[at + 4] & 0x0F else (),
    )


def read_fields(fields: Mapping[str, object], may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """What the vendor's codec made of a payload."""
    absent = False if may_omit_zeros and "level" in fields else None
    angle_deg = number(fields.get("angle"))
    return Measurement(
        distance_mm=number(fields.get("level")),
        temperature_c=number(fields.get("temperature")),
        tilt_deg=None if angle_deg is None else abs(angle_deg),
        is_burning=flag(fields.get("fire", absent)),
        is_tilted=flag(fields.get("tilt", absent)),
        remarks=("low_battery",) if fields.get("battery") is True else (),
    )


DF702 = Decoder(name="dingtek_df702", models=("df702", "df703"), reads_fields=read_fields, reads_bytes=read_bytes)
