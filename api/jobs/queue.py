"""The job queue: durable jobs on one side, worker processes on the other, and what happens when either fails."""

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from api.jobs.errors import AlreadyFinishedError, QueueFullError, QueueStoppedError
from api.jobs.failures import INTERRUPTED
from api.jobs.job import Job, JobRequest, JobState
from api.jobs.ports import OpensRunner
from api.jobs.slot import SlotState, WorkerSlot
from api.store.ports import JobStore

MAX_ATTEMPTS = 2
"""A job that was running at two crashes of the service is not tried a third time."""


class JobQueue:
    """Takes jobs, hands each to a free worker, and answers for every job's end.

    Parameters
    ----------
    jobs
        Where jobs are kept.
    open_runner
        Sent to each worker process, which makes its runner with it.
    worker_count, queue_length, job_time_limit_s
        See ``Settings``.
    now
        The clock for the jobs' times.
    """

    def __init__(
        self,
        jobs: JobStore,
        open_runner: OpensRunner,
        *,
        worker_count: int = 1,
        queue_length: int = 64,
        job_time_limit_s: float = 900.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs = jobs
        self._now = now
        self._queue_length = queue_length
        self._waiting: deque[str] = deque()
        self._is_stopping = False
        self._changed = threading.Condition()
        self._slots = [
            WorkerSlot(
                index=index,
                jobs=jobs,
                take=self._take,
                give_back=self._give_back,
                open_runner=open_runner,
                time_limit_s=job_time_limit_s,
                now=now,
            )
            for index in range(worker_count)
        ]

    def start(self) -> None:
        """Take up what an earlier run left behind, and start the workers."""
        for job in self._jobs.unfinished():
            if job.state is JobState.RUNNING:
                if job.is_cancel_requested:
                    self._jobs.cancel(job.job_id, at=self._now())
                    continue
                if job.attempts >= MAX_ATTEMPTS:
                    self._jobs.fail(job.job_id, INTERRUPTED, at=self._now())
                    continue
                self._jobs.requeue(job.job_id, counts_attempt=True)
            self._waiting.append(job.job_id)
        for slot in self._slots:
            slot.start()

    def submit(self, request: JobRequest) -> tuple[Job, bool]:
        """Queue a job; the second value is False when its idempotency key already had this job.

        Raises
        ------
        QueueFullError
            When too many jobs wait.
        QueueStoppedError
            When the service is stopping.
        IdempotencyConflictError
            When the key belongs to another request.
        """
        with self._changed:
            if request.idempotency_key is not None:
                repeated = self._jobs.find_repeated(
                    idempotency_key=request.idempotency_key, request_digest=request.request_digest
                )
                if repeated is not None:
                    return repeated, False
            if self._is_stopping:
                raise QueueStoppedError
            if len(self._waiting) >= self._queue_length:
                raise QueueFullError(waiting=len(self._waiting), retry_after_s=5)
            job, is_new = self._jobs.add(request, at=self._now())
            if is_new:
                self._waiting.append(job.job_id)
                self._changed.notify()
            return job, is_new

    def cancel(self, job: Job) -> None:
        """End a job: at once while it waits, within five seconds while it runs.

        Raises
        ------
        AlreadyFinishedError
            When it has ended otherwise; cancelling twice is fine.
        """
        with self._changed:
            if job.job_id in self._waiting:
                self._waiting.remove(job.job_id)
                self._jobs.cancel(job.job_id, at=self._now())
                return
            if any(slot.cancel(job.job_id) for slot in self._slots):
                self._jobs.request_cancel(job.job_id)
                return
        current = self._jobs.get(job.job_id)
        if current is not None and current.state.is_final and current.state is not JobState.CANCELLED:
            raise AlreadyFinishedError(state=current.state)

    def slot_states(self) -> list[SlotState]:
        """How each worker is."""
        return [slot.state() for slot in self._slots]

    def waiting_count(self) -> int:
        """Jobs that no worker has begun."""
        return len(self._waiting)

    def stop(self) -> None:
        """End the workers within seconds; unfinished jobs wait for the next start."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        for slot in self._slots:
            slot.stop()
        for slot in self._slots:
            slot.join()

    def _take(self, claim: Callable[[str], None], timeout_s: float) -> str | None:
        """The next job's id, or None after the timeout; ``claim`` runs before anybody can ask who has the job."""
        with self._changed:
            if not self._waiting and not self._is_stopping:
                self._changed.wait(timeout_s)
            if not self._waiting or self._is_stopping:
                return None
            job_id = self._waiting.popleft()
            claim(job_id)
            return job_id

    def _give_back(self, job_id: str) -> None:
        with self._changed:
            self._waiting.appendleft(job_id)
            self._changed.notify()
