"""Named changes to a day, as values: a truck is missing, a site is closed, a shift is longer.

Each change carries its name ``op``, so that documents of several kinds of change can be told apart.
"""

from dataclasses import dataclass
from datetime import time
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVehicle:
    """A vehicle does not drive."""

    vehicle_id: str
    op: Literal["vehicle.remove"] = "vehicle.remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddVehicleLike:
    """Another vehicle of the same kind as an existing one drives too."""

    vehicle_id: str
    new_vehicle_id: str
    op: Literal["vehicle.add_like"] = "vehicle.add_like"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDisposalSite:
    """A disposal site is closed all day."""

    disposal_site_id: str
    op: Literal["disposal_site.close"] = "disposal_site.close"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShift:
    """A vehicle works at other hours."""

    vehicle_id: str
    starts_local: time
    ends_local: time
    op: Literal["shift.change"] = "shift.change"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeServiceLevel:
    """Containers must be emptied at another probability of overflow."""

    must_collect_probability: float
    op: Literal["service_level.change"] = "service_level.change"


Change = RemoveVehicle | AddVehicleLike | CloseDisposalSite | ChangeShift | ChangeServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A name for people and the changes, applied in order."""

    name: str
    changes: tuple[Change, ...]
