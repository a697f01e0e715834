"""A job as a value: what is asked (kind and document, never a callable), how far it is, and how it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from optimizer.domain.issues import Issue


class JobKind(StrEnum):
    """What a worker can be asked for."""

    PLAN = "plan"
    SCENARIO = "scenario"
    PLAN_EDIT = "plan_edit"
    EXPLANATION = "explanation"
    INCIDENT = "incident"

    @property
    def is_short(self) -> bool:
        """Whether a person waits for it, and it takes a second or two: such jobs go before their tenant's others."""
        return self in {JobKind.PLAN_EDIT, JobKind.EXPLANATION, JobKind.INCIDENT}


class JobState(StrEnum):
    """Where a job is in its life; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the job will not change any more."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """Why a job failed: a stable code, a sentence for people, and the issues where the input is at fault."""

    code: str
    message: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job that is not in the queue yet.

    Attributes
    ----------
    document
        JSON that the worker understands.
    request_digest
        Digest of what the caller sent; tells a repetition from another request under the same key.
    """

    job_id: str
    kind: JobKind
    document: bytes
    request_digest: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job with its state.

    Attributes
    ----------
    step, share, detail
        What the worker does, how much of that step is done (0 to 1), and a word about it.
    attempts
        How often a worker has begun it.
    """

    job_id: str
    kind: JobKind
    document: bytes
    request_digest: str
    state: JobState
    step: str
    share: float
    detail: str
    is_cancel_requested: bool
    failure: JobFailure | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
