"""How much is measured: sizes, repeats and time limits of a quick and of a full run."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Limits of a run.

    Attributes
    ----------
    sizes
        Numbers of points, rising.
    repeats
        Timed runs of a matrix, of which the median counts; fewer for slow peers.
    matrix_limit_s
        A peer whose matrix takes longer is not asked for it.
    prepare_limit_s, change_limit_s
        A preparation or change that takes longer is stopped.
    oracle_rows
        Rows that are compared with the oracle, at every size.
    may_rebuild
        Whether engines that close streets by running their preparation again are asked to.
    reserved_s
        By track: time that preparing must leave for measuring; peers that are not ready by then are left out, but for
        those in ``ALWAYS``.
    left_out
        Peers that do not fit into the plan, and why.
    ahead_s
        Time at the beginning for what takes longest, all at once (``benchmarks.routing.ahead``); 0 for one after the
        other, which is how preparations are timed fairly.
    parts
        Tracks that are run.
    ends_at
        Reading of ``time.monotonic`` by which the run has to be over.
    """

    sizes: tuple[int, ...]
    repeats: int
    matrix_limit_s: float
    prepare_limit_s: float
    change_limit_s: float
    oracle_rows: int
    may_rebuild: bool = True
    reserved_s: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    ahead_s: float = 0.0
    parts: tuple[str, ...] = ("graph", "places", "chores")
    ends_at: float = float("inf")

    @property
    def n_points(self) -> int:
        """The largest number of points."""
        return self.sizes[-1]

    def with_at_least(self, seconds: float) -> "Plan":
        """The same with so much time left, if there is less."""
        return replace(self, ends_at=max(self.ends_at, time.monotonic() + seconds))

    def left_s(self, wanted_s: float) -> float:
        """The wanted time or what is left of it."""
        return min(wanted_s, self.ends_at - time.monotonic())


NOT_ASKED = "not asked for in this run"
"""Reason against peers that a narrowed plan leaves out."""

FULL = Plan(
    sizes=(100, 500, 1000, 2000, 5000),
    repeats=7,
    matrix_limit_s=15,
    prepare_limit_s=1800,
    change_limit_s=120,
    oracle_rows=1000,
)


ALWAYS = ("ours", "ours_bare")
"""Peers whose preparing may take all of a run's time: without them there is nothing to compare."""

_TOO_SLOW_FOR_QUICK = {
    "valhalla": "needs about a minute for 1000 x 1000; the full run asks it for 100 x 100",
    "osmnx": "needs half a minute to read a map; the full run has it",
    "igraph": "the full run has it",
    "scipy": "is the judge of exactness here; the full run times it too",
    "ours_with_metres": "the full run has it",
}


def quick(budget_s: float) -> Plan:
    """One size, everything within the budget."""
    return Plan(
        sizes=(1000,),
        repeats=5,
        matrix_limit_s=3,
        prepare_limit_s=budget_s,
        change_limit_s=8,
        oracle_rows=1000,
        may_rebuild=False,
        ahead_s=0.5 * budget_s,
        parts=("places", "graph"),
        reserved_s={"places": 0.5 * budget_s, "graph": 0.2 * budget_s},
        left_out=_TOO_SLOW_FOR_QUICK,
        ends_at=time.monotonic() + budget_s,
    )


def narrowed(plan: Plan, *, sizes: tuple[int, ...], parts: tuple[str, ...], left_out: tuple[str, ...]) -> Plan:
    """A plan with other sizes and parts, where some are named, and without some peers."""
    return replace(
        plan,
        sizes=tuple(sorted(sizes)) or plan.sizes,
        parts=parts or plan.parts,
        left_out={**dict.fromkeys(left_out, NOT_ASKED), **plan.left_out},
    )


def growth(smaller: tuple[int, float], larger: tuple[int, float]) -> float:
    """How a matrix's time grows with its size: the exponent between two ``(n, seconds)``, from 1 to 2."""
    (n, seconds), (larger_n, larger_seconds) = smaller, larger
    if larger_n <= n or min(seconds, larger_seconds) <= 0:
        return 2.0
    return float(np.clip(math.log(larger_seconds / seconds) / math.log(larger_n / n), 1.0, 2.0))


def n_rows_within(row_s: float, *, n: int, limit_s: float) -> int:
    """How many rows of a row-wise peer fit into a time limit; at least ten, at most all."""
    return int(np.clip(limit_s / max(row_s, 1e-9), min(10, n), n))


def n_repeats_within(matrix_s: float, *, repeats: int, limit_s: float) -> int:
    """How many runs fit into a time limit; at least one."""
    return int(np.clip(limit_s / max(matrix_s, 1e-9), 1, repeats))
