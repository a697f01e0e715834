"""Netvox R718X and R718PE: the voltage may be a sentence, and the vendor's level depends on settings nobody knows."""

from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder, wrong_length
from api.ingest.record import Measurement
from api.ingest.values import number

_R718X, _R718PE = 0x34, 0xB1
_DATA_PORT = 6
_LOW_BATTERY = 0x80


def read_bytes(payload: bytes, f_port: int | None) -> Measurement:
    """What the sensor sent, big endian; other ports carry settings, the report type 0 its version."""
    if f_port not in {None, _DATA_PORT}:
        return Measurement()
    if len(payload) < 11:
        raise wrong_length(len(payload), "11")
    if payload[2] == 0:
        return Measurement()
    is_r718x = payload[1] == _R718X
    return Measurement(
        distance_mm=float(int.from_bytes(payload[5:7], "big")),
        fill_fraction=payload[9 if is_r718x else 7] / 100,
        temperature_c=int.from_bytes(payload[7:9], "big", signed=True) / 10 if is_r718x else None,
        battery_v=(payload[3] & 0x7F) / 10,
        tilt_deg=float(payload[10]) if is_r718x else None,
        remarks=("vendor_level", *(("low_battery",) if payload[3] & _LOW_BATTERY else ())),
    )


def read_fields(fields: Mapping[str, object], may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """What the vendor's codec made of a payload."""
    volt = fields.get("Volt")
    is_low = isinstance(volt, str) and "low battery" in volt.lower()
    # "Status" comes with every measurement and is never empty: with it, a missing level is a zero left out.
    is_data = "Status" in fields and "Cmd" not in fields
    percent = number(fields.get("FillLevel", 0 if may_omit_zeros and is_data else None))
    return Measurement(
        distance_mm=number(fields.get("Distance")),
        fill_fraction=None if percent is None else percent / 100,
        temperature_c=number(fields.get("Temp")),
        battery_v=number(volt),
        tilt_deg=number(fields.get("AngleOfInclination")),
        remarks=(("vendor_level",) if percent is not None else ()) + (("low_battery",) if is_low else ()),
    )


R718X = Decoder(
    name="netvox_r718x",
    models=("r718x", "r718pe"),
    reads_fields=read_fields,
    reads_bytes=read_bytes,
)
