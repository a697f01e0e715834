"""What is emptied."""

from dataclasses import dataclass, field

from optimizer.domain.hours import Hours
from optimizer.domain.issues import IssueCollector
from routing.location import Location, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container at a container site; all containers of one site and stream are emptied in one stop.

    Attributes
    ----------
    container_id
        From the town's register.
    site_id
        The container site; containers that share it stand together.
    location, side
        Where it stands, and whether the truck must have it on its right.
    stream
        Identifier of the waste stream.
    capacity_l
        Litres when full.
    service_s
        Seconds to empty this container, without the site's set-up time.
    setup_s
        Seconds to stop, secure and leave, once per stop; the largest of a site counts.
    hours
        When it may be emptied (noise rules, school hours, pedestrian zone).
    system
        Lifting system that the vehicle must have, e.g. ``"rear"`` or ``"crane"``.
    max_days_between_visits
        Emptied at least this often whatever its fill (hygiene); None for no such rule.
    has_sensor
        Whether a fill-level sensor is fitted.
    address, municipality
        For people and bills; may be empty.
    """

    container_id: str
    site_id: str
    location: Location
    stream: str
    capacity_l: float
    side: Side = Side.ANY
    service_s: int = 60
    setup_s: int = 60
    hours: Hours = field(default_factory=Hours)
    system: str = "rear"
    max_days_between_visits: int | None = None
    has_sensor: bool = True
    address: str = ""
    municipality: str = ""

    def __post_init__(self) -> None:
        issues = IssueCollector(f"container {self.container_id}")
        issues.require(bool(self.container_id.strip()), "empty_id", "The container needs an id.")
        issues.require(bool(self.site_id.strip()), "empty_id", "The container needs a site id.")
        issues.require(bool(self.stream.strip()), "empty_id", "The container needs a waste stream.")
        issues.require_number("capacity_l", self.capacity_l, low=1, high=40_000)
        issues.require_number("service_s", self.service_s, high=7_200)
        issues.require_number("setup_s", self.setup_s, high=7_200)
        if self.max_days_between_visits is not None:
            issues.require_number("max_days_between_visits", self.max_days_between_visits, low=1, high=3_650)
        issues.raise_if_any()
