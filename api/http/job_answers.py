"""How a job is told: its state, how far it is, and why it failed."""

from datetime import datetime
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.errors import IssueDocument, shown
from api.jobs.job import Job, JobState


class ProgressAnswer(BaseModel):
    """What a worker is doing."""

    model_config = ConfigDict(extra="forbid")

    step: str = Field(description="e.g. `forecast`, `matrix`, `solve`.")
    share: float = Field(description="Done of this step, 0 to 1.")
    detail: str


class FailureAnswer(BaseModel):
    """Why a job failed."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    issues: list[IssueDocument]


class JobAnswer(BaseModel):
    """A job's state."""

    model_config = ConfigDict(extra="forbid")

    status: JobState
    progress: ProgressAnswer
    is_cancel_requested: bool
    failure: FailureAnswer | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


EXAMPLE: dict[str, Any] = {
    "status": "running",
    "progress": {"step": "solve", "share": 0.4, "detail": ""},
    "is_cancel_requested": False,
    "failure": None,
    "created_at": "2026-03-02T04:30:00Z",
    "started_at": "2026-03-02T04:30:01Z",
    "finished_at": None,
}


def fields_of(job: Job) -> dict[str, Any]:
    """The fields of ``JobAnswer``."""
    failure = None
    if job.failure is not None:
        failure = FailureAnswer(
            code=job.failure.code,
            message=shown(job.failure.message),
            issues=[
                IssueDocument(where=shown(issue.where), code=issue.code, message=shown(issue.message))
                for issue in job.failure.issues[:50]
            ],
        )
    return {
        "status": job.state,
        "progress": ProgressAnswer(step=job.step, share=round(job.share, 3), detail=shown(job.detail)),
        "is_cancel_requested": job.is_cancel_requested,
        "failure": failure,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def accepted(answer: BaseModel, location: str) -> Response:
    """202 with the address to ask at."""
    headers = {"location": location, "retry-after": "1", "cache-control": "no-store"}
    return Response(answer.model_dump_json(), status_code=202, media_type="application/json", headers=headers)


def with_document(answer: BaseModel, name: str, document: bytes) -> bytes:
    """The answer as JSON, with a stored JSON document as its last field, unread."""
    return answer.model_dump_json(exclude={name})[:-1].encode() + f',"{name}":'.encode() + document + b"}"
