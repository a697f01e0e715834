"""What the comparison asks of every solver, ours and others."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day

Orders = list[tuple[int, list[int]]]
"""Vehicle number and visits: ``i >= 0`` is stop ``i``, ``~d`` is tipping at disposal site ``d`` (a call at the depot in
published instances)."""


class LeftOutError(Exception):
    """A solver cannot take part, here or in this instance; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Tours, without any cost: that is the judge's to say.

    Attributes
    ----------
    curve
        Seconds since the start and the cost the solver stood at, in units of the published cost; empty for solvers
        that do not tell.
    """

    orders: Orders
    wall_s: float
    curve: list[tuple[float, float]] = field(default_factory=list)
    note: str = ""


class SolverPeer(Protocol):
    """A solver in its own process."""

    def warm(self) -> None:
        """Have everything compiled and loaded that a first call would otherwise pay for."""
        ...

    def prepare(self, task: Case | Day) -> None:
        """Put the model together, before the clock starts.

        Raises
        ------
        LeftOutError
            When the solver cannot model the task.
        """
        ...

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Search for so long on one thread."""
        ...


class Stopwatch:
    """Seconds since its making, and a curve of falling costs."""

    def __init__(self) -> None:
        self.began_s = time.perf_counter()
        self.curve: list[tuple[float, float]] = []

    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.began_s

    def note(self, cost: float) -> None:
        """Write a cost down if it is the least so far."""
        if not self.curve or cost < self.curve[-1][1]:
            self.curve.append((self.seconds(), cost))


def orders_from(routes: Sequence[Sequence[int]]) -> Orders:
    """One vehicle after the other, unused ones left out."""
    return [(at, list(route)) for at, route in enumerate(routes) if route]
