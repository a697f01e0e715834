"""What is known of a tour that is under way, over HTTP: what its crew has reported, folded into one answer."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.openapi import problems
from api.http.services import Services
from api.http.tablet import TourDay, VehicleId
from api.http.tours import may_see_vehicle
from optimizer.domain.tour_event import EventKind
from optimizer.planning.tour_progress import TourProgress, fold_events


class EmptiedAnswer(BaseModel):
    """A container that was emptied."""

    model_config = ConfigDict(extra="forbid")

    container_id: str
    at: datetime
    weight_kg: float | None


class NotEmptiedAnswer(BaseModel):
    """A container that was not, and why."""

    model_config = ConfigDict(extra="forbid")

    container_id: str
    at: datetime
    code: str


class TourStateAnswer(BaseModel):
    """How far a vehicle is, by its crew's own reports."""

    model_config = ConfigDict(extra="forbid")

    vehicle_id: str
    day: date
    event_count: int = Field(description="Different events that were accepted.")
    started_at: datetime | None
    last_at: datetime | None
    returned_at: datetime | None
    broken_down_at: datetime | None
    resting_since: datetime | None
    is_full: bool
    emptied: list[EmptiedAnswer] = Field(description="In the order in which it happened.")
    not_emptied: list[NotEmptiedAnswer]
    tip_count: int


def tour_state_router(services: Services) -> APIRouter:
    """The operation on the state of a tour."""
    router = APIRouter(prefix="/v1", tags=["tablet"])

    @router.get(
        "/tours/{vehicle_id:path}/state",
        operation_id="getTourState",
        responses={**problems("not_found", "no_town", "invalid_request")},
    )
    def get_tour_state(caller: Caller, vehicle_id: VehicleId, day: TourDay = None) -> TourStateAnswer:
        """See what a vehicle has done of its day; the same whatever the order in which its reports came."""
        town = services.town_of(caller).town
        is_known = any(one.vehicle_id == vehicle_id for one in town.vehicles)
        if not is_known or not may_see_vehicle(caller, vehicle_id):
            raise ProblemError("not_found", "There is no such vehicle.")
        wanted = day or services.now().astimezone(town.zone).date()
        events = services.store_of(caller).tour_events.of_day(wanted).get(vehicle_id, [])
        return _answer(fold_events(vehicle_id, events), day=wanted, event_count=len(events))

    return router


def _answer(progress: TourProgress, *, day: date, event_count: int) -> TourStateAnswer:
    return TourStateAnswer(
        vehicle_id=progress.vehicle_id,
        day=day,
        event_count=event_count,
        started_at=progress.started_at,
        last_at=progress.last_at,
        returned_at=progress.returned_at,
        broken_down_at=progress.broken_down_at,
        resting_since=progress.resting_since,
        is_full=progress.is_full,
        emptied=[
            EmptiedAnswer(container_id=name, at=one.happened_at, weight_kg=one.weight_kg)
            for name, one in progress.emptied.items()
        ],
        not_emptied=[
            NotEmptiedAnswer(container_id=name, at=one.happened_at, code="" if one.code is None else one.code.value)
            for name, one in progress.not_emptied.items()
        ],
        tip_count=sum(one.kind is EventKind.TIPPED for one in progress.facts),
    )
