"""Incidents over HTTP: what happened becomes a proposal, and a person decides."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.closures import BODY_PROBLEMS, Line, told
from api.http.errors import ProblemError
from api.http.fields import Body, Day, Identifier, Instant, ShortText
from api.http.openapi import problems
from api.http.services import Services
from api.http.submit import new_job_id, submit
from api.http.tablet_body import PlaceBody
from api.http.tours import may_see_vehicle
from api.identity.principal import Principal
from api.jobs.errors import AlreadyFinishedError
from api.jobs.job import JobKind, JobState
from api.jobs.planning_documents import IncidentAsk, dump_incident_ask
from api.store.plan_version_ports import Release
from api.store.tenant_ports import Role
from api.tablet.closures import Closure
from api.tablet.incidents import Incident, IncidentKind, IncidentRecord, IncidentState
from optimizer.domain.hours import local_midnight
from optimizer.domain.relaxation import Text
from optimizer.domain.request import SolveLimits
from optimizer.domain.tour_event import ExceptionCode

JOINT_NOTICE = Text(
    en="These tours are driven together with other towns, so no town plans them anew alone. Agree by telephone, or ask "
    "for a plan without partners and release it: for your town it takes the place of the joint tours.",
    de="Diese Touren werden mit anderen Orten gemeinsam gefahren, deshalb plant kein Ort sie allein neu. Sprechen Sie "
    "sich telefonisch ab, oder fordern Sie einen Plan ohne Partner an und geben Sie ihn frei: Er tritt für Ihren Ort "
    "an die Stelle der gemeinsamen Touren.",
)
SEARCH_S = 1.4
"""A dispatcher waits: all of the answer within five seconds."""

_DISPATCH = frozenset({Role.DISPATCHER, Role.ADMIN})


class IncidentBody(Body):
    """Something that happened on the road."""

    kind: IncidentKind
    vehicle_id: Identifier | None = Field(default=None, description="Whose trouble it is, or who saw it.")
    day: Day | None = Field(default=None, description="The tour's day; today where it is left out.")
    happened_at: Instant | None = Field(default=None, description="Now where it is left out.")
    container_id: Identifier | None = Field(default=None, description="What is blocked.")
    code: ExceptionCode | None = Field(default=None, description="Why it is blocked.")
    location: PlaceBody | None = Field(default=None, description="Where the road is closed.")
    line: Line | None = Field(default=None, description="Places along the closed road, instead of `location`.")
    valid_until_at: Instant | None = Field(default=None, description="The road's; the end of the day if left out.")
    note: ShortText = ""


class ProposalAnswer(BaseModel):
    """The new plan that is proposed."""

    model_config = ConfigDict(extra="forbid")

    job_id: str
    status: JobState
    plan_id: str | None = None
    version: int | None = None
    changes: Any = Field(default=None, description="What it changes against what was driven, also in sentences.")
    error: str = ""


class IncidentAnswer(BaseModel):
    """An incident and what became of it."""

    model_config = ConfigDict(extra="forbid")

    incident_id: str
    kind: IncidentKind
    day: date
    vehicle_id: str
    happened_at: datetime
    note: str
    state: IncidentState
    closure_id: str | None
    proposal: ProposalAnswer | None = Field(description="Null where no released tours are affected; see `notice`.")
    notice: Text | None = Field(description="What to do where no new plan is proposed although tours are on the road.")


class IncidentList(BaseModel):
    """Incidents of a day, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    incidents: list[IncidentAnswer]


INCIDENT_EXAMPLES: dict[str, Any] = {
    "a breakdown": {"kind": "breakdown", "vehicle_id": "LUE-1", "note": "engine"},
    "a closed road": {"kind": "road_closed", "vehicle_id": "LUE-1", "location": {"lon_deg": 7.52, "lat_deg": 51.61}},
}


def incidents_router(services: Services) -> APIRouter:
    """The operations on incidents."""
    router = APIRouter(prefix="/v1", tags=["incidents"])

    @router.post(
        "/incidents",
        operation_id="reportIncident",
        status_code=202,
        response_model=IncidentAnswer,
        openapi_extra=describe_body(IncidentBody, INCIDENT_EXAMPLES),
        responses={202: {}, **problems("not_found", "queue_full", "stopping", "store_full", *BODY_PROBLEMS)},
    )
    def report_incident(caller: Caller, body: Annotated[IncidentBody, Depends(JsonBody(IncidentBody))]) -> Response:
        """Report what happened; a new plan for the rest of the day is proposed within seconds."""
        record = _report(services, caller, body)
        answer = _answer(services, caller, record)
        headers = {"location": f"/v1/incidents/{record.incident.incident_id}"}
        return Response(answer.model_dump_json(), status_code=202, media_type="application/json", headers=headers)

    @router.get(
        "/incidents", operation_id="listIncidents", response_model=IncidentList, responses={**problems("no_town")}
    )
    def list_incidents(caller: Caller, day: Annotated[Day | None, Query(alias="date")] = None) -> Response:
        """List a day's incidents."""
        wanted = day or services.now().astimezone(services.town_of(caller).town.zone).date()
        found = services.store_of(caller).incidents.of_day(wanted)
        return told(IncidentList(incidents=[_answer(services, caller, one) for one in found]))

    @router.get(
        "/incidents/{incident_id}",
        operation_id="getIncident",
        response_model=IncidentAnswer,
        responses={**problems("not_found")},
    )
    def get_incident(caller: Caller, incident_id: str) -> Response:
        """Fetch an incident with its proposal."""
        return told(_answer(services, caller, _found(services, caller, incident_id)))

    @router.post(
        "/incidents/{incident_id}/accept",
        operation_id="acceptIncident",
        response_model=IncidentAnswer,
        responses={**problems("not_found", "already_finished", "plan_not_finished", "version_conflict")},
    )
    def accept_incident(caller: Caller, incident_id: str) -> Response:
        """Give the proposed plan to the tablets, and confirm the closed road."""
        return told(_answer(services, caller, _accept(services, caller, incident_id)))

    @router.post(
        "/incidents/{incident_id}/reject",
        operation_id="rejectIncident",
        response_model=IncidentAnswer,
        responses={**problems("not_found", "already_finished")},
    )
    def reject_incident(caller: Caller, incident_id: str) -> Response:
        """Leave the tours as they are, and open the closed road again."""
        return told(_answer(services, caller, _reject(services, caller, incident_id)))

    return router


def _report(services: Services, caller: Principal, body: IncidentBody) -> IncidentRecord:
    town = services.town_of(caller).town
    vehicle_id = body.vehicle_id or (caller.subject_id if caller.role is Role.DRIVER else None) or ""
    if not may_see_vehicle(caller, vehicle_id):
        raise ProblemError("forbidden", "This key is another vehicle's.")
    if vehicle_id and all(one.vehicle_id != vehicle_id for one in town.vehicles):
        raise ProblemError("not_found", "There is no such vehicle.")
    if body.container_id is not None and all(one.container_id != body.container_id for one in town.containers):
        raise ProblemError("not_found", "There is no such container.")
    now = services.now()
    day = body.day or now.astimezone(town.zone).date()
    places = body.line or ([body.location] if body.location is not None else [])
    incident = Incident(
        incident_id=new_job_id(),
        day=day,
        kind=body.kind,
        vehicle_id=vehicle_id,
        happened_at=min(body.happened_at or now, now),
        note=body.note,
        container_id=body.container_id,
        code=body.code,
        line=tuple(one.location for one in places),
    )
    store = services.store_of(caller)
    closure_id = None
    if incident.kind is IncidentKind.ROAD_CLOSED:
        is_sure = caller.role in _DISPATCH
        closure = Closure(
            closure_id=new_job_id(),
            line=incident.line,
            reason=body.note or "reported as closed",
            valid_from_at=incident.happened_at,
            valid_until_at=body.valid_until_at or max(local_midnight(day + timedelta(days=1), town.zone), now),
            added_at=now,
            added_by=caller.actor,
            confirmed_at=now if is_sure else None,
            confirmed_by=caller.actor if is_sure else None,
        )
        store.closures.add(closure)
        closure_id = closure.closure_id
    record = IncidentRecord(incident=incident, reported_at=now, actor=caller.actor, closure_id=closure_id)
    store.incidents.add(record)
    release = _release(services, caller, incident)
    if release is None:
        return record
    ask = IncidentAsk(
        incident_id=incident.incident_id,
        plan_id=release.plan_id,
        version=release.version,
        actor=caller.actor,
        now=now,
        limits=SolveLimits(time_limit_s=SEARCH_S),
    )
    job = submit(
        services,
        caller,
        kind=JobKind.INCIDENT,
        document=dump_incident_ask(ask),
        body=body,
        idempotency_key=f"incident-{incident.incident_id}",
    )
    store.incidents.note_job(incident.incident_id, job.job_id)
    return _found(services, caller, incident.incident_id)


def _releases(services: Services, caller: Principal, incident: Incident) -> Sequence[Release]:
    """What the tablets drive by: the reporting vehicle's plan, else all of the day."""
    versions = services.store_of(caller).versions
    found = versions.released_tour(incident.vehicle_id, incident.day) if incident.vehicle_id else None
    return [found.release] if found is not None else versions.current_releases(incident.day)


def _release(services: Services, caller: Principal, incident: Incident) -> Release | None:
    """What is to be planned anew; nothing where the tours are driven together with other towns."""
    found = _releases(services, caller, incident)
    return next((one for one in found if not _is_joint(services, caller, one)), None)


def _is_joint(services: Services, caller: Principal, release: Release) -> bool:
    return services.stores.joint_days.get(release.plan_id, caller.tenant_id) is not None


def _accept(services: Services, caller: Principal, incident_id: str) -> IncidentRecord:
    record = _found(services, caller, incident_id)
    store, now = services.store_of(caller), services.now()
    if record.state is not IncidentState.OPEN:
        raise ProblemError("already_finished", f"The incident is {record.state} already.")
    if record.job_id is not None:
        version = store.versions.of_content(record.job_id)
        if version is None:
            raise ProblemError("plan_not_finished", "The new plan is not there yet, or could not be made.")
        latest = store.versions.latest(version.plan_id)
        if latest is None or latest.version != version.version:
            detail = "The plan was changed since; report the incident again to get a proposal that knows of that."
            raise ProblemError("version_conflict", detail)
        store.versions.release(
            version.plan_id, if_match=version.etag, at=now, actor=caller.actor, version=version.version
        )
    store.incidents.decide(incident_id, IncidentState.ACCEPTED, at=now, by=caller.actor)
    if record.closure_id is not None:
        store.closures.confirm(record.closure_id, at=now, by=caller.actor)
    return _found(services, caller, incident_id)


def _reject(services: Services, caller: Principal, incident_id: str) -> IncidentRecord:
    record = _found(services, caller, incident_id)
    store, now = services.store_of(caller), services.now()
    if not store.incidents.decide(incident_id, IncidentState.REJECTED, at=now, by=caller.actor):
        raise ProblemError("already_finished", f"The incident is {record.state} already.")
    if record.closure_id is not None:
        store.closures.withdraw(record.closure_id, at=now, by=caller.actor)
    job = None if record.job_id is None else store.jobs.get(record.job_id)
    if job is not None:
        with suppress(AlreadyFinishedError):
            services.queue.cancel(caller.tenant_id, job)
        # What was proposed is no longer what the next change goes on from.
        if (proposed := store.versions.of_content(job.job_id)) is not None:
            store.versions.withdraw(proposed.plan_id, proposed.version, at=now)
    return _found(services, caller, incident_id)


def _found(services: Services, caller: Principal, incident_id: str) -> IncidentRecord:
    record = services.store_of(caller).incidents.get(incident_id) if incident_id.isprintable() else None
    if record is None or not may_see_vehicle(caller, record.incident.vehicle_id):
        raise ProblemError("not_found", "There is no incident with this id.")
    return record


def _answer(services: Services, caller: Principal, record: IncidentRecord) -> IncidentAnswer:
    incident = record.incident
    return IncidentAnswer(
        incident_id=incident.incident_id,
        kind=incident.kind,
        day=incident.day,
        vehicle_id=incident.vehicle_id,
        happened_at=incident.happened_at,
        note=incident.note,
        state=record.state,
        closure_id=record.closure_id,
        proposal=None if record.job_id is None else _proposal(services, caller, record.job_id),
        notice=_notice(services, caller, record),
    )


def _notice(services: Services, caller: Principal, record: IncidentRecord) -> Text | None:
    if record.job_id is not None or record.state is not IncidentState.OPEN:
        return None
    is_joint = any(_is_joint(services, caller, one) for one in _releases(services, caller, record.incident))
    return JOINT_NOTICE if is_joint else None


def _proposal(services: Services, caller: Principal, job_id: str) -> ProposalAnswer:
    store = services.store_of(caller)
    job, version = store.jobs.get(job_id), store.versions.of_content(job_id)
    if job is None:
        return ProposalAnswer(job_id=job_id, status=JobState.FAILED, error="The job is gone.")
    return ProposalAnswer(
        job_id=job_id,
        status=job.state,
        plan_id=None if version is None else version.plan_id,
        version=None if version is None else version.version,
        changes=None if version is None or version.changes is None else json.loads(version.changes),
        error="" if job.failure is None else job.failure.message,
    )
