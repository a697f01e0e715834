"""One vehicle's tour over HTTP: for its tablet as JSON, for navigation devices, maps and print in their formats."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from api.export.texts import Language
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import is_unchanged, not_modified, versioned
from api.http.language import SpokenLanguage, language_of
from api.http.openapi import problems
from api.http.plan_answers import VersionNumber, finished_plan
from api.http.services import Services
from api.http.submit import is_job_id
from api.identity.principal import Principal
from api.plans.tour_files import MEDIA_TYPES, TourFormat, make_tour_file, stored_file, stored_paths
from api.store.plan_record import TourSheet, load_sheet, load_stored_plan
from api.store.plan_version_ports import PlanVersion
from api.store.tenant_ports import Role

VehicleId = Annotated[str, Path(max_length=64)]
AskedFormat = Annotated[TourFormat, Query(alias="format")]
TourDay = Annotated[date | None, Query(alias="date", description="Today at the depot when left out.")]

_CONTENT: dict[str, dict[str, object]] = {media_type: {} for media_type in MEDIA_TYPES.values()}
_PROBLEMS = ("not_found", "plan_not_finished", "invalid_request", "stored_plan_unreadable", "no_town")


def tours_router(services: Services) -> APIRouter:
    """The operations on tours."""
    router = APIRouter(prefix="/v1", tags=["tours"])

    @router.get(
        "/plans/{plan_id}/tours/{vehicle_id:path}/sheet.pdf",
        operation_id="printTour",
        response_class=Response,
        responses={
            200: {"description": "A4 pages for the crew.", "content": {MEDIA_TYPES[TourFormat.PDF]: {}}},
            304: {"description": "The sheet is the one you have."},
            **problems(*_PROBLEMS),
        },
    )
    def print_tour(
        caller: Caller,
        plan_id: str,
        vehicle_id: VehicleId,
        version: VersionNumber = None,
        language: SpokenLanguage = None,
        accept_language: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Print a vehicle's tour: key figures, a sketch, and a line to tick for every stop."""
        spoken = language_of(language, accept_language)
        found = _version_for(services, caller, plan_id, vehicle_id, version)
        return _tour_file(services, caller, found, vehicle_id, TourFormat.PDF, spoken, if_none_match)

    @router.get(
        "/plans/{plan_id}/tours/{vehicle_id:path}",
        operation_id="getTour",
        response_model=TourSheet,
        responses={
            200: {"description": "The released tour; the latest before any release.", "content": _CONTENT},
            304: {"description": "The tour is the one you have."},
            **problems(*_PROBLEMS),
        },
    )
    def get_tour(
        caller: Caller,
        plan_id: str,
        vehicle_id: VehicleId,
        format_name: AskedFormat = TourFormat.JSON,
        version: VersionNumber = None,
        language: SpokenLanguage = None,
        accept_language: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Fetch a vehicle's tour; with If-None-Match, only when you do not have it yet."""
        spoken = language_of(language, accept_language)
        found = _version_for(services, caller, plan_id, vehicle_id, version)
        return _tour_file(services, caller, found, vehicle_id, format_name, spoken, if_none_match)

    @router.get(
        "/tours/{vehicle_id:path}",
        operation_id="getReleasedTour",
        response_model=TourSheet,
        responses={
            200: {"description": "The tour that was released for this day.", "content": _CONTENT},
            304: {"description": "The tour is the one you have."},
            **problems("not_found", "invalid_request", "no_town"),
        },
    )
    def get_released_tour(
        caller: Caller,
        vehicle_id: VehicleId,
        day: TourDay = None,
        format_name: AskedFormat = TourFormat.JSON,
        language: SpokenLanguage = None,
        accept_language: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Fetch what a vehicle is to do on a day; nothing of it is seen before it is released."""
        when = day if day is not None else services.now().astimezone(services.town_of(caller).town.zone).date()
        is_possible = vehicle_id.isprintable() and may_see_vehicle(caller, vehicle_id)
        versions = services.store_of(caller).versions
        if is_possible and format_name is TourFormat.JSON and if_none_match is not None:
            mark = versions.released_mark(vehicle_id, when)
            if mark is not None and is_unchanged(mark.tour_etag, if_none_match):
                return not_modified(mark.tour_etag)
        found = versions.released_tour(vehicle_id, when) if is_possible else None
        if found is None:
            raise ProblemError("not_found", f"No tour of this vehicle was released for {when}.")
        if format_name is TourFormat.JSON:
            return versioned(found.tour.document, found.tour.etag)
        version = versions.of_content(found.content_id)
        assert version is not None, "only versions are released"
        spoken = language_of(language, accept_language)
        return _tour_file(services, caller, version, vehicle_id, format_name, spoken, if_none_match)

    return router


def may_see_vehicle(caller: Principal, vehicle_id: str) -> bool:
    """Whether a vehicle is the caller's concern: a tablet's key is for its own vehicle only."""
    return caller.role is not Role.DRIVER or caller.subject_id in {None, vehicle_id}


def _version_for(
    services: Services, caller: Principal, plan_id: str, vehicle_id: str, number: int | None
) -> PlanVersion:
    """The version asked for; else the released one, else, but for tablets, the latest."""
    if not (is_job_id(plan_id) and vehicle_id.isprintable() and may_see_vehicle(caller, vehicle_id)):
        raise ProblemError("not_found", "There is no such tour.")
    versions = services.store_of(caller).versions
    is_tablet = caller.role is Role.DRIVER
    release = versions.current_release(plan_id) if number is None or is_tablet else None
    if is_tablet and (release is None or number not in {None, release.version}):
        raise ProblemError("not_found", "There is no such tour.")
    wanted = number if release is None else release.version
    found = versions.latest(plan_id) if wanted is None else versions.get(plan_id, wanted)
    if found is None:
        finished_plan(services, caller, plan_id)
        raise ProblemError("not_found", "The plan has no version of this number.")
    return found


def _tour_file(
    services: Services,
    caller: Principal,
    version: PlanVersion,
    vehicle_id: str,
    format_name: TourFormat,
    language: Language,
    if_none_match: str | None,
) -> Response:
    """A version's tour in one of its formats, or 304."""
    plans = services.store_of(caller).plans
    tour_etag = plans.tour_etag(version.content_id, vehicle_id)
    if tour_etag is None:
        raise ProblemError("not_found", "The plan has no tour of this vehicle.")
    etag = tour_etag if format_name is TourFormat.JSON else f"{tour_etag}-{format_name}-{language}"
    if is_unchanged(etag, if_none_match):
        return not_modified(etag)
    if format_name is TourFormat.JSON:
        tour = plans.tour(version.content_id, vehicle_id)
        assert tour is not None, "its etag was there"
        return versioned(tour.document, etag)
    document = stored_file(plans, version.content_id, vehicle_id, format_name, language)
    if document is None:
        record, tour = plans.plan(version.content_id), plans.tour(version.content_id, vehicle_id)
        assert record is not None, "a version's content is written with it"
        assert tour is not None, "its etag was there"
        plan = load_stored_plan(record.document, name=f"plan {version.plan_id}")
        document = make_tour_file(
            # Of a joint day the crew's tour tells more than the plan may.
            replace(plan, tours=(load_sheet(tour.document).tour,)),
            vehicle_id,
            town=services.town_of(caller).town,
            format_name=format_name,
            language=language,
            stored_paths=stored_paths(plans, version.content_id, vehicle_id),
        )
    answer = versioned(document, etag, MEDIA_TYPES[format_name])
    kind = "inline" if format_name is TourFormat.PDF else "attachment"
    answer.headers["content-disposition"] = f'{kind}; filename="tour.{format_name}"'
    return answer
