"""What is different between two plans, as values: stops moved, added and dropped per vehicle, and the figures."""

from dataclasses import dataclass

from optimizer.domain.plan import Totals
from optimizer.domain.relaxation import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A container that another vehicle empties."""

    container_id: str
    from_vehicle_id: str
    to_vehicle_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleDifference:
    """One vehicle's tour in the second plan beside the first.

    Attributes
    ----------
    added, dropped
        Containers that no vehicle emptied before, or none empties any more.
    moved_in, moved_out
        Containers that come from, or go to, another vehicle.
    is_reordered
        Whether the containers that stayed are emptied in another order.
    difference
        Second plan less first; all of a tour that only one plan has.
    """

    vehicle_id: str
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    moved_in: tuple[Move, ...]
    moved_out: tuple[Move, ...]
    is_reordered: bool
    difference: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDifference:
    """Second plan less first; every list is sorted by id.

    Attributes
    ----------
    vehicles
        Only those whose tour is different.
    sentences
        The same in words, the whole day first.
    """

    first_plan_id: str
    second_plan_id: str
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    moved: tuple[Move, ...]
    vehicles: tuple[VehicleDifference, ...]
    difference: Totals
    sentences: tuple[Text, ...]
