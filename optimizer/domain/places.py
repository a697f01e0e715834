"""Where vehicles start, end and tip."""

from dataclasses import dataclass, field

from optimizer.domain.hours import Hours
from optimizer.domain.issues import IssueCollector
from routing.location import Location

HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Depot:
    """Where vehicles start and end their tours."""

    depot_id: str
    location: Location
    name: str = ""

    def __post_init__(self) -> None:
        issues = IssueCollector(f"depot {self.depot_id}")
        issues.require(bool(self.depot_id.strip()), "empty_id", "The depot needs an id.")
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class DisposalSite:
    """Where vehicles tip.

    Attributes
    ----------
    streams
        Waste streams that it accepts.
    hours
        When it is open; a vehicle must be done with unloading before it closes.
    unloading_s
        Seconds from arrival to departure, without ``queue_s_by_hour``.
    queue_s_by_hour
        For each hour of the clock, how much longer it takes for who joins the queue then; empty where that is always
        the same and part of ``unloading_s``.
    fee_eur_per_t
        Gate fee per tonne, equal for all sites when unknown.
    """

    disposal_site_id: str
    location: Location
    streams: frozenset[str]
    hours: Hours = field(default_factory=Hours)
    unloading_s: int = 900
    fee_eur_per_t: float = 0.0
    queue_s_by_hour: tuple[int, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        issues = IssueCollector(f"disposal site {self.disposal_site_id}")
        issues.require(bool(self.disposal_site_id.strip()), "empty_id", "The disposal site needs an id.")
        issues.require(bool(self.streams), "no_streams", "List the waste streams that it accepts.")
        issues.require_number("unloading_s", self.unloading_s, high=14_400)
        issues.require(
            len(self.queue_s_by_hour) in {0, HOURS_A_DAY},
            "queue_hours",
            f"queue_s_by_hour has {len(self.queue_s_by_hour)} values; give 24, one per hour, or none.",
        )
        # The shortest and the longest stand for all.
        for queue_s in {*sorted(self.queue_s_by_hour)[:1], *sorted(self.queue_s_by_hour)[-1:]}:
            issues.require_number("queue_s_by_hour", queue_s, high=14_400)
        issues.require_number("fee_eur_per_t", self.fee_eur_per_t, high=10_000)
        issues.raise_if_any()
