"""One vehicle's tour over HTTP: for its tablet as JSON, for navigation devices and maps in their formats."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import is_unchanged, not_modified, versioned
from api.http.openapi import problems
from api.http.plans import finished_plan_id
from api.http.services import Services
from api.http.submit import is_job_id
from api.identity.principal import Principal
from api.store.plan_record import TourSheet
from api.store.tenant_ports import Role


class TourFormat(StrEnum):
    """How a tour can be had."""

    JSON = "json"
    GPX = "gpx"
    GEOJSON = "geojson"


_MEDIA_TYPES = {TourFormat.GPX: "application/gpx+xml", TourFormat.GEOJSON: "application/geo+json"}


def tours_router(services: Services) -> APIRouter:
    """The operations on tours."""
    router = APIRouter(prefix="/v1/plans/{plan_id}/tours", tags=["tours"])

    @router.get(
        "/{vehicle_id:path}",
        operation_id="getTour",
        response_model=TourSheet,
        responses={
            200: {
                "description": "The tour. It never changes: a new plan has a new id.",
                "content": {media_type: {} for media_type in _MEDIA_TYPES.values()},
            },
            304: {"description": "The tour is the one you have."},
            **problems("not_found", "not_acceptable", "plan_not_finished", "invalid_request"),
        },
    )
    def get_tour(
        caller: Caller,
        plan_id: str,
        vehicle_id: Annotated[str, Path(max_length=64)],
        format_name: Annotated[TourFormat, Query(alias="format")] = TourFormat.JSON,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Fetch a vehicle's tour; with If-None-Match, only when you do not have it yet."""
        plans = services.store_of(caller).plans
        is_possible = is_job_id(plan_id) and vehicle_id.isprintable() and may_see_vehicle(caller, vehicle_id)
        etag = plans.tour_etag(plan_id, vehicle_id) if is_possible else None
        if etag is None:
            finished_plan_id(services, caller, plan_id)
            raise ProblemError("not_found", "The plan has no tour of this vehicle.")
        if format_name is TourFormat.JSON:
            if is_unchanged(etag, if_none_match):
                return not_modified(etag)
            tour = plans.tour(plan_id, vehicle_id)
            assert tour is not None
            return versioned(tour.document, etag)
        etag = f"{etag}-{format_name}"
        if is_unchanged(etag, if_none_match):
            return not_modified(etag)
        document = plans.tour_export(plan_id, vehicle_id, format_name)
        if document is None:
            raise ProblemError("not_acceptable", f"This plan was made without {format_name} files.")
        answer = versioned(document, etag, _MEDIA_TYPES[format_name])
        answer.headers["content-disposition"] = f'attachment; filename="tour.{format_name}"'
        return answer

    return router


def may_see_vehicle(caller: Principal, vehicle_id: str) -> bool:
    """Whether a vehicle is the caller's concern: a tablet's key is for its own vehicle only."""
    return caller.role is not Role.DRIVER or caller.subject_id in {None, vehicle_id}
