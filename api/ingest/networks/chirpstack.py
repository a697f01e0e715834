"""ChirpStack v4: HTTP with ``?event=up`` and MQTT carry the same document; v3 had another, which is refused."""

from collections.abc import Mapping
from typing import Any

from api.ingest.json_text import read_object
from api.ingest.record import Arrival, Ignored, Parsed, Refusal, RefusedMessageError, Uplink
from api.ingest.values import dedup_key, dev_eui, identifier, instant, mapping, number, payload_bytes, sequence

EVENTS = frozenset({"up", "join", "status", "log", "ack", "txack", "location", "integration"})
_CONTAINER_TAGS = ("container_id", "bin_id")


def parse(body: bytes, arrival: Arrival) -> list[Parsed]:
    """The one event in a body; events that are no uplinks are acknowledged unread."""
    if arrival.event in EVENTS - {"up"}:
        return [Ignored(code=f"event_{arrival.event}")]
    try:
        return [_parse(read_object(body))]
    except RefusedMessageError as error:
        return [Refusal(code=error.code, detail=error.detail)]


def _parse(document: Mapping[str, Any]) -> Parsed:
    if "devEUI" in document or "objectJSON" in document:
        return Refusal(
            code="chirpstack_v3",
            detail="This is ChirpStack v3's format. Use version 4 with the JSON marshaler.",
        )
    info = mapping(document.get("deviceInfo"))
    device_id = dev_eui(info.get("devEui"))
    if device_id is None:
        return Refusal(code="no_device", detail="The document names no device. Check deviceInfo.devEui.")
    if document.get("joinServerContext"):
        return Refusal(
            code="encrypted",
            detail="The payload is encrypted end to end. Let the network server decrypt it.",
            device_id=device_id,
        )
    try:
        payload = payload_bytes(document.get("data"))
    except RefusedMessageError as error:
        return Refusal(code=error.code, detail=error.detail, device_id=device_id)
    fields = document.get("object")
    if not payload and not isinstance(fields, Mapping):
        return Ignored(code="no_payload" if "fCnt" in document else "not_an_uplink", device_id=device_id)
    tags = mapping(info.get("tags"))
    gateway = max(
        (mapping(one) for one in sequence(document.get("rxInfo"))[:64]),
        key=lambda one: number(one.get("rssi")) or -999.0,
        default={},
    )
    network_key = identifier(document.get("deduplicationId"))
    port = document.get("fPort")
    return Uplink(
        device_id=device_id,
        observed_at=instant(document.get("time")),
        dedup_key=None if network_key is None else dedup_key("chirpstack", network_key),
        payload=payload,
        f_port=port if isinstance(port, int) and not isinstance(port, bool) else None,
        fields=fields if isinstance(fields, Mapping) else None,
        model=identifier(info.get("deviceProfileName")) or "",
        container_id=next((found for tag in _CONTAINER_TAGS if (found := identifier(tags.get(tag)))), None),
        rssi_dbm=number(gateway.get("rssi")),
        snr_db=number(gateway.get("snr")),
    )
