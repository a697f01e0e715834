"""What a season is made of: a town, its citizens, its sensors, the days, and how decisions are judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from optimizer.domain.issues import IssueCollector
from optimizer.domain.request import SelectionRules, SolveLimits
from optimizer.domain.town import Town
from optimizer.simulation.statistics import FillStatistics

HISTORY_DAYS = 56
"""Days of readings before the warm-up, with emptyings on a fixed schedule: what a service starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorFailures:
    """What goes wrong with sensors beyond the usual.

    Attributes
    ----------
    silent_share, stuck_share
        Sensors that fall silent, or repeat one level, for ever from a random day of the season on.
    outage_days
        Days without any report from the containers nearest to one of them, drawn at random.
    outage_share
        How many of the containers lie in that area.
    """

    silent_share: float = 0.0
    stuck_share: float = 0.0
    outage_days: int = 0
    outage_share: float = 0.25

    def __post_init__(self) -> None:
        issues = IssueCollector("sensor failures")
        for name in ("silent_share", "stuck_share", "outage_share"):
            issues.require_number(name, getattr(self, name), high=1)
        issues.require_number("outage_days", self.outage_days, high=3_650)
        issues.raise_if_any()


NO_FAILURES = SensorFailures()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonSpec:
    """Everything that a season's outcome depends on, but the policies.

    Attributes
    ----------
    statistics
        By stream: how containers fill.
    first_day, n_days, warm_up_days
        The first counted day, how many are counted, and how many are driven before them without being counted.
    seeds
        Each is another set of containers' habits, days and sensors' moods; all policies meet the same ones.
    limits
        Of the tour search of one day; iterations, so that results can be repeated.
    sensor_coverage
        Share of containers with a sensor; whoever has one at 50 % has one at 100 % too.
    noted_share
        Share of emptyings at which the crew notes how full the container was, in quarters.
    overflow_fraction
        True level from which a container counts as overfull.
    learn_every_days
        How often the forecast's model is learnt anew.
    """

    name: str
    town: Town
    statistics: Mapping[str, FillStatistics]
    first_day: date
    n_days: int
    seeds: tuple[int, ...]
    warm_up_days: int = 21
    rules: SelectionRules = field(default_factory=SelectionRules)
    limits: SolveLimits = field(default_factory=lambda: SolveLimits(time_limit_s=None, iteration_limit=2_000))
    sensor_coverage: float = 1.0
    failures: SensorFailures = NO_FAILURES
    noted_share: float = 0.8
    overflow_fraction: float = 0.9
    learn_every_days: int = 7

    def __post_init__(self) -> None:
        issues = IssueCollector(f"season {self.name}")
        issues.require_number("n_days", self.n_days, low=1, high=3_650)
        issues.require_number("warm_up_days", self.warm_up_days, high=365)
        issues.require_number("learn_every_days", self.learn_every_days, low=1, high=365)
        issues.require_number("sensor_coverage", self.sensor_coverage, high=1)
        issues.require_number("noted_share", self.noted_share, high=1)
        issues.require_number("overflow_fraction", self.overflow_fraction, low=0.1, high=1)
        issues.require(bool(self.seeds), "no_seeds", "Give at least one seed.")
        issues.require(len(set(self.seeds)) == len(self.seeds), "seeds", "Give every seed once.")
        issues.require(bool(self.town.containers), "no_containers", "A season needs containers.")
        issues.require(
            self.limits.time_limit_s is None,
            "time_limit",
            "Limit the search by iterations, so that it can be repeated.",
        )
        for stream in sorted({one.stream for one in self.town.containers} - set(self.statistics)):
            issues.add("no_statistics", f"There are no fill statistics for '{stream}'. Add them.")
        issues.raise_if_any()
