"""How a plan and its versions are told over HTTP: alerts first, then its state, then the plan itself."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api.http.errors import ProblemError
from api.http.etags import versioned
from api.http.job_answers import EXAMPLE, JobAnswer, fields_of
from api.http.open_alerts import OpenAlerts
from api.http.services import Services
from api.http.submit import find_job
from api.identity.principal import Principal
from api.ingest.alerts import Alert, AlertKind
from api.jobs.job import Job, JobKind, JobState
from api.plans.inputs import PlanInputs
from api.store.plan_version_ports import PlanVersion, Release
from optimizer.domain.plan import Plan
from optimizer.planning.plan_difference import PlanDifference

PLAN_ID = "6f1c2f0f8d6c4c0e9a3b5d7e1f2a3b4c"
_SHOWN_ALERTS = 100

VersionNumber = Annotated[int | None, Query(ge=1, le=1_000_000, description="The latest when left out.")]


class AlertLine(BaseModel):
    """Something that is the matter while the plan is looked at."""

    model_config = ConfigDict(extra="forbid")

    kind: AlertKind
    subject_id: str = Field(description="The device; for silent areas the area.")
    container_id: str | None
    began_at: datetime
    detail: str


class WithAlerts(BaseModel):
    """What comes first in an answer."""

    model_config = ConfigDict(extra="forbid")

    alerts: list[AlertLine] = Field(default=[], description="Open alerts: fire first, then tilt, lids, silent areas.")


class PlanAnswer(JobAnswer, WithAlerts):
    """A plan and the job that makes it."""

    plan_id: str
    version: int | None = Field(default=None, description="1 for the plan as it was made; each change makes the next.")
    released_version: int | None = Field(default=None, description="What tablets get; null before the first release.")
    etag: str | None = Field(
        default=None, description="Names this version in `If-Match`, and this answer in `If-None-Match`."
    )
    inputs: PlanInputs | None = Field(default=None, description="What the plan rests on.")
    changes: PlanDifference | None = Field(default=None, description="Against the version before.")
    plan: Plan | None = Field(default=None, description="Present when `status` is `succeeded`.")


class ReleaseAnswer(BaseModel):
    """A version that tablets get."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    version: int
    etag: str
    release: int = Field(description="Rises with every release.")
    released_at: datetime
    replaces: list["ReplacedRelease"] = Field(description="What tablets got before, and get no more.")


class ReplacedRelease(BaseModel):
    """A version that tablets get no more."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    version: int


RUNNING_EXAMPLE: dict[str, Any] = {
    "alerts": [],
    **EXAMPLE,
    "plan_id": PLAN_ID,
    "version": None,
    "released_version": None,
    "etag": None,
    "inputs": None,
    "changes": None,
    "plan": None,
}
_DOCUMENTS = ("inputs", "changes", "plan")
_ALERTS = TypeAdapter(list[AlertLine])


def running_answer(job: Job, alerts: list[AlertLine] | None = None) -> PlanAnswer:
    """The answer of a plan that is not finished, or never will be."""
    return PlanAnswer(plan_id=job.job_id, alerts=alerts or [], **fields_of(job))


def alert_lines(alerts: OpenAlerts, caller: Principal, *, has_areas: bool = True) -> list[AlertLine]:
    """The caller's open alerts, without what changes with every message."""
    return [_line(one) for one in alerts.of(caller, limit=_SHOWN_ALERTS, has_areas=has_areas)]


def answer_etag(version: PlanVersion, release: Release | None, alerts: list[AlertLine]) -> str:
    """The version's etag, and after a point a digest of what else is told with it."""
    if release is None and not alerts:
        return version.etag
    beside = f"{None if release is None else release.version} ".encode() + _ALERTS.dump_json(alerts)
    return f"{version.etag}.{hashlib.sha256(beside).hexdigest()[:8]}"


def plan_etag_in(if_match: str | None) -> str | None:
    """The version's etag in a header If-Match, whichever answer it was read from."""
    return None if if_match is None else if_match.strip().strip('"').partition(".")[0]


def plan_answer(
    job: Job, version: PlanVersion, release: Release | None, alerts: list[AlertLine], document: bytes
) -> Response:
    """A version with its plan; the stored documents go out as they are."""
    etag = answer_etag(version, release, alerts)
    answer = PlanAnswer(
        plan_id=version.plan_id,
        alerts=alerts,
        version=version.version,
        released_version=None if release is None else release.version,
        etag=etag,
        **fields_of(job),
    )
    parts = {"inputs": version.inputs or b"null", "changes": version.changes or b"null", "plan": document}
    content = answer.model_dump_json(exclude=set(_DOCUMENTS))[:-1].encode()
    content += b"".join(b',"' + name.encode() + b'":' + parts[name] for name in _DOCUMENTS) + b"}"
    return versioned(content, etag)


def finished_plan(services: Services, caller: Principal, plan_id: str) -> Job:
    """The job of a plan that is finished.

    Raises
    ------
    ProblemError
        When there is no such plan, or it is not finished.
    """
    job = find_job(services, caller, plan_id, JobKind.PLAN)
    if job.state is not JobState.SUCCEEDED:
        raise ProblemError("plan_not_finished", f"The plan's status is '{job.state}'.")
    return job


def require_own_plan(services: Services, caller: Principal, plan_id: str) -> None:
    """Refuse what no town may do alone with a plan that holds stops of others.

    Raises
    ------
    ProblemError
        With what to do instead.
    """
    if services.stores.joint_days.get(plan_id, caller.tenant_id) is not None:
        detail = (
            "This plan holds stops of other towns. Give it to the tablets by POST /v1/joint-days/{plan_id}/release; "
            "for other tours ask for the joint plan anew with your wishes, or for one without partners."
        )
        raise ProblemError("joint_plan", detail)


def find_version(services: Services, caller: Principal, plan_id: str, version: int | None = None) -> PlanVersion:
    """A version of a finished plan; the latest unless named.

    Raises
    ------
    ProblemError
        When there is no such plan or version, or the plan is not finished.
    """
    finished_plan(services, caller, plan_id)
    versions = services.store_of(caller).versions
    found = versions.latest(plan_id) if version is None else versions.get(plan_id, version)
    if found is None:
        raise ProblemError("not_found", "The plan has no version of this number.")
    return found


def stored_document(services: Services, caller: Principal, version: PlanVersion) -> bytes:
    """A version's plan as it is stored."""
    record = services.store_of(caller).plans.plan(version.content_id)
    assert record is not None, "a version's content is written with it"
    return record.document


def _line(alert: Alert) -> AlertLine:
    return AlertLine(
        kind=alert.kind,
        subject_id=alert.subject_id,
        container_id=alert.container_id,
        began_at=alert.began_at,
        detail=alert.detail,
    )
