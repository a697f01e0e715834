"""Joint days over HTTP: each town is told its own part, and the crews that work for others where to go."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.openapi import problems
from api.http.services import Services
from api.http.tours import may_see_vehicle
from api.identity.principal import Principal
from api.sharing.joint_document import load_part
from api.store.sharing_ports import JointDayRecord
from optimizer.domain.plan import Plan, Tour
from optimizer.planning.joint_day import JointShare


class JointDayItem(BaseModel):
    """A joint day in the list."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    day: date
    created_at: datetime
    partner_ids: list[str]
    share: JointShare


class JointDayList(BaseModel):
    """Joint days, newest first."""

    model_config = ConfigDict(extra="forbid")

    joint_days: list[JointDayItem]


class JointDayAnswer(JointDayItem):
    """A town's part of a joint day."""

    plan: Plan


def joint_days_router(services: Services) -> APIRouter:
    """The operations on joint days."""
    router = APIRouter(prefix="/v1/joint-days", tags=["sharing"])

    @router.get("", operation_id="listJointDays", responses=problems())
    def list_joint_days(caller: Caller) -> JointDayList:
        """List the days on which your town took part, whoever asked, with its shares."""
        found = services.stores.joint_days.of_tenant(caller.tenant_id)
        return JointDayList(joint_days=[JointDayItem(**_item(one)) for one in found])

    @router.get(
        "/{plan_id}",
        operation_id="getJointDay",
        responses=problems("not_found"),
    )
    def get_joint_day(caller: Caller, plan_id: str) -> JointDayAnswer:
        """Fetch your town's part of a joint day."""
        record = _find_day(services, caller, plan_id)
        return JointDayAnswer(plan=load_part(record.document).plan, **_item(record))

    @router.get(
        "/{plan_id}/errands/{vehicle_id:path}",
        operation_id="getErrand",
        responses=problems("not_found"),
    )
    def get_errand(
        caller: Caller, plan_id: str, vehicle_id: Annotated[str, Path(description="One of your own vehicles.")]
    ) -> Tour:
        """Fetch the whole tour of a vehicle that works for others, for the crew that has to find the places."""
        record = _find_day(services, caller, plan_id)
        for tour in load_part(record.document).errands:
            if tour.vehicle_id == vehicle_id and may_see_vehicle(caller, vehicle_id):
                return tour
        raise ProblemError("not_found", "This vehicle of yours works for nobody else on that day.")

    return router


def _find_day(services: Services, caller: Principal, plan_id: str) -> JointDayRecord:
    record = services.stores.joint_days.get(plan_id, caller.tenant_id)
    if record is None:
        raise ProblemError("not_found", "Your town took part in no joint day with this id.")
    return record


def _item(record: JointDayRecord) -> dict[str, Any]:
    part = load_part(record.document)
    return {
        "plan_id": record.plan_id,
        "day": record.day,
        "created_at": record.created_at,
        "partner_ids": list(part.partner_ids),
        "share": part.share,
    }
