"""One worker process and the thread that looks after it: starts it, feeds it, ends it, and replaces it when it dies."""

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Protocol

from api.jobs.failures import CRASHED, NO_WORKER, RESOURCE_LIMIT, TOO_SLOW
from api.jobs.fair_line import JobRef
from api.jobs.job import Job, JobFailure
from api.jobs.messages import Assignment, Cancelled, Done, Failed, FromWorker, NotReady, Progress, Ready, Stop, ToWorker
from api.jobs.ports import OpensRunner
from api.jobs.worker import work
from api.store.errors import StoreError
from api.store.ports import JobStore

CANCEL_GRACE_S = 3.0
"""A worker that was asked to end its job and has not after this long is killed."""

RESTART_PAUSE_S = 2.0
"""Pause before a worker that could not open its map is tried again."""

STORE_PROGRESS_EVERY_S = 0.5
MAX_STARTS_PER_JOB = 3

MAX_ATTEMPTS_AFTER_DEATH = 2
"""A worker may be killed for no fault of its job, so the job gets a second one; two deaths are the job's."""

_LOGGER = logging.getLogger(__name__)


class TakesJob(Protocol):
    """Hands out the next job."""

    def __call__(self, claim: Callable[[JobRef], None], timeout_s: float) -> JobRef | None:
        """The job, after ``claim`` was called with it, or None after the timeout."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """How a worker is: its process id, whether it has opened everything, what it works on, and what went wrong last.

    Attributes
    ----------
    does_short_only
        It is kept free for what people wait for, and makes no plans.
    """

    pid: int | None
    is_ready: bool
    job: JobRef | None
    trouble: str
    does_short_only: bool = False


class WorkerSlot:
    """Owns one process at a time."""

    def __init__(
        self,
        *,
        index: int,
        jobs_of: Callable[[str], JobStore],
        take: TakesJob,
        give_back: Callable[[JobRef], None],
        open_runner: OpensRunner,
        time_limit_s: float,
        memory_limit_mb: int | None,
        now: Callable[[], datetime],
        does_short_only: bool = False,
    ) -> None:
        self._jobs_of = jobs_of
        self._take = take
        self._give_back = give_back
        self._open_runner = open_runner
        self._time_limit_s = time_limit_s
        self._memory_limit_mb = memory_limit_mb
        self._now = now
        self._does_short_only = does_short_only
        self._process: SpawnProcess | None = None
        self._connection: Connection[ToWorker, FromWorker] | None = None
        self._is_ready = False
        self._last_exit_code: int | None = None
        self._trouble = ""
        self._job: JobRef | None = None
        self._cancelled: JobRef | None = None
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name=f"worker-slot-{index}", daemon=True)

    def start(self) -> None:
        """Start the thread, which starts the process."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; a running job goes back to the queue."""
        self._is_stopping.set()

    def join(self) -> None:
        """Wait for the thread's end."""
        if self._thread.ident is not None:
            self._thread.join(timeout=CANCEL_GRACE_S + 5)

    def cancel(self, job: JobRef) -> bool:
        """Ask for the end of this job; False when this slot does not work on it."""
        if self._job != job:
            return False
        self._cancelled = job
        return True

    def state(self) -> SlotState:
        """How the worker is now."""
        process = self._process
        is_alive = process is not None and process.is_alive()
        return SlotState(
            pid=process.pid if process is not None and is_alive else None,
            is_ready=is_alive and self._is_ready,
            job=self._job,
            trouble=self._trouble,
            does_short_only=self._does_short_only,
        )

    def _claim(self, job: JobRef) -> None:
        self._job = job

    def _look_after(self) -> None:
        while not self._is_stopping.is_set():
            try:
                if not self._is_process_ready():
                    continue
                if self._take(self._claim, timeout_s=0.5) is not None:
                    self._do_job()
            except StoreError as error:
                _LOGGER.warning("A worker slot waits for the database: %s", error)
                self._is_stopping.wait(1.0)
            except Exception:
                _LOGGER.exception("A worker slot met a fault and goes on.")
                self._kill()
                self._is_stopping.wait(1.0)
            finally:
                if self._cancelled == self._job:
                    self._cancelled = None
                self._job = None
        self._kill()

    def _is_process_ready(self) -> bool:
        """Start the process where there is none; whether it can take a job now."""
        if self._process is None or not self._process.is_alive() or self._connection is None:
            self._kill()
            self._spawn()
        if self._is_ready:
            return True
        message = self._receive(timeout_s=0.5)
        if isinstance(message, Ready):
            self._is_ready, self._trouble = True, ""
        elif isinstance(message, NotReady):
            self._trouble = message.message
            _LOGGER.error("A worker cannot start: %s", message.message)
            self._kill()
            self._is_stopping.wait(RESTART_PAUSE_S)
        elif not self._process_is_alive():
            self._trouble = "The worker process ended while it started."
            self._is_stopping.wait(RESTART_PAUSE_S)
        return self._is_ready

    def _spawn(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self._open_runner, self._memory_limit_mb), daemon=True)
        process.start()
        theirs.close()  # so that the pipe ends when the process does
        self._process, self._connection, self._is_ready = process, ours, False

    def _process_is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(timeout=5)
            self._last_exit_code = self._process.exitcode
            self._process = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._is_ready = False

    def _receive(self, *, timeout_s: float) -> FromWorker | None:
        """The worker's next message; None after the timeout or when the process has died."""
        if self._connection is None:
            return None
        try:
            return self._connection.recv() if self._connection.poll(timeout_s) else None
        except (EOFError, OSError):
            self._kill()
            return None

    def _send(self, message: ToWorker) -> bool:
        try:
            if self._connection is not None:
                self._connection.send(message)
                return True
        except OSError:
            self._kill()
        return False

    def _do_job(self) -> None:
        ref = self._job
        assert ref is not None
        try:
            job = self._jobs_of(ref.tenant_id).begin(ref.job_id, at=self._now())
        except StoreError:
            self._give_back(ref)
            raise
        if job is None:
            return
        assignment = Assignment(tenant_id=ref.tenant_id, job_id=job.job_id, kind=job.kind, document=job.document)
        if self._send(assignment):
            self._follow(ref, job)
        elif job.attempts >= MAX_STARTS_PER_JOB:
            self._fail(ref, NO_WORKER)
        else:  # the worker died while it was idle: no fault of the job
            self._try_again(ref)

    def _follow(self, ref: JobRef, job: Job) -> None:
        """Listen until the job has ended one way or the other."""
        started_s = time.monotonic()
        stop_sent_s: float | None = None
        stored_s, stored_step = 0.0, ""
        while True:
            message = self._receive(timeout_s=0.1)
            now_s = time.monotonic()
            if isinstance(message, Progress):
                if message.step != stored_step or now_s - stored_s >= STORE_PROGRESS_EVERY_S:
                    stored_s, stored_step = now_s, message.step
                    self._note_progress(ref, message)
            elif message is not None:
                self._end(ref, message, is_overdue=now_s - started_s > self._time_limit_s)
                return
            elif not self._process_is_alive():
                self._kill()
                self._end_dead(ref, job, was_stopped=stop_sent_s is not None, started_s=started_s)
                return
            is_overdue = now_s - started_s > self._time_limit_s
            if stop_sent_s is None:
                if self._cancelled == ref or self._is_stopping.is_set() or is_overdue:
                    stop_sent_s = now_s
                    self._send(Stop())
            elif now_s - stop_sent_s > CANCEL_GRACE_S:
                self._kill()
                self._end_dead(ref, job, was_stopped=True, started_s=started_s)
                return

    def _note_progress(self, ref: JobRef, message: Progress) -> None:
        try:
            self._jobs_of(ref.tenant_id).report_progress(
                ref.job_id, step=message.step, share=message.share, detail=message.detail
            )
        except StoreError as error:
            _LOGGER.warning("Progress of a job could not be stored: %s", error)

    def _end(self, ref: JobRef, message: FromWorker, *, is_overdue: bool) -> None:
        if isinstance(message, Done):
            result = message.result
            self._store(lambda: self._jobs_of(ref.tenant_id).succeed(ref.job_id, result, at=self._now()))
        elif isinstance(message, Failed):
            self._fail(ref, message.failure)
            if message.failure.code == RESOURCE_LIMIT.code:
                self._kill()  # what is left of its memory is in pieces; the next job gets a whole one
        elif isinstance(message, Cancelled):
            self._end_stopped(ref, is_overdue=is_overdue)

    def _end_dead(self, ref: JobRef, job: Job, *, was_stopped: bool, started_s: float) -> None:
        if was_stopped:
            self._end_stopped(ref, is_overdue=time.monotonic() - started_s > self._time_limit_s)
        elif self._memory_limit_mb is not None and self._last_exit_code == -signal.SIGABRT:
            self._fail(ref, RESOURCE_LIMIT)  # so ends C++ that gets no memory
        elif job.attempts < MAX_ATTEMPTS_AFTER_DEATH:
            _LOGGER.warning("A worker died of job %s, which is tried once more.", ref.job_id)
            self._try_again(ref)
        else:
            self._fail(ref, CRASHED)

    def _end_stopped(self, ref: JobRef, *, is_overdue: bool) -> None:
        if self._cancelled == ref:
            self._store(lambda: self._jobs_of(ref.tenant_id).cancel(ref.job_id, at=self._now()))
        elif is_overdue:
            self._fail(ref, TOO_SLOW)
        else:  # the service stops: the job is taken up at the next start
            self._store(lambda: self._jobs_of(ref.tenant_id).requeue(ref.job_id, counts_attempt=False))

    def _try_again(self, ref: JobRef) -> None:
        if self._store(lambda: self._jobs_of(ref.tenant_id).requeue(ref.job_id, counts_attempt=True)):
            self._give_back(ref)

    def _fail(self, ref: JobRef, failure: JobFailure) -> None:
        self._store(lambda: self._jobs_of(ref.tenant_id).fail(ref.job_id, failure, at=self._now()))

    def _store(self, change: Callable[[], bool]) -> bool:
        """Store a job's end, however long the database is away; what a stop cuts off is taken up at the next start."""
        while True:
            try:
                return change()
            except StoreError as error:
                _LOGGER.warning("The end of a job could not be stored yet: %s", error)
                if self._is_stopping.wait(1.0):
                    return False
