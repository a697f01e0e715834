"""Containers over HTTP: list, read, create, change; the same rules as for files."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import is_unchanged, not_modified, version_named, versioned
from api.http.fields import Body, Identifier, ShortText
from api.http.openapi import problems
from api.http.services import Services
from api.store.ports import StoredContainer
from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import Reading, Source
from routing.location import Location, Side

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


class LocationBody(Body):
    """A point, WGS 84."""

    lon_deg: Annotated[float, Field(ge=-180, le=180)]
    lat_deg: Annotated[float, Field(ge=-90, le=90)]


class ContainerBody(Body):
    """A container without its id, which stands in the address."""

    site_id: Identifier = Field(description="Containers of one site and stream are emptied in one stop.")
    location: LocationBody
    stream: Identifier
    capacity_l: Annotated[float, Field(ge=1, le=40_000)]
    side: Side = Field(default=Side.ANY, description="`right` where the truck must have it on its right.")
    service_s: Annotated[int, Field(ge=0, le=7_200)] = 60
    setup_s: Annotated[int, Field(ge=0, le=7_200)] = 60
    hours: ShortText = Field(default="24/7", description="When it may be emptied, in OSM's opening_hours syntax.")
    system: Identifier = "rear"
    max_days_between_visits: Annotated[int, Field(ge=1, le=3_650)] | None = None
    has_sensor: bool = True
    address: ShortText = ""
    municipality: ShortText = ""


class ReadingAnswer(BaseModel):
    """A container's latest level."""

    model_config = ConfigDict(extra="forbid")

    observed_at: datetime
    fill_fraction: float
    source: Source


class ContainerAnswer(BaseModel):
    """A container with its version and latest reading."""

    model_config = ConfigDict(extra="forbid")

    container: Container
    etag: str = Field(description="Send as If-Match to change the container.")
    latest_reading: ReadingAnswer | None


class ContainerPage(BaseModel):
    """A page of containers in the order of their ids."""

    model_config = ConfigDict(extra="forbid")

    containers: list[ContainerAnswer]
    next_after: str | None = Field(description="Send as `after` to get the next page; null on the last.")


EXAMPLES: dict[str, Any] = {
    "underground paper container": {
        "site_id": "Marktplatz",
        "location": {"lon_deg": 7.5228, "lat_deg": 51.6135},
        "stream": "paper",
        "capacity_l": 3000,
        "system": "crane",
        "hours": "Mo-Sa 06:00-20:00",
        "address": "Marktplatz 1",
    }
}
_ANSWER_EXAMPLE: dict[str, Any] = {
    "container": {"container_id": "P-001", **EXAMPLES["underground paper container"]},
    "etag": "0d6b3b1f6a3f4b0e8a57cdd5a9d1c2f4",
    "latest_reading": {"observed_at": "2026-03-02T03:55:00Z", "fill_fraction": 0.72, "source": "sensor"},
}


def containers_router(services: Services) -> APIRouter:
    """The operations on containers."""
    router = APIRouter(prefix="/v1/containers", tags=["containers"])

    @router.get(
        "",
        operation_id="listContainers",
        response_model=ContainerPage,
        responses={
            200: {
                "content": {"application/json": {"example": {"containers": [_ANSWER_EXAMPLE], "next_after": "P-001"}}}
            },
            **problems("invalid_request"),
        },
    )
    def list_containers(
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        after: Annotated[str, Query(max_length=64)] = "",
        stream: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        """List containers with their latest readings."""
        if not after.isprintable() or not (stream or "").isprintable():
            raise ProblemError("invalid_request", "Use printable characters only.")
        found = services.store_of(caller).town.containers(after=after, limit=limit + 1, stream=stream)
        latest = services.store_of(caller).readings.latest([one.container.container_id for one in found[:limit]])
        page = ContainerPage(
            containers=[_answer(one, latest.get(one.container.container_id)) for one in found[:limit]],
            next_after=found[limit - 1].container.container_id if len(found) > limit else None,
        )
        return Response(page.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    @router.get(
        "/{container_id:path}",
        operation_id="getContainer",
        response_model=ContainerAnswer,
        responses={
            200: {"content": {"application/json": {"example": _ANSWER_EXAMPLE}}},
            304: {"description": "Neither the container nor its latest reading have changed."},
            **problems("not_found"),
        },
    )
    def get_container(
        caller: Caller, container_id: str, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        """Read one container."""
        stored = services.store_of(caller).town.container(container_id) if container_id.isprintable() else None
        if stored is None:
            raise ProblemError("not_found", "There is no container with this id.")
        reading = services.store_of(caller).readings.latest([container_id]).get(container_id)
        content = _answer(stored, reading).model_dump_json().encode()
        # The header is the container's version: it is what If-Match asks for.
        if reading is None and is_unchanged(stored.etag, if_none_match):
            return not_modified(stored.etag)
        return versioned(content, stored.etag)

    @router.put(
        "/{container_id:path}",
        operation_id="putContainer",
        response_model=ContainerAnswer,
        openapi_extra=describe_body(ContainerBody, EXAMPLES),
        responses={
            200: {"description": "Changed.", "content": {"application/json": {"example": _ANSWER_EXAMPLE}}},
            201: {"description": "Created.", "model": ContainerAnswer},
            **problems(
                "malformed_json",
                "version_conflict",
                "version_required",
                "body_too_large",
                "body_too_slow",
                "unsupported_media_type",
                "invalid_request",
                "body_too_deep",
                "no_town",
                "store_full",
            ),
        },
    )
    def put_container(
        caller: Caller,
        container_id: Annotated[str, Path(max_length=64)],
        body: Annotated[ContainerBody, Depends(JsonBody(ContainerBody))],
        if_match: Annotated[str | None, Header(description="The ETag that you read; needed for a change.")] = None,
    ) -> Response:
        """Create a container, or change the one that If-Match names."""
        container = _container(container_id, body)
        town = services.town_of(caller).town
        if container.stream not in {stream.stream_id for stream in town.streams}:
            raise _issue("stream", "unknown_stream", "The town has no such waste stream. Correct the name.")
        stored, is_new = services.store_of(caller).town.put_container(container, if_match=version_named(if_match))
        answer = versioned(_answer(stored, None).model_dump_json().encode(), stored.etag)
        answer.status_code = 201 if is_new else 200
        return answer

    return router


def _container(container_id: str, body: ContainerBody) -> Container:
    try:
        _IDENTIFIER.validate_python(container_id)
    except ValueError:
        raise _issue("container_id", "empty_id", "Give an id of 1 to 64 printable characters.") from None
    fields = body.model_dump(exclude={"location", "hours"})
    return Container(
        container_id=container_id,
        location=Location(lon_deg=body.location.lon_deg, lat_deg=body.location.lat_deg),
        hours=Hours(expression=body.hours),
        **fields,
    )


def _answer(stored: StoredContainer, reading: Reading | None) -> ContainerAnswer:
    latest = None
    if reading is not None:
        latest = ReadingAnswer(
            observed_at=reading.observed_at, fill_fraction=reading.fill_fraction, source=reading.source
        )
    return ContainerAnswer(container=stored.container, etag=stored.etag, latest_reading=latest)


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
