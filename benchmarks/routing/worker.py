"""Runs one peer in a process of its own: on one core, with its own peak of memory, stoppable at any time.

Guards the comparison: a crash or an endless call of one peer does not touch the others, all processes are alive at the
same time so that calls can take turns, and no peer can use a second thread, whatever its settings.
"""

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.routing.lineup import make_peer
from benchmarks.routing.peer import Case, LeftOutError, Preparation

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TBB_NUM_THREADS"), "1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a call returned and how long it took, on the clock and on the core."""

    value: Any
    wall_s: float
    cpu_s: float


class Worker:
    """One peer's process, as the run sees it."""

    def __init__(self, name: str, case: Case) -> None:
        self.name = name
        os.environ.update(ONE_THREAD)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        log_path = case.scratch_dir / f"{name}.log"
        self._process = context.Process(target=_serve, args=(theirs, name, case, log_path), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, command: str, *arguments: Any, timeout_s: float) -> Reply:
        """Have the peer do one thing.

        Raises
        ------
        LeftOutError
            When the peer cannot, fails, crashes or needs longer; after the last two the worker is closed.
        """
        try:
            self._pipe.send((command, arguments))
            if not self._pipe.poll(max(0.1, timeout_s)):
                self.close()
                raise LeftOutError(f"'{command}' needs more than {timeout_s:.0f} s")
            is_done, reply = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise LeftOutError(f"its process ended during '{command}'") from error
        if not is_done:
            raise LeftOutError(reply)
        assert isinstance(reply, Reply)
        return reply

    def close(self) -> None:
        """End the process and whatever it has started."""
        if self._process.pid is not None and self._process.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.join(timeout=10)
        self._pipe.close()


def _serve(pipe: Connection, name: str, case: Case, log_path: Path) -> None:
    """Answer commands until the run closes the pipe."""
    os.setsid()
    with log_path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    commands: dict[str, Callable[..., Any]] | None = None
    while True:
        try:
            command, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            commands = commands or _commands(name, case)
            gc.collect()
            gc.disable()
            wall, cpu = time.perf_counter(), time.process_time()
            value = commands[command](*arguments)
            reply = Reply(value=value, wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)
            gc.enable()
            pipe.send((True, reply))
        except LeftOutError as error:
            pipe.send((False, str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its reason to be left out
            pipe.send((False, f"{type(error).__name__}: {error}"[:300]))


def _commands(name: str, case: Case) -> dict[str, Callable[..., Any]]:
    peer = make_peer(name)
    last: list[Any] = []

    def forget() -> None:
        last.clear()

    def matrix() -> None:
        last.append(peer.matrix())

    def prepare() -> Preparation:
        return peer.prepare(case)

    def save(path: Path) -> None:
        np.save(path, peer.durations(last[0]))

    return {
        "start": lambda: (peer.settings, peer.is_row_wise),
        "prepare": prepare,
        "load": lambda: peer.load(case),
        "ask": peer.ask,
        "forget": forget,
        "matrix": matrix,
        "save": save,
        "change": lambda: peer.change(case),
        "peak_mb": _peak_mb,
    }


def _peak_mb() -> float:
    """Peak of resident memory; ``getrusage`` would count the parent's size at the start, so Linux is asked itself."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    divisor = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / divisor
