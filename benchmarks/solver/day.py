"""A waste day: a problem of ours whose answers are timed by one exact scheduler, whoever ordered the visits."""

from dataclasses import dataclass

from optimizer.problem.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day to solve.

    Attributes
    ----------
    per_unit
        Micro-euros in one unit of the cost that is compared.
    raw
        What the family's own judge needs beside the problem, None where the problem says it all.
    """

    name: str
    family: str
    problem: Problem
    per_unit: int
    best_known: float | None = None
    raw: object | None = None

    @property
    def n_stops(self) -> int:
        """Pickups."""
        return len(self.problem.pickups)
