"""Vehicles, their shifts, breaks, costs and fuel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from optimizer.domain.hours import TimeWindow
from optimizer.domain.issues import IssueCollector

MONDAY_TO_FRIDAY = frozenset(range(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRule:
    """A break that the law asks for.

    Attributes
    ----------
    work_above_s
        Working time (elapsed time less breaks) above which the rule applies.
    break_s
        Seconds of break in total that are then due.
    """

    work_above_s: int
    break_s: int


ARBZG_BREAKS = (
    BreakRule(work_above_s=6 * 3600, break_s=30 * 60),
    BreakRule(work_above_s=9 * 3600, break_s=45 * 60),
)
"""ArbZG section 4: more than 6 h of work need 30 min, more than 9 h need 45 min of break."""

ARBZG_MAX_STRETCH_S = 6 * 3600
"""ArbZG section 4: nobody works longer than 6 h without a break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """When a crew works.

    Attributes
    ----------
    weekdays
        0 = Monday to 6 = Sunday.
    starts_local, ends_local
        Clock times in the depot's zone; an end before the start means the next day.
    breaks, max_stretch_s
        Break rules, and the longest stretch of work without a break.
    max_work_s
        Working time a day (elapsed time less breaks), ArbZG section 3.
    max_out_s
        Longest time between departure and return, breaks included; None for no limit but the shift.
    regular_work_s
        Working time above which overtime is paid; None where it never is.
    """

    starts_local: time
    ends_local: time
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    breaks: tuple[BreakRule, ...] = ARBZG_BREAKS
    max_stretch_s: int = ARBZG_MAX_STRETCH_S
    max_work_s: int = 10 * 3600
    max_out_s: int | None = None
    regular_work_s: int | None = None

    def __post_init__(self) -> None:
        issues = IssueCollector("shift")
        issues.require(
            self.weekdays <= frozenset(range(7)), "weekday", "Weekdays are numbers from 0 (Monday) to 6 (Sunday)."
        )
        issues.require(self.starts_local != self.ends_local, "empty_shift", "The shift starts and ends at one time.")
        issues.require_number("max_work_s", self.max_work_s, low=600, high=24 * 3600)
        issues.require_number("max_stretch_s", self.max_stretch_s, low=600, high=24 * 3600)
        if self.max_out_s is not None:
            issues.require_number("max_out_s", self.max_out_s, low=600, high=24 * 3600)
        if self.regular_work_s is not None:
            issues.require_number("regular_work_s", self.regular_work_s, low=0, high=24 * 3600)
        for rule in self.breaks:
            issues.require_number("break_s", rule.break_s, low=0, high=4 * 3600)
        issues.raise_if_any()

    def window_on(self, day: date, zone: ZoneInfo) -> TimeWindow | None:
        """The span of the shift that starts on this local day, or None when nobody works."""
        if day.weekday() not in self.weekdays:
            return None
        last_day = day if self.ends_local > self.starts_local else day + timedelta(days=1)
        return TimeWindow(
            start_at=datetime.combine(day, self.starts_local, tzinfo=zone),
            end_at=datetime.combine(last_day, self.ends_local, tzinfo=zone),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelRates:
    """Diesel by component: driving, lifting, idling.

    The lift and idle figures are those of a 26 t rear loader (hydraulics 10 kW at 30 % efficiency; idle 3 l/h); the
    factor is well-to-wheel after EN 16258.
    """

    driving_l_per_100km: float
    lift_l: float = 0.028
    idle_l_per_h: float = 3.0
    co2e_kg_per_l: float = 3.24

    def __post_init__(self) -> None:
        issues = IssueCollector("fuel rates")
        issues.require_number("driving_l_per_100km", self.driving_l_per_100km, high=200)
        issues.require_number("lift_l", self.lift_l, high=5)
        issues.require_number("idle_l_per_h", self.idle_l_per_h, high=50)
        issues.require_number("co2e_kg_per_l", self.co2e_kg_per_l, high=20)
        issues.raise_if_any()

    def used_l(self, *, distance_m: int, idle_s: int, lifts: int) -> float:
        """Litres for metres driven, seconds stood with a running engine, and containers lifted."""
        return distance_m / 100_000 * self.driving_l_per_100km + idle_s / 3600 * self.idle_l_per_h + lifts * self.lift_l


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle with its crew.

    Attributes
    ----------
    profile
        Name of the routing profile, e.g. ``"truck_26t"``.
    streams
        Waste streams it may collect; one per trip.
    systems
        Lifting systems it has.
    capacity_kg, body_l
        Payload and volume of the body.
    compaction_by_stream
        Loose litres that fit in one litre of body, per stream; 1 where none is given.
    start_depot_id, end_depot_id
        Where the tour starts and ends.
    cost_eur_per_km, cost_eur_per_h, cost_eur_per_day
        Marginal cost of driving, of a working hour of vehicle and crew, and of using the vehicle at all.
    overtime_eur_per_h
        What an hour above ``shift.regular_work_s`` costs beyond ``cost_eur_per_h``.
    toll_eur_per_km
        What a kilometre on toll roads costs beyond ``cost_eur_per_km``; 0 where no toll is to be counted.
    max_trips
        Most tippings a day.
    max_day_kg
        Most kilograms that it may collect in a day, over all its trips; None for no limit but capacity and trips. What
        is on board in the middle of a day has been collected that day, and counts.
    is_available
        False when in the workshop or without crew.
    """

    vehicle_id: str
    profile: str
    streams: frozenset[str]
    capacity_kg: float
    body_l: float
    start_depot_id: str
    end_depot_id: str
    shift: Shift
    cost_eur_per_km: float
    cost_eur_per_h: float
    fuel: FuelRates
    systems: frozenset[str] = frozenset({"rear"})
    compaction_by_stream: Mapping[str, float] = field(default_factory=dict)
    cost_eur_per_day: float = 0.0
    overtime_eur_per_h: float = 0.0
    toll_eur_per_km: float = 0.0
    max_trips: int = 8
    max_day_kg: int | None = None
    is_available: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        issues = IssueCollector(f"vehicle {self.vehicle_id}")
        issues.require(bool(self.vehicle_id.strip()), "empty_id", "The vehicle needs an id.")
        issues.require(bool(self.streams), "no_streams", "List the waste streams that it may collect.")
        issues.require_number("capacity_kg", self.capacity_kg, low=1, high=60_000)
        issues.require_number("body_l", self.body_l, low=1, high=120_000)
        issues.require_number("cost_eur_per_km", self.cost_eur_per_km, high=1_000)
        issues.require_number("cost_eur_per_h", self.cost_eur_per_h, high=10_000)
        issues.require_number("cost_eur_per_day", self.cost_eur_per_day, high=100_000)
        issues.require_number("overtime_eur_per_h", self.overtime_eur_per_h, high=10_000)
        issues.require_number("toll_eur_per_km", self.toll_eur_per_km, high=1_000)
        issues.require(
            self.overtime_eur_per_h == 0 or self.shift.regular_work_s is not None,
            "no_regular_work",
            "overtime_eur_per_h says what overtime costs: add regular_work_s to the shift, from which on it is paid.",
        )
        issues.require_number("max_trips", self.max_trips, low=1, high=50)
        if self.max_day_kg is not None:
            issues.require_number("max_day_kg", self.max_day_kg, low=1, high=1_000_000)
        for stream, factor in self.compaction_by_stream.items():
            issues.require_number(f"compaction of {stream}", factor, low=0.1, high=20)
        issues.raise_if_any()

    def capacity_l(self, stream: str) -> float:
        """Loose litres of a stream that fit into the body."""
        return self.body_l * self.compaction_by_stream.get(stream, 1.0)
