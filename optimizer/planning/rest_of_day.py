"""The rest of a running day as a problem: what is left, who is where, what was planned, and what changes cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimizer.domain.day_state import DayState
from optimizer.domain.hours import local_midnight, seconds_between
from optimizer.domain.plan import Collection, Plan, ReasonCode, StopKind, Unserved
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.planning.done_part import DonePart
from optimizer.problem.build_problem import BuiltProblem, build_problem
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Pickup, Problem, ProblemVehicle
from optimizer.problem.solution import Solution, VehicleTour, Visit, VisitKind
from optimizer.problem.under_way import under_way
from routing.ports import ProgressCallback, StreetRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOfDay:
    """What is still to be planned.

    Attributes
    ----------
    selection
        Every container that is left, also the ones that must stay out.
    left_out
        Those that must stay out.
    planned
        The rest of the old plan, to start from; it need not be possible any more.
    """

    selection: Selection
    left_out: frozenset[str]
    built: BuiltProblem
    planned: Solution


def rest_of_day(
    plan: Plan,
    town: Town,
    state: DayState,
    parts: Mapping[str, DonePart],
    *,
    router: StreetRouter,
    progress: ProgressCallback | None = None,
) -> RestOfDay:
    """The problem of what is left, with vehicles that go on from where they are."""
    left_out = state.blocked | state.excluded
    selection = _what_is_left(plan, town, state, parts)
    resting = {one.vehicle_id for one in state.vehicles if one.is_out_of_service}
    resting |= {vehicle_id for vehicle_id, part in parts.items() if part.is_over}
    midnight_at = local_midnight(plan.day, town.zone)
    built = build_problem(
        replace(
            town,
            vehicles=tuple(
                replace(one, is_available=one.is_available and one.vehicle_id not in resting) for one in town.vehicles
            ),
        ),
        replace(selection, candidates=tuple(one for one in selection.candidates if one.container_id not in left_out)),
        day=plan.day,
        vehicle_ids=frozenset(),
        router=router,
        progress=progress,
        under_way={
            vehicle_id: under_way(part.stops, town, vehicle_id=vehicle_id, midnight_at=midnight_at)
            for vehicle_id, part in parts.items()
            if part.is_under_way
        },
    )
    problem = _with_plan(built.problem, state, parts)
    return RestOfDay(
        selection=selection,
        left_out=left_out,
        built=replace(built, problem=problem),
        planned=_planned(problem, parts),
    )


def _what_is_left(plan: Plan, town: Town, state: DayState, parts: Mapping[str, DonePart]) -> Selection:
    """Planned containers that are not emptied, due ones that had no tour, and urgent ones."""
    midnight_at = local_midnight(plan.day, town.zone)
    candidates: dict[str, Candidate] = {}
    for part in parts.values():
        for collection in (one for stop in part.left for one in stop.collections):
            is_must = collection.is_must or collection.container_id in state.urgent
            candidates[collection.container_id] = Candidate(
                container_id=collection.container_id,
                decision=Decision.MUST if is_must else Decision.MAY,
                expected_fraction=collection.expected_fraction,
                expected_kg=collection.expected_kg,
                expected_l=collection.expected_l,
                overflow_probability=collection.overflow_probability,
                cost_of_waiting_eur=_cost_of_waiting_eur(collection),
                next_visit_at=midnight_at,
                reasons=collection.reasons,
                reasons_de=collection.reasons_de,
            )
    emptied = {one.container_id for part in parts.values() for stop in part.stops for one in stop.collections}
    told = {one.container_id: one for one in plan.unserved}
    due = [one.container_id for one in plan.unserved if one.is_due and one.reason is not ReasonCode.EXCLUDED]
    for container_id in [*due, *sorted(state.urgent)]:
        if container_id not in candidates and container_id not in emptied:
            candidates[container_id] = _due(container_id, town, told.get(container_id), state)
    return Selection(candidates=tuple(candidates.values()), policy="rest of the day")


def _cost_of_waiting_eur(collection: Collection) -> float:
    """As planned; from the risk of an overflow where a plan does not say."""
    return collection.cost_of_waiting_eur or collection.overflow_probability * SelectionRules().overflow_cost_eur


def _due(container_id: str, town: Town, told: Unserved | None, state: DayState) -> Candidate:
    """A container that has to be emptied and has no stop; one of which nothing is known is taken for full."""
    container = next(one for one in town.containers if one.container_id == container_id)
    fraction = told.expected_fraction if told is not None and told.expected_fraction > 0 else 1.0
    litres = container.capacity_l * fraction
    urgent = "urgent: reported during the day"
    return Candidate(
        container_id=container_id,
        decision=Decision.MUST,
        expected_fraction=fraction,
        expected_kg=litres * town.stream(container.stream).density_kg_per_l,
        expected_l=litres,
        overflow_probability=told.overflow_probability if told is not None else 1.0,
        cost_of_waiting_eur=told.cost_of_waiting_eur if told is not None else 0.0,
        next_visit_at=local_midnight(state.now.astimezone(town.zone).date(), town.zone),
        reasons=(urgent,) if container_id in state.urgent else ("due, and without a tour so far",),
    )


def _with_plan(problem: Problem, state: DayState, parts: Mapping[str, DonePart]) -> Problem:
    """The problem with the price of changes, the pins, and vehicles that do not start in the past."""
    now_s = seconds_between(problem.midnight_at, state.now)
    vehicles = tuple(
        _on_the_road(problem, at) if vehicle.worked_s > 0 else _not_before(vehicle, now_s)
        for at, vehicle in enumerate(problem.vehicles)
    )
    index_of = {vehicle.vehicle_id: at for at, vehicle in enumerate(problem.vehicles)}
    vehicle_of = {
        one.container_id: index_of[vehicle_id]
        for vehicle_id, part in parts.items()
        if vehicle_id in index_of
        for stop in part.left
        for one in stop.collections
    }
    change_micro_eur = round(state.change_cost_eur * MICRO_EUR_PER_EUR)
    # What must be emptied outweighs any number of changes.
    all_changes = change_micro_eur * len(problem.pickups)
    pickups = []
    for pickup in problem.pickups:
        planned = Counter(vehicle_of[one] for one in pickup.container_ids if one in vehicle_of).most_common(1)
        pins = {index_of.get(state.pins[one], -1) for one in pickup.container_ids if one in state.pins}
        pickups.append(
            replace(
                pickup,
                allowed_vehicles=frozenset(
                    at for at in pickup.allowed_vehicles if all(at == pinned for pinned in pins)
                ),
                prize_micro_eur=pickup.prize_micro_eur + (all_changes if pickup.is_must else 0),
                planned_vehicle=planned[0][0] if planned and not pins else None,
                change_micro_eur=change_micro_eur if planned and not pins else 0,
            )
        )
    remaining = sum(len(stop.collections) for part in parts.values() for stop in part.left)
    return replace(
        problem,
        vehicles=vehicles,
        pickups=tuple(pickups),
        most_changed=int(state.most_moved_fraction * remaining),
    )


def _on_the_road(problem: Problem, at: int) -> ProblemVehicle:
    """A vehicle that is out has to drive home in any case: only what it drives more is a cost of using it."""
    vehicle = problem.vehicles[at]
    if vehicle.is_loaded:
        return vehicle
    way = (vehicle.start_place_index, vehicle.end_place_index)
    home = (
        problem.distance_m(at, *way) * vehicle.per_m_micro_eur + problem.duration_s(at, *way) * vehicle.per_s_micro_eur
    )
    return replace(vehicle, fixed_micro_eur=-home)


def _not_before(vehicle: ProblemVehicle, now_s: int) -> ProblemVehicle:
    starts_s = max(vehicle.shift[0], now_s)
    # A shift that is over keeps its last second: long enough to be a shift, too short to go anywhere.
    return replace(vehicle, shift=(min(starts_s, vehicle.shift[1] - 1), vehicle.shift[1]))


def _planned(problem: Problem, parts: Mapping[str, DonePart]) -> Solution:
    """The rest of the old plan in the terms of the problem; times are for the scheduler to find."""
    pickup_of = {one: at for at, pickup in enumerate(problem.pickups) for one in pickup.container_ids}
    disposal_of = {one.disposal_site_id: at for at, one in enumerate(problem.disposals)}
    tours = []
    for at, vehicle in enumerate(problem.vehicles):
        part = parts.get(vehicle.vehicle_id)
        if part is None:
            continue
        visits: dict[tuple[VisitKind, int, int], None] = {}
        for position, stop in enumerate(part.left):
            if stop.kind is StopKind.TIP and stop.place_id in disposal_of:
                visits[VisitKind.TIP, disposal_of[stop.place_id], position] = None
            for one in stop.collections:
                if one.container_id in pickup_of and _may_serve(problem.pickups[pickup_of[one.container_id]], at):
                    visits[VisitKind.PICKUP, pickup_of[one.container_id], -1] = None
        tours.append(
            VehicleTour(
                vehicle_index=at,
                departs_s=0,
                returns_s=0,
                visits=tuple(
                    Visit(kind=kind, index=index, arrives_s=0, starts_s=0, departs_s=0) for kind, index, _ in visits
                ),
            )
        )
    return Solution(
        tours=tuple(tours),
        unserved=(),
        cost_micro_eur=0,
        objective_micro_eur=0,
        status="feasible",
        solver="plan",
        iterations=0,
        wall_s=0.0,
    )


def _may_serve(pickup: Pickup, vehicle_index: int) -> bool:
    return vehicle_index in pickup.allowed_vehicles
