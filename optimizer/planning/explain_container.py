"""Why a container is in a plan or not: what it costs on each vehicle, which rule binds, what would change the decision.

Reads only the plan, the town and the map, so that a plan of yesterday can be explained too.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from optimizer.domain.container import Container
from optimizer.domain.hours import local_midnight
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Collection, Plan, Stop, StopKind, Unserved
from optimizer.domain.relaxation import Text
from optimizer.domain.selection import Candidate, Decision
from optimizer.domain.town import Town
from optimizer.planning import explanation_words as words
from optimizer.planning.container_explanation import ContainerExplanation, VehicleVerdict
from optimizer.planning.first_obstacle import FirstObstacle
from optimizer.planning.insertion_option import Option
from optimizer.planning.insertion_options import options_of, removal_of
from optimizer.planning.placed_tours import Halt, PlacedTours, halts_of, place_tours
from optimizer.problem.elapsed_windows import DayClock
from optimizer.problem.stops import DueContainer, Parcel
from optimizer.problem.under_way import UnderWay, under_way
from routing.ports import StreetRouter


def explain_container(plan: Plan, town: Town, router: StreetRouter, container_id: str) -> ContainerExplanation:
    """Why the container is in a tour or in none.

    Raises
    ------
    InvalidInputError
        When the town has no such container, or the plan knows nothing of it.
    """
    container = next((one for one in town.containers if one.container_id == container_id), None)
    if container is None:
        raise _issue(container_id, "unknown_container", f"{town.name} has no container '{container_id}'.")
    served = _stop_of(plan, container_id)
    unserved = next((one for one in plan.unserved if one.container_id == container_id), None)
    if served is None and unserved is None:
        streams = ", ".join(plan.streams)
        message = (
            f"The plan is about {streams} and says nothing of '{container_id}'. Plan the stream {container.stream}."
        )
        raise _issue(container_id, "not_in_plan", message)
    candidates = {
        name: one for name, one in _candidates(plan, town).items() if unserved is None or name != container_id
    }
    if unserved is not None:
        candidates[container_id] = _candidate_of(unserved, container, plan, town)
    tours = halts_of(plan)
    own: Halt | None = None
    if served is not None:
        own = Halt(container_ids=tuple(one.container_id for one in served[1].collections))
    placed = place_tours(
        town,
        plan.day,
        router,
        candidates,
        tours,
        further=() if served is not None else (container_id,),
        under_way=_under_way(plan, town),
    )
    over = frozenset(tour.vehicle_id for tour in plan.tours if 0 < len(tour.stops) <= tour.done_stops)
    together = (container_id,) if own is None else own.container_ids
    parcel = _parcel_of(together, plan, town, candidates)
    if served is not None and own is not None:
        return _explain_served(town, container, served, own, placed, over, parcel)
    assert unserved is not None
    return _explain_unserved(plan, town, container, unserved, placed, over, parcel)


def _parcel_of(names: Sequence[str], plan: Plan, town: Town, candidates: Mapping[str, Candidate]) -> Parcel:
    """What is emptied in one halt, with its hours on the day."""
    clock = DayClock(day=plan.day, zone=town.zone)
    containers = {one.container_id: one for one in town.containers}
    return Parcel(
        containers=tuple(
            DueContainer(
                container=containers[name], candidate=candidates[name], windows=clock.windows(containers[name].hours)
            )
            for name in names
        )
    )


def _explain_served(
    town: Town,
    container: Container,
    served: tuple[str, Stop],
    own: Halt,
    placed: PlacedTours,
    over: frozenset[str],
    parcel: Parcel,
) -> ContainerExplanation:
    vehicle_id, stop = served
    collection = next(one for one in stop.collections if one.container_id == container.container_id)
    problem = placed.problem
    at = next((at for at, one in enumerate(problem.pickups) if one.container_ids == own.container_ids), None)
    saving: Option | None = None
    options: list[Option] = []
    is_done = at is None
    if at is not None:
        vehicle_index = next(index for index, order in placed.orders.items() if at in order)
        saving = removal_of(problem, vehicle_index, placed.orders[vehicle_index], at)
        rest = {
            index: _without(order, at) if index == vehicle_index else list(order)
            for index, order in placed.orders.items()
        }
        options = [one for one in options_of(problem, rest, at) if one.vehicle_id not in over]
    return ContainerExplanation(
        container_id=container.container_id,
        is_served=True,
        vehicle_id=vehicle_id,
        decision=words.served(container.container_id, vehicle_id, stop, collection, saving),
        saving=saving,
        vehicles=() if is_done else _verdicts(town, container, options, placed, over, parcel),
        remedies=(),
    )


def _explain_unserved(
    plan: Plan,
    town: Town,
    container: Container,
    unserved: Unserved,
    placed: PlacedTours,
    over: frozenset[str],
    parcel: Parcel,
) -> ContainerExplanation:
    at = placed.further.get(container.container_id)
    found = [] if at is None else options_of(placed.problem, placed.orders, at)
    options = [one for one in found if one.vehicle_id not in over]
    remedies = [
        one.text
        for shortage in plan.shortages
        for one in shortage.relaxations
        if container.container_id in one.container_ids
    ]
    cheapest = min((one for one in options if one.fits), key=lambda one: one.cost_eur, default=None)
    if cheapest is not None:
        remedies.insert(0, words.force(container.container_id, cheapest, unserved))
    elif not remedies and unserved.what_would_change_it:
        german = unserved.what_would_change_it_de or unserved.what_would_change_it
        remedies.append(Text(en=unserved.what_would_change_it, de=german))
    return ContainerExplanation(
        container_id=container.container_id,
        is_served=False,
        vehicle_id="",
        decision=words.unserved(unserved),
        saving=None,
        vehicles=_verdicts(town, container, options, placed, over, parcel),
        remedies=tuple(remedies),
    )


def _verdicts(
    town: Town, container: Container, options: list[Option], placed: PlacedTours, over: frozenset[str], parcel: Parcel
) -> tuple[VehicleVerdict, ...]:
    known = {one.vehicle_id: one for one in options}
    left_out = {one.vehicle_id: one.message for one in placed.built.left_out_vehicles}
    left_out |= dict.fromkeys(over, "Its tour is over.")
    judge = FirstObstacle(built=placed.built, left_out=left_out, parcel=parcel)
    found = []
    for vehicle in town.vehicles:
        option = known.get(vehicle.vehicle_id) or judge.option_of(vehicle, container)
        why = left_out.get(vehicle.vehicle_id, "")
        found.append(VehicleVerdict(option=option, text=words.option(option, vehicle, container, why)))
    found.sort(key=lambda one: (not one.option.fits, one.option.cost_eur if one.option.fits else 0.0))
    return tuple(found)


def _without(order: list[int], pickup_index: int) -> list[int]:
    """The order without the pickup, and without a tipping that has become empty."""
    rest: list[int] = []
    for visit in order:
        if visit != pickup_index and (visit >= 0 or (rest and rest[-1] >= 0)):
            rest.append(visit)
    return rest


def _stop_of(plan: Plan, container_id: str) -> tuple[str, Stop] | None:
    for tour in plan.tours:
        for stop in tour.stops:
            if stop.kind is StopKind.COLLECT and any(one.container_id == container_id for one in stop.collections):
                return tour.vehicle_id, stop
    return None


def _under_way(plan: Plan, town: Town) -> dict[str, UnderWay]:
    """Where the vehicles are whose tours have begun."""
    midnight_at = local_midnight(plan.day, town.zone)
    return {
        tour.vehicle_id: under_way(
            tour.stops[: tour.done_stops], town, vehicle_id=tour.vehicle_id, midnight_at=midnight_at
        )
        for tour in plan.tours
        if 0 < tour.done_stops < len(tour.stops)
    }


def _candidates(plan: Plan, town: Town) -> dict[str, Candidate]:
    tomorrow = local_midnight(plan.day + timedelta(days=1), town.zone)

    def candidate(one: Collection) -> Candidate:
        return Candidate(
            container_id=one.container_id,
            decision=Decision.MUST if one.is_must else Decision.MAY,
            expected_fraction=one.expected_fraction,
            expected_kg=one.expected_kg,
            expected_l=one.expected_l,
            overflow_probability=one.overflow_probability,
            cost_of_waiting_eur=0.0,
            next_visit_at=tomorrow,
            reasons=one.reasons,
            reasons_de=one.reasons_de,
        )

    return {one.container_id: candidate(one) for tour in plan.tours for stop in tour.stops for one in stop.collections}


def _candidate_of(one: Unserved, container: Container, plan: Plan, town: Town) -> Candidate:
    litres = container.capacity_l * one.expected_fraction
    return Candidate(
        container_id=one.container_id,
        decision=Decision.MUST if one.is_due else Decision.MAY,
        expected_fraction=one.expected_fraction,
        expected_kg=litres * town.stream(container.stream).density_kg_per_l,
        expected_l=litres,
        overflow_probability=one.overflow_probability,
        cost_of_waiting_eur=one.cost_of_waiting_eur,
        next_visit_at=local_midnight(plan.day + timedelta(days=1), town.zone),
        reasons=(),
    )


def _issue(container_id: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=f"container {container_id}", code=code, message=message)])
