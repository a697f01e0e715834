"""What may be asked of a scenario over HTTP, and the job it becomes."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.http.containers import ContainerBody, LocationBody
from api.http.fields import Body, ClockTime, Identifier, Probability, ShortText
from api.http.plan_answers import require_own_plan
from api.http.plan_body import PlanBody, planning_ask
from api.http.plans import finished_plan_id
from api.http.services import Services
from api.http.submit import find_job
from api.identity.principal import Principal
from api.jobs.job import JobKind
from api.jobs.planning_documents import ScenarioAsk, load_planning_ask
from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.scenario import (
    AddContainer,
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    CloseRoad,
    LoseSensors,
    RemoveContainers,
    RemoveVehicle,
    ReplaceVehicle,
    ScaleDemand,
    Scenario,
)
from optimizer.planning.apply_scenario import apply_scenario
from routing.location import Location


class RemoveVehicleBody(Body):
    """A vehicle does not drive."""

    op: Literal["vehicle.remove"]
    vehicle_id: Identifier

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return RemoveVehicle(vehicle_id=self.vehicle_id)


class AddVehicleLikeBody(Body):
    """Another vehicle of the same kind drives too."""

    op: Literal["vehicle.add_like"]
    vehicle_id: Identifier
    new_vehicle_id: Identifier

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return AddVehicleLike(vehicle_id=self.vehicle_id, new_vehicle_id=self.new_vehicle_id)


class CloseDisposalSiteBody(Body):
    """A disposal site is closed all day."""

    op: Literal["disposal_site.close"]
    disposal_site_id: Identifier

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return CloseDisposalSite(disposal_site_id=self.disposal_site_id)


class ChangeShiftBody(Body):
    """A vehicle works at other hours; an end before the start means the next day."""

    op: Literal["shift.change"]
    vehicle_id: Identifier
    starts_local: ClockTime
    ends_local: ClockTime

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return ChangeShift(vehicle_id=self.vehicle_id, starts_local=self.starts_local, ends_local=self.ends_local)


class ChangeServiceLevelBody(Body):
    """Containers must be emptied from another probability of overflow."""

    op: Literal["service_level.change"]
    must_collect_probability: Probability

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return ChangeServiceLevel(must_collect_probability=self.must_collect_probability)


class ReplaceVehicleBody(Body):
    """A vehicle of another kind drives instead, with the same crew."""

    op: Literal["vehicle.replace"]
    vehicle_id: Identifier
    like_vehicle_id: Identifier

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return ReplaceVehicle(vehicle_id=self.vehicle_id, like_vehicle_id=self.like_vehicle_id)


class CloseRoadBody(Body):
    """Nobody drives on a street, within a radius of a point, or in an area: give one of the three."""

    op: Literal["road.close"]
    street: ShortText = Field(default="", description="Its name on the map.")
    center: LocationBody | None = None
    radius_m: Annotated[float, Field(ge=1, le=20_000)] | None = None
    outline: Annotated[list[LocationBody], Field(max_length=500)] = Field(
        default=[], description="Corners of the area."
    )

    @model_validator(mode="after")
    def _has_one_place(self) -> "CloseRoadBody":
        if bool(self.street.strip()) + (self.center is not None) + bool(self.outline) != 1:
            raise ValueError("Give a street, a center with its radius_m, or an outline.")
        if (self.center is None) != (self.radius_m is None):
            raise ValueError("A center and its radius_m go together.")
        return self

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return CloseRoad(
            street=self.street,
            center=None if self.center is None else _location(self.center),
            radius_m=self.radius_m or 0.0,
            outline=tuple(_location(one) for one in self.outline),
        )


class AddContainerBody(Body):
    """One more container stands in the town."""

    op: Literal["container.add"]
    container_id: Identifier
    container: ContainerBody

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        fields = self.container.model_dump()
        fields |= {"location": _location(self.container.location), "hours": Hours(expression=self.container.hours)}
        return AddContainer(container=Container(container_id=self.container_id, **fields))


class RemoveContainersBody(Body):
    """Containers are gone."""

    op: Literal["container.remove"]
    container_ids: Annotated[list[Identifier], Field(min_length=1, max_length=2_000)]

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return RemoveContainers(container_ids=tuple(self.container_ids))


class ScaleDemandBody(Body):
    """From their last reading on, containers fill so many times as fast."""

    op: Literal["demand.scale"]
    factor: Annotated[float, Field(ge=0.1, le=5)]
    streams: Annotated[list[Identifier], Field(max_length=100)] = Field(default=[], description="Empty for all.")

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return ScaleDemand(factor=self.factor, streams=tuple(self.streams))


class LoseSensorsBody(Body):
    """Containers are planned as if they had never had a sensor: those named, or a share of all."""

    op: Literal["sensors.lose"]
    container_ids: Annotated[list[Identifier], Field(max_length=2_000)] = Field(default=[], description="Which.")
    lost_fraction: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _has_one_way(self) -> "LoseSensorsBody":
        if bool(self.container_ids) == (self.lost_fraction is not None):
            raise ValueError("Give either container_ids or lost_fraction.")
        return self

    def to_change(self) -> Change:
        """The change as the planner knows it."""
        return LoseSensors(container_ids=tuple(self.container_ids), lost_fraction=self.lost_fraction or 0.0)


ChangeBody = Annotated[
    RemoveVehicleBody
    | AddVehicleLikeBody
    | ReplaceVehicleBody
    | CloseDisposalSiteBody
    | ChangeShiftBody
    | ChangeServiceLevelBody
    | CloseRoadBody
    | AddContainerBody
    | RemoveContainersBody
    | ScaleDemandBody
    | LoseSensorsBody,
    Field(discriminator="op"),
]


class ScenarioBody(Body):
    """Named changes to a day: that of a finished plan, or one described anew."""

    name: Annotated[ShortText, Field(min_length=1)]
    changes: Annotated[list[ChangeBody], Field(min_length=1, max_length=50)]
    base_plan_id: str | None = Field(default=None, description="A finished plan to compare with.")
    request: PlanBody | None = Field(default=None, description="A day to plan with and without the changes.")

    @model_validator(mode="after")
    def _has_one_base(self) -> "ScenarioBody":
        if (self.base_plan_id is None) == (self.request is None):
            raise ValueError("Give either base_plan_id or request.")
        return self


EXAMPLES: dict[str, Any] = {
    "one truck less": {
        "name": "one truck less",
        "base_plan_id": "6f1c2f0f8d6c4c0e9a3b5d7e1f2a3b4c",
        "changes": [{"op": "vehicle.remove", "vehicle_id": "LUE-12"}],
    },
    "plant closed, longer shift": {
        "name": "plant closed, longer shift",
        "request": {"day": "2026-03-02"},
        "changes": [
            {"op": "disposal_site.close", "disposal_site_id": "plant"},
            {"op": "shift.change", "vehicle_id": "LUE-11", "starts_local": "05:30", "ends_local": "15:30"},
        ],
    },
    "market day: a square closed, more paper, half of the sensors dead": {
        "name": "market day",
        "request": {"day": "2026-03-02"},
        "changes": [
            {"op": "road.close", "center": {"lon_deg": 7.5228, "lat_deg": 51.6135}, "radius_m": 150},
            {"op": "demand.scale", "factor": 1.4, "streams": ["paper"]},
            {"op": "sensors.lose", "lost_fraction": 0.5},
        ],
    },
}


def _location(body: LocationBody) -> Location:
    return Location(lon_deg=body.lon_deg, lat_deg=body.lat_deg)


def scenario_ask(body: ScenarioBody, services: Services, caller: Principal) -> ScenarioAsk:
    """The scenario job that the body asks for.

    Raises
    ------
    InvalidInputError
        When a change or the request names what the town does not have.
    ProblemError
        When the base plan does not exist or is not finished.
    """
    scenario = Scenario(name=body.name, changes=tuple(change.to_change() for change in body.changes))
    if body.request is not None:
        ask = planning_ask(body.request, services, caller)
    else:
        plan_id = finished_plan_id(services, caller, body.base_plan_id or "")
        require_own_plan(services, caller, plan_id)
        ask = load_planning_ask(find_job(services, caller, plan_id, JobKind.PLAN).document)
    apply_scenario(ask.to_request(services.town_of(caller).town, {}), scenario)  # refuses unknown names now
    return ScenarioAsk(scenario=scenario, ask=ask, base_plan_id=body.base_plan_id)
