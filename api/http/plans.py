"""Plans over HTTP: ask, watch, fetch, list, cancel."""

from datetime import date
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.etags import is_unchanged, not_modified
from api.http.job_answers import EXAMPLE, JobAnswer, accepted, fields_of, with_document
from api.http.open_alerts import OpenAlerts
from api.http.openapi import problems
from api.http.plan_answers import (
    PLAN_ID,
    RUNNING_EXAMPLE,
    PlanAnswer,
    VersionNumber,
    alert_lines,
    answer_etag,
    find_version,
    finished_plan,
    plan_answer,
    running_answer,
    stored_document,
)
from api.http.plan_body import EXAMPLES, PlanRequestBody, planning_ask
from api.http.services import Services
from api.http.submit import IdempotencyKey, find_job, submit
from api.http.waiting import wait_for
from api.identity.principal import Principal
from api.jobs.job import Job, JobKind, JobState
from api.jobs.planning_documents import dump_planning_ask
from api.store.plan_record import PlanSummary


class PlanListItem(JobAnswer):
    """A plan in the list."""

    plan_id: str
    version: int | None = Field(default=None, description="The latest; present when `status` is `succeeded`.")
    released_version: int | None = Field(default=None, description="What tablets get; null before the first release.")
    summary: PlanSummary | None = Field(default=None, description="Of the latest version.")


class PlanPage(BaseModel):
    """A page of plans, newest first."""

    model_config = ConfigDict(extra="forbid")

    plans: list[PlanListItem]
    next_before: str | None = Field(description="Send as `before` to get the next page; null on the last.")


def _example(value: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": value}}}


def plans_router(services: Services, alerts: OpenAlerts) -> APIRouter:
    """The operations on plans."""
    router = APIRouter(prefix="/v1/plans", tags=["plans"])

    @router.post(
        "",
        operation_id="requestPlan",
        status_code=202,
        response_model=PlanAnswer,
        openapi_extra=describe_body(PlanRequestBody, EXAMPLES),
        responses={
            200: {"description": "The plan, ready within `max_wait_s`.", **_example(RUNNING_EXAMPLE)},
            202: {"description": "Queued; ask at the address in `Location`.", **_example(RUNNING_EXAMPLE)},
            **problems(
                "malformed_json",
                "idempotency_conflict",
                "body_too_large",
                "body_too_slow",
                "unsupported_media_type",
                "invalid_request",
                "body_too_deep",
                "plan_too_large",
                "no_town",
                "queue_full",
                "stopping",
                "store_full",
            ),
        },
    )
    async def request_plan(
        caller: Caller,
        body: Annotated[PlanRequestBody, Depends(JsonBody(PlanRequestBody))],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Ask for a day's tours."""
        job = await run_sync(_submitted, services, caller, body, idempotency_key)
        job = await wait_for(services, caller, job, max_wait_s=body.max_wait_s)
        if job.state is not JobState.SUCCEEDED or body.max_wait_s == 0:
            return accepted(running_answer(job), f"/v1/plans/{job.job_id}")
        return await run_sync(_finished, services, caller, job, alerts)

    @router.get(
        "",
        operation_id="listPlans",
        response_model=PlanPage,
        responses={
            200: _example({"plans": [{**EXAMPLE, "plan_id": PLAN_ID, "summary": None}], "next_before": None}),
            **problems("invalid_request"),
        },
    )
    def list_plans(
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        before: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
        day: Annotated[date | None, Query(description="Only finished plans of this day.")] = None,
    ) -> Response:
        """List plans, newest first."""
        found = services.store_of(caller).plans.plans(limit=limit + 1, before=before, day=day)
        items = [
            with_document(
                PlanListItem(
                    plan_id=one.job.job_id,
                    version=one.version,
                    released_version=one.released_version,
                    **fields_of(one.job),
                ),
                "summary",
                one.summary or b"null",
            )
            for one in found[:limit]
        ]
        last = f'"{found[limit - 1].job.job_id}"' if len(found) > limit else "null"
        content = b'{"plans":[' + b",".join(items) + b'],"next_before":' + last.encode() + b"}"
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})

    @router.get(
        "/{plan_id}",
        operation_id="getPlan",
        response_model=PlanAnswer,
        responses={
            200: {"description": "The state, and the plan when it is finished.", **_example(RUNNING_EXAMPLE)},
            304: {"description": "The plan is the one you have."},
            **problems("not_found"),
        },
    )
    def get_plan(
        caller: Caller,
        plan_id: str,
        version: VersionNumber = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Watch a plan being made, and fetch it: its latest version unless another is asked for."""
        job = find_job(services, caller, plan_id, JobKind.PLAN)
        if job.state is not JobState.SUCCEEDED:
            lines = alert_lines(alerts, caller, has_areas=False)  # this is asked every second
            headers = {"cache-control": "no-store"} | ({} if job.state.is_final else {"retry-after": "1"})
            content = running_answer(job, lines).model_dump_json()
            return Response(content, media_type="application/json", headers=headers)
        lines = alert_lines(alerts, caller)
        found = find_version(services, caller, plan_id, version)
        release = services.store_of(caller).versions.current_release(plan_id)
        etag = answer_etag(found, release, lines)
        if is_unchanged(etag, if_none_match):
            return not_modified(etag)
        return plan_answer(job, found, release, lines, stored_document(services, caller, found))

    @router.post(
        "/{plan_id}/cancel",
        operation_id="cancelPlan",
        status_code=202,
        response_model=PlanAnswer,
        responses={
            202: {
                "description": "It ends within seconds.",
                **_example({**RUNNING_EXAMPLE, "is_cancel_requested": True}),
            },
            **problems("not_found", "already_finished"),
        },
    )
    def cancel_plan(caller: Caller, plan_id: str) -> Response:
        """End the planning; nothing is stored."""
        services.queue.cancel(caller.tenant_id, find_job(services, caller, plan_id, JobKind.PLAN))
        return accepted(running_answer(find_job(services, caller, plan_id, JobKind.PLAN)), f"/v1/plans/{plan_id}")

    return router


def _submitted(services: Services, caller: Principal, body: PlanRequestBody, idempotency_key: str | None) -> Job:
    document = dump_planning_ask(planning_ask(body, services, caller))
    return submit(services, caller, kind=JobKind.PLAN, document=document, body=body, idempotency_key=idempotency_key)


def _finished(services: Services, caller: Principal, job: Job, alerts: OpenAlerts) -> Response:
    """A plan that was waited for, as it would be fetched."""
    found = find_version(services, caller, job.job_id)
    release = services.store_of(caller).versions.current_release(job.job_id)
    answer = plan_answer(job, found, release, alert_lines(alerts, caller), stored_document(services, caller, found))
    answer.headers["location"] = f"/v1/plans/{job.job_id}"
    return answer


def finished_plan_id(services: Services, caller: Principal, plan_id: str) -> str:
    """The id, when the plan is finished.

    Raises
    ------
    ProblemError
        When there is no such plan, or it is not finished.
    """
    return finished_plan(services, caller, plan_id).job_id
