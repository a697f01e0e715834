"""How a day stands when it has to be planned anew: what every vehicle has done, and what has changed.

Guards that a state fits the plan it is about: no unknown names, no stop done that the tour does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from optimizer.domain.issues import IssueCollector
from optimizer.domain.plan import Plan, Stop, StopKind, Tour
from optimizer.domain.town import Town
from routing.location import Location

CHANGE_COST_EUR = 3.0
MOST_MOVED_FRACTION = 0.15
"""Unless a state says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakTaken:
    """A break as it really was."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleState:
    """What one vehicle of the plan has done; what is not given is as planned.

    Attributes
    ----------
    done_stops
        Stops of its tour that are done or begun, counted from the start of the tour (which is the first of them); 0
        while it stands at its depot.
    is_heading_to_next
        It is driving to the next stop of the plan and will do that one first; it counts as done from then on.
    position
        Where it is instead, when it can turn to any other stop.
    on_board_kg, on_board_l
        The load, where it differs from the expected one.
    breaks
        All breaks so far, where they differ from the planned ones.
    is_full
        The body is full: it has to tip before it collects anything more.
    is_out_of_service
        It broke down where it is, and does nothing more today.
    """

    vehicle_id: str
    done_stops: int = 0
    is_heading_to_next: bool = False
    position: Location | None = None
    on_board_kg: float | None = None
    on_board_l: float | None = None
    breaks: tuple[BreakTaken, ...] | None = None
    is_full: bool = False
    is_out_of_service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayState:
    """The day at an instant. Streets closed meanwhile are the router's to know.

    Attributes
    ----------
    vehicles
        States of vehicles with a tour; one that is not listed has followed the plan up to ``now``. A vehicle without
        a tour may be listed as out of service.
    blocked
        Containers that cannot be emptied today: parked up, burning, gone.
    excluded
        Containers that are to be left out.
    urgent
        Containers that must be emptied today, planned or not.
    pins
        Vehicle that must serve a container, by container.
    change_cost_eur
        What giving a stop to another vehicle than planned has to save at least.
    most_moved_fraction
        Share of the containers left that may change vehicles although their own goes on driving. More do only where
        otherwise something that must be emptied would be left standing.
    """

    now: datetime
    vehicles: tuple[VehicleState, ...] = ()
    blocked: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    urgent: frozenset[str] = frozenset()
    pins: Mapping[str, str] = field(default_factory=dict)
    change_cost_eur: float = CHANGE_COST_EUR
    most_moved_fraction: float = MOST_MOVED_FRACTION

    def __post_init__(self) -> None:
        issues = IssueCollector("state of the day")
        issues.require(self.now.tzinfo is not None, "naive_instant", "Give 'now' with its time zone.")
        issues.require_number("change_cost_eur", self.change_cost_eur, high=10_000)
        issues.require_number("most_moved_fraction", self.most_moved_fraction, high=1)
        named = [one.vehicle_id for one in self.vehicles]
        for name in sorted({one for one in named if named.count(one) > 1}):
            issues.add("duplicate_id", f"Vehicle {name} is listed twice. Say everything about it in one place.")
        for name in sorted(self.urgent & (self.blocked | self.excluded)):
            issues.add("contradiction", f"Container {name} is both urgent and left out. Choose one.")
        for one in self.vehicles:
            if one.is_heading_to_next and (one.position is not None or one.is_out_of_service):
                issues.add(
                    "contradiction",
                    f"Vehicle {one.vehicle_id} cannot be heading to its next stop and elsewhere. Choose one.",
                )
        issues.raise_if_any()


def state_on_plan(tour: Tour, now: datetime, *, is_out_of_service: bool = False) -> VehicleState:
    """A vehicle that has followed its tour up to ``now``; one that breaks down loses the stop it was working at."""
    begun = sum(_begins_at(stop) <= now for stop in tour.stops)
    done = sum(stop.departs_at <= now for stop in tour.stops)
    if is_out_of_service:
        return VehicleState(vehicle_id=tour.vehicle_id, done_stops=done, is_out_of_service=True)
    # Between two stops it is under way to the next one.
    is_driving = 0 < begun == done < len(tour.stops)
    return VehicleState(vehicle_id=tour.vehicle_id, done_stops=begun, is_heading_to_next=is_driving)


def require_fitting(state: DayState, plan: Plan, town: Town) -> None:
    """Refuse a state that names what the plan or the town does not have.

    Raises
    ------
    InvalidInputError
        With every issue.
    """
    issues = IssueCollector("state of the day")
    _require_same_town(issues, plan, town)
    tours = {tour.vehicle_id: tour for tour in plan.tours}
    vehicles = {one.vehicle_id for one in town.vehicles}
    containers = {one.container_id for one in town.containers}
    for one in state.vehicles:
        if one.vehicle_id not in vehicles:
            issues.add("unknown_vehicle", f"There is no vehicle '{one.vehicle_id}' in {town.name}. Correct the id.")
        elif one.vehicle_id in tours:
            _require_fitting_tour(issues, one, tours[one.vehicle_id])
        elif not one.is_out_of_service:
            issues.add("no_tour", f"Vehicle {one.vehicle_id} has no tour in the plan; leave it out of the state.")
    for name in sorted((state.blocked | state.excluded | state.urgent | state.pins.keys()) - containers):
        issues.add("unknown_container", f"There is no container '{name}' in {town.name}. Correct the id.")
    for name in sorted(set(state.pins.values()) - vehicles):
        issues.add("unknown_vehicle", f"There is no vehicle '{name}' in {town.name}. Correct the id.")
    issues.raise_if_any()


def _require_same_town(issues: IssueCollector, plan: Plan, town: Town) -> None:
    """The plan has to be of this town as it is now."""
    vehicles = {one.vehicle_id for one in town.vehicles}
    containers = {one.container_id for one in town.containers}
    stops = [stop for tour in plan.tours for stop in tour.stops]
    for tour in plan.tours:
        if tour.vehicle_id not in vehicles:
            issues.add("other_town", f"The plan's vehicle '{tour.vehicle_id}' is not in {town.name}. Give its town.")
    for name in sorted({one.container_id for stop in stops for one in stop.collections} - containers)[:10]:
        issues.add("other_town", f"The plan's container '{name}' is not in {town.name}. Give its town.")


def _require_fitting_tour(issues: IssueCollector, state: VehicleState, tour: Tour) -> None:
    where = f"Vehicle {state.vehicle_id}"
    if tour.is_cut_short and not state.is_out_of_service:
        issues.add("broken_down", f"{where} broke down earlier and does nothing more in this plan; leave it out.")
    if not tour.done_stops <= state.done_stops <= len(tour.stops):
        least = f"at least the {tour.done_stops} that the plan calls done" if tour.done_stops else "0 or more"
        issues.add(
            "done_stops", f"{where} cannot have done {state.done_stops} of {len(tour.stops)} stops; give {least}."
        )
    is_out = state.done_stops > 0
    says_more = state.is_heading_to_next or state.position is not None or state.is_full or bool(state.breaks)
    if says_more and not is_out:
        issues.add("not_out", f"{where} has done nothing: count its start as a stop done once it has left.")


def _begins_at(stop: Stop) -> datetime:
    return stop.departs_at if stop.kind is StopKind.START else stop.arrives_at
