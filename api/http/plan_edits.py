"""People's changes to plans over HTTP: edits that make versions, the versions, and their release to the tablets."""

import json
from datetime import datetime
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import version_named, versioned
from api.http.job_answers import accepted
from api.http.jobs import JOB_EXAMPLE, AnyJobAnswer, job_answer
from api.http.open_alerts import OpenAlerts
from api.http.openapi import problems
from api.http.plan_answers import (
    PLAN_ID,
    RUNNING_EXAMPLE,
    PlanAnswer,
    ReleaseAnswer,
    ReplacedRelease,
    VersionNumber,
    alert_lines,
    find_version,
    finished_plan,
    plan_answer,
    plan_etag_in,
    require_own_plan,
    stored_document,
)
from api.http.plan_edit_body import EXAMPLES, EditsBody
from api.http.services import Services
from api.http.submit import IdempotencyKey, find_job, repeated_job, submit
from api.http.waiting import wait_for
from api.identity.principal import Principal
from api.jobs.job import Job, JobKind, JobState
from api.jobs.planning_documents import PlanEditAsk, dump_edit_ask, load_planning_ask
from api.plans.edit_request import EditRequest, draft_edits
from api.plans.edits import Edit, ImpossibleEditError, load_holds
from api.search_limits import search_limits
from api.store.errors import StaleVersionError
from api.store.plan_record import load_stored_plan
from api.store.plan_version_ports import PlanVersion
from optimizer.domain.issues import Issue
from optimizer.domain.relaxation import Text
from optimizer.domain.request import SolveLimits

EDIT_SEARCH_S = 0.8
"""With reading, matrix, check and streets an answer is there within two seconds."""

IfMatch = Annotated[
    str | None, Header(description="The `etag` of the version that you read; without it the answer is 428.")
]


class _Sent(BaseModel):
    """What an Idempotency-Key stands for."""

    plan_id: str
    if_match: str | None
    edits: list[dict[str, Any]]


_EDITED = {**RUNNING_EXAMPLE, "status": "succeeded", "version": 2, "etag": "9f86d081884c7d659a2feaa0c55ad015"}


class VersionItem(BaseModel):
    """One version in the list."""

    model_config = ConfigDict(extra="forbid")

    version: int
    etag: str
    made_at: datetime
    actor: str = Field(description="Who asked for it: a key's id or a login's pseudonym.")
    edits: list[dict[str, Any]] = Field(description="What was asked for: edits, or the incident that it answers.")
    changes: list[Text] = Field(description="Against the version before, in words.")
    is_released: bool
    is_withdrawn: bool = Field(description="It was proposed after an incident and refused: changes go on without it.")


class VersionList(BaseModel):
    """All versions of a plan, the newest first."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    versions: list[VersionItem]


_SENTENCES = TypeAdapter(list[Text])
_BODY_PROBLEMS = (
    "malformed_json",
    "body_too_large",
    "body_too_slow",
    "unsupported_media_type",
    "invalid_request",
    "body_too_deep",
)


def plan_edits_router(services: Services, alerts: OpenAlerts) -> APIRouter:
    """The operations that make versions and release them."""
    router = APIRouter(prefix="/v1/plans", tags=["plans"])

    @router.patch(
        "/{plan_id}",
        operation_id="editPlan",
        response_model=PlanAnswer,
        openapi_extra=describe_body(EditsBody, EXAMPLES),
        responses={
            200: {"description": "The new version.", "content": {"application/json": {"example": _EDITED}}},
            202: {
                "description": "It takes longer; ask at the address in `Location`.",
                "model": AnyJobAnswer,
                "content": {"application/json": {"example": JOB_EXAMPLE}},
            },
            **problems(
                *_BODY_PROBLEMS,
                "not_found",
                "idempotency_conflict",
                "plan_not_finished",
                "edit_impossible",
                "joint_plan",
                "version_conflict",
                "version_required",
                "stored_plan_unreadable",
                "job_failed",
                "no_town",
                "queue_full",
                "stopping",
                "store_full",
            ),
        },
    )
    async def edit_plan(
        caller: Caller,
        plan_id: str,
        body: Annotated[EditsBody, Depends(JsonBody(EditsBody))],
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Change a plan: move, pin, unpin, exclude, include, swap; all else stays unless moving it pays."""
        job = await run_sync(_submitted, services, caller, plan_id, body, if_match, idempotency_key)
        job = await wait_for(services, caller, job, max_wait_s=body.max_wait_s)
        if not job.state.is_final:
            answer = await run_sync(job_answer, services, caller, job)
            return accepted(answer, f"/v1/jobs/{job.job_id}")
        return await run_sync(_outcome, services, caller, job, alerts)

    @router.get(
        "/{plan_id}/versions",
        operation_id="listPlanVersions",
        response_model=VersionList,
        responses={
            200: {"content": {"application/json": {"example": {"plan_id": PLAN_ID, "versions": []}}}},
            **problems("not_found", "plan_not_finished"),
        },
    )
    def list_plan_versions(caller: Caller, plan_id: str) -> Response:
        """List what a plan was and is, the newest first."""
        finished_plan(services, caller, plan_id)
        versions = services.store_of(caller).versions
        release = versions.current_release(plan_id)
        released = None if release is None else release.version
        items = [_item(one, is_released=one.version == released) for one in reversed(versions.all(plan_id))]
        content = VersionList(plan_id=plan_id, versions=items).model_dump_json()
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})

    @router.post(
        "/{plan_id}/release",
        operation_id="releasePlan",
        response_model=ReleaseAnswer,
        responses={
            200: {"description": "Tablets get this version from now on, all tours at once."},
            **problems(
                "not_found", "plan_not_finished", "joint_plan", "version_conflict", "version_required", "store_full"
            ),
        },
    )
    def release_plan(caller: Caller, plan_id: str, version: VersionNumber = None, if_match: IfMatch = None) -> Response:
        """Give a version to the tablets, the latest or an earlier one; it takes the place of what they had before."""
        finished_plan(services, caller, plan_id)
        require_own_plan(services, caller, plan_id)
        etag = plan_etag_in(if_match)
        if etag is None:
            raise StaleVersionError(is_missing=True)
        release, ended = services.store_of(caller).versions.release(
            plan_id, if_match=etag, at=services.now(), actor=caller.actor, version=version
        )
        answer = ReleaseAnswer(
            plan_id=plan_id,
            version=release.version,
            etag=etag,
            release=release.sequence,
            released_at=release.released_at,
            replaces=[ReplacedRelease(plan_id=one.plan_id, version=one.version) for one in ended],
        )
        return versioned(answer.model_dump_json().encode(), etag)

    return router


def _submitted(
    services: Services,
    caller: Principal,
    plan_id: str,
    body: EditsBody,
    if_match: str | None,
    idempotency_key: str | None,
) -> Job:
    """The job that makes the version, or the earlier one under the same key."""
    sent = _Sent(
        plan_id=plan_id, if_match=version_named(if_match), edits=[one.model_dump(mode="json") for one in body.edits]
    )
    repeated = repeated_job(services, caller, kind=JobKind.PLAN_EDIT, body=sent, idempotency_key=idempotency_key)
    if repeated is not None:
        return repeated
    base = find_version(services, caller, plan_id)
    etag = plan_etag_in(if_match)
    if etag != base.etag:
        raise StaleVersionError(is_missing=etag is None)
    require_own_plan(services, caller, plan_id)
    asked = load_planning_ask(find_job(services, caller, plan_id, JobKind.PLAN).document)
    edits = tuple(one.to_edit() for one in body.edits)
    now = _instant_under_way(services, caller, base)
    limits = search_limits(time_limit_s=EDIT_SEARCH_S, iteration_limit=None, seed=asked.limits.seed)
    _judge(services, caller, base, edits, vehicle_ids=asked.vehicle_ids, limits=limits)
    ask = PlanEditAsk(
        plan_id=plan_id,
        base_version=base.version,
        actor=caller.actor,
        edits=edits,
        vehicle_ids=asked.vehicle_ids,
        limits=limits,
        now=now,
    )
    return submit(
        services,
        caller,
        kind=JobKind.PLAN_EDIT,
        document=dump_edit_ask(ask),
        body=sent,
        idempotency_key=idempotency_key,
    )


def _judge(
    services: Services,
    caller: Principal,
    base: PlanVersion,
    edits: tuple[Edit, ...],
    *,
    vehicle_ids: tuple[str, ...],
    limits: SolveLimits,
) -> None:
    """Refuse at once what no search could mend; what is done already only the worker knows, who has the map."""
    plan = load_stored_plan(stored_document(services, caller, base), name=f"plan {base.plan_id}")
    holds = load_holds(base.holds)
    request = EditRequest(edits=edits, holds=holds, limits=limits, vehicle_ids=frozenset(vehicle_ids))
    draft_edits(plan, services.town_of(caller).town, request)


def _instant_under_way(services: Services, caller: Principal, base: PlanVersion) -> datetime | None:
    """Now, where tablets drive the plan; None where nothing of it has begun."""
    release = services.store_of(caller).versions.current_release(base.plan_id)
    if release is None:
        return None
    now = services.now()
    today = now.astimezone(services.town_of(caller).town.zone).date()
    if base.day < today:
        message = f"The tours of {base.day} are over. Ask for a plan of a day to come."
        raise ImpossibleEditError([Issue(where="plan", code="day_over", message=message)])
    return now if base.day == today else None


def _outcome(services: Services, caller: Principal, job: Job, alerts: OpenAlerts) -> Response:
    """What an edit that has ended came to."""
    versions = services.store_of(caller).versions
    if job.state is JobState.SUCCEEDED:
        version = versions.of_content(job.job_id)
        assert version is not None, "a version is written with its job's success"
        plan_job = find_job(services, caller, version.plan_id, JobKind.PLAN)
        release = versions.current_release(version.plan_id)
        document = stored_document(services, caller, version)
        return plan_answer(plan_job, version, release, alert_lines(alerts, caller), document)
    failure = job.failure
    if failure is None:
        raise ProblemError("job_failed", "The change was cancelled; the plan is as it was.")
    if failure.code == "stale_version":
        raise StaleVersionError(is_missing=False)
    codes = {
        "edit_impossible": "edit_impossible",
        "invalid_input": "invalid_request",
        "stored_plan_unreadable": "stored_plan_unreadable",
    }
    raise ProblemError(codes.get(failure.code, "job_failed"), failure.message, issues=failure.issues)


def _item(version: PlanVersion, *, is_released: bool) -> VersionItem:
    changes = [] if version.changes is None else json.loads(version.changes)["sentences"]
    return VersionItem(
        version=version.version,
        etag=version.etag,
        made_at=version.made_at,
        actor=version.actor,
        edits=json.loads(version.edits),
        changes=_SENTENCES.validate_python(changes),
        is_released=is_released,
        is_withdrawn=version.is_withdrawn,
    )
