"""What a season yields: one record for every policy, seed and day, and their sums.

Plain values that reports, plots and files are made of. Days of the warm-up never enter; days on which nobody works do,
because containers overflow on Sundays too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

DECILES = tuple(range(10, 100, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What was driven, lifted, burnt, paid and missed, on one day or on many; efforts can be added.

    Attributes
    ----------
    distance_m
        Driven, with the extra ways to tip of vehicles that were full earlier than planned.
    out_s, driving_s, working_s
        Between departure and return; of it at the wheel; and all of it but the breaks.
    overtime_s
        Return after the end of the shift, for the same reason.
    tours, trips
        Vehicles that left the depot, and their tippings.
    lifts
        Containers emptied.
    collected_l, collected_kg
        True loads.
    diesel_l, electricity_kwh, co2e_kg
        By the component model of ``optimizer.season.energy``.
    cost_eur
        Vehicles, crews and gate fees by the town's rates; overflows are not priced.
    overflow_container_days
        Containers that were overfull at any hour of the day, by their true level.
    spilled_l
        What did not fit any more.
    due, unserved_due
        Containers that had to be emptied, and those of them that were not.
    optional_served
        Containers emptied because it paid, not because they had to be.
    infeasible_days
        1 for a day with ``unserved_due``.
    lifting_co2e_kg, idling_co2e_kg, auxiliary_co2e_kg
        Parts of ``co2e_kg``; driving is the rest.
    """

    distance_m: int = 0
    out_s: int = 0
    driving_s: int = 0
    working_s: int = 0
    overtime_s: int = 0
    tours: int = 0
    trips: int = 0
    lifts: int = 0
    collected_l: float = 0.0
    collected_kg: float = 0.0
    diesel_l: float = 0.0
    electricity_kwh: float = 0.0
    co2e_kg: float = 0.0
    cost_eur: float = 0.0
    overflow_container_days: int = 0
    spilled_l: float = 0.0
    due: int = 0
    unserved_due: int = 0
    optional_served: int = 0
    infeasible_days: int = 0
    lifting_co2e_kg: float = 0.0
    idling_co2e_kg: float = 0.0
    auxiliary_co2e_kg: float = 0.0

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})

    @property
    def distance_km(self) -> float:
        """Kilometres driven."""
        return self.distance_m / 1000

    @property
    def driving_co2e_kg(self) -> float:
        """What the wheels caused."""
        return self.co2e_kg - self.lifting_co2e_kg - self.idling_co2e_kg - self.auxiliary_co2e_kg


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """One day of one policy under one seed.

    Attributes
    ----------
    fill_fractions
        True level of every emptied container when the crew came, in no particular order.
    """

    policy: str
    seed: int
    day: date
    effort: Effort
    fill_fractions: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One policy under one seed.

    Attributes
    ----------
    days
        In the order of the calendar.
    wall_s
        Computing time.
    """

    policy: str
    seed: int
    n_containers: int
    days: tuple[DayRecord, ...]
    wall_s: float = 0.0

    @property
    def total(self) -> Effort:
        """The sum of all days."""
        return reduce(add, (one.effort for one in self.days), Effort())

    @property
    def overflow_share(self) -> float:
        """Container-days with an overflow, of all container-days."""
        all_days = self.n_containers * len(self.days)
        return self.total.overflow_container_days / all_days if all_days else 0.0

    @property
    def mean_fill_fraction(self) -> float | None:
        """Mean true level at emptying; None when nothing was emptied."""
        fills = [fill for one in self.days for fill in one.fill_fractions]
        return sum(fills) / len(fills) if fills else None

    @property
    def fill_deciles(self) -> tuple[float, ...]:
        """Levels at emptying below which 10, 20, ... 90 % of the emptyings lie; empty when nothing was emptied."""
        fills = sorted(fill for one in self.days for fill in one.fill_fractions)
        return tuple(_quantile(fills, percent / 100) for percent in DECILES) if fills else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonRecord:
    """All policies under all seeds, on the same town, weather and citizens.

    Attributes
    ----------
    name
        Of the season, for titles and file names.
    first_day, n_days, warm_up_days
        The counted days, and those before them that are not counted.
    sensor_coverage
        Share of containers with a sensor.
    assumptions
        What was assumed, in sentences for people; the factor set of the emissions among them.
    runs
        Sorted by policy in the order of the season, then by seed.
    """

    name: str
    town_name: str
    first_day: date
    n_days: int
    warm_up_days: int
    n_containers: int
    sensor_coverage: float
    overflow_fraction: float
    assumptions: tuple[str, ...]
    runs: tuple[RunRecord, ...]

    @property
    def policies(self) -> tuple[str, ...]:
        """Names in the order of the season."""
        return tuple(dict.fromkeys(run.policy for run in self.runs))

    @property
    def seeds(self) -> tuple[int, ...]:
        """Sorted."""
        return tuple(sorted({run.seed for run in self.runs}))

    def runs_of(self, policy: str) -> tuple[RunRecord, ...]:
        """The runs of a policy, by seed."""
        return tuple(sorted((run for run in self.runs if run.policy == policy), key=lambda run: run.seed))

    def run(self, policy: str, seed: int) -> RunRecord:
        """One run.

        Raises
        ------
        KeyError
            When the season has no such run.
        """
        for run in self.runs:
            if (run.policy, run.seed) == (policy, seed):
                return run
        raise KeyError(f"The season has no run of '{policy}' under seed {seed}.")

    def day_records(self) -> Iterable[DayRecord]:
        """All days of all runs."""
        return (day for run in self.runs for day in run.days)


def _quantile(ordered: list[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
