"""A town's master data: everything that does not change from day to day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from optimizer.domain.container import Container
from optimizer.domain.issues import IssueCollector
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.stream import Stream
from optimizer.domain.vehicle import Vehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Depots, disposal sites, vehicles and containers of one planning area.

    Attributes
    ----------
    zone
        IANA time zone of the depot.
    travel_slices_local
        Clock times from which travel takes another time, e.g. where a rush hour begins and ends; empty where one
        travel time stands for the whole day.
    """

    town_id: str
    name: str
    zone: ZoneInfo
    streams: tuple[Stream, ...]
    depots: tuple[Depot, ...]
    disposal_sites: tuple[DisposalSite, ...]
    vehicles: tuple[Vehicle, ...]
    containers: tuple[Container, ...]
    travel_slices_local: tuple[time, ...] = ()

    def __post_init__(self) -> None:
        issues = IssueCollector(f"town {self.name or self.town_id}")
        issues.require(
            all(one < other for one, other in pairwise(self.travel_slices_local)),
            "travel_slices",
            "travel_slices must be clock times of one day, each later than the one before.",
        )
        _require_unique(issues, "stream", (stream.stream_id for stream in self.streams))
        _require_unique(issues, "depot", (depot.depot_id for depot in self.depots))
        _require_unique(issues, "disposal site", (site.disposal_site_id for site in self.disposal_sites))
        _require_unique(issues, "vehicle", (vehicle.vehicle_id for vehicle in self.vehicles))
        _require_unique(issues, "container", (container.container_id for container in self.containers))
        known_streams = {stream.stream_id for stream in self.streams}
        known_depots = {depot.depot_id for depot in self.depots}
        for container in self.containers:
            if container.stream not in known_streams:
                issues.add("unknown_stream", _unknown("container", container.container_id, "stream", container.stream))
        for site in self.disposal_sites:
            for stream_id in sorted(site.streams - known_streams):
                issues.add("unknown_stream", _unknown("disposal site", site.disposal_site_id, "stream", stream_id))
        for vehicle in self.vehicles:
            for stream_id in sorted(vehicle.streams - known_streams):
                issues.add("unknown_stream", _unknown("vehicle", vehicle.vehicle_id, "stream", stream_id))
            for depot_id in sorted({vehicle.start_depot_id, vehicle.end_depot_id} - known_depots):
                issues.add("unknown_depot", _unknown("vehicle", vehicle.vehicle_id, "depot", depot_id))
        issues.raise_if_any()

    def stream(self, stream_id: str) -> Stream:
        """The stream of this name; names are checked when a town is made."""
        return next(stream for stream in self.streams if stream.stream_id == stream_id)

    def next_working_date(self, after: date, *, horizon_days: int = 14) -> date:
        """The first later day on which an available vehicle works; simply the next day when none does."""
        for days in range(1, horizon_days + 1):
            day = after + timedelta(days=days)
            if any(vehicle.is_available and day.weekday() in vehicle.shift.weekdays for vehicle in self.vehicles):
                return day
        return after + timedelta(days=1)

    def next_visit_date(self, stream_id: str, after: date, *, horizon_days: int = 14) -> date | None:
        """The first later day on which a vehicle for this stream works, or None within the horizon."""
        weekdays = {
            weekday for vehicle in self.vehicles if stream_id in vehicle.streams for weekday in vehicle.shift.weekdays
        }
        for days in range(1, horizon_days + 1):
            day = after + timedelta(days=days)
            if day.weekday() in weekdays:
                return day
        return None


def _unknown(kind: str, thing_id: str, refers_to: str, name: str) -> str:
    return f"{kind} {thing_id} names the {refers_to} '{name}', which is not defined. Define it or correct the name."


def _require_unique(issues: IssueCollector, kind: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one_id in ids:
        if one_id in seen:
            issues.add("duplicate_id", f"The {kind} id '{one_id}' is used twice. Give each {kind} an id of its own.")
        seen.add(one_id)
