"""LwM2M object 3435 "Filling level" as SenML JSON (RFC 8428), as gateways hand it over."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.ingest.json_text import read_json, write_json
from api.ingest.record import Arrival, Ignored, Measurement, Parsed, Refusal, RefusedMessageError, Uplink
from api.ingest.values import dedup_key, epoch_instant, identifier, instant, number
from optimizer.domain.reading import Quality

_NAME = re.compile(r"(?P<device>.{0,200}?)/?3435/(?P<place>\d{1,5})/(?P<resource>\d{1,5})", re.DOTALL)
_RELATIVE_BELOW_S = 2**28
"""RFC 8428, 4.5.3: smaller times are relative to now."""

_HEIGHT_CM, _PERCENT, _LEVEL_CM, _OUT_OF_PLACE, _TILTED, _OPEN, _HEAT, _AT, _QUALITY = (
    1,
    2,
    3,
    12,
    13,
    21,
    22,
    5518,
    6042,
)


def parse(body: bytes, arrival: Arrival) -> list[Parsed]:
    """One uplink for each device and object in a pack."""
    try:
        document = read_json(body)
    except RefusedMessageError as error:
        return [Refusal(code=error.code, detail=error.detail)]
    if not isinstance(document, list):
        return [Refusal(code="not_senml", detail="A SenML pack is a list of records.")]
    groups: dict[tuple[str, str, float], dict[int, Any]] = {}
    base_name, base_time_s, base_value = "", 0.0, 0.0
    for record in document:
        if not isinstance(record, Mapping):
            return [Refusal(code="not_senml", detail="A record of the pack is no object.")]
        base_name = _text(record.get("bn"), base_name)
        base_time_s = number(record.get("bt", base_time_s)) or 0.0
        base_value = number(record.get("bv", base_value)) or 0.0
        found = _NAME.fullmatch(base_name + _text(record.get("n"), ""))
        if found is None:
            continue
        at_s = base_time_s + (number(record.get("t", 0)) or 0.0)
        values = groups.setdefault((found["device"], found["place"], at_s), {})
        values[int(found["resource"])] = _value(record, base_value)
    if not groups:
        return [Ignored(code="no_level_object")]
    return [_uplink(device, place, at_s, values, arrival) for (device, place, at_s), values in groups.items()]


def join(packs: Sequence[bytes]) -> bytes:
    """One pack of several."""
    return b"[" + b",".join(pack[1:-1] for pack in packs) + b"]"


def _text(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def _value(record: Mapping[str, Any], base_value: float) -> object:
    if "v" in record:
        value = number(record["v"])
        return None if value is None else value + base_value
    return record.get("vb", record.get("vs"))


def _uplink(device: str, place: str, at_s: float, values: Mapping[int, Any], arrival: Arrival) -> Parsed:
    device_id = identifier(device.strip("/")) or arrival.device_id
    document = [
        {"bn": f"{device}/3435/{place}/", "bt": at_s, "n": str(resource), _kind(value): value}
        for resource, value in values.items()
        if value is not None
    ]
    if device_id is None:
        detail = "The records name no device. Put it into the base name, or into the address as ?device=."
        return Refusal(code="no_device", detail=detail, raw=write_json(document))
    observed_at = _observed_at(at_s, values, arrival)
    return Uplink(
        device_id=device_id,
        observed_at=observed_at,
        dedup_key=dedup_key("senml", observed_at.isoformat(), device_id, place) if observed_at is not None else None,
        measurement=_measurement(values),
        document=document,
    )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "vb"
    return "v" if isinstance(value, (int, float)) else "vs"


def _observed_at(at_s: float, values: Mapping[int, Any], arrival: Arrival) -> datetime | None:
    stamp = values.get(_AT)
    stamped = instant(stamp) if isinstance(stamp, str) else None
    stamp_s = number(stamp) if stamped is None else None
    if stamped is not None:
        return stamped
    if stamp_s is not None and stamp_s > 0:
        return epoch_instant(stamp_s)
    if at_s >= _RELATIVE_BELOW_S:
        return epoch_instant(at_s)
    return None if at_s == 0 else epoch_instant(arrival.received_at.timestamp() + at_s)


def _measurement(values: Mapping[int, Any]) -> Measurement:
    percent = number(values.get(_PERCENT))
    height_cm, level_cm = number(values.get(_HEIGHT_CM)), number(values.get(_LEVEL_CM))
    remarks: tuple[str, ...] = ()
    if percent is not None:
        fill_fraction: float | None = percent / 100
        remarks = ("sensor_code",) if percent in {254.0, 255.0} else ()
    elif height_cm and level_cm is not None and height_cm > 0:
        fill_fraction = level_cm / height_cm
    else:
        fill_fraction = None
    stated = number(values.get(_QUALITY))
    if values.get(_OUT_OF_PLACE) is True:
        remarks += ("moved",)
    return Measurement(
        fill_fraction=fill_fraction,
        is_tilted=_flag(values.get(_TILTED)),
        is_lid_open=_flag(values.get(_OPEN)),
        has_heat_alarm=_flag(values.get(_HEAT)),
        stated_quality=Quality(int(stated)) if stated in {float(one) for one in Quality} else None,
        remarks=remarks,
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
