"""A plan that is being driven, as the reports of its vehicles say: facts beat plans.

What was done stands first in each tour, in its real order with real times and loads; the rest keeps its planned order.
Containers that anybody emptied leave everyone's rest. ``replan_day`` goes on from here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add

from optimizer.domain.container import Container
from optimizer.domain.day_state import DayState, VehicleState
from optimizer.domain.hours import driving_instant
from optimizer.domain.plan import Collection, Leg, Plan, ReasonCode, Stop, StopKind, Totals, Tour, Unserved
from optimizer.domain.tour_event import ExceptionCode, TourEvent
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.assemble_tour import fees_paid_micro_eur, sum_up
from optimizer.planning.driven_legs import DrivenLegs, places_of
from optimizer.planning.driven_stops import DrivenStops
from optimizer.planning.exception_words import EXCEPTION_WORDS
from optimizer.planning.tour_progress import TourProgress
from routing.location import Side, Waypoint
from routing.ports import StreetRouter

_HALTS = frozenset({StopKind.COLLECT, StopKind.TIP})
_NOT_BLOCKED = frozenset({ExceptionCode.ALREADY_EMPTIED})
"""There is nothing left to do there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """Who emptied what, and what could not be emptied, over all vehicles.

    Attributes
    ----------
    emptied_by
        The first to report it, by container.
    twice
        Containers that two vehicles claim, which somebody should know.
    """

    emptied_by: Mapping[str, str]
    blocked: Mapping[str, TourEvent]
    settled: frozenset[str]
    twice: tuple[str, ...]


def driven_plan(
    plan: Plan,
    progress_by_vehicle: Mapping[str, TourProgress],
    town: Town,
    router: StreetRouter,
    *,
    now: datetime,
) -> tuple[Plan, DayState]:
    """The plan as it is driven, and the state of the day that goes with it.

    A vehicle that reports nothing has followed the plan, but for what others did in its place.

    Parameters
    ----------
    progress_by_vehicle
        What each vehicle reported; those without an entry have no tablet, or it has not spoken yet.
    """
    now = now.replace(microsecond=0)
    containers = {one.container_id: one for one in town.containers}
    vehicles = {one.vehicle_id: one for one in town.vehicles}
    heard = {
        vehicle_id: progress
        for vehicle_id, progress in progress_by_vehicle.items()
        if vehicle_id in vehicles and progress.last_at is not None
    }
    facts = _facts(heard, containers)
    planned = {one.container_id: one for tour in plan.tours for stop in tour.stops for one in stop.collections}
    tours: list[Tour] = []
    states: list[VehicleState] = []
    dropped: list[Collection] = []
    known = {tour.vehicle_id: tour for tour in plan.tours}
    called_in = [name for name in sorted(set(facts.emptied_by.values())) if name not in known]
    for vehicle_id in (*known, *called_in):
        tour, vehicle = known.get(vehicle_id), vehicles.get(vehicle_id)
        if vehicle is None:
            if tour is not None:
                tours.append(tour)
            continue
        rest = _rest(tour, facts)
        legs = DrivenLegs.asked(
            town,
            _places(tour, heard.get(vehicle_id), vehicle, town, containers),
            profile=vehicle.profile,
            router=router,
            at=driving_instant(plan.day, town.zone),
        )
        if vehicle_id not in heard:
            assert tour is not None  # a vehicle that was called in has spoken
            tours.extend(_silent(tour, facts, legs, town))
            continue
        driver = DrivenStops(
            town=town,
            vehicle=vehicle,
            now=now.astimezone(town.zone),
            legs=legs,
            planned=planned,
            left=rest,
            containers=containers,
        )
        made = _told(tour, heard[vehicle_id], driver, facts)
        tours.append(made.tour)
        states.append(made.state)
        dropped.extend(made.dropped)
    driven = replace(
        plan,
        tours=tuple(tours),
        unserved=tuple(_unserved(plan, facts, planned, dropped, tours)),
        totals=reduce(add, (tour.totals for tour in tours), Totals()),
        warnings=(
            *plan.warnings,
            *(f"emptied_twice: two vehicles report container {one}; the first counts" for one in facts.twice),
        ),
    )
    return driven, DayState(now=now, vehicles=tuple(states), blocked=frozenset(facts.blocked))


def _facts(heard: Mapping[str, TourProgress], containers: Mapping[str, Container]) -> _Facts:
    claims = sorted(
        (event.happened_at, vehicle_id, container_id)
        for vehicle_id, progress in heard.items()
        for container_id, event in progress.emptied.items()
        if container_id in containers
    )
    emptied_by: dict[str, str] = {}
    for _, vehicle_id, container_id in claims:
        emptied_by.setdefault(container_id, vehicle_id)
    refused = [
        (container_id, event)
        for _, progress in sorted(heard.items())
        for container_id, event in progress.not_emptied.items()
        if container_id in containers
    ]
    settled = emptied_by.keys() | {name for name, event in refused if event.code in _NOT_BLOCKED}
    claimed = [container_id for _, _, container_id in claims]
    return _Facts(
        emptied_by=emptied_by,
        blocked={name: event for name, event in refused if name not in settled},
        settled=frozenset(settled),
        twice=tuple(sorted({one for one in claimed if claimed.count(one) > 1})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A tour as its vehicle tells it; ``dropped`` is what it will not do any more."""

    tour: Tour
    state: VehicleState
    dropped: tuple[Collection, ...] = ()


def _told(tour: Tour | None, progress: TourProgress, driver: DrivenStops, facts: _Facts) -> _Told:
    vehicle = driver.vehicle
    emptied_here = frozenset(one for one, who in facts.emptied_by.items() if who == vehicle.vehicle_id)
    is_broken = progress.broken_down_at is not None or (tour is not None and tour.is_cut_short)
    has_left = progress.started_at is not None or bool(emptied_here) or bool(progress.facts)
    start = _start(tour, driver)
    if not has_left:
        stops = _retimed([start], driver.left, driver.legs)
        told = _tour(tour, vehicle, stops, driver.town, done=0)
        return _Told(tour=told, state=VehicleState(vehicle_id=vehicle.vehicle_id, is_out_of_service=is_broken))
    driver.follow(progress, start, emptied_here)
    done = len(driver.stops)
    last_at = max((one.happened_at for one in progress.facts), default=progress.returned_at)
    is_home = progress.returned_at is not None and last_at is not None and progress.returned_at >= last_at
    if is_home and progress.returned_at is not None and not is_broken:
        driver.return_home(progress.returned_at)
        left = tuple(one for stop in driver.left for one in stop.collections)
        home = _tour(tour, vehicle, driver.stops, driver.town, done=len(driver.stops))
        state = VehicleState(vehicle_id=vehicle.vehicle_id, done_stops=len(driver.stops))
        return _Told(tour=home, state=state, dropped=left)
    rest = _worth_driving(driver.left)
    is_cut_short = is_broken and not rest
    if not rest and not is_broken:
        rest = [_end(driver)]
    stops = _retimed(driver.stops, rest, driver.legs)
    may_go_on = not (progress.is_full or is_broken or progress.resting_since is not None)
    state = VehicleState(
        vehicle_id=vehicle.vehicle_id,
        done_stops=done,
        is_heading_to_next=may_go_on and done < len(stops) and stops[done].kind in _HALTS,
        is_full=progress.is_full,
        is_out_of_service=is_broken,
    )
    made = _tour(tour, vehicle, stops, driver.town, done=done)
    return _Told(tour=replace(made, is_cut_short=is_cut_short), state=state)


def _tour(tour: Tour | None, vehicle: Vehicle, stops: Sequence[Stop], town: Town, *, done: int) -> Tour:
    kept = tuple(replace(stop, sequence=at) for at, stop in enumerate(stops))
    fees = fees_paid_micro_eur(kept, town)
    return Tour(
        vehicle_id=vehicle.vehicle_id,
        profile=vehicle.profile if tour is None else tour.profile,
        stops=kept,
        totals=sum_up(kept, town, vehicle_id=vehicle.vehicle_id, fee_micro_eur=fees),
        done_stops=done,
    )


def _silent(tour: Tour, facts: _Facts, legs: DrivenLegs, town: Town) -> Iterator[Tour]:
    """A tour whose vehicle says nothing: as planned, without what others did or found impossible."""
    kept: list[Stop] = []
    is_changed = False
    done = 0
    load_kg = load_l = 0.0
    for at, stop in enumerate(tour.stops):
        is_done = at < tour.done_stops
        gone = facts.emptied_by.keys() | facts.settled | (frozenset() if is_done else facts.blocked.keys())
        collections = tuple(one for one in stop.collections if one.container_id not in gone)
        was_joined = at > 0 and bool(kept) and kept[-1].place_id == tour.stops[at - 1].place_id
        if stop.collections and not collections:
            is_changed = True
            continue
        is_changed = is_changed or len(collections) < len(stop.collections)
        if is_changed:
            if stop.kind is StopKind.TIP:
                load_kg = load_l = 0.0
            load_kg += sum(one.expected_kg for one in collections)
            load_l += sum(one.expected_l for one in collections)
            leg = stop.leg if was_joined or stop.leg is None else legs.between(kept, stop)
            stop = replace(  # noqa: PLW2901 - the same stop, mended
                stop, leg=leg, collections=collections, load_kg=round(load_kg, 1), load_l=round(load_l, 1)
            )
        else:
            load_kg, load_l = stop.load_kg, stop.load_l
        kept.append(stop)
        done += is_done
    if not is_changed:
        yield tour
    elif any(stop.kind in _HALTS for stop in kept):
        made = replace(tour, stops=tuple(replace(one, sequence=at) for at, one in enumerate(kept)), done_stops=done)
        fees = fees_paid_micro_eur(made.stops, town)
        yield replace(made, totals=sum_up(made.stops, town, vehicle_id=tour.vehicle_id, fee_micro_eur=fees))


def _rest(tour: Tour | None, facts: _Facts) -> list[Stop]:
    """Planned stops with what is still to be done there; what an earlier plan called done counts for nothing."""
    if tour is None:
        return []
    gone = facts.settled | facts.blocked.keys()
    rest = []
    for stop in tour.stops:
        if stop.kind in {StopKind.START, StopKind.POSITION}:
            continue
        collections = tuple(one for one in stop.collections if one.container_id not in gone)
        if stop.kind is not StopKind.COLLECT or collections:
            rest.append(replace(stop, collections=collections))
    return rest


def _worth_driving(rest: Sequence[Stop]) -> list[Stop]:
    """The rest without tippings that have nothing to tip, but for one: what is on board has to go somewhere."""
    kept: list[Stop] = []
    for stop in rest:
        is_idle = stop.kind is StopKind.TIP and bool(kept) and kept[-1].kind is StopKind.TIP
        if not is_idle:
            kept.append(stop)
    return kept


def _retimed(done: Sequence[Stop], rest: Sequence[Stop], legs: DrivenLegs) -> list[Stop]:
    """The rest at the times that follow from what is done; work and waiting take as long as planned."""
    stops = list(done)
    for planned in rest:
        before = stops[-1]
        leg = None if planned.kind is StopKind.BREAK else legs.between(stops, planned)
        arrives_at = before.departs_at + timedelta(seconds=leg.duration_s if leg is not None else 0)
        waited = planned.starts_at > planned.arrives_at
        starts_at = max(arrives_at, planned.starts_at) if waited else arrives_at
        is_tip = planned.kind is StopKind.TIP
        load_kg = 0.0 if is_tip else before.load_kg + sum(one.expected_kg for one in planned.collections)
        load_l = 0.0 if is_tip else before.load_l + sum(one.expected_l for one in planned.collections)
        stops.append(
            replace(
                planned,
                sequence=len(stops),
                leg=leg,
                place_id=before.place_id if planned.kind is StopKind.BREAK else planned.place_id,
                label=before.label if planned.kind is StopKind.BREAK else planned.label,
                location=before.location if planned.kind is StopKind.BREAK else planned.location,
                arrives_at=arrives_at,
                starts_at=starts_at,
                departs_at=starts_at + (planned.departs_at - planned.starts_at),
                load_kg=round(load_kg, 1),
                load_l=round(load_l, 1),
            )
        )
    return stops


def _start(tour: Tour | None, driver: DrivenStops) -> Stop:
    if tour is not None:
        return tour.stops[0]
    depot = next(one for one in driver.town.depots if one.depot_id == driver.vehicle.start_depot_id)
    return Stop(
        sequence=0,
        kind=StopKind.START,
        place_id=depot.depot_id,
        label=depot.name or depot.depot_id,
        location=depot.location,
        leg=None,
        arrives_at=driver.now,
        starts_at=driver.now,
        departs_at=driver.now,
        load_kg=0.0,
        load_l=0.0,
    )


def _end(driver: DrivenStops) -> Stop:
    depot = next(one for one in driver.town.depots if one.depot_id == driver.vehicle.end_depot_id)
    return replace(
        driver.stops[-1],
        kind=StopKind.END,
        place_id=depot.depot_id,
        label=depot.name or depot.depot_id,
        location=depot.location,
        leg=Leg(duration_s=0, distance_m=0),
        arrives_at=driver.now,
        starts_at=driver.now,
        departs_at=driver.now,
        collections=(),
        stream="",
    )


def _places(
    tour: Tour | None,
    progress: TourProgress | None,
    vehicle: Vehicle,
    town: Town,
    containers: Mapping[str, Container],
) -> Iterator[Waypoint]:
    """Every place that the vehicle was or will be at, its depots first."""
    for depot in town.depots:
        if depot.depot_id in {vehicle.start_depot_id, vehicle.end_depot_id}:
            yield Waypoint(label=depot.name or depot.depot_id, location=depot.location, has_room_to_turn=True)
    for site in town.disposal_sites:
        yield Waypoint(label=site.name or site.disposal_site_id, location=site.location, has_room_to_turn=True)
    if tour is not None:
        yield from places_of((stop for stop in tour.stops if stop.kind is not StopKind.BREAK), town)
    for container_id in progress.emptied if progress is not None else ():
        if container_id in containers:
            one = containers[container_id]
            side = Side.RIGHT if one.side is Side.RIGHT else Side.ANY
            yield Waypoint(label=f"container site {one.site_id}", location=one.location, side=side)


def _unserved(
    plan: Plan,
    facts: _Facts,
    planned: Mapping[str, Collection],
    dropped: Iterable[Collection],
    tours: Sequence[Tour],
) -> Iterator[Unserved]:
    """What the plan had left and nobody emptied; what could not be emptied; what a vehicle that is home left."""
    kept = {one.container_id for tour in tours for stop in tour.stops for one in stop.collections}
    told = set(kept) | facts.settled
    for container_id, event in sorted(facts.blocked.items()):
        if container_id in planned and container_id not in told:
            told.add(container_id)
            yield _blocked(planned[container_id], event)
    for one in dropped:
        if one.container_id not in told:
            told.add(one.container_id)
            yield _left_behind(one)
    for unserved in plan.unserved:
        if unserved.container_id not in told:
            yield unserved


def _blocked(one: Collection, event: TourEvent) -> Unserved:
    words = EXCEPTION_WORDS[event.code or ExceptionCode.OTHER]
    return Unserved(
        container_id=one.container_id,
        is_due=one.is_must,
        reason=ReasonCode.EXCLUDED,
        message=f"the driver could not empty it: {words.en.lower()}",
        what_would_change_it="Clear it and plan again, or leave it for tomorrow.",
        expected_fraction=one.expected_fraction,
        overflow_probability=one.overflow_probability,
        cost_of_waiting_eur=one.cost_of_waiting_eur,
        message_de=f"Er konnte nicht geleert werden: {words.de}.",
        what_would_change_it_de="Den Grund beheben und neu planen, oder morgen leeren.",
    )


def _left_behind(one: Collection) -> Unserved:
    return Unserved(
        container_id=one.container_id,
        is_due=one.is_must,
        reason=ReasonCode.TIME,
        message="its vehicle came home without having been there",
        what_would_change_it="Plan the rest of the day again, or leave it for tomorrow.",
        expected_fraction=one.expected_fraction,
        overflow_probability=one.overflow_probability,
        cost_of_waiting_eur=one.cost_of_waiting_eur,
        message_de="Sein Fahrzeug ist zurückgekommen, ohne dort gewesen zu sein.",
        what_would_change_it_de="Den Rest des Tages neu planen, oder morgen leeren.",
    )
