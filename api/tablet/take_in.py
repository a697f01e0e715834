"""Judges what a tablet sends, event by event: a bad one is refused with a reason, and loses none of the others."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from api.tablet.ports import EventStatus, Receipt, SentBatch, SentEvent
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.tour_event import EventKind, ExceptionCode, TourEvent
from optimizer.domain.town import Town
from routing.location import Location

MOST_EVENTS = 500
"""Events in one batch."""

_KEY_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFields:
    """An event whose values are of the right types.

    Attributes
    ----------
    at
        By the tablet's clock.
    clock_offset_s
        How far that clock was ahead when it last met the service's; None where the tablet does not know.
    """

    event_id: str
    sequence: int
    at: datetime
    kind: EventKind
    clock_offset_s: float | None = None
    vehicle_id: str | None = None
    container_id: str | None = None
    disposal_site_id: str | None = None
    code: ExceptionCode | None = None
    fill_fraction: float | None = None
    weight_kg: float | None = None
    location: Location | None = None


KEPT_FIELDS = frozenset(
    {
        "event_id",
        "sequence",
        "at",
        "kind",
        "clock_offset_ms",
        "vehicle_id",
        "container_id",
        "disposal_site_id",
        "code",
        "fill_seen",
        "weight_kg",
    }
)
KNOWN_FIELDS = KEPT_FIELDS | {"location"}
"""What a tablet may send of an event, and what of that is kept of one that was refused."""
_SIMPLE = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An event with values of the wrong types, or without some."""

    code: str
    reason: str


def sent_batch(
    items: Sequence[tuple[Any, EventFields | Unreadable]],
    town: Town,
    *,
    vehicle_id: str,
    day: date,
    received_at: datetime,
    sent_at: datetime | None,
    actor: str,
    references: frozenset[str] = frozenset(),
) -> SentBatch:
    """The batch with every event judged against the town.

    Parameters
    ----------
    items
        Each event as it was sent, and as it was understood.
    sent_at
        The tablet's clock when it sent the batch: what it is ahead of ours, its events are too.
    references
        What stands for other towns' containers and sites on this tour.
    """
    offset_s = 0.0 if sent_at is None else (sent_at - received_at).total_seconds()
    judge = _Judge(
        vehicle_id=vehicle_id,
        day=day,
        received_at=received_at,
        batch_offset_s=offset_s,
        containers=frozenset(one.container_id for one in town.containers) | references,
        sites=frozenset(one.disposal_site_id for one in town.disposal_sites) | references,
    )
    return SentBatch(
        vehicle_id=vehicle_id,
        day=day,
        received_at=received_at,
        actor=actor,
        events=tuple(judge.judge(raw, fields) for raw, fields in items),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    vehicle_id: str
    day: date
    received_at: datetime
    batch_offset_s: float
    containers: frozenset[str]
    sites: frozenset[str]

    def judge(self, raw: Any, fields: EventFields | Unreadable) -> SentEvent:
        document = json.dumps(raw, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
        digest = _digest(document, self.vehicle_id, self.day)
        key = _key_in(raw) or f"sha256:{digest}"
        if isinstance(fields, Unreadable):
            return _refused(key, digest, raw, fields.code, fields.reason)
        if fields.vehicle_id not in {None, self.vehicle_id}:
            reason = "The event is another vehicle's. Send it to that vehicle's tour, with its key."
            return _refused(key, digest, raw, "foreign_vehicle", reason)
        if fields.container_id is not None and fields.container_id not in self.containers:
            return _refused(key, digest, raw, "unknown_container", "There is no such container in this town.")
        if fields.disposal_site_id is not None and fields.disposal_site_id not in self.sites:
            return _refused(key, digest, raw, "unknown_disposal_site", "There is no such disposal site.")
        try:
            event = self._event(fields)
        except InvalidInputError as error:
            return _refused(key, digest, raw, error.issues[0].code, error.issues[0].message)
        return SentEvent(event_key=key, content_sha256=digest, event=event, raw=document)

    def _event(self, fields: EventFields) -> TourEvent:
        offset_s = self.batch_offset_s if fields.clock_offset_s is None else fields.clock_offset_s
        # Nothing happens after it was told: a clock that is ahead of what it says of itself is put right by that.
        ahead_s = (fields.at - timedelta(seconds=offset_s) - self.received_at).total_seconds()
        return TourEvent(
            event_id=fields.event_id,
            vehicle_id=self.vehicle_id,
            sequence=fields.sequence,
            device_at=fields.at,
            kind=fields.kind,
            clock_offset_s=offset_s + max(0.0, ahead_s),
            container_id=fields.container_id,
            disposal_site_id=fields.disposal_site_id,
            code=fields.code,
            fill_fraction=fields.fill_fraction,
            weight_kg=fields.weight_kg,
            location=fields.location,
        )


def _refused(key: str, digest: str, raw: Any, code: str, reason: str) -> SentEvent:
    receipt = Receipt(event_key=key, status=EventStatus.REJECTED, code=code, reason=reason)
    document = json.dumps(_without_people(raw), ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    return SentEvent(event_key=key, content_sha256=digest, event=None, raw=document, refusal=receipt)


def _without_people(raw: Any) -> Mapping[str, Any]:
    """What was sent, less what is not to be kept: where somebody was, and all that an event has no field for."""
    sent = raw if isinstance(raw, Mapping) else {}
    kept = {name: sent[name] for name in KEPT_FIELDS & sent.keys() if isinstance(sent[name], _SIMPLE | None)}
    is_less = len(kept) < len(sent) or sent is not raw
    return {**kept, "withheld": sorted(KNOWN_FIELDS & (sent.keys() - kept.keys()))} if is_less else kept


def _digest(document: bytes, vehicle_id: str, day: date) -> str:
    return hashlib.sha256(f"{vehicle_id}\n{day}\n".encode() + document).hexdigest()


def _key_in(raw: Any) -> str:
    """The tablet's id of an event, if it is one that can be kept."""
    key = raw.get("event_id") if isinstance(raw, Mapping) else None
    is_good = isinstance(key, str) and 0 < len(key) <= _KEY_LENGTH and key.isprintable() and bool(key.strip())
    return key if is_good and isinstance(key, str) and not key.startswith("sha256:") else ""
