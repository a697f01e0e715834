"""What a solver answers: who visits what in which order, with times, and what is left out."""

from dataclasses import dataclass
from enum import StrEnum


class VisitKind(StrEnum):
    """What happens at a visit."""

    PICKUP = "pickup"
    TIP = "tip"
    BREAK = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One halt between departure and return.

    Attributes
    ----------
    index
        Pickup index or disposal index; -1 for a break, which is taken where the vehicle stands.
    arrives_s, starts_s, departs_s
        Seconds since midnight; between arrival and start the vehicle waits.
    """

    kind: VisitKind
    index: int
    arrives_s: int
    starts_s: int
    departs_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleTour:
    """The day of one vehicle that is used; an unused one has none."""

    vehicle_index: int
    departs_s: int
    returns_s: int
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Tours and the pickups in none of them.

    Attributes
    ----------
    cost_micro_eur
        Fixed, distance, time and gate costs, without the prizes left lying.
    objective_micro_eur
        ``cost_micro_eur`` plus the prizes of the unserved pickups and the price of changes: what is minimised.
    status
        ``"optimal"``, ``"feasible"``, ``"time_limit"``, ``"cancelled"`` or ``"empty"``.
    """

    tours: tuple[VehicleTour, ...]
    unserved: tuple[int, ...]
    cost_micro_eur: int
    objective_micro_eur: int
    status: str
    solver: str
    iterations: int
    wall_s: float
