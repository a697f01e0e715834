"""Joint days over HTTP: each town is told its own part, and the crews that work for others where to go."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.openapi import problems
from api.http.services import Services
from api.http.tours import may_see_vehicle
from api.identity.principal import Principal
from api.sharing.agreements import AgreementUnusableError
from api.sharing.joint_document import load_part
from api.sharing.joint_release import CannotBeDrivenError, JointRelease, agree, state_of
from api.sharing.settlement import DrivenPart, settle
from api.store.sharing_ports import JointDayRecord
from optimizer.domain.plan import Plan, Tour
from optimizer.planning.joint_answer import JointShare


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


class JointReleaseAnswer(BaseModel):
    """How far a joint day is: the tablets of all towns get it when every town has agreed."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    is_released: bool
    release: int | None = Field(description="Number of your town's release; null before.")
    agreed_by: list[str]
    waits_for: list[str]
    left_by: list[str] = Field(description="Towns whose tablets have another plan by now: who needs them plans anew.")


class JointDayAnswer(JointDayItem):
    """A town's part of a joint day."""

    release: JointReleaseAnswer
    plan: Plan


class SettlementAnswer(BaseModel):
    """What your town pays of a joint day: by the plan, and by what the crews have reported so far."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    planned: JointShare
    planned_lifts: int
    driven: DrivenPart
    joint_planned_micro_eur: int
    joint_driven_micro_eur: int
    tours: int
    tours_without_report: int


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
        release = _release_answer(record, state_of(services.stores, record))
        return JointDayAnswer(plan=load_part(record.document).plan, release=release, **_item(record))

    @router.post(
        "/{plan_id}/release",
        operation_id="releaseJointDay",
        responses=problems("not_found", "joint_plan", "agreement_unusable", "store_full"),
    )
    def release_joint_day(caller: Caller, plan_id: str) -> JointReleaseAnswer:
        """Agree to drive a joint day; with the last town's yes the tablets of all get their tours."""
        return _released(services, caller, plan_id)

    @router.get(
        "/{plan_id}/settlement",
        operation_id="settleJointDay",
        responses=problems("not_found", "joint_plan"),
    )
    def settle_joint_day(caller: Caller, plan_id: str) -> SettlementAnswer:
        """See what your town pays, planned and driven; crews' later reports may change the latter."""
        return _settled(services, caller, plan_id)

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


def _released(services: Services, caller: Principal, plan_id: str) -> JointReleaseAnswer:
    record = _find_day(services, caller, plan_id)
    try:
        found = agree(services.stores, record, at=services.now())
    except AgreementUnusableError as error:
        raise ProblemError("agreement_unusable", error.issues[0].message, issues=error.issues) from error
    except CannotBeDrivenError as error:
        raise ProblemError("joint_plan", str(error)) from error
    return _release_answer(record, found)


def _settled(services: Services, caller: Principal, plan_id: str) -> SettlementAnswer:
    record = _find_day(services, caller, plan_id)
    if not load_part(record.document).groups:
        raise ProblemError("joint_plan", "An earlier version of the service planned this day and noted too little.")
    found = settle(services.stores, record)
    return SettlementAnswer(
        plan_id=plan_id,
        planned=found.planned,
        planned_lifts=found.planned_lifts,
        driven=found.driven,
        joint_planned_micro_eur=found.joint_planned_micro_eur,
        joint_driven_micro_eur=found.joint_driven_micro_eur,
        tours=found.tours,
        tours_without_report=found.tours_without_report,
    )


def _release_answer(record: JointDayRecord, found: JointRelease) -> JointReleaseAnswer:
    return JointReleaseAnswer(
        plan_id=record.plan_id,
        is_released=found.release is not None,
        release=None if found.release is None else found.release.sequence,
        agreed_by=list(found.agreed_by),
        waits_for=list(found.waits_for),
        left_by=list(found.left_by),
    )


def _item(record: JointDayRecord) -> dict[str, Any]:
    part = load_part(record.document)
    return {
        "plan_id": record.plan_id,
        "day": record.day,
        "created_at": record.created_at,
        "partner_ids": list(part.partner_ids),
        "share": part.share,
    }
