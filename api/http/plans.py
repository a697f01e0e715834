"""Plans over HTTP: ask, watch, fetch, list, cancel."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import is_unchanged, not_modified, versioned
from api.http.job_answers import EXAMPLE, JobAnswer, accepted, fields_of, with_document
from api.http.openapi import problems
from api.http.plan_body import EXAMPLES, PlanBody, planning_ask
from api.http.services import Services
from api.http.submit import IdempotencyKey, find_job, submit
from api.identity.principal import Principal
from api.jobs.job import Job, JobKind, JobState
from api.jobs.planning_documents import dump_planning_ask
from api.store.plan_record import PlanSummary
from optimizer.domain.plan import Plan

PLAN_ID = "6f1c2f0f8d6c4c0e9a3b5d7e1f2a3b4c"


class PlanAnswer(JobAnswer):
    """A plan and the job that makes it."""

    plan_id: str
    etag: str | None = Field(default=None, description="Version of the finished plan, also in the header ETag.")
    plan: Plan | None = Field(default=None, description="Present when `status` is `succeeded`.")


class PlanListItem(JobAnswer):
    """A plan in the list."""

    plan_id: str
    summary: PlanSummary | None = Field(default=None, description="Present when `status` is `succeeded`.")


class PlanPage(BaseModel):
    """A page of plans, newest first."""

    model_config = ConfigDict(extra="forbid")

    plans: list[PlanListItem]
    next_before: str | None = Field(description="Send as `before` to get the next page; null on the last.")


_RUNNING: dict[str, Any] = {**EXAMPLE, "plan_id": PLAN_ID, "etag": None, "plan": None}


def _example(value: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": value}}}


def plans_router(services: Services) -> APIRouter:
    """The operations on plans."""
    router = APIRouter(prefix="/v1/plans", tags=["plans"])

    @router.post(
        "",
        operation_id="requestPlan",
        status_code=202,
        response_model=PlanAnswer,
        openapi_extra=describe_body(PlanBody, EXAMPLES),
        responses={
            202: {"description": "Queued; ask at the address in `Location`.", **_example(_RUNNING)},
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
    def request_plan(
        caller: Caller,
        body: Annotated[PlanBody, Depends(JsonBody(PlanBody))],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Ask for a day's tours."""
        document = dump_planning_ask(planning_ask(body, services, caller))
        job = submit(services, caller, kind=JobKind.PLAN, document=document, body=body, idempotency_key=idempotency_key)
        return accepted(_answer(job), f"/v1/plans/{job.job_id}")

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
            with_document(PlanListItem(plan_id=one.job.job_id, **fields_of(one.job)), "summary", one.summary or b"null")
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
            200: {"description": "The state, and the plan when it is finished.", **_example(_RUNNING)},
            304: {"description": "The plan is the one you have."},
            **problems("not_found"),
        },
    )
    def get_plan(caller: Caller, plan_id: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        """Watch a plan being made, and fetch it."""
        job = find_job(services, caller, plan_id, JobKind.PLAN)
        record = services.store_of(caller).plans.plan(plan_id) if job.state is JobState.SUCCEEDED else None
        if record is None:
            headers = {"cache-control": "no-store"} | ({} if job.state.is_final else {"retry-after": "1"})
            return Response(_answer(job).model_dump_json(), media_type="application/json", headers=headers)
        if is_unchanged(record.etag, if_none_match):
            return not_modified(record.etag)
        return versioned(with_document(_answer(job, record.etag), "plan", record.document), record.etag)

    @router.post(
        "/{plan_id}/cancel",
        operation_id="cancelPlan",
        status_code=202,
        response_model=PlanAnswer,
        responses={
            202: {"description": "It ends within seconds.", **_example({**_RUNNING, "is_cancel_requested": True})},
            **problems("not_found", "already_finished"),
        },
    )
    def cancel_plan(caller: Caller, plan_id: str) -> Response:
        """End the planning; nothing is stored."""
        services.queue.cancel(caller.tenant_id, find_job(services, caller, plan_id, JobKind.PLAN))
        return accepted(_answer(find_job(services, caller, plan_id, JobKind.PLAN)), f"/v1/plans/{plan_id}")

    return router


def finished_plan_id(services: Services, caller: Principal, plan_id: str) -> str:
    """The id, when the plan is finished.

    Raises
    ------
    ProblemError
        When there is no such plan, or it is not finished.
    """
    job = find_job(services, caller, plan_id, JobKind.PLAN)
    if job.state is not JobState.SUCCEEDED:
        raise ProblemError("plan_not_finished", f"The plan's status is '{job.state}'.")
    return plan_id


def _answer(job: Job, etag: str | None = None) -> PlanAnswer:
    return PlanAnswer(plan_id=job.job_id, etag=etag, plan=None, **fields_of(job))
