"""Alerts for people: fire, tilt, open lids and silent areas, each open once until it ends."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from api.ingest.arrival import MAX_CLOCK_LEAD, MAX_TILT_DEG
from api.ingest.record import Observation

FIRE_ABOVE_C = 70.0
"""No summer heats a container like this."""


class AlertKind(StrEnum):
    """What is the matter, in the order in which people should look."""

    FIRE = "fire"
    TILT = "tilt"
    LID_OPEN = "lid_open"
    SILENT_AREA = "silent_area"


URGENCY = {kind: place for place, kind in enumerate(AlertKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that a person should look at.

    Attributes
    ----------
    alert_id
        Kind and subject: there is one open alert of a kind for a subject.
    subject_id
        The device, or the area.
    began_at, seen_at
        First and last message that told of it.
    ended_at
        None while it lasts.
    detail
        A sentence for people.
    """

    alert_id: str
    kind: AlertKind
    subject_id: str
    container_id: str | None
    began_at: datetime
    seen_at: datetime
    detail: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllClear:
    """A device says that nothing of this kind is the matter any more."""

    kind: AlertKind
    subject_id: str
    at: datetime


class AlertStore(Protocol):
    """A tenant's alerts; the state does not depend on the order in which messages came."""

    def note(self, alert: Alert) -> bool:
        """Open an alert, or renew the one that is open; the value says whether it is new."""
        ...

    def end(self, alert_id: str, *, at: datetime) -> bool:
        """End an alert that nothing later than ``at`` told of; False when there is none such."""
        ...

    def get(self, alert_id: str) -> Alert | None:
        """The last alert with this id, ended ones too."""
        ...

    def open(self, *, limit: int = 500) -> Sequence[Alert]:
        """Open alerts: the most urgent kind first, then the latest."""
        ...


class MemoryAlertStore:
    """Alerts in memory, the last ``capacity`` of them; open ones outlive ended ones."""

    def __init__(self, *, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._alerts: dict[str, Alert] = {}
        self._lock = threading.Lock()

    def note(self, alert: Alert) -> bool:
        """Open an alert, or renew the one that is open; the value says whether it is new."""
        with self._lock:
            known = self._alerts.get(alert.alert_id)
            if known is not None and known.ended_at is not None and alert.seen_at <= known.ended_at:
                return False  # a message that was under way for long tells of what is over
            if known is None or known.ended_at is not None:
                self._alerts[alert.alert_id] = alert
                self._drop_surplus()
                return True
            later = alert if alert.seen_at >= known.seen_at else known
            began_at = min(known.began_at, alert.began_at)
            self._alerts[alert.alert_id] = replace(later, began_at=began_at)
            return False

    def restore(self, alert: Alert) -> None:
        """Put an alert back that was kept elsewhere, as it was."""
        with self._lock:
            self._alerts[alert.alert_id] = alert
            self._drop_surplus()

    def end(self, alert_id: str, *, at: datetime) -> bool:
        """End an alert that nothing later than ``at`` told of; False when there is none such."""
        with self._lock:
            known = self._alerts.get(alert_id)
            if known is None or known.ended_at is not None or known.seen_at > at:
                return False
            self._alerts[alert_id] = replace(known, ended_at=at)
            return True

    def get(self, alert_id: str) -> Alert | None:
        """The last alert with this id, ended ones too."""
        with self._lock:
            return self._alerts.get(alert_id)

    def open(self, *, limit: int = 500) -> Sequence[Alert]:
        """Open alerts: the most urgent kind first, then the latest."""
        with self._lock:
            found = [alert for alert in self._alerts.values() if alert.ended_at is None]
        return by_urgency(found)[:limit]

    def _drop_surplus(self) -> None:
        while len(self._alerts) > self._capacity:
            ended = [one for one in self._alerts.values() if one.ended_at is not None]
            # Without ended ones the least urgent and oldest goes: a flood of tilts must not hide a fire.
            victim = min(ended, key=lambda one: one.seen_at) if ended else by_urgency(list(self._alerts.values()))[-1]
            del self._alerts[victim.alert_id]


def by_urgency(alerts: Sequence[Alert]) -> list[Alert]:
    """The most urgent kind first, then the latest."""
    return sorted(alerts, key=lambda one: (URGENCY[one.kind], -one.seen_at.timestamp(), one.alert_id))


def alerts_of(observation: Observation) -> list[Alert | AllClear]:
    """What a message says of alarms, both that they are and that they are over; nothing where it does not speak.

    A fire ends by a person only: a sensor that burnt says that nothing burns.
    """
    said = observation.measurement
    is_hot = said.temperature_c is not None and said.temperature_c >= FIRE_ABOVE_C
    if not (said.is_burning or said.has_heat_alarm or is_hot) and (
        said.is_tilted is None and said.tilt_deg is None and said.is_lid_open is None
    ):
        return []  # as nearly all messages
    if observation.observed_at > observation.received_at + MAX_CLOCK_LEAD:
        at = observation.received_at  # a clock gone wrong must not keep an alert open for ever
    else:
        at = observation.observed_at
    found: list[Alert | AllClear] = []

    def tell(kind: AlertKind, detail: str) -> None:
        found.append(
            Alert(
                alert_id=alert_id(kind, observation.device_id),
                kind=kind,
                subject_id=observation.device_id,
                container_id=observation.container_id,
                began_at=at,
                seen_at=at,
                detail=detail,
            )
        )

    if said.is_burning or said.has_heat_alarm or is_hot:
        degrees = "" if said.temperature_c is None else f" at {said.temperature_c:.0f} degrees"
        cause = "Fire alarm" if said.is_burning else "Heat alarm"
        tell(AlertKind.FIRE, f"{cause}{degrees}. Call the fire brigade, and take the container out of the tours.")
    is_tilted = said.is_tilted if said.tilt_deg is None else abs(said.tilt_deg) > MAX_TILT_DEG or said.is_tilted
    for kind, is_so, detail in (
        (AlertKind.TILT, is_tilted, "The container is tilted. Set it upright; until then its level is not used."),
        (AlertKind.LID_OPEN, said.is_lid_open, "The lid is open. Close it; until then the level is not used."),
    ):
        if is_so:
            tell(kind, detail)
        elif is_so is not None:
            found.append(AllClear(kind=kind, subject_id=observation.device_id, at=at))
    return found


def alert_id(kind: AlertKind, subject_id: str) -> str:
    """Names the alert of a kind for a subject."""
    return f"{kind.value}:{subject_id}"
