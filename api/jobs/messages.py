"""What a worker process and the queue say to each other over their pipe."""

from dataclasses import dataclass

from api.jobs.job import JobFailure, JobKind
from api.store.ports import JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """To the worker: do this."""

    tenant_id: str
    job_id: str
    kind: JobKind
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """To the worker: end the job in hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """From the worker: everything is open, send work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """From the worker: it cannot open what it needs, and ends."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """From the worker: this far."""

    step: str
    share: float
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """From the worker: the result."""

    result: JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """From the worker: no result, and why."""

    failure: JobFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """From the worker: it ended the job because it was asked to."""


FromWorker = Ready | NotReady | Progress | Done | Failed | Cancelled
ToWorker = Assignment | Stop
