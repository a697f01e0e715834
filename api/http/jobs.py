"""Jobs of every kind over HTTP: how far they are, as one answer or as a stream of events, and cancelling."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field
from sse_starlette import EventSourceResponse

from api.http.caller import Caller
from api.http.events_stream import job_events
from api.http.job_answers import EXAMPLE, JobAnswer, accepted, fields_of
from api.http.openapi import problems
from api.http.services import Services
from api.http.submit import find_job
from api.identity.principal import Principal
from api.jobs.job import Job, JobKind

JOB_ID = "0c9d1e2f3a4b5c6d7e8f9a0b1c2d3e4f"


class AnyJobAnswer(JobAnswer):
    """A job of any kind."""

    job_id: str
    kind: JobKind
    result: str | None = Field(description="Where to fetch what it made; null until `status` is `succeeded`.")


JOB_EXAMPLE: dict[str, Any] = {**EXAMPLE, "job_id": JOB_ID, "kind": "plan_edit", "result": None}


def jobs_router(services: Services) -> APIRouter:
    """The operations on jobs."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    example = {"content": {"application/json": {"example": JOB_EXAMPLE}}}

    @router.get(
        "/{job_id}",
        operation_id="getJob",
        response_model=AnyJobAnswer,
        responses={200: {"description": "Its state.", **example}, **problems("not_found")},
    )
    def get_job(caller: Caller, job_id: str) -> Response:
        """Watch a job."""
        job = find_job(services, caller, job_id)
        headers = {"cache-control": "no-store"} | ({} if job.state.is_final else {"retry-after": "1"})
        content = job_answer(services, caller, job).model_dump_json()
        return Response(content, media_type="application/json", headers=headers)

    @router.get(
        "/{job_id}/events",
        operation_id="watchJob",
        response_class=EventSourceResponse,
        responses={
            200: {
                "description": "Events `progress` with the job's state as JSON, and at last one event `end`.",
                "content": {"text/event-stream": {}},
            },
            **problems("not_found"),
        },
    )
    def watch_job(caller: Caller, job_id: str) -> Response:
        """Watch a job as server-sent events until it ends."""
        job = find_job(services, caller, job_id)
        return job_events(services, caller, job, lambda now: job_answer(services, caller, now))

    @router.post(
        "/{job_id}/cancel",
        operation_id="cancelJob",
        status_code=202,
        response_model=AnyJobAnswer,
        responses={
            202: {"description": "It ends within seconds.", **example},
            **problems("not_found", "already_finished"),
        },
    )
    def cancel_job(caller: Caller, job_id: str) -> Response:
        """End a job; nothing is stored."""
        services.queue.cancel(caller.tenant_id, find_job(services, caller, job_id))
        return accepted(job_answer(services, caller, find_job(services, caller, job_id)), f"/v1/jobs/{job_id}")

    return router


def job_answer(services: Services, caller: Principal, job: Job) -> AnyJobAnswer:
    """The job as it is told."""
    return AnyJobAnswer(job_id=job.job_id, kind=job.kind, result=_result(services, caller, job), **fields_of(job))


def _result(services: Services, caller: Principal, job: Job) -> str | None:
    if job.state != "succeeded":
        return None
    match job.kind:
        case JobKind.PLAN:
            return f"/v1/plans/{job.job_id}"
        case JobKind.SCENARIO:
            return f"/v1/scenarios/{job.job_id}"
        case JobKind.PLAN_EDIT | JobKind.INCIDENT:
            made = services.store_of(caller).versions.of_content(job.job_id)
            return None if made is None else f"/v1/plans/{made.plan_id}?version={made.version}"
        case _:
            return None
