"""What serving one more pickup costs on a vehicle, or which rule keeps it off: only the finding, not the way to it."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """What may keep a pickup off a vehicle; those up to the capacities need no trial."""

    NOT_DRIVING = "not_driving"
    STREAM = "stream"
    LIFTING_SYSTEM = "lifting_system"
    ACCESS = "access"
    DISPOSAL_CLOSED = "disposal_closed"
    SIZE = "size"
    SIZE_KG = "size_kg"
    SIZE_L = "size_l"
    CAPACITY_KG = "capacity_kg"
    CAPACITY_L = "capacity_l"
    TRIPS = "trips"
    DAY_KG = "day_kg"
    CONTAINER_HOURS = "container_hours"
    DISPOSAL_HOURS = "disposal_hours"
    BREAK = "break"
    SHIFT = "shift"
    WORKING_TIME = "working_time"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One vehicle and one more pickup.

    Attributes
    ----------
    rule
        What binds; None when the pickup fits.
    cost_eur, extra_s, extra_m
        What it adds where it costs least; with a rule that can be measured, what it would add without that rule.
    missing
        How much is missing of what the rule limits: seconds of shift, kilograms, litres; 0 where nothing is counted.
    """

    vehicle_id: str
    rule: Rule | None
    cost_eur: float = 0.0
    extra_s: int = 0
    extra_m: int = 0
    missing: int = 0

    @property
    def fits(self) -> bool:
        """Whether the vehicle can serve it as the day is."""
        return self.rule is None
