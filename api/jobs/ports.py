"""What the queue asks of the code that runs inside a worker process."""

from typing import Protocol

from api.jobs.job import JobKind
from api.store.ports import JobResult
from optimizer.ports import ReportsProgress


class JobRunner(Protocol):
    """Does the work of one job after the other, and keeps warm what is dear to open."""

    def run(
        self, *, tenant_id: str, job_id: str, kind: JobKind, document: bytes, progress: ReportsProgress
    ) -> JobResult:
        """The result of a job; whatever it raises ends the job as failed, ``CancelledError`` as cancelled."""
        ...


class OpensRunner(Protocol):
    """A value that can be sent to a new process and makes the runner there."""

    def __call__(self) -> JobRunner:
        """The runner; an error keeps the worker from becoming ready, and its message is shown to operators."""
        ...
