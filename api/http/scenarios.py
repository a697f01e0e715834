"""Scenarios over HTTP: ask, watch, fetch, cancel; the live plans stay as they are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from pydantic import Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.etags import is_unchanged, not_modified, versioned
from api.http.job_answers import EXAMPLE, JobAnswer, accepted, fields_of, with_document
from api.http.openapi import problems
from api.http.scenario_body import EXAMPLES, ScenarioBody, scenario_ask
from api.http.services import Services
from api.http.submit import IdempotencyKey, find_job, submit
from api.jobs.job import Job, JobKind, JobState
from api.jobs.planning_documents import dump_scenario_ask
from optimizer.planning.scenario_comparison import ScenarioComparison


class ScenarioAnswer(JobAnswer):
    """A scenario and the job that compares it with its base."""

    scenario_id: str
    etag: str | None = None
    comparison: ScenarioComparison | None = Field(default=None, description="Present when `status` is `succeeded`.")


_RUNNING: dict[str, Any] = {
    **EXAMPLE,
    "scenario_id": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
    "etag": None,
    "comparison": None,
}


def scenarios_router(services: Services) -> APIRouter:
    """The operations on scenarios."""
    router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])
    example = {"content": {"application/json": {"example": _RUNNING}}}

    @router.post(
        "",
        operation_id="requestScenario",
        status_code=202,
        response_model=ScenarioAnswer,
        openapi_extra=describe_body(ScenarioBody, EXAMPLES),
        responses={
            202: {"description": "Queued; ask at the address in `Location`.", **example},
            **problems(
                "malformed_json",
                "not_found",
                "idempotency_conflict",
                "plan_not_finished",
                "joint_plan",
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
    def request_scenario(
        caller: Caller,
        body: Annotated[ScenarioBody, Depends(JsonBody(ScenarioBody))],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Ask what would be different."""
        document = dump_scenario_ask(scenario_ask(body, services, caller))
        job = submit(
            services, caller, kind=JobKind.SCENARIO, document=document, body=body, idempotency_key=idempotency_key
        )
        return accepted(_answer(job), f"/v1/scenarios/{job.job_id}")

    @router.get(
        "/{scenario_id}",
        operation_id="getScenario",
        response_model=ScenarioAnswer,
        responses={
            200: {"description": "The state, and the comparison when it is finished.", **example},
            304: {"description": "The comparison is the one you have."},
            **problems("not_found"),
        },
    )
    def get_scenario(
        caller: Caller, scenario_id: str, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        """Watch a scenario being planned, and fetch the comparison."""
        job = find_job(services, caller, scenario_id, JobKind.SCENARIO)
        record = services.store_of(caller).plans.scenario(scenario_id) if job.state is JobState.SUCCEEDED else None
        if record is None:
            headers = {"cache-control": "no-store"} | ({} if job.state.is_final else {"retry-after": "1"})
            return Response(_answer(job).model_dump_json(), media_type="application/json", headers=headers)
        if is_unchanged(record.etag, if_none_match):
            return not_modified(record.etag)
        return versioned(with_document(_answer(job, record.etag), "comparison", record.document), record.etag)

    @router.post(
        "/{scenario_id}/cancel",
        operation_id="cancelScenario",
        status_code=202,
        response_model=ScenarioAnswer,
        responses={
            202: {"description": "It ends within seconds.", **example},
            **problems("not_found", "already_finished"),
        },
    )
    def cancel_scenario(caller: Caller, scenario_id: str) -> Response:
        """End the planning; nothing is stored."""
        services.queue.cancel(caller.tenant_id, find_job(services, caller, scenario_id, JobKind.SCENARIO))
        return accepted(
            _answer(find_job(services, caller, scenario_id, JobKind.SCENARIO)), f"/v1/scenarios/{scenario_id}"
        )

    return router


def _answer(job: Job, etag: str | None = None) -> ScenarioAnswer:
    return ScenarioAnswer(scenario_id=job.job_id, etag=etag, comparison=None, **fields_of(job))
