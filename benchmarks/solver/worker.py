"""Runs one solver on one task in a process of its own, tied to one core.

Guards the comparison: nothing of one solver is warm, loaded or running while another is timed, none can use a second
thread, and a crash or an endless call costs only its own row.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.lineup import make_peer
from benchmarks.solver.peer import Answer, LeftOutError

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TBB_NUM_THREADS"), "1"
)
START_S = 240.0
"""For imports, compiling and building the model; none of it is search time."""
GRACE_S = 60.0


def run_solver(name: str, task: Case | Day, *, seed: int, time_limit_s: float, core: int | None = None) -> Answer:
    """One timed search.

    Raises
    ------
    LeftOutError
        When the solver is missing, cannot model the task, fails, crashes or does not end.
    """
    os.environ.update(ONE_THREAD)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, name, core), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.send(task)
        _receive(ours, START_S, "getting ready")
        ours.send((seed, time_limit_s))
        answer = _receive(ours, time_limit_s * 1.5 + GRACE_S, "searching")
    finally:
        if process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        process.join(timeout=10)
        ours.close()
    assert isinstance(answer, Answer)
    return answer


def _receive(pipe: Connection, limit_s: float, doing: str) -> object:
    try:
        if not pipe.poll(limit_s):
            raise LeftOutError(f"{doing} took more than {limit_s:.0f} s")
        is_done, reply = pipe.recv()
    except (EOFError, OSError) as error:
        raise LeftOutError(f"its process ended while {doing}") from error
    if not is_done:
        raise LeftOutError(str(reply))
    return reply


def _serve(pipe: Connection, name: str, core: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    _silence()
    try:
        task = pipe.recv()
        peer = make_peer(name)
        peer.warm()
        peer.prepare(task)
        pipe.send((True, None))
        seed, time_limit_s = pipe.recv()
        gc.collect()
        pipe.send((True, peer.solve(seed=seed, time_limit_s=time_limit_s)))
    except LeftOutError as error:
        pipe.send((False, str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a solver raises is its reason to be left out
        pipe.send((False, f"{type(error).__name__}: {error}"[:300]))


def _silence() -> None:
    """Solvers write into the terminal from compiled code too."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
