"""A plan with people's changes: a short search from the plan as it is, so that all else stays unless moving it pays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from api.plans.apply_edits import EditedDay, vehicle_of
from api.plans.edit_request import EditRequest, draft_edits
from api.plans.edits import Holds, ImpossibleEditError
from optimizer.domain.day_state import DayState, VehicleState
from optimizer.domain.hours import local_midnight
from optimizer.domain.issues import Issue
from optimizer.domain.plan import Collection, Plan
from optimizer.domain.request import SelectionRules
from optimizer.domain.town import Town
from optimizer.planning.compare_plans import compare_plans
from optimizer.planning.explain_container import explain_container
from optimizer.planning.plan_difference import PlanDifference
from optimizer.planning.replan import replan_day
from optimizer.ports import Ports, ReportsProgress

CHANGE_COST_EUR = 10.0
"""What handing a stop to another vehicle has to save: a dispatcher who moves one container expects the rest to stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedPlan:
    """The plan of the next version.

    Attributes
    ----------
    difference
        From the version before.
    holds
        What stays for the versions after it.
    """

    plan: Plan
    difference: PlanDifference
    holds: Holds


def edit_plan(
    plan: Plan,
    town: Town,
    ports: Ports,
    request: EditRequest,
    *,
    generated_at: datetime,
    progress: ReportsProgress | None = None,
) -> EditedPlan:
    """The checked plan with the edits.

    Raises
    ------
    InvalidInputError
        When an edit names what the town or the plan does not have, or the town is another one than the plan's.
    ImpossibleEditError
        When an edit cannot be made.
    InvalidSolutionError
        When the checker finds that the solver broke a rule; nothing must be published then.
    CancelledError
        When ``progress`` asks to stop.
    """
    day = draft_edits(plan, town, request)
    driving = {tour.vehicle_id for tour in day.plan.tours}
    known = request.state or DayState(now=local_midnight(plan.day, town.zone))
    named = {one.vehicle_id for one in known.vehicles}
    idle = (
        VehicleState(vehicle_id=one.vehicle_id, is_out_of_service=True)
        for one in town.vehicles
        if request.vehicle_ids and one.vehicle_id not in request.vehicle_ids | driving | named
    )
    state = replace(
        known,
        vehicles=(*known.vehicles, *idle),
        blocked=known.blocked - day.urgent,
        excluded=day.excluded,
        urgent=day.urgent,
        pins=day.pins,
        change_cost_eur=CHANGE_COST_EUR,
    )
    found = replan_day(
        _firm(day.plan),
        town,
        state,
        ports,
        request.limits,
        plan_id=plan.plan_id,
        generated_at=generated_at,
        progress=progress,
    )
    new = _with_figures_of(plan, found.plan)
    _require_wanted(new, plan, town, ports, day)
    return EditedPlan(plan=new, difference=compare_plans(plan, new), holds=day.holds)


def _firm(plan: Plan) -> Plan:
    """The plan with a price on leaving out what was planned, as there is one on handing it to another vehicle."""
    overflow_cost_eur = SelectionRules().overflow_cost_eur

    def firm(one: Collection) -> Collection:
        waiting_eur = one.cost_of_waiting_eur or one.overflow_probability * overflow_cost_eur
        return one if one.is_must else replace(one, cost_of_waiting_eur=waiting_eur + CHANGE_COST_EUR)

    return _with_collections(plan, firm)


def _with_figures_of(old: Plan, new: Plan) -> Plan:
    """The new plan with the forecasts' figures of the old one, which no edit changes."""
    known = {one.container_id: one for tour in old.tours for stop in tour.stops for one in stop.collections}

    def told(one: Collection) -> Collection:
        before = known.get(one.container_id)
        return one if before is None else replace(one, cost_of_waiting_eur=before.cost_of_waiting_eur)

    unserved = tuple(
        replace(one, cost_of_waiting_eur=known[one.container_id].cost_of_waiting_eur)
        if one.container_id in known
        else one
        for one in new.unserved
    )
    return replace(_with_collections(new, told), unserved=unserved)


def _with_collections(plan: Plan, change: Callable[[Collection], Collection]) -> Plan:
    tours = (
        replace(
            tour,
            stops=tuple(
                replace(stop, collections=tuple(map(change, stop.collections))) if stop.collections else stop
                for stop in tour.stops
            ),
        )
        for tour in plan.tours
    )
    return replace(plan, tours=tuple(tours))


def _require_wanted(new: Plan, old: Plan, town: Town, ports: Ports, day: EditedDay) -> None:
    issues = []
    for name, vehicle_id in day.wanted.items():
        serves = vehicle_of(new, name)
        if serves and vehicle_id in {"", serves}:
            continue
        issues.append(
            Issue(where=f"container {name}", code="does_not_fit", message=_why(name, vehicle_id, new, old, town, ports))
        )
    if issues:
        raise ImpossibleEditError(issues)


def _why(name: str, vehicle_id: str, new: Plan, old: Plan, town: Town, ports: Ports) -> str:
    told = explain_container(old, town, ports.router, name)
    verdict = next((one.text.en for one in told.vehicles if one.option.vehicle_id == vehicle_id), "")
    left = next((one for one in new.unserved if one.container_id == name), None)
    said = [
        f"{name} does not fit into the tour of {vehicle_id}." if vehicle_id else f"{name} fits into no tour.",
        verdict or ("" if left is None else f"{left.message.capitalize()}."),
        "" if left is None else left.what_would_change_it,
        *(remedy.en for remedy in told.remedies[:2]),
    ]
    return " ".join(dict.fromkeys(one for one in said if one))
