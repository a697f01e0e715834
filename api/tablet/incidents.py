"""Incidents of a day: what happened, the new plan that was proposed for it, and what the dispatcher made of that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from optimizer.domain.day_state import DayState, VehicleState, state_on_plan
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan
from optimizer.domain.tour_event import EventKind, ExceptionCode, TourEvent
from routing.location import Location


class IncidentKind(StrEnum):
    """What happened."""

    BREAKDOWN = "breakdown"
    FULL = "full"
    BLOCKED = "blocked"
    ROAD_CLOSED = "road_closed"


class IncidentState(StrEnum):
    """What became of it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that the day's tours may have to be planned anew for.

    Attributes
    ----------
    happened_at
        By the reporter's word.
    vehicle_id
        Whose trouble it is, or who saw it; empty for what nobody's vehicle is part of.
    container_id, code
        What is blocked, and why.
    line
        The closed street.
    """

    incident_id: str
    day: date
    kind: IncidentKind
    vehicle_id: str
    happened_at: datetime
    note: str = ""
    container_id: str | None = None
    code: ExceptionCode | None = None
    line: tuple[Location, ...] = ()

    def __post_init__(self) -> None:
        if self.kind in {IncidentKind.BREAKDOWN, IncidentKind.FULL} and not self.vehicle_id:
            raise _issue("vehicle_id", "Name the vehicle.")
        if (self.kind is IncidentKind.BLOCKED) != (self.container_id is not None):
            raise _issue("container_id", "Name the container of what is blocked, and none for anything else.")
        if (self.kind is IncidentKind.ROAD_CLOSED) != bool(self.line):
            raise _issue("line", "Give places along a closed road, and none for anything else.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """An incident with what the service made of it.

    Attributes
    ----------
    job_id
        The job that proposes a new plan; None where no tours are on the road.
    closure_id
        The closure that it led to.
    """

    incident: Incident
    reported_at: datetime
    actor: str
    state: IncidentState = IncidentState.OPEN
    job_id: str | None = None
    closure_id: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


class IncidentStore(Protocol):
    """A tenant's incidents."""

    def add(self, record: IncidentRecord) -> None:
        """Keep a new one; durable on return."""
        ...

    def get(self, incident_id: str) -> IncidentRecord | None:
        """One."""
        ...

    def of_day(self, day: date) -> Sequence[IncidentRecord]:
        """All of a day, the oldest first."""
        ...

    def note_job(self, incident_id: str, job_id: str) -> None:
        """Note the job that proposes a new plan."""
        ...

    def decide(self, incident_id: str, state: IncidentState, *, at: datetime, by: str) -> bool:
        """End an open one; False when it was decided before."""
        ...


def as_event(incident: Incident) -> TourEvent | None:
    """The incident as the vehicle's own tablet would have told it; None for what is no fact of a tour."""
    kinds = {
        IncidentKind.BREAKDOWN: EventKind.BROKEN_DOWN,
        IncidentKind.FULL: EventKind.FULL,
        IncidentKind.BLOCKED: EventKind.NOT_EMPTIED,
    }
    if incident.kind not in kinds or not incident.vehicle_id:
        return None
    return TourEvent(
        event_id=f"incident-{incident.incident_id}",
        vehicle_id=incident.vehicle_id,
        sequence=10**9,
        device_at=incident.happened_at,
        kind=kinds[incident.kind],
        container_id=incident.container_id,
        code=(incident.code or ExceptionCode.NO_ACCESS) if incident.kind is IncidentKind.BLOCKED else None,
    )


def with_silent(state: DayState, plan: Plan, incidents: Iterable[Incident], heard: frozenset[str]) -> DayState:
    """The state with incidents of vehicles that report nothing themselves: those have followed the plan until then."""
    states: dict[str, VehicleState] = {one.vehicle_id: one for one in state.vehicles}
    tours = {tour.vehicle_id: tour for tour in plan.tours}
    blocked = set(state.blocked)
    for one in incidents:
        if one.kind is IncidentKind.BLOCKED and one.container_id is not None and not _is_done(plan, state, one):
            blocked.add(one.container_id)
        if one.vehicle_id in heard or one.kind not in {IncidentKind.BREAKDOWN, IncidentKind.FULL}:
            continue
        tour = tours.get(one.vehicle_id)
        is_broken = one.kind is IncidentKind.BREAKDOWN
        if tour is None:
            if is_broken:
                states[one.vehicle_id] = VehicleState(vehicle_id=one.vehicle_id, is_out_of_service=True)
            continue
        known = states.get(one.vehicle_id) or state_on_plan(tour, state.now, is_out_of_service=is_broken)
        if is_broken:
            states[one.vehicle_id] = replace(known, is_out_of_service=True, is_heading_to_next=False)
        elif known.done_stops > 0:
            states[one.vehicle_id] = replace(known, is_full=True, is_heading_to_next=False)
    return replace(state, vehicles=tuple(states.values()), blocked=frozenset(blocked))


def _is_done(plan: Plan, state: DayState, incident: Incident) -> bool:
    """Whether the container is emptied already, which no later word of a blocked way undoes."""
    done: Mapping[str, int] = {one.vehicle_id: one.done_stops for one in state.vehicles}
    return any(
        one.container_id == incident.container_id
        for tour in plan.tours
        for stop in tour.stops[: done.get(tour.vehicle_id, tour.done_stops)]
        for one in stop.collections
    )


def _issue(where: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code="incident", message=message)])
