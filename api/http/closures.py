"""Closed streets over HTTP: every tour that is planned from now on keeps out of them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.fields import Body, Instant, ShortText
from api.http.openapi import problems
from api.http.services import Services
from api.http.submit import new_job_id
from api.http.tablet_body import PlaceBody
from api.identity.principal import Principal
from api.tablet.closures import MOST_POINTS, Closure

Line = Annotated[list[PlaceBody], Field(min_length=1, max_length=MOST_POINTS)]


class ClosureBody(Body):
    """A street that is closed for a while."""

    line: Line = Field(description="Places along it; one place closes what runs there.")
    reason: Annotated[ShortText, Field(min_length=1)]
    valid_from_at: Instant | None = Field(default=None, description="Now where it is left out.")
    valid_until_at: Instant | None = Field(default=None, description="Until it is withdrawn where it is left out.")


class ClosureAnswer(BaseModel):
    """A closed street."""

    model_config = ConfigDict(extra="forbid")

    closure_id: str
    line: list[tuple[float, float]] = Field(description="Longitude and latitude of each place.")
    reason: str
    valid_from_at: datetime
    valid_until_at: datetime | None
    is_confirmed: bool
    is_withdrawn: bool


class ClosureList(BaseModel):
    """Closed streets, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    closures: list[ClosureAnswer]


CLOSURE_EXAMPLES: dict[str, Any] = {
    "a market": {
        "line": [{"lon_deg": 7.52, "lat_deg": 51.61}, {"lon_deg": 7.523, "lat_deg": 51.611}],
        "reason": "Wochenmarkt",
        "valid_until_at": "2026-03-02T15:00:00+01:00",
    }
}
BODY_PROBLEMS = (
    "malformed_json",
    "body_too_large",
    "body_too_slow",
    "unsupported_media_type",
    "invalid_request",
    "body_too_deep",
    "no_town",
)


def closures_router(services: Services) -> APIRouter:
    """The operations on closed streets."""
    router = APIRouter(prefix="/v1", tags=["incidents"])

    @router.get("/closures", operation_id="listClosures", response_model=ClosureList, responses={**problems()})
    def list_closures(caller: Caller) -> Response:
        """List closed streets, withdrawn and past ones too."""
        return told(ClosureList(closures=[_closure_answer(one) for one in services.store_of(caller).closures.all()]))

    @router.post(
        "/closures",
        operation_id="addClosure",
        status_code=201,
        response_model=ClosureAnswer,
        openapi_extra=describe_body(ClosureBody, CLOSURE_EXAMPLES),
        responses={201: {}, **problems("store_full", *BODY_PROBLEMS)},
    )
    def add_closure(caller: Caller, body: Annotated[ClosureBody, Depends(JsonBody(ClosureBody))]) -> Response:
        """Close a street for every tour that is planned from now on."""
        now = services.now()
        closure = Closure(
            closure_id=new_job_id(),
            line=tuple(one.location for one in body.line),
            reason=body.reason,
            valid_from_at=body.valid_from_at or now,
            valid_until_at=body.valid_until_at,
            added_at=now,
            added_by=caller.actor,
            confirmed_at=now,
            confirmed_by=caller.actor,
        )
        services.store_of(caller).closures.add(closure)
        headers = {"location": f"/v1/closures/{closure.closure_id}"}
        content = _closure_answer(closure).model_dump_json()
        return Response(content, status_code=201, media_type="application/json", headers=headers)

    @router.post(
        "/closures/{closure_id}/confirm",
        operation_id="confirmClosure",
        response_model=ClosureAnswer,
        responses={**problems("not_found")},
    )
    def confirm_closure(caller: Caller, closure_id: str) -> Response:
        """Say that a crew was right about a closed street."""
        return _changed(services, caller, closure_id, is_open=False)

    @router.delete(
        "/closures/{closure_id}",
        operation_id="removeClosure",
        response_model=ClosureAnswer,
        responses={**problems("not_found")},
    )
    def remove_closure(caller: Caller, closure_id: str) -> Response:
        """Open a street again; that it was closed is kept."""
        return _changed(services, caller, closure_id, is_open=True)

    return router


def told(answer: BaseModel) -> Response:
    """An answer that nobody keeps: the next moment may bring another."""
    return Response(answer.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})


def _changed(services: Services, caller: Principal, closure_id: str, *, is_open: bool) -> Response:
    closures, now = services.store_of(caller).closures, services.now()
    change = closures.withdraw if is_open else closures.confirm
    has_changed = closure_id.isprintable() and change(closure_id, at=now, by=caller.actor)
    closure = closures.get(closure_id) if has_changed else None
    if closure is None:
        raise ProblemError("not_found", "There is no closure with this id that holds.")
    return told(_closure_answer(closure))


def _closure_answer(closure: Closure) -> ClosureAnswer:
    return ClosureAnswer(
        closure_id=closure.closure_id,
        line=[(one.lon_deg, one.lat_deg) for one in closure.line],
        reason=closure.reason,
        valid_from_at=closure.valid_from_at,
        valid_until_at=closure.valid_until_at,
        is_confirmed=closure.confirmed_at is not None,
        is_withdrawn=closure.withdrawn_at is not None,
    )
