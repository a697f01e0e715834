"""One worker process and the thread that looks after it: starts it, feeds it, ends it, and replaces it when it dies."""

import logging
import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Protocol

from api.jobs.failures import CRASHED, NO_WORKER, TOO_SLOW
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

_LOGGER = logging.getLogger(__name__)


class TakesJob(Protocol):
    """Hands out the next job."""

    def __call__(self, claim: Callable[[str], None], timeout_s: float) -> str | None:
        """The job's id, after ``claim`` was called with it, or None after the timeout."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """How a worker is: its process id, whether it has opened everything, what it works on, and what went wrong last."""

    pid: int | None
    is_ready: bool
    job_id: str | None
    trouble: str


class WorkerSlot:
    """Owns one process at a time."""

    def __init__(
        self,
        *,
        index: int,
        jobs: JobStore,
        take: TakesJob,
        give_back: Callable[[str], None],
        open_runner: OpensRunner,
        time_limit_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._take = take
        self._give_back = give_back
        self._open_runner = open_runner
        self._time_limit_s = time_limit_s
        self._now = now
        self._process: SpawnProcess | None = None
        self._connection: Connection[ToWorker, FromWorker] | None = None
        self._is_ready = False
        self._trouble = ""
        self._job_id: str | None = None
        self._cancelled_id: str | None = None
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

    def cancel(self, job_id: str) -> bool:
        """Ask for the end of this job; False when this slot does not work on it."""
        if self._job_id != job_id:
            return False
        self._cancelled_id = job_id
        return True

    def state(self) -> SlotState:
        """How the worker is now."""
        process = self._process
        is_alive = process is not None and process.is_alive()
        return SlotState(
            pid=process.pid if process is not None and is_alive else None,
            is_ready=is_alive and self._is_ready,
            job_id=self._job_id,
            trouble=self._trouble,
        )

    def _claim(self, job_id: str) -> None:
        self._job_id = job_id

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
                if self._cancelled_id == self._job_id:
                    self._cancelled_id = None
                self._job_id = None
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
        process = context.Process(target=work, args=(theirs, self._open_runner), daemon=True)
        process.start()
        theirs.close()  # so that the pipe ends when the process does
        self._process, self._connection, self._is_ready = process, ours, False

    def _process_is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(timeout=5)
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
        job_id = self._job_id
        assert job_id is not None
        try:
            job = self._jobs.begin(job_id, at=self._now())
        except StoreError:
            self._give_back(job_id)
            raise
        if job is None:
            return
        if self._send(Assignment(job_id=job.job_id, kind=job.kind, document=job.document)):
            self._follow(job)
        elif job.attempts >= MAX_STARTS_PER_JOB:
            self._fail(job, NO_WORKER)
        else:  # the worker died while it was idle: no fault of the job
            self._store(lambda: self._jobs.requeue(job.job_id, counts_attempt=True))
            self._give_back(job.job_id)

    def _follow(self, job: Job) -> None:
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
                    self._note_progress(job, message)
            elif message is not None:
                self._end(job, message, is_overdue=now_s - started_s > self._time_limit_s)
                return
            elif not self._process_is_alive():
                self._end_dead(job, was_stopped=stop_sent_s is not None, started_s=started_s)
                return
            is_overdue = now_s - started_s > self._time_limit_s
            if stop_sent_s is None:
                if self._cancelled_id == job.job_id or self._is_stopping.is_set() or is_overdue:
                    stop_sent_s = now_s
                    self._send(Stop())
            elif now_s - stop_sent_s > CANCEL_GRACE_S:
                self._kill()
                self._end_dead(job, was_stopped=True, started_s=started_s)
                return

    def _note_progress(self, job: Job, message: Progress) -> None:
        try:
            self._jobs.report_progress(job.job_id, step=message.step, share=message.share, detail=message.detail)
        except StoreError as error:
            _LOGGER.warning("Progress of a job could not be stored: %s", error)

    def _end(self, job: Job, message: FromWorker, *, is_overdue: bool) -> None:
        if isinstance(message, Done):
            result = message.result
            self._store(lambda: self._jobs.succeed(job.job_id, result, at=self._now()))
        elif isinstance(message, Failed):
            self._fail(job, message.failure)
        elif isinstance(message, Cancelled):
            self._end_stopped(job, is_overdue=is_overdue)

    def _end_dead(self, job: Job, *, was_stopped: bool, started_s: float) -> None:
        if was_stopped:
            self._end_stopped(job, is_overdue=time.monotonic() - started_s > self._time_limit_s)
        else:
            self._fail(job, CRASHED)

    def _end_stopped(self, job: Job, *, is_overdue: bool) -> None:
        if self._cancelled_id == job.job_id:
            self._store(lambda: self._jobs.cancel(job.job_id, at=self._now()))
        elif is_overdue:
            self._fail(job, TOO_SLOW)
        else:  # the service stops: the job is taken up at the next start
            self._store(lambda: self._jobs.requeue(job.job_id, counts_attempt=False))

    def _fail(self, job: Job, failure: JobFailure) -> None:
        self._store(lambda: self._jobs.fail(job.job_id, failure, at=self._now()))

    def _store(self, change: Callable[[], bool]) -> None:
        """Store a job's end, however long the database is away; what a stop cuts off is taken up at the next start."""
        while True:
            try:
                change()
            except StoreError as error:
                _LOGGER.warning("The end of a job could not be stored yet: %s", error)
                if self._is_stopping.wait(1.0):
                    return
            else:
                return
