"""Messages of networks and platforms over HTTP: whatever an authenticated sender says is answered with 200.

A network switches a webhook off that fails too often, so junk is no failure: it is kept in quarantine with its reason.
No thread waits for the disk: while a commit is under way, the event loop serves others.
"""

import json
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.alerts import alerts_router
from api.http.caller import Caller
from api.http.devices import device_id_of, devices_router
from api.http.errors import ProblemError
from api.http.intakes import Intakes
from api.http.open_alerts import OpenAlerts
from api.http.openapi import problems
from api.http.quarantine import quarantine_router
from api.http.services import Services
from api.identity.principal import Principal
from api.ingest.intake import Delivery, IntakeReport, Outcome, Result
from api.ingest.platforms.ngsi import Scale
from api.ingest.record import Arrival
from api.ingest.values import identifier
from api.store.tenant_ports import Role

BATCH_PATHS = frozenset({"/v1/ingest/ngsi", "/v1/ingest/sensorthings", "/v1/ingest/senml"})
"""Addresses whose bodies hold many messages, and may be as large as batches of readings."""

_SHOWN = 1_000
"""Results told one by one; the counts tell of all."""


class IngestResult(BaseModel):
    """What became of one message."""

    model_config = ConfigDict(extra="forbid")

    index: int
    device_id: str | None
    status: Literal["accepted", "duplicate", "ignored", "quarantined"]
    code: str = Field(default="", description="Why it was ignored or quarantined, for machines.")
    detail: str = Field(default="", description="What to do about it.")
    quality: int | None = Field(default=None, description="0 to 4 on the scale of LwM2M resource 6042.")
    reasons: list[str] = Field(default=[], description="Why the quality is not 4.")


class IngestAnswer(BaseModel):
    """What became of a body."""

    model_config = ConfigDict(extra="forbid")

    accepted: int
    duplicate: int
    ignored: int
    quarantined: int
    results: list[IngestResult] = Field(description=f"In the order sent, at most {_SHOWN}.")


_EXAMPLE: dict[str, Any] = {
    "accepted": 1,
    "duplicate": 0,
    "ignored": 0,
    "quarantined": 1,
    "results": [
        {"index": 0, "device_id": "A84041000181C061", "status": "accepted", "quality": 4},
        {
            "index": 1,
            "device_id": "A84041000181C062",
            "status": "quarantined",
            "code": "unknown_device",
            "detail": "No such device is registered. Register it with its decoder and container, then replay.",
        },
    ],
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Taken in, known already, of no concern, or in quarantine.",
        "model": IngestAnswer,
        "content": {"application/json": {"example": _EXAMPLE}},
    },
    **problems("body_too_large", "body_too_slow", "unsupported_media_type", "store_full"),
}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"description": "See the format."}}}}
}


def answer_of(report: IntakeReport) -> Response:
    """A report as an answer of the form ``IngestAnswer``."""
    counts = ",".join(f'"{outcome.value}":{report.count(outcome)}' for outcome in Outcome)
    content = f'{{{counts},"results":[{",".join(_told(report.results[:_SHOWN]))}]}}'
    return Response(content, media_type="application/json", headers={"cache-control": "no-store"})


def _told(results: Sequence[Result]) -> Iterator[str]:
    """Each result as JSON of the form ``IngestResult``.

    A body's results mostly say the same of one device after the other, so it is worded once: a model for each of them
    would cost as much as reading the message did.
    """
    said: tuple[object, ...] | None = None
    ending = ""
    for index, result in enumerate(results):
        if result[1:] != said:
            said = result[1:]
            ending = json.dumps(
                {
                    "status": result.outcome.value,
                    "code": result.code,
                    "detail": result.detail,
                    "quality": result.quality,
                    "reasons": result.reasons,
                },
                separators=(",", ":"),
            )[1:]
        device_id = "null" if result.device_id is None else quoted(result.device_id)
        yield f'{{"index":{index},"device_id":{device_id},{ending}'


def ingest_router(services: Services, intakes: Intakes, alerts: OpenAlerts) -> APIRouter:
    """The operations on messages of sensors, with those on devices, quarantine and alerts that belong to them."""
    router = APIRouter(prefix="/v1/ingest", tags=["ingest"])

    async def take(
        request: Request, caller: Principal, format_name: str, *, device_id: str | None = None, event: str = ""
    ) -> Response:
        body = await request.body()
        # A key that belongs to a device speaks for it alone; a network's key belongs to none.
        subject_id = caller.subject_id if caller.role is Role.SENSOR else None
        own_id = None if subject_id is None else device_id_of(subject_id) or subject_id
        content_type = request.headers.get("content-type", "")
        delivery = Delivery(
            format_name=format_name,
            body=body,
            arrival=Arrival(received_at=services.now(), device_id=device_id, event=event),
            content_type="".join(one for one in content_type if one.isprintable()),
        )
        await services.opened_store_of(caller)
        return answer_of(await intakes.of(caller).take_in_awaited(delivery, only_device_id=own_id))

    @router.post("/things-stack", operation_id="ingestThingsStack", responses=_ANSWERS, openapi_extra=_BODY)
    async def ingest_things_stack(request: Request, caller: Caller) -> Response:
        """Take in a webhook of The Things Stack v3, JSON format."""
        return await take(request, caller, "things_stack")

    @router.post("/chirpstack", operation_id="ingestChirpStack", responses=_ANSWERS, openapi_extra=_BODY)
    async def ingest_chirpstack(
        request: Request,
        caller: Caller,
        event: Annotated[str, Query(max_length=32, description="As ChirpStack sends it; only `up` is read.")] = "up",
    ) -> Response:
        """Take in an event of ChirpStack v4's HTTP integration, JSON marshaler."""
        return await take(request, caller, "chirpstack", event=event)

    @router.post("/ngsi", operation_id="ingestNgsi", responses=_ANSWERS, openapi_extra=_BODY)
    async def ingest_ngsi(
        request: Request,
        caller: Caller,
        scale: Annotated[Scale, Query(description="What a `fillingLevel` of 1 means, where no unit says it.")] = (
            Scale.AUTO
        ),
    ) -> Response:
        """Take in an NGSI-v2 or NGSI-LD notification of WasteContainer entities."""
        return await take(request, caller, "ngsi" if scale is Scale.AUTO else f"ngsi_{scale.value}")

    @router.post("/sensorthings", operation_id="ingestSensorThings", responses=_ANSWERS, openapi_extra=_BODY)
    async def ingest_sensorthings(request: Request, caller: Caller) -> Response:
        """Take in observations of OGC SensorThings v1.1, with the unit of their datastream."""
        return await take(request, caller, "sensorthings")

    @router.post("/senml", operation_id="ingestSenml", responses=_ANSWERS, openapi_extra=_BODY)
    async def ingest_senml(
        request: Request,
        caller: Caller,
        device: Annotated[
            str | None, Query(max_length=64, description="The device, where no base name has it.")
        ] = None,
    ) -> Response:
        """Take in LwM2M object 3435 as SenML JSON."""
        if device is not None and identifier(device) is None:
            raise ProblemError("invalid_request", "Give a device id of 1 to 64 printable characters.")
        return await take(request, caller, "senml", device_id=device)

    whole = APIRouter()
    for part in (
        router,
        devices_router(services, intakes),
        quarantine_router(services, intakes),
        alerts_router(services, intakes, alerts),
    ):
        whole.include_router(part)
    return whole
