"""Compiles all kernels of an installation and keeps them on disk, on two cores."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from optimizer.ports import ReportsProgress

STEP_STREETS, STEP_TOURS, STEP_DAY = "streets", "tours", "a whole day"


def compile_ahead(progress: ReportsProgress | None = None) -> dict[str, float]:
    """Seconds of each step; where everything is compiled already, each takes a few.

    Streets and tours share no kernels: each has a process of its own. The whole day afterwards is a check: it finds
    all that it needs.
    """
    seconds: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="fuhre-") as folder,
        # Processes that start from nothing: a copy of this one could hold locks of threads that it does not have.
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        steps: dict[Future[float], str] = {}
        for step, chore in ((STEP_STREETS, _streets), (STEP_TOURS, _tours)):
            steps[pool.submit(_timed, chore, Path(folder))] = step
            _tell(progress, step, 0.0)
        waiting = set(steps)
        while waiting:
            ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ended:
                seconds[steps[future]] = future.result()
                _tell(progress, steps[future], 1.0)
        _tell(progress, STEP_DAY, 0.0)
        seconds[STEP_DAY] = pool.submit(_timed, _day, Path(folder)).result()
        _tell(progress, STEP_DAY, 1.0)
    return seconds


def _timed(chore: Callable[[Path], None], folder: Path) -> float:
    started_s = time.perf_counter()
    chore(folder)
    return round(time.perf_counter() - started_s, 1)


def _streets(folder: Path) -> None:
    from api.warm_up.chores import ask_sample_map, sample_map  # noqa: PLC0415 - the parent needs no kernels

    ask_sample_map(sample_map(), folder)


def _tours(_folder: Path) -> None:
    from api.warm_up.chores import solve_sample_day  # noqa: PLC0415 - the parent needs no kernels

    solve_sample_day()


def _day(folder: Path) -> None:
    from api.warm_up.chores import plan_sample_day, sample_map  # noqa: PLC0415 - the parent needs no kernels

    plan_sample_day(sample_map(), folder)


def _tell(progress: ReportsProgress | None, step: str, share: float) -> None:
    if progress is not None:
        progress(step, share)
