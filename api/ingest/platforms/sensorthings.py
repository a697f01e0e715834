"""OGC SensorThings v1.1: observations as they are pushed, and pages of them as they are pulled."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.ingest.json_text import read_json, write_json
from api.ingest.record import Arrival, Ignored, Measurement, Parsed, Refusal, RefusedMessageError, Uplink
from api.ingest.values import dedup_key, identifier, instant, mapping, number
from optimizer.domain.reading import Quality

_MM = {"mm": 1.0, "millimetre": 1.0, "millimeter": 1.0, "cm": 10.0, "centimetre": 10.0, "centimeter": 10.0}
_MM |= {"m": 1_000.0, "metre": 1_000.0, "meter": 1_000.0}
_PERCENT = frozenset({"%", "percent", "per cent", "p1", "prozent"})
_FRACTION = frozenset({"1", "fraction", "0..1", "0-1", "ratio", "one", "c62"})


def parse(body: bytes, arrival: Arrival) -> list[Parsed]:
    """The observations of a page, or the one that is the body."""
    try:
        document = read_json(body)
    except RefusedMessageError as error:
        return [Refusal(code=error.code, detail=error.detail)]
    found: object = document
    stream: Mapping[str, Any] = {}
    if isinstance(document, dict):
        stream = mapping(document.get("Datastream"))
        found = document.get("value", [document])
    if not isinstance(found, list):
        return [Refusal(code="not_sensorthings", detail="The page has no list of observations under 'value'.")]
    return [_parse(one, stream, arrival) for one in found] or [Ignored(code="no_observations")]


def join(observations: Sequence[bytes]) -> bytes:
    """One page of several observations."""
    return b'{"value":[' + b",".join(observations) + b"]}"


def page_with_stream(page: Mapping[str, Any], datastream: Mapping[str, Any]) -> bytes:
    """A pulled page as a body: each observation takes its datastream's id and unit along."""
    kept = {name: datastream[name] for name in ("@iot.id", "unitOfMeasurement") if name in datastream}
    return json.dumps({"value": page.get("value"), "Datastream": kept}).encode()


def stream_device_id(stream_id: object) -> str | None:
    """The device id under which a datastream is registered."""
    if isinstance(stream_id, bool) or not isinstance(stream_id, (str, int)):
        return None
    return identifier(f"sta:{stream_id}")


def _parse(observation: object, page_stream: Mapping[str, Any], arrival: Arrival) -> Parsed:
    if not isinstance(observation, dict):
        return Refusal(code="not_sensorthings", detail="An observation is no object.", raw=write_json(observation))
    stream = mapping(observation.get("Datastream")) or page_stream
    kept = {**observation, "Datastream": dict(stream)} if stream else observation
    device_id = stream_device_id(stream.get("@iot.id")) or arrival.device_id
    if device_id is None:
        return Refusal(
            code="no_device", detail="The observation names no Datastream with an @iot.id.", raw=write_json(kept)
        )
    when = observation.get("phenomenonTime")
    observed_at = _end(when)
    if observed_at is None:
        detail = "phenomenonTime is no instant with an offset, and no interval of two."
        return Refusal(code="no_instant", detail=detail, device_id=device_id, raw=write_json(kept))
    value = number(observation.get("result"))
    if value is None:
        detail = "The result is no number. Point the datastream at the fill level."
        return Refusal(code="not_a_number", detail=detail, device_id=device_id, raw=write_json(kept))
    try:
        measurement = _measurement(value, mapping(stream.get("unitOfMeasurement")), observation)
    except RefusedMessageError as error:
        return Refusal(code=error.code, detail=error.detail, device_id=device_id, raw=write_json(kept))
    observation_id = observation.get("@iot.id")
    named = isinstance(observation_id, (str, int)) and not isinstance(observation_id, bool)
    return Uplink(
        device_id=device_id,
        observed_at=observed_at,
        dedup_key=dedup_key("sta", device_id, observation_id if named else observed_at.isoformat()),
        measurement=measurement,
        document=kept,
    )


def _end(when: object) -> datetime | None:
    """The instant, or the end of an interval: only then was the result known."""
    if not isinstance(when, str):
        return None
    return instant(when.rpartition("/")[2])


def _measurement(value: float, unit: Mapping[str, Any], observation: Mapping[str, Any]) -> Measurement:
    names = {str(unit.get(name, "")).strip().lower() for name in ("symbol", "name")} - {""}
    quality = observation.get("resultQuality")
    stated = Quality.REJECTED if isinstance(quality, str) and quality.lower() in {"bad", "rejected"} else None
    if names & _PERCENT:
        remarks = ("sensor_code",) if value in {254.0, 255.0} else ()
        return Measurement(fill_fraction=value / 100, stated_quality=stated, remarks=remarks)
    if names & _FRACTION:
        return Measurement(fill_fraction=value, stated_quality=stated)
    length = next((name for name in sorted(names) if name in _MM), None)
    if length is not None:
        return Measurement(distance_mm=value * _MM[length], stated_quality=stated)
    raise RefusedMessageError(
        "unknown_unit", "The datastream's unit is none of %, 1, mm, cm and m. Set unitOfMeasurement."
    )
