"""What a simulated week is asked for, and what it writes down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from api.simulate.callers import Journal
from api.simulate.towns import TownSize


class Happening(StrEnum):
    """Something beyond the usual day."""

    NO_NETWORK = "no_network"
    PARTNER_JOINS = "partner_joins"
    PARTNER_LEAVES = "partner_leaves"
    BREAKDOWN = "breakdown"
    STREET_CLOSED = "street_closed"


USUAL_WEEK: Mapping[int, frozenset[Happening]] = MappingProxyType(
    {
        1: frozenset({Happening.NO_NETWORK}),
        2: frozenset({Happening.PARTNER_JOINS}),
        3: frozenset({Happening.BREAKDOWN}),
        4: frozenset({Happening.STREET_CLOSED}),
        5: frozenset({Happening.PARTNER_LEAVES}),
    }
)
"""By day from the first, which is a Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSpec:
    """What is simulated.

    Attributes
    ----------
    first_day
        A Monday, if the days are to have their usual happenings.
    sizes
        Of the town and its neighbour.
    map_path
        Streets; straight lines without.
    iterations
        Of every tour search, so that a week can be repeated.
    """

    first_day: date
    n_days: int = 7
    sizes: tuple[TownSize, TownSize] = (TownSize(containers=300, vehicles=3), TownSize(containers=60, vehicles=1))
    seed: int = 1
    iterations: int = 2_000
    map_path: Path | None = None
    happenings: Mapping[int, frozenset[Happening]] = field(default_factory=lambda: USUAL_WEEK)


@dataclass(slots=True)
class DayRecord:
    """A day of a town, as it will be told.

    Attributes
    ----------
    plans
        Published plans and versions.
    forecast_error
        Mean distance between what the morning's plan expects of a container and what is true.
    forecasts_that_fell
        Of the containers emptied the day before: those that are expected emptier than then, and all.
    violations
        What an independent checker says of the published plans.
    """

    day: date
    town: str
    plans: int = 0
    tours: int = 0
    lifts: int = 0
    blocked: int = 0
    km: float = 0.0
    left_though_due: int = 0
    overflowing: int = 0
    forecast_error: float = float("nan")
    forecasts_that_fell: tuple[int, int] = (0, 0)
    happenings: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Something that must be so at the end of the week."""

    name: str
    is_right: bool
    detail: str


@dataclass(slots=True)
class WeekResult:
    """The whole protocol."""

    spec: WeekSpec
    days: list[DayRecord] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether every account is."""
        return all(one.is_right for one in self.accounts)
