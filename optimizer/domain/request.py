"""What is asked of the planner: a town, a day, and how to decide."""

from dataclasses import dataclass, field
from datetime import date, datetime

from optimizer.domain.issues import IssueCollector
from optimizer.domain.reading import FillHistory
from optimizer.domain.town import Town


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRules:
    """How boldly containers are left for later.

    Attributes
    ----------
    must_collect_probability
        Probability of an overflow before the next visit from which a container must be emptied.
    overflow_cost_eur
        What one overfull container costs the town (cleaning, complaint), the price in the cost of waiting.
    min_fill_fraction
        Below this expected fill a container is never collected for its prize alone.
    max_blind_days
        A container without a trusted reading for longer must be emptied.
    """

    must_collect_probability: float = 0.10
    overflow_cost_eur: float = 60.0
    min_fill_fraction: float = 0.25
    max_blind_days: int = 21

    def __post_init__(self) -> None:
        issues = IssueCollector("selection rules")
        issues.require_number("must_collect_probability", self.must_collect_probability, high=1)
        issues.require_number("overflow_cost_eur", self.overflow_cost_eur, high=100_000)
        issues.require_number("min_fill_fraction", self.min_fill_fraction, high=1)
        issues.require_number("max_blind_days", self.max_blind_days, low=1, high=3_650)
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveLimits:
    """When a search ends, whichever comes first.

    Attributes
    ----------
    time_limit_s
        Wall-clock seconds; None when only the iterations count.
    iteration_limit
        Improvement steps or solutions, as the solver counts them; None when only the time counts.
    seed
        Same problem, seed, iteration limit and number of chains: the same tours.
    n_chains
        Searches side by side that exchange plans, where the solver can; each has the whole iteration limit.
    n_threads
        Cores that the chains may use at once.
    """

    time_limit_s: float | None = 10.0
    iteration_limit: int | None = None
    seed: int = 1
    n_chains: int = 1
    n_threads: int = 1

    def __post_init__(self) -> None:
        issues = IssueCollector("search limits")
        issues.require(
            self.time_limit_s is not None or self.iteration_limit is not None,
            "no_limit",
            "Give a time limit or an iteration limit.",
        )
        if self.time_limit_s is not None:
            issues.require_number("time_limit_s", self.time_limit_s, low=0.05, high=3_600)
        if self.iteration_limit is not None:
            issues.require_number("iteration_limit", self.iteration_limit, low=1, high=10**9)
        issues.require_number("seed", self.seed, high=2**31 - 1)
        issues.require_number("n_chains", self.n_chains, low=1, high=64)
        issues.require_number("n_threads", self.n_threads, low=1, high=64)
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRequest:
    """One day to plan.

    Attributes
    ----------
    day
        Local calendar day of the tours.
    as_of
        Readings after this instant are not used; aware.
    history
        Uncleaned series by container id.
    streams
        Streams to collect; empty for all.
    vehicle_ids
        Vehicles that may be used; empty for all that are available.
    exclude, force
        Container ids that must stay out, or must be emptied whatever the forecast says.
    policy, solver
        Names of the selection policy and the solver.
    with_baseline
        Also plan the emptying of all containers of the streams, to compare with.
    """

    town: Town
    day: date
    as_of: datetime
    history: FillHistory
    streams: frozenset[str] = frozenset()
    vehicle_ids: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    force: frozenset[str] = frozenset()
    rules: SelectionRules = field(default_factory=SelectionRules)
    limits: SolveLimits = field(default_factory=SolveLimits)
    policy: str = "overflow_risk"
    solver: str = "sisr"
    with_baseline: bool = False

    def __post_init__(self) -> None:
        issues = IssueCollector(f"plan request for {self.day}")
        issues.require(self.as_of.tzinfo is not None, "naive_instant", "Give 'as_of' with its time zone.")
        known = {
            "stream": {stream.stream_id for stream in self.town.streams},
            "vehicle": {vehicle.vehicle_id for vehicle in self.town.vehicles},
            "container": {container.container_id for container in self.town.containers},
        }
        for kind, asked in (
            ("stream", self.streams),
            ("vehicle", self.vehicle_ids),
            ("container", self.exclude),
            ("container", self.force),
        ):
            for name in sorted(asked - known[kind]):
                issues.add(f"unknown_{kind}", f"There is no {kind} '{name}' in {self.town.name}. Correct the id.")
        for name in sorted(self.exclude & self.force):
            issues.add("contradiction", f"Container {name} is both excluded and forced. Choose one.")
        issues.raise_if_any()
