"""The life of a worker process: open what is dear once, then do one job after the other until the pipe closes."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path

from api.jobs.failures import failure_of
from api.jobs.messages import Assignment, Cancelled, Done, Failed, FromWorker, NotReady, Progress, Ready, Stop, ToWorker
from api.jobs.ports import JobRunner, OpensRunner
from optimizer.ports import CancelledError

PROGRESS_EVERY_S = 0.2
"""Progress within one step is told at most this often."""


def work(
    connection: "Connection[FromWorker, ToWorker]", open_runner: OpensRunner, memory_limit_mb: int | None = None
) -> None:
    """Entry point of the process."""
    # Ctrl-C and a service manager's SIGTERM reach every process; only the parent decides when a job ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_with_parent()
    try:
        runner = open_runner()
    except Exception as error:  # noqa: BLE001 - every reason is told to the operator
        connection.send(NotReady(message=f"{failure_of(error).message} ({type(error).__name__})"))
        return
    if memory_limit_mb is not None:
        _limit_memory(memory_limit_mb)
    connection.send(Ready())
    while True:
        try:
            message = connection.recv()
        except EOFError:
            return
        if isinstance(message, Assignment):  # a Stop that came after its job had ended is nothing to do
            connection.send(_outcome(runner, message, connection))


def _outcome(
    runner: JobRunner, assignment: Assignment, connection: "Connection[FromWorker, ToWorker]"
) -> Done | Failed | Cancelled:
    try:
        result = runner.run(
            tenant_id=assignment.tenant_id,
            job_id=assignment.job_id,
            kind=assignment.kind,
            document=assignment.document,
            progress=_PipeProgress(connection),
        )
    except CancelledError:
        return Cancelled()
    except Exception as error:  # noqa: BLE001 - a job's error is its outcome, the worker lives on
        return Failed(failure=failure_of(error))
    return Done(result=result)


class _PipeProgress:
    """Tells the queue how far the job is, and learns from it whether to stop."""

    def __init__(self, connection: "Connection[FromWorker, ToWorker]") -> None:
        self._connection = connection
        self._step = ""
        self._told_at_s = 0.0
        # Solvers may report from several threads; a pipe carries one message at a time.
        self._lock = threading.Lock()

    def __call__(self, step: str, share: float, detail: str = "") -> None:
        with self._lock:
            if self._connection.poll(0) and isinstance(self._connection.recv(), Stop):
                raise CancelledError
            now_s = time.monotonic()
            if step != self._step or now_s - self._told_at_s >= PROGRESS_EVERY_S:
                self._step, self._told_at_s = step, now_s
                self._connection.send(Progress(step=step, share=share, detail=detail))


def _limit_memory(limit_mb: int) -> None:
    """Let jobs take so much memory beyond what the opened maps use; what wants more gets a MemoryError."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - exists on POSIX only

        used_bytes = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        limit_bytes = used_bytes + limit_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def end_after_parent() -> None:
        wait([parent.sentinel])
        os._exit(1)  # nobody is left to tell, and a solver in its C++ loop would not listen

    threading.Thread(target=end_after_parent, name="parent-watch", daemon=True).start()
