"""FIWARE notifications of waste containers: NGSI-v2 and NGSI-LD, normalized, concise or as plain key and value.

Addresses of contexts are never fetched: an expanded name counts by its last part.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from api.ingest.json_text import read_json, write_json
from api.ingest.record import Arrival, Ignored, Measurement, Parsed, Refusal, RefusedMessageError, Uplink
from api.ingest.values import MAX_ID_LENGTH, dedup_key, identifier, instant, instant_text, mapping, number

_TYPE = "WasteContainer"
_PERCENT_UNITS = frozenset({"P1", "%", "percent"})
_FRACTION_UNITS = frozenset({"C62", "1"})
_INSTANT_NAMES = ("observedAt", "TimeInstant", "dateObserved", "timestamp")
_ANY_INSTANT_NAME = frozenset(_INSTANT_NAMES)
_ENTITY_INSTANTS = ("TimeInstant", "dateObserved", "dateLastReported", "dateModified", "modifiedAt")


class Scale(StrEnum):
    """What a level of 1 means; the standard says full, many deployments say one percent."""

    AUTO = "auto"
    PERCENT = "percent"
    FRACTION = "fraction"


def parse(body: bytes, arrival: Arrival, *, scale: Scale = Scale.AUTO) -> list[Parsed]:
    """The entities of a notification, or of a bare list of them."""
    try:
        document = read_json(body)
    except RefusedMessageError as error:
        return [Refusal(code=error.code, detail=error.detail)]
    notified_at = None
    entities: object = document
    if isinstance(document, dict):
        notified_at = instant(document.get("notifiedAt"))
        entities = document.get("data", [document])
    if not isinstance(entities, list):
        return [Refusal(code="not_ngsi", detail="The notification has no list of entities under 'data'.")]
    return [_parse(entity, notified_at, arrival, scale) for entity in entities] or [Ignored(code="no_entities")]


def join(entities: Sequence[bytes]) -> bytes:
    """One notification of several entities."""
    return b'{"data":[' + b",".join(entities) + b"]}"


def short_name(name: str) -> str:
    """An attribute's or type's name without the address that it was expanded to."""
    return name.rstrip("/#").replace("#", "/").rpartition("/")[2] if "://" in name else name


def entity_device_id(entity_id: str) -> str:
    """The device id under which an entity is registered; long ids are digested."""
    if len(entity_id) <= MAX_ID_LENGTH:
        return entity_id
    return f"ngsi:{hashlib.sha256(entity_id.encode('utf-8', 'backslashreplace')).hexdigest()[:40]}"


def _parse(entity: object, notified_at: datetime | None, arrival: Arrival, scale: Scale) -> Parsed:
    if not isinstance(entity, dict):
        return Refusal(code="not_ngsi", detail="An entity is no object.", raw=write_json(entity))
    attributes = entity
    if "://" in "".join(entity):  # seldom, and looking once is quicker than at each name
        attributes = {short_name(name): value for name, value in entity.items()}
    raw_id = attributes.get("id", attributes.get("@id"))
    entity_id = entity_device_id(raw_id) if isinstance(raw_id, str) else None
    device_id = identifier(entity_id)
    # An entity that is taken in again later has no notification around it, so it takes the instant along.
    kept = entity if notified_at is None else {"dateModified": notified_at.isoformat(), **entity}
    if device_id is None:
        return Refusal(code="no_device", detail="An entity has no usable id.", raw=write_json(kept))
    kind = attributes.get("type", attributes.get("@type"))
    if kind != _TYPE and _TYPE not in _short_names(kind):
        return Ignored(code="other_type", device_id=device_id)
    stated = _value(attributes.get("fillingLevel"))
    level = number(stated)
    if level is None and stated is not None:
        detail = "fillingLevel is no number. Check the entity's data source."
        return Refusal(code="not_a_number", detail=detail, device_id=device_id, raw=write_json(kept))
    observed_at = _observed_at(attributes, notified_at)
    return Uplink(
        device_id,
        observed_at,
        _key(device_id, observed_at, kept, arrival),
        _measurement(level, attributes, scale),
        container_id=_container_id(raw_id, attributes),
        document=kept,
    )


def _short_names(kind: object) -> set[str]:
    names = kind if isinstance(kind, list) else [kind]
    return {short_name(name) for name in names if isinstance(name, str)}


def _measurement(level: float | None, attributes: Mapping[str, Any], scale: Scale) -> Measurement:
    fill_fraction, remarks = (None, ()) if level is None else _scaled(level, attributes["fillingLevel"], scale)
    temperature_c = number(_value(attributes["temperature"])) if "temperature" in attributes else None
    if "status" not in attributes:
        if temperature_c is None and not remarks:
            return Measurement(fill_fraction)  # as nearly all, in half the time
        return Measurement(fill_fraction=fill_fraction, temperature_c=temperature_c, remarks=remarks)
    status = _value(attributes["status"])
    words = {one for one in (status if isinstance(status, list) else [status]) if isinstance(one, str)}
    says_state = bool(words - {"unknown"})
    if words & {"moved", "vandalized"}:
        remarks += ("moved",)
    return Measurement(
        fill_fraction=fill_fraction,
        temperature_c=temperature_c,
        is_tilted="dropped" in words if says_state else None,
        is_burning="burning" in words if says_state else None,
        is_lid_open="lidOpen" in words if says_state else None,
        remarks=remarks,
    )


def _scaled(value: float, attribute: object, scale: Scale) -> tuple[float, tuple[str, ...]]:
    unit = _unit(attribute)
    if unit in _PERCENT_UNITS or (scale is Scale.PERCENT and unit not in _FRACTION_UNITS):
        return value / 100, ("sensor_code",) if value in {254.0, 255.0} else ()
    if unit in _FRACTION_UNITS or scale is Scale.FRACTION:
        return value, ()
    if value in {254.0, 255.0}:
        return value / 100, ("sensor_code",)
    if value > 2:
        return value / 100, ("percent_by_size",)
    return value, ("ambiguous_scale",) if value > 1 else ()


def _value(attribute: object) -> object:
    if isinstance(attribute, dict):
        for name in ("value", "@value", "object"):
            if name in attribute:
                inner = attribute[name]
                return _value(inner) if isinstance(inner, dict) else inner
        expanded = {short_name(name): value for name, value in attribute.items() if isinstance(name, str)}
        return expanded.get("hasValue")
    if isinstance(attribute, list) and len(attribute) == 1:
        return _value(attribute[0])
    return attribute


def _unit(attribute: object) -> str:
    if not isinstance(attribute, dict):
        return ""
    unit = attribute.get("unitCode")
    if unit is None and "unitCode" not in attribute and "metadata" in attribute:
        unit = _value(mapping(attribute["metadata"]).get("unitCode"))
    return unit if isinstance(unit, str) else ""


def _observed_at(attributes: Mapping[str, Any], notified_at: datetime | None) -> datetime | None:
    level = attributes.get("fillingLevel")
    found = None
    if isinstance(level, dict):
        if not _ANY_INSTANT_NAME.isdisjoint(level):
            found = _instant_in(level, _INSTANT_NAMES)
        if found is None and "metadata" in level:
            found = _instant_in(mapping(level["metadata"]), _INSTANT_NAMES)
    return found or _instant_in(attributes, _ENTITY_INSTANTS) or notified_at


def _instant_in(place: Mapping[str, Any], names: Sequence[str]) -> datetime | None:
    for name in names:
        if name in place and (found := instant(_value(place[name]))) is not None:
            return found
    return None


def _key(device_id: str, observed_at: datetime | None, kept: Mapping[str, Any], arrival: Arrival) -> str:
    if observed_at is not None:
        # The instant comes first: keys that arrive together then lie together in the database, on few of its pages.
        return dedup_key("ngsi", instant_text(observed_at), device_id)
    # Nothing says when: the same entity again within the hour is taken for a repetition.
    digest = hashlib.sha256(write_json(kept)).hexdigest()[:32]
    return dedup_key("ngsi", device_id, digest, f"{arrival.received_at:%Y%m%dT%H}")


def _container_id(entity_id: object, attributes: Mapping[str, Any]) -> str | None:
    for name in ("binId", "serialNumber"):
        if name in attributes and (named := identifier(_value(attributes[name]))) is not None:
            return named
    return identifier(entity_id.rpartition(":")[2]) if isinstance(entity_id, str) else None
