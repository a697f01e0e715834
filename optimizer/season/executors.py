"""Where the runs of a season are computed: here, or on all cores; other places can stand behind the same port."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class SeasonExecutor(Protocol):
    """Applies one function to many values."""

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Positions and results, in the order in which they are ready.

        Both the function and the tasks can be sent to other processes. Closing the iterator early gives up what has
        not begun.
        """
        ...


class SerialExecutor:
    """One after the other, in this process."""

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Positions and results, in order."""
        for at, task in enumerate(tasks):
            yield at, function(task)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessExecutor:
    """On several cores at once; new processes, because compiled code and threads do not survive a fork."""

    n_processes: int

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Positions and results, in the order in which they are ready."""
        n_processes = min(self.n_processes, len(tasks))
        if n_processes <= 1:
            yield from SerialExecutor().map(function, tasks)
            return
        pool = ProcessPoolExecutor(max_workers=n_processes, mp_context=multiprocessing.get_context("spawn"))
        try:
            position = {pool.submit(function, task): at for at, task in enumerate(tasks)}
            for done in as_completed(position):
                yield position[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
