"""Takes messages in: parse, decode, judge, store what may be true, keep the rest aside with its reason.

Guards that an authenticated message never fails for what it says: it is accepted, known already, of no concern, or in
quarantine. What is answered is on disk; a store that does not answer is the only error.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypedDict

from anyio.to_thread import run_sync

from api.ingest.alerts import Alert, AlertStore, AllClear, alert_id, alerts_of
from api.ingest.arrival import observe, refusal_of, refuse
from api.ingest.device_cache import DeviceCache, NotRememberedError
from api.ingest.formats import FORMATS, Format
from api.ingest.joint_lookup import JointLookup
from api.ingest.record import Arrival, Ignored, Observation, Refusal, Uplink
from api.store.ports import ReadingStatus
from api.store.tenant_ports import Device, QuarantinedMessage, TenantStore
from optimizer.domain.reading import Quality, Reading, Source

MAX_MESSAGES = 5_000
"""Most messages in one body."""

MAX_KEPT_BYTES = 262_144
"""Most bytes of a body that quarantine keeps; what is longer was never a message of a sensor."""


INLINE_BYTES = 32_768
"""Bodies up to this size, as of 150 entities, are read on the event loop: it takes some milliseconds, and threads that
take turns cost more than they free."""


class Outcome(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A body, and how it came in."""

    format_name: str
    body: bytes
    arrival: Arrival
    content_type: str = "application/json"


class Result(NamedTuple):
    """What became of one message.

    Attributes
    ----------
    code
        Why it was ignored or quarantined.
    quality, reasons
        How far an accepted level is believed.
    """

    device_id: str | None
    outcome: Outcome
    code: str = ""
    detail: str = ""
    quality: Quality | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """What became of a body."""

    results: tuple[Result, ...]

    def count(self, outcome: Outcome) -> int:
        """Messages with this outcome."""
        return [one.outcome for one in self.results].count(outcome)


class Intake:
    """Takes in the messages of one tenant.

    Parameters
    ----------
    now
        The clock.
    """

    def __init__(self, store: TenantStore, alerts: AlertStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._alerts = alerts
        self._now = now
        self._devices = DeviceCache(store.devices)
        self._lookup = JointLookup(self._devices.get_all)

    def forget(self, device_id: str) -> None:
        """Look at a device anew, because it was changed."""
        self._devices.fresh(device_id)

    def take_in(
        self,
        format_name: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        device_id: str | None = None,
        event: str = "",
        only_device_id: str | None = None,
    ) -> IntakeReport:
        """Take in one body.

        Parameters
        ----------
        device_id
            The device that the channel belongs to, where the format does not name one.
        event
            The kind of event, where the network tells it beside the body.
        only_device_id
            The one device that the sender may speak for; None for a network, which speaks for all.

        Raises
        ------
        StoreError
            When the store cannot keep it; nothing is lost if the sender tries again.
        """
        arrival = Arrival(received_at=self._now(), device_id=device_id, event=event)
        delivery = Delivery(format_name=format_name, body=body, content_type=content_type, arrival=arrival)
        return self.take_in_all([delivery], only_device_id=only_device_id)[0]

    def take_in_all(self, deliveries: Sequence[Delivery], *, only_device_id: str | None = None) -> list[IntakeReport]:
        """Take in several bodies with one write of readings, for channels that deliver fast.

        Raises
        ------
        StoreError
            As ``take_in``; then none of the bodies counts as taken in.
        """
        looked = _look_all(deliveries, only_device_id, self._devices.get_all)
        self._alarm(looked.told)
        taken = _settled(looked, self._store_readings(looked.candidates))
        for delivery, (_, refused) in zip(deliveries, taken, strict=True):
            self._quarantine(delivery, refused)
        return [IntakeReport(results=tuple(results)) for results, _ in taken]

    async def take_in_awaited(self, delivery: Delivery, *, only_device_id: str | None = None) -> IntakeReport:
        """Take in one body from an event loop, which serves others while the readings are written.

        What is in memory is looked at there and then; threads do what may wait for the database.

        Raises
        ------
        StoreError
            As ``take_in``.
        """
        looked = await self._look_beside_others(delivery, only_device_id)
        if looked.told:
            await run_sync(self._alarm, looked.told)
        candidates = looked.candidates
        [(results, refused)] = _settled(
            looked, await self._store.readings.add_awaited(**_to_add(candidates)) if candidates else ()
        )
        if refused:
            await run_sync(self._quarantine, delivery, refused)
        return IntakeReport(results=tuple(results))

    def replay(self, message: QuarantinedMessage) -> IntakeReport:
        """Take in a quarantined message again, as of the instant when it came; it stays where it is if it fails."""
        arrival = Arrival(received_at=message.received_at, device_id=message.device_id)
        delivery = Delivery(format_name=message.source, body=message.body, arrival=arrival)
        looked = _look_all([delivery], None, self._devices.fresh_all)
        self._alarm(looked.told)
        [(results, refused)] = _settled(looked, self._store_readings(looked.candidates))
        if not refused:
            self._store.quarantine.mark_replayed(message.message_id, at=self._now())
        return IntakeReport(results=tuple(results))

    async def _look_beside_others(self, delivery: Delivery, only_device_id: str | None) -> "_Looked":
        if len(delivery.body) > INLINE_BYTES:
            return await run_sync(_look_all, [delivery], only_device_id, self._devices.get_all)
        parsed = [_parsed(delivery, only_device_id)]
        speakers = _speakers(parsed)
        try:
            devices: Mapping[str, Device] = self._devices.remembered(speakers)
        except NotRememberedError:
            devices = await self._lookup.find(speakers)
        return _looked([delivery], parsed, devices)

    def _store_readings(self, good: "Sequence[_Candidate]") -> Sequence[ReadingStatus]:
        return self._store.readings.add(**_to_add(good)) if good else ()

    def _quarantine(self, delivery: Delivery, refused: Sequence[Refusal]) -> None:
        for message in _kept(delivery, refused):
            self._store.quarantine.add(message)

    def _alarm(self, told: Sequence[Alert | AllClear]) -> None:
        for one in told:
            if isinstance(one, Alert):
                self._alerts.note(one)
            else:
                self._alerts.end(alert_id(one.kind, one.subject_id), at=one.at)


_Parsed = Result | Refusal | Uplink
_FindsDevices = Callable[[set[str]], Mapping[str, Device]]


class _Candidate(NamedTuple):
    """A message whose level may be stored."""

    uplink: Uplink
    observation: Observation


@dataclass(frozen=True, slots=True)
class _Looked:
    """Bodies as they were read and judged, one part each, and what their messages say of alarms."""

    parts: list[list[Result | Refusal | _Candidate]] = field(default_factory=list)
    told: list[Alert | AllClear] = field(default_factory=list)

    @property
    def candidates(self) -> list[_Candidate]:
        """All messages whose levels may be stored."""
        return [one for part in self.parts for one in part if isinstance(one, _Candidate)]


class _ToAdd(TypedDict):
    """What the store of readings is asked with."""

    readings: list[Reading]
    received_at: datetime
    dedup_keys: list[str | None]


def _look_all(deliveries: Sequence[Delivery], only_device_id: str | None, find: _FindsDevices) -> _Looked:
    parsed = [_parsed(delivery, only_device_id) for delivery in deliveries]
    return _looked(deliveries, parsed, find(_speakers(parsed)))


def _speakers(parsed: Sequence[Sequence[_Parsed]]) -> set[str]:
    return {one.device_id for part in parsed for one in part if isinstance(one, Uplink)}


def _looked(
    deliveries: Sequence[Delivery], parsed: Sequence[Sequence[_Parsed]], devices: Mapping[str, Device]
) -> _Looked:
    looked = _Looked()
    for delivery, part in zip(deliveries, parsed, strict=True):
        looked.parts.append(
            [
                _look_at(one, devices.get(one.device_id), delivery, looked.told) if isinstance(one, Uplink) else one
                for one in part
            ]
        )
    return looked


def _parsed(delivery: Delivery, only_device_id: str | None) -> list[_Parsed]:
    found = FORMATS[delivery.format_name].parses(delivery.body, delivery.arrival)
    if len(found) > MAX_MESSAGES:
        detail = f"The body holds more than {MAX_MESSAGES} messages. Send them in several."
        return [Refusal(code="too_many", detail=detail)]
    parsed: list[_Parsed] = []
    for one in found:
        if isinstance(one, Ignored):
            parsed.append(Result(device_id=one.device_id, outcome=Outcome.IGNORED, code=one.code))
        elif isinstance(one, Uplink) and only_device_id is not None and one.device_id != only_device_id:
            detail = "The key belongs to another device than the message. Use that device's key."
            parsed.append(refuse(one, "foreign_device", detail))
        else:
            parsed.append(one)
    return parsed


def _look_at(
    uplink: Uplink, device: Device | None, delivery: Delivery, told: list[Alert | AllClear]
) -> Result | Refusal | _Candidate:
    observation = observe(uplink, device, delivery.arrival, source=delivery.format_name)
    if isinstance(observation, Refusal):
        return observation if device is not None or uplink.container_id is not None else _unknown(uplink)
    told += alerts_of(observation)
    refusal = refusal_of(observation, uplink, device)
    if refusal is not None:
        return refusal
    if observation.fill_fraction is None:
        return Result(device_id=uplink.device_id, outcome=Outcome.IGNORED, code="no_level")
    return _Candidate(uplink, observation)


def _to_add(good: Sequence[_Candidate]) -> _ToAdd:
    readings = [
        Reading(
            container_id=one.observation.container_id or "",
            observed_at=one.observation.observed_at,
            fill_fraction=one.observation.fill_fraction or 0.0,
            source=Source.SENSOR,
        )
        for one in good
    ]
    return {
        "readings": readings,
        "received_at": max(one.observation.received_at for one in good),
        "dedup_keys": [one.observation.dedup_key for one in good],
    }


def _settled(looked: _Looked, statuses: Sequence[ReadingStatus]) -> list[tuple[list[Result], list[Refusal]]]:
    """By body, the results of its messages and the refused among them."""
    rest = iter(statuses)
    taken = []
    for part in looked.parts:
        results: list[Result] = []
        refused: list[Refusal] = []
        for one in part:
            settled = _judged(one, next(rest)) if isinstance(one, _Candidate) else one
            if isinstance(settled, Refusal):
                refused.append(settled)
                settled = Result(settled.device_id, Outcome.QUARANTINED, settled.code, settled.detail)
            results.append(settled)
        taken.append((results, refused))
    return taken


def _judged(one: _Candidate, status: ReadingStatus) -> Result | Refusal:
    if status is ReadingStatus.UNKNOWN_CONTAINER:
        detail = "The device's container is not in the town. Correct where the device hangs, then replay."
        return refuse(one.uplink, "unknown_container", detail)
    outcome = Outcome.ACCEPTED if status is ReadingStatus.ACCEPTED else Outcome.DUPLICATE
    return Result(one.uplink.device_id, outcome, "", "", one.observation.quality, one.observation.reasons)


def _unknown(uplink: Uplink) -> Refusal:
    # Without an entry nobody knows the decoder: to say that there is no decoder would send people the wrong way.
    detail = "No such device is registered. Register it with its decoder and container, then replay the message."
    return refuse(uplink, "unknown_device", detail)


def _kept(delivery: Delivery, refused: Sequence[Refusal]) -> Iterable[QuarantinedMessage]:
    """What quarantine keeps: whole bodies, or of a batch the refused messages, together where the reason is one."""
    arrival = delivery.arrival
    groups: dict[str, list[Refusal]] = {}
    for refusal in refused:
        groups.setdefault(refusal.code, []).append(refusal)
    number = 0
    for code, members in groups.items():
        for content, devices, detail in _bodies(FORMATS[delivery.format_name], delivery.body, members):
            yield QuarantinedMessage(
                message_id=_message_id(arrival.received_at, number),
                received_at=arrival.received_at,
                source=delivery.format_name,
                reason=code,
                detail=detail if len(content) <= MAX_KEPT_BYTES else f"{detail} Only its beginning is kept."[:1_000],
                content_type=delivery.content_type[:200],
                body=content[:MAX_KEPT_BYTES],
                device_id=devices.pop() if len(devices) == 1 else arrival.device_id,
            )
            number += 1


def _bodies(format_: Format, body: bytes, members: Sequence[Refusal]) -> Iterable[tuple[bytes, set[str], str]]:
    if format_.joins is None or not all(one.raw for one in members):
        yield body, _device_ids(members), members[0].detail
        return
    part: list[Refusal] = []
    size = 0
    for one in members:
        if part and size + len(one.raw) > MAX_KEPT_BYTES // 2:
            yield format_.joins([member.raw for member in part]), _device_ids(part), part[0].detail
            part, size = [], 0
        part.append(one)
        size += len(one.raw)
    yield format_.joins([member.raw for member in part]), _device_ids(part), part[0].detail


def _device_ids(members: Sequence[Refusal]) -> set[str]:
    return {one.device_id for one in members if one.device_id is not None}


def _message_id(received_at: datetime, number: int) -> str:
    # Rises with time, and within a body with the place; the end keeps two processes apart.
    return f"{int(received_at.timestamp() * 1e6):016x}-{number:04x}-{uuid.uuid4().hex[:8]}"
