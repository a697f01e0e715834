"""The job queue: durable jobs on one side, worker processes on the other, and what happens when either fails."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from api.jobs.errors import AlreadyFinishedError, QueueFullError, QueueStoppedError
from api.jobs.failures import INTERRUPTED
from api.jobs.fair_line import FairLine, JobRef
from api.jobs.job import Job, JobRequest, JobState
from api.jobs.ports import OpensRunner
from api.jobs.slot import SlotState, WorkerSlot
from api.store.ports import JobStore

MAX_ATTEMPTS = 2
"""A job that was running at two crashes of the service is not tried a third time."""


class TenantJobs(Protocol):
    """Where the jobs of every tenant are kept."""

    def tenant_ids(self) -> Sequence[str]:
        """All tenants."""
        ...

    def of(self, tenant_id: str) -> JobStore:
        """One tenant's jobs."""
        ...


class JobQueue:
    """Takes jobs of all tenants, hands them in turn to free workers, and answers for every job's end.

    Parameters
    ----------
    jobs
        Where jobs are kept.
    open_runner
        Sent to each worker process, which makes its runner with it.
    worker_count, edit_worker_count, queue_length, job_time_limit_s, job_memory_limit_mb
        See ``Settings``.
    now
        The clock for the jobs' times.
    """

    def __init__(
        self,
        jobs: TenantJobs,
        open_runner: OpensRunner,
        *,
        worker_count: int = 1,
        edit_worker_count: int = 0,
        queue_length: int = 64,
        job_time_limit_s: float = 900.0,
        job_memory_limit_mb: int | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs = jobs
        self._now = now
        self._queue_length = queue_length
        self._waiting = FairLine()
        self._being_stored: Counter[str] = Counter()
        self._is_stopping = False
        self._changed = threading.Condition()
        self._slots = [
            WorkerSlot(
                index=index,
                jobs_of=jobs.of,
                take=partial(self._take, is_short_only=index >= worker_count),
                does_short_only=index >= worker_count,
                give_back=self._give_back,
                open_runner=open_runner,
                time_limit_s=job_time_limit_s,
                memory_limit_mb=job_memory_limit_mb,
                now=now,
            )
            for index in range(worker_count + edit_worker_count)
        ]

    def start(self) -> None:
        """Take up what an earlier run left behind, and start the workers."""
        for tenant_id in self._jobs.tenant_ids():
            self._take_up(tenant_id, self._jobs.of(tenant_id))
        for slot in self._slots:
            slot.start()

    def _take_up(self, tenant_id: str, jobs: JobStore) -> None:
        for job in jobs.unfinished():
            if job.state is JobState.RUNNING:
                if job.is_cancel_requested:
                    jobs.cancel(job.job_id, at=self._now())
                    continue
                if job.attempts >= MAX_ATTEMPTS:
                    jobs.fail(job.job_id, INTERRUPTED, at=self._now())
                    continue
                jobs.requeue(job.job_id, counts_attempt=True)
            self._waiting.append(JobRef(tenant_id=tenant_id, job_id=job.job_id), is_short=job.kind.is_short)

    def submit(self, tenant_id: str, request: JobRequest) -> tuple[Job, bool]:
        """Queue a job; the second value is False when its idempotency key already had this job.

        Raises
        ------
        QueueFullError
            When too many jobs of this tenant wait.
        QueueStoppedError
            When the service is stopping.
        IdempotencyConflictError
            When the key belongs to another request.
        """
        jobs = self._jobs.of(tenant_id)
        with self._changed:
            if request.idempotency_key is not None:
                repeated = jobs.find_repeated(
                    idempotency_key=request.idempotency_key, request_digest=request.request_digest
                )
                if repeated is not None:
                    return repeated, False
            if self._is_stopping:
                raise QueueStoppedError
            waiting = self._waiting.length_of(tenant_id) + self._being_stored[tenant_id]
            if waiting >= self._queue_length:
                raise QueueFullError(waiting=waiting, retry_after_s=5)
            self._being_stored[tenant_id] += 1
        try:
            # Outside the lock, so that those who ask at once are written at once.
            job, is_new = jobs.add(request, at=self._now())
        except BaseException:
            with self._changed:
                self._being_stored[tenant_id] -= 1
            raise
        with self._changed:
            self._being_stored[tenant_id] -= 1
            if is_new:
                self._waiting.append(JobRef(tenant_id=tenant_id, job_id=job.job_id), is_short=job.kind.is_short)
                # All of them: a worker for short jobs may be the one that wakes up for a long one.
                self._changed.notify_all()
        return job, is_new

    def cancel(self, tenant_id: str, job: Job) -> None:
        """End a job: at once while it waits, within five seconds while it runs.

        Raises
        ------
        AlreadyFinishedError
            When it has ended otherwise; cancelling twice is fine.
        """
        jobs, ref = self._jobs.of(tenant_id), JobRef(tenant_id=tenant_id, job_id=job.job_id)
        with self._changed:
            if ref in self._waiting:
                self._waiting.remove(ref)
                jobs.cancel(job.job_id, at=self._now())
                return
            if any(slot.cancel(ref) for slot in self._slots):
                jobs.request_cancel(job.job_id)
                return
        current = jobs.get(job.job_id)
        if current is not None and current.state.is_final and current.state is not JobState.CANCELLED:
            raise AlreadyFinishedError(state=current.state)

    def slot_states(self) -> list[SlotState]:
        """How each worker is."""
        return [slot.state() for slot in self._slots]

    def waiting_count(self, tenant_id: str | None = None) -> int:
        """Jobs that no worker has begun, of one tenant or of all."""
        return len(self._waiting) if tenant_id is None else self._waiting.length_of(tenant_id)

    def stop(self) -> None:
        """End the workers within seconds; unfinished jobs wait for the next start."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        for slot in self._slots:
            slot.stop()
        for slot in self._slots:
            slot.join()

    def _take(self, claim: Callable[[JobRef], None], timeout_s: float, *, is_short_only: bool = False) -> JobRef | None:
        """The next job, or None after the timeout; ``claim`` runs before anybody can ask who has the job."""
        with self._changed:
            if not self._waiting.has_any(is_short_only=is_short_only) and not self._is_stopping:
                self._changed.wait(timeout_s)
            if not self._waiting.has_any(is_short_only=is_short_only) or self._is_stopping:
                return None
            job = self._waiting.take(is_short_only=is_short_only)
            claim(job)
            return job

    def _give_back(self, job: JobRef) -> None:
        with self._changed:
            self._waiting.put_first(job)
            self._changed.notify_all()
