"""What may be asked of a scenario over HTTP, and the job it becomes."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.http.fields import Body, ClockTime, Identifier, Probability, ShortText
from api.http.plan_body import PlanBody, planning_ask
from api.http.plans import finished_plan_id
from api.http.services import Services
from api.http.submit import find_job
from api.identity.principal import Principal
from api.jobs.job import JobKind
from api.jobs.planning_documents import ScenarioAsk, load_planning_ask
from optimizer.domain.scenario import (
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    RemoveVehicle,
    Scenario,
)
from optimizer.planning.apply_scenario import apply_scenario


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


ChangeBody = Annotated[
    RemoveVehicleBody | AddVehicleLikeBody | CloseDisposalSiteBody | ChangeShiftBody | ChangeServiceLevelBody,
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
}


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
        ask = load_planning_ask(find_job(services, caller, plan_id, JobKind.PLAN).document)
    apply_scenario(ask.to_request(services.town_of(caller).town, {}), scenario)  # refuses unknown names now
    return ScenarioAsk(scenario=scenario, ask=ask, base_plan_id=body.base_plan_id)
