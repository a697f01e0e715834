"""The Things Stack v3: webhooks and MQTT carry the same document.

Fields that are zero, false or empty are left out of it, so an absent frame counter is 0.
"""

from collections.abc import Mapping
from typing import Any

from api.ingest.json_text import read_object
from api.ingest.record import Arrival, Ignored, Parsed, Refusal, RefusedMessageError, Uplink
from api.ingest.values import dedup_key, dev_eui, identifier, instant, mapping, number, payload_bytes, sequence

_OTHER_MESSAGES = frozenset(
    {
        "join_accept",
        "downlink_ack",
        "downlink_nack",
        "downlink_sent",
        "downlink_failed",
        "downlink_queued",
        "downlink_queue_invalidated",
        "location_solved",
        "service_data",
        "uplink_normalized",
    }
)


def parse(body: bytes, _arrival: Arrival) -> list[Parsed]:
    """The one message in a body."""
    try:
        return [_parse(read_object(body))]
    except RefusedMessageError as error:
        return [Refusal(code=error.code, detail=error.detail)]


def _parse(document: Mapping[str, Any]) -> Parsed:
    ids = mapping(document.get("end_device_ids"))
    device_id = dev_eui(ids.get("dev_eui")) or identifier(ids.get("device_id"))
    if "uplink_message" not in document:
        if not _OTHER_MESSAGES.isdisjoint(document):
            return Ignored(code="not_an_uplink", device_id=device_id)
        return Refusal(
            code="not_things_stack",
            detail="The document has no uplink_message. Send The Things Stack's v3 JSON format.",
            device_id=device_id,
        )
    if device_id is None:
        return Refusal(code="no_device", detail="The document names no device. Check end_device_ids.")
    uplink = mapping(document["uplink_message"])
    try:
        payload = payload_bytes(uplink.get("frm_payload"))
    except RefusedMessageError as error:
        return Refusal(code=error.code, detail=error.detail, device_id=device_id)
    fields = uplink.get("decoded_payload")
    if not payload and not isinstance(fields, Mapping):
        return Ignored(code="no_payload", device_id=device_id)
    gateway = _best_gateway(uplink)
    return Uplink(
        device_id=device_id,
        observed_at=instant(uplink.get("received_at")) or instant(document.get("received_at")),
        dedup_key=_key(device_id, ids, uplink),
        payload=payload,
        f_port=_whole(uplink.get("f_port", 0)),
        fields=fields if isinstance(fields, Mapping) else None,
        may_omit_zeros=True,
        model=identifier(mapping(uplink.get("version_ids")).get("model_id")) or "",
        rssi_dbm=number(gateway.get("rssi")) if gateway else None,
        snr_db=number(gateway.get("snr", 0)) if gateway else None,
    )


def _key(device_id: str, ids: Mapping[str, Any], uplink: Mapping[str, Any]) -> str:
    session = identifier(uplink.get("session_key_id"))
    counter = _whole(uplink.get("f_cnt", 0))
    if session is None:
        # Without a session the counter may begin anew: the content tells such messages apart.
        return dedup_key(
            "tts", device_id, identifier(ids.get("dev_addr")) or "", counter, uplink.get("frm_payload", "")
        )
    return dedup_key("tts", device_id, session, counter)


def _best_gateway(uplink: Mapping[str, Any]) -> Mapping[str, Any]:
    heard = [mapping(one) for one in sequence(uplink.get("rx_metadata"))[:64]]
    return max(heard, key=lambda one: number(one.get("rssi")) or -999.0, default={})


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
