"""What tablets send, checked event by event: one that cannot be read loses none of the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator

from api.http.errors import issues_of
from api.http.fields import Body, Day, Identifier, Instant
from api.tablet.bundle import FILL_STEPS
from api.tablet.ports import EventStatus
from api.tablet.take_in import MOST_EVENTS, EventFields, Unreadable
from optimizer.domain.tour_event import OVERFULL_FRACTION, EventKind, ExceptionCode
from routing.location import Location

Fill = Literal["0", "25", "50", "75", "100", "over"]
_FRACTIONS = dict(zip(FILL_STEPS, (0.0, 0.25, 0.5, 0.75, 1.0, OVERFULL_FRACTION), strict=True))


class PlaceBody(Body):
    """A place in degrees."""

    lon_deg: Annotated[float, Field(ge=-180, le=180)]
    lat_deg: Annotated[float, Field(ge=-90, le=90)]

    @property
    def location(self) -> Location:
        """The place."""
        return Location(lon_deg=self.lon_deg, lat_deg=self.lat_deg)


class EventBody(Body):
    """One fact of a tour; fields that this version does not know are passed over, so that newer tablets can be used."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)

    event_id: Identifier = Field(description="Made by the tablet, unique for ever, e.g. a UUID of version 7.")
    sequence: Annotated[int, Field(ge=0, le=10**9)] = Field(description="Rising within the tablet's tour.")
    at: Instant = Field(description="By the tablet's own clock.")
    kind: EventKind
    clock_offset_ms: Annotated[int, Field(ge=-(10**13), le=10**13)] | None = Field(
        default=None,
        description="By how much that clock was ahead of the service's; null to go by `sent_at` of the batch.",
    )
    vehicle_id: Identifier | None = None
    container_id: Identifier | None = None
    disposal_site_id: Identifier | None = None
    code: ExceptionCode | None = Field(default=None, description="Why it was not emptied, or what was found there.")
    fill_seen: Fill | None = Field(default=None, description="How full it was, in percent, or `over`.")
    weight_kg: Annotated[float, Field(ge=0, le=60_000)] | None = None
    location: PlaceBody | None = Field(default=None, description="Of closed roads and breakdowns only.")

    def fields(self) -> EventFields:
        """The values without the form that they came in."""
        return EventFields(
            event_id=self.event_id,
            sequence=self.sequence,
            at=self.at,
            kind=self.kind,
            clock_offset_s=None if self.clock_offset_ms is None else self.clock_offset_ms / 1000,
            vehicle_id=self.vehicle_id,
            container_id=self.container_id,
            disposal_site_id=self.disposal_site_id,
            code=self.code,
            fill_fraction=None if self.fill_seen is None else _FRACTIONS[self.fill_seen],
            weight_kg=self.weight_kg,
            location=None if self.location is None else self.location.location,
        )


@dataclass(frozen=True, slots=True)
class EventItem:
    """An event as it was sent, and as it was understood."""

    raw: Any
    fields: EventFields | Unreadable


def _read_or_refuse(value: Any, read: Callable[[Any], EventBody]) -> EventItem:
    try:
        return EventItem(value, read(value).fields())
    except ValidationError as error:
        issue = issues_of(error.errors(include_url=False, include_input=False))[0]
        return EventItem(value, Unreadable(code=issue.code, reason=f"{issue.where}: {issue.message}"))


class EventsBody(Body):
    """What a tablet has not told yet; sending the same again changes nothing."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)

    day: Day = Field(description="The tour's day: no tablet's clock decides that.")
    sent_at: Instant | None = Field(default=None, description="The tablet's clock when it sent this.")
    events: Annotated[
        list[Annotated[EventBody, WrapValidator(_read_or_refuse)]], Field(min_length=1, max_length=MOST_EVENTS)
    ]

    def items(self) -> list[tuple[Any, EventFields | Unreadable]]:
        """The events as sent and as understood."""
        # The validator puts items in the place of events, which the declared type, made for the documentation, hides.
        return [(one.raw, one.fields) for one in cast("list[EventItem]", self.events)]


class EventResult(BaseModel):
    """What became of one event; the same whenever it is sent."""

    model_config = ConfigDict(extra="forbid")

    event_id: str
    status: EventStatus
    code: str = Field(default="", description="Why it is not accepted, for machines.")
    reason: str = Field(default="", description="The same for people.")


class EventsAnswer(BaseModel):
    """What became of a batch."""

    model_config = ConfigDict(extra="forbid")

    accepted: int
    duplicate: int
    superseded: int
    rejected: int
    results: list[EventResult] = Field(description="In the order sent.")


EXAMPLES: dict[str, Any] = {
    "an emptying and a blocked container": {
        "day": "2026-03-02",
        "sent_at": "2026-03-02T07:31:00+01:00",
        "events": [
            {
                "event_id": "0195573a-6f2b-7c11-9d7e-0a1b2c3d4e5f",
                "sequence": 17,
                "at": "2026-03-02T07:12:30+01:00",
                "kind": "emptied",
                "container_id": "P-001",
                "fill_seen": "75",
            },
            {
                "event_id": "0195573b-11aa-7d42-8c01-5e4d3c2b1a09",
                "sequence": 18,
                "at": "2026-03-02T07:20:00+01:00",
                "kind": "not_emptied",
                "container_id": "P-002",
                "code": "blocked_by_car",
            },
        ],
    }
}
ANSWER_EXAMPLE: dict[str, Any] = {
    "accepted": 2,
    "duplicate": 0,
    "superseded": 0,
    "rejected": 0,
    "results": [
        {"event_id": "0195573a-6f2b-7c11-9d7e-0a1b2c3d4e5f", "status": "accepted", "code": "", "reason": ""},
        {"event_id": "0195573b-11aa-7d42-8c01-5e4d3c2b1a09", "status": "accepted", "code": "", "reason": ""},
    ],
}
