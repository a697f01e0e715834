"""What would serve the containers that a day leaves: a change that was tried, what it serves and what it costs."""

from dataclasses import dataclass
from enum import StrEnum


class RelaxationKind(StrEnum):
    """What is changed; nothing else of the day is."""

    CONTAINER_HOURS = "container_hours"
    DISPOSAL_HOURS = "disposal_hours"
    EXTRA_TRIP = "extra_trip"
    EXTRA_VEHICLE = "extra_vehicle"
    OPEN_DISPOSAL = "open_disposal"
    OTHER_PROFILE = "other_profile"
    OVERTIME = "overtime"
    RELEASED_VEHICLE = "released_vehicle"
    STREET_ACCESS = "street_access"
    STREET_WEIGHT = "street_weight"
    STREET_WIDTH = "street_width"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence in the two languages of dispatchers."""

    en: str
    de: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """One change of the day, tried on its tours and judged by the checker.

    Attributes
    ----------
    subject
        Vehicle, disposal site or container that the change is about; for another profile, its name; for a street,
        the profile and the street.
    amount
        Minutes of overtime, vehicles or trips more, or minutes since midnight until which something must be open.
    container_ids
        What it serves in addition, without losing anything that was served.
    out_of
        How many containers of the shortage there are.
    cost_eur
        What the day then costs more.
    """

    kind: RelaxationKind
    subject: str
    amount: int
    container_ids: tuple[str, ...]
    out_of: int
    cost_eur: float
    text: Text
