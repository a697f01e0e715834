"""Judges a plan as it is published, or as a person wrote it: reads only the document, the town and the map.

Stops that were done when the day was planned anew are facts: they enter the sums, and where the vehicle is, what it
carries and how long it has worked follows from them; whether they kept the rules is past judging.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from math import ceil

from optimizer.checking.check_figures import each_once, extras_right, sums_right
from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import Violation
from optimizer.domain.hours import local_midnight, seconds_between
from optimizer.domain.plan import Plan, Stop, StopKind, Tour
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.domain.used_rates import town_at_rates
from optimizer.problem.build_problem import BuiltProblem, build_problem
from optimizer.problem.elapsed_windows import intersection
from optimizer.problem.problem import Pickup, Problem
from optimizer.problem.solution import Solution, VehicleTour, Visit, VisitKind
from optimizer.problem.under_way import under_way
from routing.ports import StreetRouter

SUM_CODES = frozenset({"wrong_cost", "wrong_objective"})
"""A document states euros per tour and not the search's objective; they are compared here instead."""


def check_plan(plan: Plan, town: Town, router: StreetRouter) -> tuple[Violation, ...]:
    """Every rule that the plan breaks: of the road, the clock, the loads, the crews, and of plain arithmetic.

    Parameters
    ----------
    town
        With its own densities and handling times; those that the plan says it was made with take their place.
    """
    if plan.rates is not None:
        town = town_at_rates(town, plan.rates)
    unreadable = (*_malformed(plan), *_unknown_names(plan, town))
    if unreadable:
        return unreadable  # nothing can be looked up for names that do not exist
    built = build_problem(
        town,
        _as_selection(plan, town),
        day=plan.day,
        vehicle_ids=frozenset(),
        router=router,
        under_way={
            tour.vehicle_id: under_way(
                tour.stops[: tour.done_stops],
                town,
                vehicle_id=tour.vehicle_id,
                midnight_at=local_midnight(plan.day, town.zone),
            )
            for tour in _driving(plan)
            if tour.done_stops
        },
    )
    impossible = tuple(_impossible(plan, built))
    if impossible:
        return impossible
    problem, solution = _as_solution(plan, town, built)
    on_the_way = {f"vehicle {tour.vehicle_id}" for tour in plan.tours if tour.done_stops}
    found = [
        one
        for one in check_solution(problem, solution)
        # Whoever is out may simply drive home.
        if one.code not in SUM_CODES and not (one.code == "empty_tour" and one.where in on_the_way)
    ]
    metres = _distances(plan, problem, solution)
    return (*found, *each_once(plan), *metres, *sums_right(plan), *extras_right(plan, town))


def _driving(plan: Plan) -> list[Tour]:
    """Tours of which something is still to come."""
    return [tour for tour in plan.tours if tour.done_stops < len(tour.stops)]


def _to_come(tour: Tour) -> tuple[Stop, ...]:
    """Halts that are neither done nor the end."""
    return tour.stops[max(1, tour.done_stops) : -1] if tour.done_stops < len(tour.stops) else ()


def _malformed(plan: Plan) -> Iterator[Violation]:
    """Tours that are no tours: without ends, or with stops at which nothing is emptied."""
    for tour in plan.tours:
        kinds = [stop.kind for stop in tour.stops]
        inner = kinds[1:] if tour.is_cut_short else kinds[1:-1]
        has_end = kinds[-1:] == [StopKind.END] or (tour.is_cut_short and tour.done_stops == len(kinds))
        if kinds[:1] != [StopKind.START] or not has_end or {StopKind.START, StopKind.END} & set(inner):
            sentence = "It must begin with its only start and end with its only end."
            yield Violation(code="malformed_tour", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
        if not 0 <= tour.done_stops <= len(kinds) or StopKind.POSITION in kinds[max(0, tour.done_stops) :]:
            sentence = (
                f"{tour.done_stops} of its {len(kinds)} stops cannot be done; a position is one of the done stops."
            )
            yield Violation(code="malformed_tour", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
        for stop in tour.stops:
            if bool(stop.collections) != (stop.kind is StopKind.COLLECT):
                sentence = f"Stop {stop.sequence} ({stop.kind.value}) lists {len(stop.collections)} containers."
                yield Violation(code="malformed_stop", where=f"vehicle {tour.vehicle_id}", sentence=sentence)


def _unknown_names(plan: Plan, town: Town) -> Iterator[Violation]:
    known = {
        "vehicle": {one.vehicle_id for one in town.vehicles},
        "container": {one.container_id for one in town.containers},
        "disposal site": {one.disposal_site_id for one in town.disposal_sites},
    }
    named = [("vehicle", tour.vehicle_id) for tour in plan.tours]
    for stop in (stop for tour in plan.tours for stop in tour.stops):
        named += [("container", one.container_id) for one in stop.collections]
        if stop.kind is StopKind.TIP:
            named.append(("disposal site", stop.place_id))
    for kind, name in dict.fromkeys(named):
        if name not in known[kind]:
            yield Violation(
                code=f"unknown_{kind.replace(' ', '_')}",
                where=f"{kind} {name}",
                sentence=f"{town.name} has no such {kind}. Correct the id, or check against the town it was made for.",
            )


def _as_selection(plan: Plan, town: Town) -> Selection:
    """What the tours are still to empty, as if it had been selected."""
    midnight_at = local_midnight(plan.day, town.zone)
    collected = {one.container_id: one for tour in plan.tours for stop in _to_come(tour) for one in stop.collections}
    return Selection(
        policy="as planned",
        candidates=tuple(
            Candidate(
                container_id=one.container_id,
                decision=Decision.MUST if one.is_must else Decision.MAY,
                expected_fraction=one.expected_fraction,
                expected_kg=one.expected_kg,
                expected_l=one.expected_l,
                overflow_probability=one.overflow_probability,
                cost_of_waiting_eur=0.0,
                next_visit_at=midnight_at,
                reasons=one.reasons,
            )
            for one in collected.values()
        ),
    )


def _impossible(plan: Plan, built: BuiltProblem) -> Iterator[Violation]:
    """What cannot even be replayed: containers that no tour can serve, vehicles that cannot drive."""
    for one in built.refused:
        yield Violation(code=one.code.value, where=f"container {one.container_id}", sentence=one.message)
    driving = {vehicle.vehicle_id for vehicle in built.problem.vehicles}
    reasons = {one.vehicle_id: one.message for one in built.left_out_vehicles}
    for tour in _driving(plan):
        if tour.vehicle_id not in driving and not built.refused:
            why = reasons.get(tour.vehicle_id, "It does not collect any of the plan's streams.")
            yield Violation(code="no_vehicle", where=f"vehicle {tour.vehicle_id}", sentence=why)
    site_of = {container_id: pickup for pickup in built.problem.pickups for container_id in pickup.container_ids}
    for stop in (stop for tour in plan.tours for stop in _to_come(tour)):
        parts = [site_of[one.container_id] for one in stop.collections if one.container_id in site_of]
        if len({(part.place_index, part.stream) for part in parts}) > 1 or any(p.stream != stop.stream for p in parts):
            sentence = "Its containers do not stand at one site or are not of the stop's stream."
            yield Violation(code="mixed_stop", where=f"stop {stop.sequence} at {stop.label}", sentence=sentence)
    open_sites = {disposal.disposal_site_id for disposal in built.problem.disposals}
    tipped_at = {stop.place_id for tour in plan.tours for stop in _to_come(tour) if stop.kind is StopKind.TIP}
    if not built.refused:
        for site in sorted(tipped_at - open_sites):
            sentence = "It is closed all day, takes none of the streams, or cannot be reached."
            yield Violation(code="disposal_closed", where=f"disposal site {site}", sentence=sentence)


def _as_solution(plan: Plan, town: Town, built: BuiltProblem) -> tuple[Problem, Solution]:
    """The plan's stops as pickups of their own: a person may have joined or split what we would not."""
    vehicle_index = {vehicle.vehicle_id: index for index, vehicle in enumerate(built.problem.vehicles)}
    disposal_index = {one.disposal_site_id: index for index, one in enumerate(built.problem.disposals)}
    pickups: list[Pickup] = []
    tours = []
    for tour in _driving(plan):
        visits = []
        for stop in _to_come(tour):
            if stop.kind is StopKind.COLLECT:
                pickups.append(_as_pickup(stop, town, built.problem))
                visits.append(_visit(VisitKind.PICKUP, len(pickups) - 1, stop, built.problem))
            elif stop.kind is StopKind.TIP:
                visits.append(_visit(VisitKind.TIP, disposal_index[stop.place_id], stop, built.problem))
            else:
                visits.append(_visit(VisitKind.BREAK, -1, stop, built.problem))
        tours.append(
            VehicleTour(
                vehicle_index=vehicle_index[tour.vehicle_id],
                departs_s=seconds_between(
                    built.problem.midnight_at, tour.stops[max(0, tour.done_stops - 1)].departs_at
                ),
                returns_s=seconds_between(built.problem.midnight_at, tour.stops[-1].arrives_at),
                visits=tuple(visits),
            )
        )
    solution = Solution(
        tours=tuple(tours),
        unserved=(),
        cost_micro_eur=0,
        objective_micro_eur=0,
        status="feasible",
        solver=plan.solver.name,
        iterations=0,
        wall_s=0.0,
    )
    return replace(built.problem, pickups=tuple(pickups)), solution


def _as_pickup(stop: Stop, town: Town, problem: Problem) -> Pickup:
    wanted = {one.container_id for one in stop.collections}
    parts = [pickup for pickup in problem.pickups if wanted & set(pickup.container_ids)]
    masters = [one for one in town.containers if one.container_id in wanted]
    setup_s = max(one.setup_s for one in masters)
    return Pickup(
        pickup_id=f"stop {stop.sequence} at {stop.label}",
        place_index=parts[0].place_index,
        stream=stop.stream,
        container_ids=tuple(sorted(wanted)),
        demand_kg=ceil(sum(one.expected_kg for one in stop.collections)),
        demand_l=ceil(sum(one.expected_l for one in stop.collections)),
        service_s=setup_s + sum(one.service_s for one in masters),
        windows=reduce(intersection, (part.windows for part in parts)),
        allowed_vehicles=frozenset.intersection(*(part.allowed_vehicles for part in parts)),
        prize_micro_eur=0,
        is_must=any(one.is_must for one in stop.collections),
    )


def _visit(kind: VisitKind, index: int, stop: Stop, problem: Problem) -> Visit:
    return Visit(
        kind=kind,
        index=index,
        arrives_s=seconds_between(problem.midnight_at, stop.arrives_at),
        starts_s=seconds_between(problem.midnight_at, stop.starts_at),
        departs_s=seconds_between(problem.midnight_at, stop.departs_at),
    )


def _distances(plan: Plan, problem: Problem, solution: Solution) -> Iterator[Violation]:
    """The metres of every leg to come against the map, and those among them that are paid for."""
    for tour, driven in zip(_driving(plan), solution.tours, strict=True):
        vehicle = problem.vehicles[driven.vehicle_index]
        place, leaves_s = vehicle.start_place_index, driven.departs_s
        for stop, visit in zip(tour.stops[max(1, tour.done_stops) :], (*driven.visits, None), strict=True):
            if visit is None:
                there = vehicle.end_place_index
            elif visit.kind is VisitKind.BREAK:
                leaves_s = visit.departs_s
                continue
            elif visit.kind is VisitKind.PICKUP:
                there = problem.pickups[visit.index].place_index
            else:
                there = problem.disposals[visit.index].place_index
            way = (driven.vehicle_index, place, there)
            measured_m, toll_m = (measure(*way, departs_s=leaves_s) for measure in (problem.distance_m, problem.toll_m))
            stated_m, stated_toll_m = (stop.leg.distance_m, stop.leg.toll_m) if stop.leg else (0, 0)
            if stated_m != measured_m:
                sentence = f"The leg to stop {stop.sequence} states {stated_m} m; the map says {measured_m} m."
                yield Violation(code="wrong_distance", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
            if vehicle.toll_per_m_micro_eur and stated_toll_m != toll_m:
                sentence = f"The leg to stop {stop.sequence} states {stated_toll_m} m of toll; the map says {toll_m} m."
                yield Violation(code="wrong_toll", where=f"vehicle {tour.vehicle_id}", sentence=sentence)
            place = there
            leaves_s = visit.departs_s if visit is not None else leaves_s
