"""Sensors whose codec speaks plainly: a level in percent or from 0 to 1, under one of its usual names."""

from collections.abc import Mapping

from api.ingest.decoders.decoder import Decoder
from api.ingest.record import Measurement
from api.ingest.values import flag, number

_LEVELS = ("fillingLevel", "filling_level", "fillLevel", "fill_level", "fill_percent", "level")
_CODES = frozenset({254.0, 255.0})
"""What a byte says that has no level to tell: an error, or no measurement."""


def read_percent(fields: Mapping[str, object], may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """A level from 0 to 100."""
    percent = _level(fields, may_omit_zeros=may_omit_zeros)
    if percent in _CODES:
        return _measurement(fields, 0.0, ("sensor_code",))
    return _measurement(fields, None if percent is None else percent / 100, ())


def read_fraction(fields: Mapping[str, object], may_omit_zeros: bool) -> Measurement:  # noqa: FBT001 - the decoder port
    """A level from 0 to 1."""
    return _measurement(fields, _level(fields, may_omit_zeros=may_omit_zeros), ())


def _level(fields: Mapping[str, object], *, may_omit_zeros: bool) -> float | None:
    name = next((name for name in _LEVELS if name in fields), None)
    if name is None:
        return 0.0 if may_omit_zeros else None
    return number(fields[name])


def _measurement(fields: Mapping[str, object], fill_fraction: float | None, remarks: tuple[str, ...]) -> Measurement:
    return Measurement(
        fill_fraction=fill_fraction,
        temperature_c=number(fields.get("temperature")),
        battery_v=number(fields.get("battery_voltage")),
        is_burning=flag(fields.get("fire")),
        is_tilted=flag(fields.get("tilt")),
        is_lid_open=flag(fields.get("lid_open")),
        remarks=remarks,
    )


PERCENT = Decoder(name="plain_percent", models=(), reads_fields=read_percent)
FRACTION = Decoder(name="plain_fraction", models=(), reads_fields=read_fraction)
