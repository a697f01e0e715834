"""A request to change a plan, judged without any search: the service answers at once what no search could mend."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.plans.apply_edits import EditedDay, apply_edits
from api.plans.edits import Edit, Holds
from optimizer.domain.day_state import DayState, state_on_plan
from optimizer.domain.plan import Plan
from optimizer.domain.request import SolveLimits
from optimizer.domain.town import Town


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """What to change, and on what terms.

    Attributes
    ----------
    vehicle_ids
        Vehicles that the plan was asked for with; empty for all.
    state
        How the day stands, where the tours are under way; a vehicle that it does not name has followed the plan. None
        before they begin.
    """

    edits: tuple[Edit, ...]
    holds: Holds
    limits: SolveLimits
    vehicle_ids: frozenset[str] = frozenset()
    state: DayState | None = None


def draft_edits(plan: Plan, town: Town, request: EditRequest) -> EditedDay:
    """The day with the edits, not searched yet.

    Raises
    ------
    InvalidInputError
        When an edit names what the town or the plan does not have.
    ImpossibleEditError
        When an edit cannot be made, whatever the search finds.
    """
    done, out = _under_way(plan, request.state)
    return apply_edits(
        plan, town, request.holds, request.edits, vehicle_ids=request.vehicle_ids, done=done, vehicles_out=out
    )


def _under_way(plan: Plan, state: DayState | None) -> tuple[Mapping[str, str], frozenset[str]]:
    """Containers that are emptied or being driven to, and vehicles on their tours."""
    done: dict[str, str] = {}
    out = set()
    told = {} if state is None else {one.vehicle_id: one for one in state.vehicles}
    for tour in plan.tours:
        known = None if state is None else told.get(tour.vehicle_id) or state_on_plan(tour, state.now)
        count = tour.done_stops if known is None else max(tour.done_stops, known.done_stops + known.is_heading_to_next)
        if count:
            out.add(tour.vehicle_id)
        done |= {one.container_id: tour.vehicle_id for stop in tour.stops[:count] for one in stop.collections}
    return done, frozenset(out)
