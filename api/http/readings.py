"""Readings over HTTP, in batches: each item is judged for itself, and the accepted are on disk before the answer.

No thread waits for the disk: while a commit is under way, the event loop serves others.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator, model_validator

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError, issues_of
from api.http.fields import Body, Identifier, Instant
from api.http.openapi import problems
from api.http.services import Services
from api.identity.principal import Principal
from api.store.ports import ReadingStatus
from api.store.tenant_ports import Role
from optimizer.domain.reading import Reading, Source

MAX_CLOCK_LEAD = timedelta(minutes=10)
MAX_FILL_FRACTION = 2.0
INLINE_READINGS = 200
"""Batches up to this size are judged on the event loop; a thread would cost more than it frees."""


class ReadingBody(Body):
    """One observation."""

    container_id: Identifier
    observed_at: Instant
    fill_fraction: Annotated[float, Field(ge=0, le=MAX_FILL_FRACTION)] | None = Field(
        default=None, description="0 is empty, 1 is full, above 1 is overfull. May be missing for an emptying."
    )
    source: Source = Source.SENSOR
    is_emptying: bool = Field(default=False, description="True when the container was emptied at this instant.")

    @model_validator(mode="after")
    def _says_something(self) -> "ReadingBody":
        if self.fill_fraction is None and not self.is_emptying:
            raise ValueError("Give fill_fraction, or set is_emptying.")
        return self


class Refusal(BaseModel):
    """An item that could not be read."""

    code: str
    message: str


def _read_or_refuse(value: Any, read: Callable[[Any], ReadingBody]) -> ReadingBody | Refusal:
    try:
        return read(value)
    except ValidationError as error:
        issue = issues_of(error.errors(include_url=False, include_input=False))[0]
        return Refusal(code=issue.code, message=f"{issue.where}: {issue.message}")


class ReadingsBody(Body):
    """A batch; one bad item does not lose the others."""

    readings: Annotated[
        list[Annotated[ReadingBody, WrapValidator(_read_or_refuse)]], Field(min_length=1, max_length=20_000)
    ]


class ReadingResult(BaseModel):
    """What became of one item."""

    model_config = ConfigDict(extra="forbid")

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    code: str = Field(default="", description="Why it was rejected, for machines.")
    reason: str = Field(default="", description="Why it was rejected, for people.")


class ReadingsAnswer(BaseModel):
    """What became of a batch."""

    model_config = ConfigDict(extra="forbid")

    accepted: int
    duplicate: int
    rejected: int
    results: list[ReadingResult]


EXAMPLES: dict[str, Any] = {
    "a level and an emptying": {
        "readings": [
            {"container_id": "P-001", "observed_at": "2026-03-02T05:10:00+01:00", "fill_fraction": 0.72},
            {
                "container_id": "P-002",
                "observed_at": "2026-03-02T05:30:00+01:00",
                "source": "truck",
                "is_emptying": True,
            },
        ]
    }
}
_ANSWER_EXAMPLE: dict[str, Any] = {
    "accepted": 1,
    "duplicate": 0,
    "rejected": 1,
    "results": [
        {"index": 0, "status": "accepted", "code": "", "reason": ""},
        {"index": 1, "status": "rejected", "code": "unknown_container", "reason": "There is no such container."},
    ],
}


def readings_router(services: Services) -> APIRouter:
    """The operations on readings."""
    router = APIRouter(prefix="/v1/readings", tags=["readings"])

    @router.post(
        "",
        operation_id="addReadings",
        status_code=207,
        response_model=ReadingsAnswer,
        openapi_extra=describe_body(ReadingsBody, EXAMPLES),
        responses={
            207: {
                "description": "One result per item, in the order sent.",
                "content": {"application/json": {"example": _ANSWER_EXAMPLE}},
            },
            **problems(
                "malformed_json",
                "body_too_large",
                "body_too_slow",
                "unsupported_media_type",
                "invalid_request",
                "body_too_deep",
                "store_full",
            ),
        },
    )
    async def add_readings(caller: Caller, body: Annotated[ReadingsBody, Depends(JsonBody(ReadingsBody))]) -> Response:
        """Store observations; sending the same again changes nothing."""
        most = services.settings.max_batch_readings
        if len(body.readings) > most:
            raise ProblemError("body_too_large", f"A batch holds at most {most} readings.")
        return Response(await _add(body, services, caller), status_code=207, media_type="application/json")

    return router


@dataclass(frozen=True, slots=True)
class _Judged:
    """A batch's readings that may be stored, each with its place in the batch, and the others' refusals by place."""

    good: list[Reading] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    refused: dict[int, Refusal] = field(default_factory=dict)


async def _add(body: ReadingsBody, services: Services, caller: Principal) -> str:
    now = services.now()
    only_container_id = None
    if caller.role is Role.SENSOR and caller.subject_id is not None:
        only_container_id = await run_sync(_own_container, services, caller, caller.subject_id)
    store = await services.opened_store_of(caller)
    is_small = len(body.readings) <= INLINE_READINGS
    work = (body.readings, now, only_container_id)
    judged = _judge_all(*work) if is_small else await run_sync(_judge_all, *work)
    statuses = await store.readings.add_awaited(judged.good, received_at=now)
    return _answer(judged, statuses) if is_small else await run_sync(_answer, judged, statuses)


def _judge_all(items: Sequence[ReadingBody | Refusal], now: datetime, only_container_id: str | None) -> _Judged:
    judged = _Judged()
    for index, item in enumerate(items):
        one = _judge(item, now, only_container_id)
        if isinstance(one, Refusal):
            judged.refused[index] = one
        else:
            judged.good.append(one)
            judged.places.append(index)
    return judged


def _answer(judged: _Judged, statuses: Sequence[ReadingStatus]) -> str:
    results = [_rejected(index, one.code, one.message) for index, one in judged.refused.items()]
    results += [_result(index, status) for index, status in zip(judged.places, statuses, strict=True)]
    results.sort(key=lambda result: result.index)
    counts = Counter(result.status for result in results)
    answer = ReadingsAnswer(
        accepted=counts["accepted"], duplicate=counts["duplicate"], rejected=counts["rejected"], results=results
    )
    return answer.model_dump_json()


def _own_container(services: Services, caller: Principal, device_id: str) -> str:
    """The only container that a device's key may speak of; no name where it hangs nowhere."""
    device = services.store_of(caller).devices.get(device_id)
    return "" if device is None or not device.is_active else device.container_id or ""


def _judge(item: ReadingBody | Refusal, now: datetime, only_container_id: str | None) -> Reading | Refusal:
    if isinstance(item, Refusal):
        return item
    if only_container_id is not None and item.container_id != only_container_id:
        return Refusal(code="not_your_container", message="This key's device hangs in another container, or in none.")
    if item.observed_at > now + MAX_CLOCK_LEAD:
        return Refusal(code="in_the_future", message="observed_at is in the future: set the sensor's clock.")
    return Reading(
        container_id=item.container_id,
        observed_at=item.observed_at,
        fill_fraction=math.nan if item.fill_fraction is None else item.fill_fraction,
        source=item.source,
        is_emptying=item.is_emptying,
    )


def _result(index: int, status: ReadingStatus) -> ReadingResult:
    if status is ReadingStatus.UNKNOWN_CONTAINER:
        return _rejected(index, "unknown_container", "There is no such container.")
    return ReadingResult(index=index, status="accepted" if status is ReadingStatus.ACCEPTED else "duplicate")


def _rejected(index: int, code: str, reason: str) -> ReadingResult:
    return ReadingResult(index=index, status="rejected", code=code, reason=reason)
