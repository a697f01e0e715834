"""Named changes to a day, as values: a truck is missing, a road is closed, containers fill faster.

Each change carries its name ``op``, so that documents of several kinds of change can be told apart.
"""

from dataclasses import dataclass
from datetime import time
from typing import Literal

from optimizer.domain.container import Container
from optimizer.domain.issues import IssueCollector
from routing.location import Location


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
class ReplaceVehicle:
    """A vehicle of another kind drives instead: body, profile, costs and fuel are those of ``like_vehicle_id``."""

    vehicle_id: str
    like_vehicle_id: str
    op: Literal["vehicle.replace"] = "vehicle.replace"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoad:
    """Nobody drives on a street, near a point, or in an area; exactly one of the three is given.

    Attributes
    ----------
    street
        Its name on the map.
    center, radius_m
        All streets within the radius.
    outline
        All streets that touch the polygon.
    """

    street: str = ""
    center: Location | None = None
    radius_m: float = 0.0
    outline: tuple[Location, ...] = ()
    op: Literal["road.close"] = "road.close"

    def __post_init__(self) -> None:
        issues = IssueCollector("closed road")
        given = (bool(self.street.strip()), self.center is not None, bool(self.outline))
        issues.require(sum(given) == 1, "one_place", "Give a street, a center with its radius_m, or an outline.")
        if self.center is not None:
            issues.require_number("radius_m", self.radius_m, low=1, high=20_000)
        issues.require(not self.outline or len(set(self.outline)) >= 3, "outline", "An outline needs three corners.")
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContainer:
    """One more container stands in the town."""

    container: Container
    op: Literal["container.add"] = "container.add"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContainers:
    """Containers are gone."""

    container_ids: tuple[str, ...]
    op: Literal["container.remove"] = "container.remove"

    def __post_init__(self) -> None:
        issues = IssueCollector("removed containers")
        issues.require(bool(self.container_ids), "no_containers", "Name the containers that are gone.")
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleDemand:
    """From their last reading on, containers fill so many times as fast; ``streams`` is empty for all."""

    factor: float
    streams: tuple[str, ...] = ()
    op: Literal["demand.scale"] = "demand.scale"

    def __post_init__(self) -> None:
        issues = IssueCollector("scaled demand")
        issues.require_number("factor", self.factor, low=0.1, high=5)
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseSensors:
    """Containers are planned as if they had never had a sensor.

    Attributes
    ----------
    container_ids
        Which; empty to lose a share of all.
    lost_fraction
        That share. The same containers are lost each time, and a larger share loses these and more.
    """

    container_ids: tuple[str, ...] = ()
    lost_fraction: float = 0.0
    op: Literal["sensors.lose"] = "sensors.lose"

    def __post_init__(self) -> None:
        issues = IssueCollector("lost sensors")
        issues.require_number("lost_fraction", self.lost_fraction, high=1)
        issues.require(
            bool(self.container_ids) != (self.lost_fraction > 0),
            "one_way",
            "Give either container_ids or lost_fraction.",
        )
        issues.raise_if_any()


Change = (
    RemoveVehicle
    | AddVehicleLike
    | ReplaceVehicle
    | CloseDisposalSite
    | ChangeShift
    | ChangeServiceLevel
    | CloseRoad
    | AddContainer
    | RemoveContainers
    | ScaleDemand
    | LoseSensors
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A name for people and the changes, applied in order."""

    name: str
    changes: tuple[Change, ...]
