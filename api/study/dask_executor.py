"""Runs of a study on a Dask cluster, behind the same port as this machine's processes."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.season.executors import Result, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class DaskExecutor:
    """Sends every task to the workers of a scheduler, which need the same version of this program.

    Attributes
    ----------
    scheduler
        Address, e.g. ``tcp://scheduler:8786``.
    """

    scheduler: str
    connect_s: float = 10.0

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Positions and results, in the order in which they are ready.

        Raises
        ------
        InvalidInputError
            When Dask is not installed or the scheduler does not answer.
        """
        try:
            distributed = importlib.import_module("distributed")
        except ImportError as error:
            message = "Dask is not installed. Install this program with its extra 'dask', or use --executor processes."
            raise _issue("--executor", "no_dask", message) from error
        try:
            client = distributed.Client(self.scheduler, timeout=self.connect_s, set_as_default=False)
        except (OSError, ValueError) as error:
            message = f"No Dask scheduler answers at {self.scheduler} ({error}). Correct the address, or start one."
            raise _issue("--scheduler", "no_scheduler", message) from error
        with client:
            # Pure results would be shared between equal tasks; every task here is a run of its own.
            futures = [client.submit(function, task, pure=False) for task in tasks]
            position = {future.key: at for at, future in enumerate(futures)}
            try:
                for done in distributed.as_completed(futures, loop=client.loop):
                    yield position[done.key], done.result()
            finally:
                client.cancel(futures)


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
