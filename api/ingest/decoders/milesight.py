"""Milesight EM310-UDL and EM400-UDL: frames of channel, type and value, little endian.

The battery comes only every few hours, so its absence is normal. Alarm frames of the EM400 use their own channels, and
their distance counts as any other.
"""

from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder
from api.ingest.record import Measurement, RefusedMessageError
from api.ingest.values import flag, number

_BATTERY = (0x01, 0x75)
_SYSTEM_LENGTHS = {
    (0xFF, 0x01): 1,
    (0xFF, 0x09): 2,
    (0xFF, 0x0A): 2,
    (0xFF, 0x0B): 1,
    (0xFF, 0x0F): 1,
    (0xFF, 0x16): 8,
    (0xFF, 0xFE): 1,
    (0xFF, 0xFF): 2,
}
_EM310 = {"distance": (0x03, 0x82), "position": (0x04, 0x00)}
_EM400 = {
    "temperature": (0x03, 0x67),
    "distance": (0x04, 0x82),
    "position": (0x05, 0x00),
    "temperature_alarm": (0x83, 0x67),
    "distance_alarm": (0x84, 0x82),
}
_LENGTHS = {"temperature": 2, "distance": 2, "position": 1, "temperature_alarm": 3, "distance_alarm": 3, "battery": 1}


def read_em310(payload: bytes, _f_port: int | None) -> Measurement:
    """What an EM310-UDL sent."""
    return _measurement(_frames(payload, _EM310))


def read_em400(payload: bytes, _f_port: int | None) -> Measurement:
    """What an EM400-UDL sent."""
    return _measurement(_frames(payload, _EM400))


def read_fields(fields: Mapping[str, object], _may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """What the vendor's codec made of a payload."""
    position = fields.get("position")
    alarm = fields.get("temperature_alarm")
    return Measurement(
        distance_mm=number(fields.get("distance")),
        temperature_c=number(fields.get("temperature")),
        battery_percent=number(fields.get("battery")),
        is_tilted={"normal": False, "tilt": True}.get(position) if isinstance(position, str) else None,
        # Older codecs give a truth value, newer ones a word.
        has_heat_alarm=alarm in {"threshold alarm", "threshold_alarm"} if isinstance(alarm, str) else flag(alarm),
    )


def _frames(payload: bytes, channels: Mapping[str, tuple[int, int]]) -> dict[str, bytes]:
    names = {channel: name for name, channel in channels.items()} | {_BATTERY: "battery"}
    found: dict[str, bytes] = {}
    at = 0
    while at < len(payload):
        channel = (payload[at], payload[at + 1]) if at + 1 < len(payload) else (payload[at], -1)
        name = names.get(channel)
        length = _SYSTEM_LENGTHS.get(channel) if name is None else _LENGTHS[name]
        if length is None:
            if channel[0] in {0xFE, 0xFF} and channel[1] >= 0:
                break  # the answer to a command: it ends the message
            raise RefusedMessageError(
                "unknown_channel", "The payload has a channel that this sensor does not have. Check its decoder."
            )
        value = payload[at + 2 : at + 2 + length]
        if len(value) < length:
            raise RefusedMessageError("truncated", "The payload ends within a value. Wait for the next message.")
        if name is not None:
            found[name] = value
        at += 2 + length
    return found


def _measurement(found: Mapping[str, bytes]) -> Measurement:
    distance = found.get("distance", found.get("distance_alarm", b"")[:2])
    temperature = found.get("temperature", found.get("temperature_alarm", b"")[:2])
    return Measurement(
        distance_mm=float(int.from_bytes(distance, "little")) if distance else None,
        temperature_c=int.from_bytes(temperature, "little", signed=True) / 10 if temperature else None,
        battery_percent=float(found["battery"][0]) if "battery" in found else None,
        is_tilted=bool(found["position"][0]) if "position" in found else None,
        has_heat_alarm=bool(found["temperature_alarm"][2]) if "temperature_alarm" in found else None,
    )


EM310 = Decoder(
    name="milesight_em310",
    models=("em310-udl", "em310"),
    reads_fields=read_fields,
    reads_bytes=read_em310,
    blind_mm=30.0,
)
EM400 = Decoder(
    name="milesight_em400",
    models=("em400-udl", "em400"),
    reads_fields=read_fields,
    reads_bytes=read_em400,
    blind_mm=30.0,
)
