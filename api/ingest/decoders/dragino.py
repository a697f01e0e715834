"""Dragino LDDS75, whose public codec hands out the battery's millivolts under the name ``distance``.

The distance stands in ``value``. Where that is missing the distance was zero and the network left it out, so
``distance`` is never believed as a number. It may also be a sentence, e.g. ``"Invalid Reading"``.
"""

from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder, wrong_length
from api.ingest.record import Measurement
from api.ingest.values import number

_LENGTHS = (5, 8)
_UNCERTAIN_BELOW_MM = 20


def read_bytes(payload: bytes, _f_port: int | None) -> Measurement:
    """What the sensor sent, big endian: battery, distance, interrupt, and the outer temperature."""
    if len(payload) not in _LENGTHS:
        raise wrong_length(len(payload), "5 or 8")
    has_probe = len(payload) == 8 and any(payload[5:7])
    return _measurement(
        float(int.from_bytes(payload[2:4], "big")),
        battery_v=(int.from_bytes(payload[0:2], "big") & 0x3FFF) / 1_000,
        temperature_c=int.from_bytes(payload[5:7], "big", signed=True) / 10 if has_probe else None,
    )


def read_fields(fields: Mapping[str, object], _may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """What the public codec made of a payload, or a corrected one that writes ``Distance`` and ``Bat``."""
    battery_v = number(fields.get("Bat", fields.get("BatV")))
    temperature_c = number(fields.get("TempC_DS18B20"))
    said = next((one for one in (fields.get("distance"), fields.get("Distance")) if isinstance(one, str)), "")
    word = said.strip().lower()
    if word in {"invalid reading", "no sensor"}:
        remark = "invalid_reading" if word == "invalid reading" else "no_sensor"
        return Measurement(distance_mm=0.0, battery_v=battery_v, temperature_c=temperature_c, remarks=(remark,))
    if "Distance" in fields:
        return _measurement(number(fields["Distance"]), battery_v=battery_v, temperature_c=temperature_c)
    millivolts = number(fields.get("distance"))
    if millivolts is not None and battery_v is None:
        battery_v = millivolts / 1_000
    if "value" not in fields and "distance" not in fields:
        return Measurement(battery_v=battery_v, temperature_c=temperature_c)
    return _measurement(number(fields.get("value", 0)), battery_v=battery_v, temperature_c=temperature_c)


def _measurement(distance_mm: float | None, *, battery_v: float | None, temperature_c: float | None) -> Measurement:
    remarks: tuple[str, ...] = ()
    if distance_mm == 0:
        remarks = ("no_sensor",)
    elif distance_mm is None or distance_mm <= _UNCERTAIN_BELOW_MM:
        distance_mm = distance_mm or 0.0
        remarks = ("invalid_reading",)
    return Measurement(distance_mm=distance_mm, battery_v=battery_v, temperature_c=temperature_c, remarks=remarks)


LDDS75 = Decoder(
    name="dragino_ldds75", models=("ldds75",), reads_fields=read_fields, reads_bytes=read_bytes, blind_mm=280.0
)
