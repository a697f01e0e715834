"""Makes a whole plan of one that a person wrote: finds the stops, adds tippings and times where they are missing.

Nothing is repaired: the order stands as it was written, and what breaks rules is left for the checker to name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from functools import reduce
from operator import add

from optimizer.checking.errors import Violation
from optimizer.domain.container import Container
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Plan, SolverReport, Totals
from optimizer.domain.selection import Candidate, Decision
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.assemble_tour import assemble_tour
from optimizer.planning.handmade_plan import BREAK, Entry, HandmadePlan, HandmadeTour
from optimizer.planning.placed_tours import Halt, PlacedTours, place_tours
from optimizer.planning.walk_tour import Step, walk_tour
from optimizer.problem.problem import Problem
from optimizer.problem.solution import VehicleTour
from optimizer.solving.schedule import Scheduler
from routing.ports import MapInfo, StreetRouter

USUAL_BREAK_S = 30 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedPlan:
    """A whole plan, for the checker.

    Attributes
    ----------
    violations
        What kept parts of it from being completed: unknown names, places that nobody may drive to.
    notes
        What was worked out, in words.
    """

    plan: Plan
    violations: tuple[Violation, ...]
    notes: tuple[str, ...]


def complete_plan(
    handmade: HandmadePlan,
    town: Town,
    router: StreetRouter,
    candidates: Mapping[str, Candidate],
    *,
    generated_at: datetime,
) -> CompletedPlan:
    """The plan with all stops, tippings, breaks and times; ``candidates`` say what the containers hold."""
    # Whoever writes a container into a tour wants it emptied, whatever the forecast says.
    candidates = {
        name: replace(one, decision=Decision.MAY) if one.decision is Decision.SKIP else one
        for name, one in candidates.items()
    }
    found = list(_unknown_names(handmade, town))
    found += _not_for_this_vehicle(handmade, town)
    lines = {one.vehicle_id: list(_known(one, town)) for one in handmade.tours.values()}
    halts = {vehicle_id: _halts(entries, town) for vehicle_id, entries in lines.items()}
    halts = {vehicle_id: rows for vehicle_id, rows in halts.items() if rows}
    only = {vehicle_id: [halt for halt, _ in rows if halt is not None] for vehicle_id, rows in halts.items()}
    placed = place_tours(town, handmade.day, router, candidates, only)
    found += _impossible(placed, only, town)
    notes: list[str] = []
    tours: list[VehicleTour] = []
    vehicles = {one.vehicle_id: at for at, one in enumerate(placed.problem.vehicles)}
    for vehicle_id, rows in halts.items():
        order = placed.orders.get(vehicles.get(vehicle_id, -1))
        if not order:
            continue
        hand = handmade.tours[vehicle_id]
        steps = _steps(rows, order, placed, handmade, town)
        at = vehicles[vehicle_id]
        if not any(step.visit is not None and step.visit < 0 for step in steps):
            steps = _with_tippings(placed.problem, at, steps)
            notes.append(f"{vehicle_id}: no tipping was given; {sum(_is_tip(one) for one in steps)} laid in.")
        tour, late = _timed(placed.problem, at, steps, hand, handmade, town)
        if not hand.has_times:
            notes.append(f"{vehicle_id}: times and breaks were worked out.")
        tours.append(tour)
        found += late
    plan = _plan_of(handmade, town, placed, tours, candidates, router.map_info, generated_at)
    return CompletedPlan(plan=plan, violations=tuple(found), notes=tuple(notes))


def _unknown_names(handmade: HandmadePlan, town: Town) -> Iterator[Violation]:
    vehicles = {one.vehicle_id for one in town.vehicles}
    places = {one.container_id for one in town.containers} | {one.disposal_site_id for one in town.disposal_sites}
    for hand in handmade.tours.values():
        if hand.vehicle_id not in vehicles:
            yield _unknown("vehicle", hand.vehicle_id, vehicles, town)
        for entry in hand.entries:
            if entry.place != BREAK and entry.place not in places:
                yield _unknown("container", entry.place, places, town)


def _unknown(kind: str, name: str, known: set[str], town: Town) -> Violation:
    near = get_close_matches(name, sorted(known), n=3)
    hint = f" Perhaps {' or '.join(near)} is meant." if near else ""
    return Violation(code=f"unknown_{kind}", where=f"{kind} {name}", sentence=f"{town.name} has no such {kind}.{hint}")


def _not_for_this_vehicle(handmade: HandmadePlan, town: Town) -> Iterator[Violation]:
    """Containers that the vehicle of their tour does not collect or cannot lift."""
    containers = {one.container_id: one for one in town.containers}
    vehicles = {one.vehicle_id: one for one in town.vehicles}
    for hand in handmade.tours.values():
        vehicle = vehicles.get(hand.vehicle_id)
        for container in (containers[one.place] for one in hand.entries if one.place in containers):
            if vehicle is None or _may_collect(vehicle, container):
                continue
            lacks = f"does not collect {container.stream}"
            if container.stream in vehicle.streams:
                lacks = f"has no lifting system '{container.system}'"
            sentence = f"It {lacks}, so it cannot empty {container.container_id}."
            yield Violation(code="forbidden_vehicle", where=f"vehicle {hand.vehicle_id}", sentence=sentence)


def _may_collect(vehicle: Vehicle, container: Container) -> bool:
    return container.stream in vehicle.streams and container.system in vehicle.systems


def _known(hand: HandmadeTour, town: Town) -> Iterator[Entry]:
    """The entries that the vehicle can do anything about; for an unknown vehicle none."""
    vehicle = next((one for one in town.vehicles if one.vehicle_id == hand.vehicle_id), None)
    if vehicle is None:
        return
    known = {one.container_id for one in town.containers if _may_collect(vehicle, one)}
    known |= {one.disposal_site_id for one in town.disposal_sites}
    yield from (one for one in hand.entries if one.place == BREAK or one.place in known)


def _halts(entries: Sequence[Entry], town: Town) -> list[tuple[Halt | None, Entry]]:
    """Containers of one site that follow each other become one halt; a break is a row without one."""
    containers = {one.container_id: one for one in town.containers}
    rows: list[tuple[Halt | None, Entry]] = []
    before: tuple[str, str, str] | None = None
    for entry in entries:
        container = containers.get(entry.place)
        key = None if container is None else (container.site_id, container.stream, container.system)
        if entry.place == BREAK:
            rows.append((None, entry))
        elif key is None:
            rows.append((Halt(disposal_site_id=entry.place), entry))
        elif key == before and entry.at_local is None and entry.place not in _names(rows[-1][0]):
            rows[-1] = (Halt(container_ids=(*_names(rows[-1][0]), entry.place)), rows[-1][1])
        else:
            rows.append((Halt(container_ids=(entry.place,)), entry))
        before = key
    return rows


def _names(halt: Halt | None) -> tuple[str, ...]:
    return () if halt is None else halt.container_ids


def _impossible(placed: PlacedTours, halts: Mapping[str, Sequence[Halt]], town: Town) -> Iterator[Violation]:
    """What the day refuses: places that no tour can serve, vehicles that cannot drive, sites that are closed."""
    for one in placed.built.refused:
        yield Violation(code=one.code.value, where=f"container {one.container_id}", sentence=one.message)
    driving = {one.vehicle_id for one in placed.problem.vehicles}
    reasons = {one.vehicle_id: one.message for one in placed.built.left_out_vehicles}
    for vehicle_id in halts:
        if vehicle_id not in driving:
            why = reasons.get(vehicle_id, "It cannot drive on this day.")
            yield Violation(code="no_vehicle", where=f"vehicle {vehicle_id}", sentence=why)
    open_sites = {one.disposal_site_id for one in placed.problem.disposals}
    hours = {one.disposal_site_id: one.hours.expression for one in town.disposal_sites}
    named = {halt.disposal_site_id for rows in halts.values() for halt in rows if halt.disposal_site_id}
    for site in sorted(named - open_sites):
        sentence = (
            f"It cannot be used: closed on this day (its hours: {hours[site]}), not for these streams, or cut off."
        )
        yield Violation(code="disposal_closed", where=f"disposal site {site}", sentence=sentence)


def _steps(
    rows: Sequence[tuple[Halt | None, Entry]],
    order: Sequence[int],
    placed: PlacedTours,
    handmade: HandmadePlan,
    town: Town,
) -> list[Step]:
    """The rows as steps; those that the day refuses have no visit in the order and are passed over."""
    waiting = list(order)
    steps = []
    for halt, entry in rows:
        begins_s = _second(entry.at_local, handmade, placed.problem, town)
        if halt is None:
            steps.append(Step(visit=None, begins_s=begins_s, break_s=entry.break_s or USUAL_BREAK_S))
        elif waiting and _is_of(placed.problem, waiting[0], halt):
            steps.append(Step(visit=waiting.pop(0), begins_s=begins_s))
    return steps


def _is_of(problem: Problem, visit: int, halt: Halt) -> bool:
    if visit < 0:
        return problem.disposals[~visit].disposal_site_id == halt.disposal_site_id
    return set(problem.pickups[visit].container_ids) <= set(halt.container_ids)


def _is_tip(step: Step) -> bool:
    return step.visit is not None and step.visit < 0


def _with_tippings(problem: Problem, vehicle_index: int, steps: Sequence[Step]) -> list[Step]:
    """Tippings where the vehicle is full, before another stream, and at the end: each at the nearest open site."""
    vehicle = problem.vehicles[vehicle_index]
    full: list[Step] = []
    kg = litres = 0
    last = -1
    for step in steps:
        if step.visit is None:
            full.append(step)
            continue
        pickup = problem.pickups[step.visit]
        room_l = vehicle.capacity_l_by_stream.get(pickup.stream, 0)
        is_full = kg + pickup.demand_kg > vehicle.capacity_kg or litres + pickup.demand_l > room_l
        if last >= 0 and (is_full or problem.pickups[last].stream != pickup.stream):
            full += _tipping(problem, vehicle_index, last)
            kg = litres = 0
        kg, litres, last = kg + pickup.demand_kg, litres + pickup.demand_l, step.visit
        full.append(step)
    return [*full, *(_tipping(problem, vehicle_index, last) if last >= 0 else [])]


def _tipping(problem: Problem, vehicle_index: int, last: int) -> list[Step]:
    pickup = problem.pickups[last]
    sites = [
        (problem.duration_s(vehicle_index, pickup.place_index, one.place_index), at)
        for at, one in enumerate(problem.disposals)
        if pickup.stream in one.streams and vehicle_index in one.allowed_vehicles
    ]
    return [Step(visit=~min(sites)[1])] if sites else []


def _timed(
    problem: Problem,
    vehicle_index: int,
    steps: Sequence[Step],
    hand: HandmadeTour,
    handmade: HandmadePlan,
    town: Town,
) -> tuple[VehicleTour, list[Violation]]:
    """The tour's times: the best ones where the order can keep all rules and nothing is stated, else as driven."""
    visits = [step.visit for step in steps if step.visit is not None]
    if not hand.has_times:
        tour = Scheduler(problem).schedule(vehicle_index, visits)
        if tour is not None:
            return tour, []
    departs_s = _second(hand.departs_local, handmade, problem, town)
    tour, missed = walk_tour(problem, vehicle_index, steps, departs_s=departs_s)
    found = []
    for one in missed:
        visit = steps[one.step_index].visit
        assert visit is not None  # a break can always be taken
        what = problem.pickups[visit].pickup_id if visit >= 0 else problem.disposals[~visit].disposal_site_id
        sentence = f"{what} is stated for {_clock(one.stated_s)}; it cannot be there before {_clock(one.possible_s)}."
        found.append(Violation(code="too_early", where=f"vehicle {hand.vehicle_id}", sentence=sentence))
    return tour, found


def _second(local: time | None, handmade: HandmadePlan, problem: Problem, town: Town) -> int | None:
    if local is None:
        return None
    return seconds_between(problem.midnight_at, datetime.combine(handmade.day, local, tzinfo=town.zone))


def _clock(at_s: int) -> str:
    return str(timedelta(seconds=at_s)).rjust(8, "0")


def _plan_of(
    handmade: HandmadePlan,
    town: Town,
    placed: PlacedTours,
    timed: Sequence[VehicleTour],
    candidates: Mapping[str, Candidate],
    map_info: MapInfo,
    generated_at: datetime,
) -> Plan:
    containers = {one.container_id: one for one in town.containers}
    tours = tuple(
        assemble_tour(placed.problem, one, town=town, containers=containers, candidates=candidates) for one in timed
    )
    streams = {stop.stream for tour in tours for stop in tour.stops if stop.stream}
    totals = reduce(add, (tour.totals for tour in tours), Totals())
    return Plan(
        plan_id=f"by-hand-{handmade.day}",
        town_id=town.town_id,
        town_name=town.name,
        day=handmade.day,
        streams=tuple(sorted(streams)),
        generated_at=generated_at,
        data_as_of=generated_at,
        inputs_digest="",
        map_source=map_info.source,
        map_digest=map_info.digest,
        map_data_at=map_info.data_at,
        tours=tours,
        unserved=(),
        totals=totals,
        baseline=None,
        solver=SolverReport(
            name="by hand", status="feasible", wall_s=0.0, iterations=0, cost_eur=round(totals.cost_eur, 2), seed=0
        ),
        warnings=(),
        degraded=(),
        seconds_by_step={},
    )
