"""Decentlab DL-MBX: values come as objects with a unit, and the number of valid samples says how good they are."""

from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder, wrong_length
from api.ingest.record import Measurement, RefusedMessageError
from api.ingest.values import number

_PROTOCOL = 2
_HEAD_BYTES = 5
_FEW_SAMPLES = 3


def read_bytes(payload: bytes, _f_port: int | None) -> Measurement:
    """What the sensor sent: a head, flags, and the values that the flags announce, big endian."""
    if len(payload) < _HEAD_BYTES:
        raise wrong_length(len(payload), "5 to 11")
    if payload[0] != _PROTOCOL:
        raise RefusedMessageError(
            "wrong_version", "The payload is of another protocol version than 2. Check the decoder."
        )
    flags = int.from_bytes(payload[3:5], "big")
    needed = _HEAD_BYTES + 4 * (flags & 1) + 2 * (flags >> 1 & 1)
    if len(payload) < needed:
        raise wrong_length(len(payload), f"{needed} with these flags")
    words = [int.from_bytes(payload[at : at + 2], "big") for at in range(_HEAD_BYTES, needed, 2)]
    distance_mm, samples = (float(words[0]), float(words[1])) if flags & 1 else (None, None)
    return _measurement(distance_mm, samples, words[-1] / 1_000 if flags & 2 else None)


def read_fields(fields: Mapping[str, object], _may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """What the vendor's codec made of a payload; an object without its value had a zero there, which was left out."""

    def value(name: str) -> float | None:
        found = fields.get(name)
        if isinstance(found, Mapping) and "value" not in found:
            return 0.0
        return number(found)

    return _measurement(value("distance"), value("number_of_valid_samples"), value("battery_voltage"))


def _measurement(distance_mm: float | None, samples: float | None, battery_v: float | None) -> Measurement:
    remarks: tuple[str, ...] = ()
    if samples is not None and samples < 1:
        remarks = ("no_valid_samples",)
    elif samples is not None and samples < _FEW_SAMPLES:
        remarks = ("few_valid_samples",)
    return Measurement(distance_mm=distance_mm, battery_v=battery_v, remarks=remarks)


MBX = Decoder(name="decentlab_mbx", models=("dl-mbx",), reads_fields=read_fields, reads_bytes=read_bytes)
