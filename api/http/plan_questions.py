"""Questions about plans over HTTP: what differs between two, why a container is in or out, what the law says."""

import hashlib
from dataclasses import replace
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.files.plan_json import dump_difference
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import is_unchanged, not_modified, versioned
from api.http.job_answers import accepted
from api.http.jobs import JOB_EXAMPLE, AnyJobAnswer, job_answer
from api.http.language import SpokenLanguage, language_of
from api.http.openapi import problems
from api.http.plan_answers import VersionNumber, find_version, require_own_plan, stored_document
from api.http.services import Services
from api.http.submit import new_job_id
from api.http.waiting import wait_for
from api.identity.principal import Principal
from api.jobs.job import Job, JobKind, JobRequest, JobState
from api.jobs.planning_documents import ExplanationAsk, dump_explanation_ask
from api.plans.compliance import COMPLIANCE_MEDIA_TYPE, compliance_of, compliance_pdf
from api.sharing.joint_document import load_part
from api.store.plan_record import load_stored_plan
from api.store.plan_version_ports import PlanVersion
from optimizer.compliance.finding import Finding
from optimizer.compliance.rules import DriverRegime
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan
from optimizer.planning.compare_plans import compare_plans
from optimizer.planning.container_explanation import ContainerExplanation
from optimizer.planning.plan_difference import PlanDifference

EXPLANATION_WAIT_S = 20.0


class ExplanationAnswer(BaseModel):
    """Why a container is in a plan or not."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    version: int
    explanation: ContainerExplanation


class TourComplianceAnswer(BaseModel):
    """One tour's compliance."""

    model_config = ConfigDict(extra="forbid")

    vehicle_id: str
    regime: DriverRegime
    is_kept: bool = Field(description="False when a rule is broken; rules that a plan cannot show break nothing.")
    findings: list[Finding]


class ComplianceAnswer(BaseModel):
    """Every rule on every tour."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    version: int
    holiday_region: str
    is_from_file: bool = Field(description="Whether the town's compliance.toml says so, or these are the defaults.")
    tours: list[TourComplianceAnswer]


def plan_questions_router(services: Services) -> APIRouter:
    """The operations that say something about plans and change nothing."""
    router = APIRouter(prefix="/v1/plans", tags=["plans"])

    @router.get(
        "/{plan_id}/diff/{other_id}",
        operation_id="comparePlans",
        response_model=PlanDifference,
        responses=problems("not_found", "plan_not_finished"),
    )
    def compare(
        caller: Caller,
        plan_id: str,
        other_id: str,
        version: VersionNumber = None,
        other_version: VersionNumber = None,
    ) -> Response:
        """Say what the other plan does differently; two versions of one plan can be compared too."""
        first = find_version(services, caller, plan_id, version)
        second = find_version(services, caller, other_id, other_version)
        difference = compare_plans(_plan_of(services, caller, first), _plan_of(services, caller, second))
        return Response(
            dump_difference(difference), media_type="application/json", headers={"cache-control": "no-store"}
        )

    @router.get(
        "/{plan_id}/explain",
        operation_id="explainContainer",
        response_model=ExplanationAnswer,
        responses={
            202: {
                "description": "A worker is busy; ask again after `Retry-After`.",
                "model": AnyJobAnswer,
                "content": {"application/json": {"example": JOB_EXAMPLE}},
            },
            **problems(
                "not_found",
                "plan_not_finished",
                "joint_plan",
                "invalid_request",
                "stored_plan_unreadable",
                "job_failed",
                "queue_full",
                "stopping",
            ),
        },
    )
    async def explain(
        caller: Caller,
        plan_id: str,
        container: Annotated[str, Query(min_length=1, max_length=64, description="The container's id.")],
        version: VersionNumber = None,
    ) -> Response:
        """Say why a container is in or out, what it would cost on each vehicle, which rule binds, and what helps."""
        found, job = await run_sync(_asked, services, caller, plan_id, container, version)
        job = await wait_for(services, caller, job, max_wait_s=EXPLANATION_WAIT_S)
        if not job.state.is_final:
            answer = await run_sync(job_answer, services, caller, job)
            return accepted(answer, f"/v1/jobs/{job.job_id}")
        return await run_sync(_explained, services, caller, found, job)

    @router.get(
        "/{plan_id}/compliance",
        operation_id="getCompliance",
        response_model=ComplianceAnswer,
        responses=problems("not_found", "plan_not_finished", "stored_plan_unreadable", "no_town"),
    )
    def get_compliance(caller: Caller, plan_id: str, version: VersionNumber = None) -> Response:
        """Judge every tour by the working time act, driving times, noise and reversing."""
        found = find_version(services, caller, plan_id, version)
        town = services.town_of(caller).town
        judged = compliance_of(_driven_by_own(services, caller, found), town, services.town_folder(caller))
        answer = ComplianceAnswer(
            plan_id=plan_id,
            version=found.version,
            holiday_region=judged.holiday_region,
            is_from_file=judged.is_from_file,
            tours=[
                TourComplianceAnswer(
                    vehicle_id=one.vehicle_id, regime=one.regime, is_kept=one.is_kept, findings=list(one.findings)
                )
                for one in judged.tours
            ],
        )
        return Response(answer.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    @router.get(
        "/{plan_id}/compliance.pdf",
        operation_id="printCompliance",
        response_class=Response,
        responses={
            200: {"description": "A page for each tour.", "content": {COMPLIANCE_MEDIA_TYPE: {}}},
            304: {"description": "The sheets are the ones you have."},
            **problems("not_found", "plan_not_finished", "stored_plan_unreadable", "no_town"),
        },
    )
    def print_compliance(
        caller: Caller,
        plan_id: str,
        version: VersionNumber = None,
        language: SpokenLanguage = None,
        accept_language: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Print what the law says of each tour."""
        found = find_version(services, caller, plan_id, version)
        town, spoken = services.town_of(caller).town, language_of(language, accept_language)
        plan = _driven_by_own(services, caller, found)
        judged = compliance_of(plan, town, services.town_folder(caller))
        etag = f"{found.etag}-compliance-{judged.digest}-{spoken}"
        if is_unchanged(etag, if_none_match):
            return not_modified(etag)
        answer = versioned(compliance_pdf(plan, judged, town, spoken), etag, COMPLIANCE_MEDIA_TYPE)
        answer.headers["content-disposition"] = 'inline; filename="compliance.pdf"'
        return answer

    return router


def _driven_by_own(services: Services, caller: Principal, version: PlanVersion) -> Plan:
    """The version's plan; of a joint day the whole tours of the town's own crews, for whom the law is the town's."""
    plan = _plan_of(services, caller, version)
    record = services.stores.joint_days.get(version.plan_id, caller.tenant_id)
    return plan if record is None else replace(plan, tours=load_part(record.document).crews)


def _plan_of(services: Services, caller: Principal, version: PlanVersion) -> Plan:
    return load_stored_plan(stored_document(services, caller, version), name=f"plan {version.plan_id}")


def _asked(
    services: Services, caller: Principal, plan_id: str, container_id: str, version: int | None
) -> tuple[PlanVersion, Job]:
    """The job that answers; the one that has answered already, where neither plan nor town has changed since."""
    found = find_version(services, caller, plan_id, version)
    require_own_plan(services, caller, plan_id)
    store = services.store_of(caller)
    if not container_id.isprintable():
        raise ProblemError("invalid_request", "Use printable characters only.")
    document = dump_explanation_ask(ExplanationAsk(content_id=found.content_id, container_id=container_id))
    digest = hashlib.sha256(document + str(store.town.version()).encode()).hexdigest()
    # A blank begins it: no caller's Idempotency-Key can be this one.
    key = f" explanation {digest}"
    known = store.jobs.find_repeated(idempotency_key=key, request_digest=digest)
    if known is not None and (not known.state.is_final or known.state is JobState.SUCCEEDED):
        return found, known
    job, _is_new = services.queue.submit(
        caller.tenant_id,
        JobRequest(
            job_id=new_job_id(),
            kind=JobKind.EXPLANATION,
            document=document,
            request_digest=digest,
            idempotency_key=key if known is None else None,
        ),
    )
    return found, job


def _explained(services: Services, caller: Principal, version: PlanVersion, job: Job) -> Response:
    if job.state is JobState.SUCCEEDED:
        answer = services.store_of(caller).versions.answer(job.job_id)
        assert answer is not None, "an answer is written with its job's success"
        head = f'{{"plan_id":"{version.plan_id}","version":{version.version},"explanation":'.encode()
        return Response(
            head + answer.document + b"}", media_type="application/json", headers={"cache-control": "no-store"}
        )
    failure = job.failure
    if failure is not None and failure.code == "invalid_input":
        raise InvalidInputError(
            Issue(where=issue.where, code=issue.code, message=issue.message) for issue in failure.issues
        )
    if failure is not None and failure.code == "stored_plan_unreadable":
        raise ProblemError("stored_plan_unreadable", failure.message)
    raise ProblemError("job_failed", "The answer could not be found." if failure is None else failure.message)
