"""What the tablets' part of the service asks of a tenant's store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from optimizer.domain.tour_event import TourEvent


class EventStatus(StrEnum):
    """What became of an event; told once, and the same again whenever the event is sent again."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """Another event had told the same before; both are kept."""
    SUPERSEDED = "superseded"
    """Another event outweighs it; both are kept."""
    REJECTED = "rejected"
    """It could not be used; it lies in quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to one event.

    Attributes
    ----------
    code
        Why it is not accepted, for machines.
    reason
        A sentence for people.
    """

    event_key: str
    status: EventStatus
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """An event as it came.

    Attributes
    ----------
    event_key
        The tablet's id of it, or the digest of what has none.
    content_sha256
        Digest of what the tablet says, without what the service made of its clock.
    event
        None where it could not be used; then ``refusal`` says why, and ``raw`` is what was sent.
    """

    event_key: str
    content_sha256: str
    event: TourEvent | None
    raw: bytes
    refusal: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBatch:
    """What one tablet sends at once about one tour."""

    vehicle_id: str
    day: date
    received_at: datetime
    actor: str
    events: tuple[SentEvent, ...]


class TourEventStore(Protocol):
    """A tenant's tour events; the state does not depend on the order in which they come, nor on repetitions."""

    def take(self, batch: SentBatch) -> Sequence[Receipt]:
        """Keep what is new, and what it teaches about fills; one receipt per event, durable on return."""
        ...

    def of_day(self, day: date) -> Mapping[str, Sequence[TourEvent]]:
        """All usable events of a day, by vehicle, in no particular order."""
        ...

    def of_tour(self, day: date, vehicle_id: str) -> Sequence[TourEvent]:
        """All usable events of one tour, in no particular order."""
        ...

    def actors(self, day: date, vehicle_id: str) -> Sequence[str]:
        """The keys that reported about a tour, rising."""
        ...

    def put_lesson(self, day: date, vehicle_id: str, document: bytes) -> None:
        """Keep what a tour teaches, in place of what it taught before."""
        ...

    def has_lesson(self, day: date, vehicle_id: str) -> bool:
        """Whether a tour teaches something by now, which it does when it is over."""
        ...

    def lessons(self, *, since: date, until: date) -> Sequence[bytes]:
        """What the tours of some days teach, by day and vehicle; the last day is not included."""
        ...


class ReleasedTours(Protocol):
    """Tours of releases that tablets had before."""

    def sheet(self, release: int, vehicle_id: str) -> bytes | None:
        """A vehicle's tour in a release, ended ones too; None where it had none."""
        ...


class SigningKeyStore(Protocol):
    """The key that signs a tenant's tours."""

    def current(self, make: Callable[[], bytes], *, at: datetime) -> tuple[str, bytes]:
        """Id and private key; the key is made where there is none, once for all who ask at the same time."""
        ...
