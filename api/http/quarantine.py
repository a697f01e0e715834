"""Messages that could not be used, over HTTP: read why, mend the cause, take them in again."""

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.intakes import Intakes
from api.http.openapi import problems
from api.http.services import Services
from api.ingest.formats import FORMATS
from api.ingest.intake import Outcome
from api.store.tenant_ports import QuarantinedMessage, TenantStore


class QuarantinedAnswer(BaseModel):
    """A message in quarantine."""

    model_config = ConfigDict(extra="forbid")

    message_id: str
    received_at: datetime
    source: str
    reason: str = Field(description="Stable code, e.g. `unknown_device`.")
    detail: str = Field(description="What to do about it.")
    device_id: str | None
    replayed_at: datetime | None = Field(description="When it was taken in after all; null while it waits.")
    size_bytes: int


class QuarantinedWhole(QuarantinedAnswer):
    """A message in quarantine with its body."""

    content_type: str
    body_base64: str = Field(description="The bytes as they came.")


class QuarantinePage(BaseModel):
    """A page of messages, oldest first."""

    model_config = ConfigDict(extra="forbid")

    messages: list[QuarantinedAnswer]
    next_after: str | None = Field(description="Send as `after` to get the next page; null on the last.")


class ReplayAnswer(BaseModel):
    """What became of a message that was taken in again."""

    model_config = ConfigDict(extra="forbid")

    accepted: int
    duplicate: int
    ignored: int
    quarantined: int = Field(description="Parts that still cannot be used; the message stays in quarantine for them.")
    codes: list[str] = Field(description="Why, each reason once.")


_EXAMPLE: dict[str, Any] = {
    "message_id": "00064c1f0a5e8b00-0000-5b1c9f0e",
    "received_at": "2026-03-02T05:10:02Z",
    "source": "things_stack",
    "reason": "unknown_device",
    "detail": "No such device is registered. Register it with its decoder and container, then replay the message.",
    "device_id": "A84041000181C061",
    "replayed_at": None,
    "size_bytes": 812,
}
_WHOLE_EXAMPLE = {**_EXAMPLE, "content_type": "application/json", "body_base64": "eyJlbmRfZGV2aWNlX2lkcyI6e319"}


def quarantine_router(services: Services, intakes: Intakes) -> APIRouter:
    """The operations on quarantine."""
    router = APIRouter(prefix="/v1/quarantine", tags=["ingest"])

    @router.get(
        "",
        operation_id="listQuarantine",
        response_model=QuarantinePage,
        responses={
            200: {"content": {"application/json": {"example": {"messages": [_EXAMPLE], "next_after": None}}}},
            **problems("invalid_request"),
        },
    )
    def list_quarantine(
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        after: Annotated[str, Query(max_length=64)] = "",
        reason: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        """List messages that could not be used, with their reasons."""
        if not after.isprintable() or not (reason or "").isprintable():
            raise ProblemError("invalid_request", "Use printable characters only.")
        found = list(services.store_of(caller).quarantine.all(after=after, limit=limit + 1, reason=reason))
        page = QuarantinePage(
            messages=[QuarantinedAnswer(**_fields(one)) for one in found[:limit]],
            next_after=found[limit - 1].message_id if len(found) > limit else None,
        )
        return Response(page.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    @router.get(
        "/{message_id}",
        operation_id="getQuarantined",
        response_model=QuarantinedWhole,
        responses={
            200: {"content": {"application/json": {"example": _WHOLE_EXAMPLE}}},
            **problems("not_found"),
        },
    )
    def get_quarantined(caller: Caller, message_id: str) -> Response:
        """Read one message with its body."""
        message = _find(services.store_of(caller), message_id)
        whole = QuarantinedWhole(
            **_fields(message),
            content_type=message.content_type,
            body_base64=base64.b64encode(message.body).decode(),
        )
        return Response(whole.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    @router.post(
        "/{message_id}/replay",
        operation_id="replayQuarantined",
        response_model=ReplayAnswer,
        responses={
            200: {
                "content": {
                    "application/json": {
                        "example": {"accepted": 1, "duplicate": 0, "ignored": 0, "quarantined": 0, "codes": []}
                    }
                }
            },
            **problems("not_found", "store_full"),
        },
    )
    def replay_quarantined(caller: Caller, message_id: str) -> Response:
        """Take in a message again, after its device was registered or calibrated; repeating it changes nothing."""
        message = _find(services.store_of(caller), message_id)
        if message.source not in FORMATS:
            # E.g. a tablet's event: its tablet sends it again, and it is judged anew.
            raise ProblemError("not_found", "This message is no sensor's. Its sender has to send it again.")
        report = intakes.of(caller).replay(message)
        answer = ReplayAnswer(
            **{outcome.value: report.count(outcome) for outcome in Outcome},
            codes=sorted({one.code for one in report.results if one.code}),
        )
        return Response(answer.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    return router


def _find(store: TenantStore, message_id: str) -> QuarantinedMessage:
    is_plain = message_id.isascii() and message_id.isprintable() and len(message_id) <= 64
    message = store.quarantine.get(message_id) if is_plain else None
    if message is None:
        raise ProblemError("not_found", "There is no message with this id in quarantine.")
    return message


def _fields(message: QuarantinedMessage) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "received_at": message.received_at,
        "source": message.source,
        "reason": message.reason,
        "detail": message.detail,
        "device_id": message.device_id,
        "replayed_at": message.replayed_at,
        "size_bytes": len(message.body),
    }
