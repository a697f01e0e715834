"""What the planning flow asks of its parts; every adapter passes the same contract suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.map_age import MAP_MAX_AGE_DAYS
from optimizer.domain.reading import CleanSeries
from optimizer.domain.request import SelectionRules, SolveLimits
from optimizer.domain.selection import Selection
from optimizer.domain.town import Town
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from routing.ports import StreetRouter


class ReportsProgress(Protocol):
    """Told how far a long piece of work is; raises ``CancelledError`` to end it."""

    def __call__(self, step: str, share: float, detail: str = "") -> None:
        """``share`` of ``step`` is done, 0 to 1."""
        ...


class CancelledError(Exception):
    """The caller asked a running plan to stop."""


class Forecaster(Protocol):
    """Turns cleaned series into distributions of the fill."""

    def forecast(
        self,
        containers: Sequence[Container],
        series: Mapping[str, CleanSeries],
        *,
        town: Town,
        as_of: datetime,
        until: datetime,
    ) -> dict[str, Forecast]:
        """A forecast for every container, also for one without readings, up to ``until``."""
        ...


class SelectionPolicy(Protocol):
    """Decides which containers are due."""

    def select(
        self,
        containers: Sequence[Container],
        forecasts: Mapping[str, Forecast],
        *,
        town: Town,
        day: date,
        rules: SelectionRules,
        force: frozenset[str] = frozenset(),
    ) -> Selection:
        """One candidate per container."""
        ...


class Solver(Protocol):
    """Finds tours for a problem."""

    @property
    def name(self) -> str:
        """Name for settings and reports."""
        ...

    def solve(
        self,
        problem: Problem,
        limits: SolveLimits,
        *,
        start: Solution | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> Solution:
        """The best tours found; never fails for lack of room or time.

        Parameters
        ----------
        start
            Tours to improve on.
        progress
            Called with (share of the limit used, best objective so far); may raise ``CancelledError``.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything the planning flow needs from outside, chosen in one place.

    Attributes
    ----------
    map_max_age_days
        Plans on an older map say so.
    """

    router: StreetRouter
    forecaster: Forecaster
    policies: Mapping[str, SelectionPolicy]
    solvers: Mapping[str, Solver]
    map_max_age_days: int = MAP_MAX_AGE_DAYS
