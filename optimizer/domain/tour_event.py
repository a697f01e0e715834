"""What a truck's tablet reports: facts of a tour, each with an identity, so that a repetition changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from optimizer.domain.issues import IssueCollector
from routing.location import Location


class EventKind(StrEnum):
    """What happened."""

    STARTED = "started"
    EMPTIED = "emptied"
    NOT_EMPTIED = "not_emptied"
    TIPPED = "tipped"
    FULL = "full"
    BREAK_STARTED = "break_started"
    BREAK_ENDED = "break_ended"
    ROAD_CLOSED = "road_closed"
    BROKEN_DOWN = "broken_down"
    RETURNED = "returned"


class ExceptionCode(StrEnum):
    """Why a container was not emptied, or what was found there."""

    ALREADY_EMPTIED = "already_emptied"
    BLOCKED_BY_CAR = "blocked_by_car"
    CONTAINER_MISSING = "container_missing"
    CONTAINER_MOVED = "container_moved"
    CONTAMINATED = "contaminated"
    DAMAGED = "damaged"
    FIRE = "fire"
    INSTRUCTION = "instruction"
    NO_ACCESS = "no_access"
    OTHER = "other"
    OVERFILLED = "overfilled"
    ROAD_CLOSED = "road_closed"
    SENSOR_MISSING = "sensor_missing"
    TOO_HEAVY = "too_heavy"
    UNSAFE = "unsafe"


OVERFULL_FRACTION = 1.1
"""What a driver's "over" stands for: nobody can say how much lies beside a container."""

_MOST_OFFSET_S = 100 * 31_557_600
"""A tablet without a battery wakes up in 1970 or 2000; its events are facts all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TourEvent:
    """One fact.

    Attributes
    ----------
    event_id
        Made by the tablet, unique for ever (e.g. a UUID of version 7).
    sequence
        Rising within a tablet's tour; orders events whose clock says the same.
    device_at, clock_offset_s
        What the tablet's clock said, and by how much it was ahead of the service's when they last met.
    container_id
        For ``EMPTIED`` and ``NOT_EMPTIED``.
    disposal_site_id
        For ``TIPPED``.
    code
        For ``NOT_EMPTIED``; allowed with ``EMPTIED`` for what was found there.
    fill_fraction
        How full it was, as the driver saw it.
    weight_kg
        On the truck's own scale, or the weighbridge's for ``TIPPED``.
    location
        Of a closed road or a breakdown; never sent for anything else, so that nobody is tracked.
    """

    event_id: str
    vehicle_id: str
    sequence: int
    device_at: datetime
    kind: EventKind
    clock_offset_s: float = 0.0
    container_id: str | None = None
    disposal_site_id: str | None = None
    code: ExceptionCode | None = None
    fill_fraction: float | None = None
    weight_kg: float | None = None
    location: Location | None = None

    def __post_init__(self) -> None:
        issues = IssueCollector(f"event {self.event_id}")
        issues.require(bool(self.event_id.strip()), "empty_id", "The event needs an id.")
        issues.require(self.device_at.tzinfo is not None, "naive_instant", "Give 'device_at' with its time zone.")
        issues.require_number("clock_offset_s", self.clock_offset_s, low=-_MOST_OFFSET_S, high=_MOST_OFFSET_S)
        issues.require_number("sequence", self.sequence, high=10**9)
        about_container = self.kind in {EventKind.EMPTIED, EventKind.NOT_EMPTIED}
        issues.require(
            about_container == (self.container_id is not None),
            "container",
            "Name the container of what was emptied or not, and none for anything else.",
        )
        issues.require(
            self.kind is not EventKind.NOT_EMPTIED or self.code is not None,
            "code",
            "Say with a code why the container was not emptied.",
        )
        issues.require(
            self.location is None or self.kind in {EventKind.ROAD_CLOSED, EventKind.BROKEN_DOWN},
            "location",
            "Positions are taken for closed roads and breakdowns only.",
        )
        if self.fill_fraction is not None:
            issues.require_number("fill_fraction", self.fill_fraction, high=2)
        if self.weight_kg is not None:
            issues.require_number("weight_kg", self.weight_kg, high=60_000)
        issues.raise_if_any()

    @property
    def happened_at(self) -> datetime:
        """The instant by the service's clock."""
        return self.device_at - timedelta(seconds=self.clock_offset_s)
