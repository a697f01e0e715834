"""One vehicle's visits, in seconds and indices, become a tour with instants, names, loads, fuel and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import ceil

from optimizer.domain.container import Container
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Collection, Leg, Stop, StopKind, Totals, Tour
from optimizer.domain.selection import Candidate, Decision
from optimizer.domain.town import Town
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem
from optimizer.problem.solution import VehicleTour, Visit, VisitKind
from routing.location import Location


def assemble_tour(
    problem: Problem,
    tour: VehicleTour,
    *,
    town: Town,
    containers: Mapping[str, Container],
    candidates: Mapping[str, Candidate],
    done: Sequence[Stop] = (),
) -> Tour:
    """The tour that people read; containers and candidates are given by container id.

    Stops already ``done`` stay as they are, and the vehicle goes on from the last of them.
    """
    vehicle = problem.vehicles[tour.vehicle_index]
    walk = _Walk(
        problem=problem,
        tour=tour,
        town=town,
        containers=containers,
        candidates=candidates,
        leaves_s=tour.departs_s,
    )
    if done:
        walk.resume(done)
    else:
        walk.halt_at_depot(StopKind.START, vehicle.start_place_index, tour.departs_s)
    for visit in tour.visits:
        if visit.kind is VisitKind.BREAK:
            walk.pause(visit)
        elif visit.kind is VisitKind.TIP:
            walk.tip(visit)
        else:
            walk.collect(visit)
    walk.halt_at_depot(StopKind.END, vehicle.end_place_index, tour.returns_s)
    return Tour(
        vehicle_id=vehicle.vehicle_id,
        profile=vehicle.profile,
        stops=tuple(walk.stops),
        totals=sum_up(walk.stops, walk.town, vehicle_id=vehicle.vehicle_id, fee_micro_eur=walk.fee_micro_eur),
        done_stops=len(done),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    place_id: str
    label: str
    location: Location


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Follows the vehicle and keeps what is on board and where it stands."""

    problem: Problem
    tour: VehicleTour
    town: Town
    containers: Mapping[str, Container]
    candidates: Mapping[str, Candidate]
    leaves_s: int
    stops: list[Stop] = field(default_factory=list)
    place: _Place | None = None
    place_index: int = -1
    load_kg: float = 0.0
    load_l: float = 0.0
    weighed_kg: int = 0
    fee_micro_eur: int = 0

    def halt_at_depot(self, kind: StopKind, place_index: int, at_s: int) -> None:
        vehicle_id = self.problem.vehicles[self.tour.vehicle_index].vehicle_id
        vehicle = next(one for one in self.town.vehicles if one.vehicle_id == vehicle_id)
        depot_id = vehicle.start_depot_id if kind is StopKind.START else vehicle.end_depot_id
        depot = next(one for one in self.town.depots if one.depot_id == depot_id)
        leg = None if kind is StopKind.START else self._leg_to(place_index)
        self.place = _Place(place_id=depot_id, label=depot.name or depot_id, location=depot.location)
        self._add(kind, (at_s, at_s, at_s), leg=leg)
        self.place_index = place_index

    def resume(self, done: Sequence[Stop]) -> None:
        vehicle, last = self.problem.vehicles[self.tour.vehicle_index], done[-1]
        self.stops.extend(done)
        self.place = _Place(place_id=last.place_id, label=last.label, location=last.location)
        self.place_index = vehicle.start_place_index
        self.load_kg, self.load_l = last.load_kg, last.load_l
        self.weighed_kg = vehicle.on_board_kg
        self.fee_micro_eur = fees_paid_micro_eur(done, self.town)

    def pause(self, visit: Visit) -> None:
        self.leaves_s = visit.departs_s
        self._add(StopKind.BREAK, _times(visit), leg=None)

    def tip(self, visit: Visit) -> None:
        disposal = self.problem.disposals[visit.index]
        site = next(one for one in self.town.disposal_sites if one.disposal_site_id == disposal.disposal_site_id)
        leg = self._leg_to(disposal.place_index)
        self.leaves_s = visit.departs_s
        # The fee follows the problem's whole kilograms, so that the costs agree with the solver's to the cent.
        self.fee_micro_eur += disposal.per_kg_micro_eur * self.weighed_kg
        self.load_kg = self.load_l = 0.0
        self.weighed_kg = 0
        self.place = _Place(
            place_id=site.disposal_site_id, label=site.name or site.disposal_site_id, location=site.location
        )
        self._add(StopKind.TIP, _times(visit), leg=leg)
        self.place_index = disposal.place_index

    def collect(self, visit: Visit) -> None:
        pickup = self.problem.pickups[visit.index]
        first = self.containers[pickup.container_ids[0]]
        collections = tuple(self._empty(container_id) for container_id in pickup.container_ids)
        leg = self._leg_to(pickup.place_index)
        self.leaves_s = visit.departs_s
        self.load_kg += sum(collection.expected_kg for collection in collections)
        self.load_l += sum(collection.expected_l for collection in collections)
        self.weighed_kg += pickup.demand_kg
        self.place = _Place(place_id=first.site_id, label=first.address or first.site_id, location=first.location)
        self._add(StopKind.COLLECT, _times(visit), leg=leg, collections=collections, stream=pickup.stream)
        self.place_index = pickup.place_index

    def _empty(self, container_id: str) -> Collection:
        candidate = self.candidates[container_id]
        return Collection(
            container_id=container_id,
            expected_fraction=candidate.expected_fraction,
            expected_kg=candidate.expected_kg,
            expected_l=candidate.expected_l,
            overflow_probability=candidate.overflow_probability,
            is_must=candidate.decision is Decision.MUST,
            reasons=candidate.reasons,
            reasons_de=candidate.reasons_de,
            cost_of_waiting_eur=round(candidate.cost_of_waiting_eur, 2),
        )

    def _leg_to(self, place_index: int) -> Leg:
        way = (self.tour.vehicle_index, self.place_index, place_index)
        return Leg(
            duration_s=self.problem.duration_s(*way, departs_s=self.leaves_s),
            distance_m=self.problem.distance_m(*way, departs_s=self.leaves_s),
            toll_m=self.problem.toll_m(*way, departs_s=self.leaves_s),
        )

    def _add(
        self,
        kind: StopKind,
        times_s: tuple[int, int, int],
        *,
        leg: Leg | None,
        collections: tuple[Collection, ...] = (),
        stream: str = "",
    ) -> None:
        assert self.place is not None  # the walk starts at a depot
        arrives_at, starts_at, departs_at = (self._instant(at_s) for at_s in times_s)
        self.stops.append(
            Stop(
                sequence=len(self.stops),
                kind=kind,
                place_id=self.place.place_id,
                label=self.place.label,
                location=self.place.location,
                leg=leg,
                arrives_at=arrives_at,
                starts_at=starts_at,
                departs_at=departs_at,
                load_kg=round(self.load_kg, 1),
                load_l=round(self.load_l, 1),
                collections=collections,
                stream=stream,
            )
        )

    def _instant(self, at_s: int) -> datetime:
        # Adding to a local clock would be an hour off on the two days when the clocks change.
        return datetime.fromtimestamp(self.problem.midnight_at.timestamp() + at_s, tz=self.town.zone)


def _times(visit: Visit) -> tuple[int, int, int]:
    return visit.arrives_s, visit.starts_s, visit.departs_s


def fees_paid_micro_eur(done: Sequence[Stop], town: Town) -> int:
    """Gate fees of the tippings among some stops, for what their loads were thought to weigh."""
    fee_by_site = {one.disposal_site_id: one.fee_eur_per_t for one in town.disposal_sites}
    return sum(
        round(fee_by_site[stop.place_id] * MICRO_EUR_PER_EUR / 1000) * ceil(before.load_kg)
        for before, stop in pairwise(done)
        if stop.kind is StopKind.TIP
    )


def sum_up(stops: Sequence[Stop], town: Town, *, vehicle_id: str, fee_micro_eur: int) -> Totals:
    """The sums of a tour's stops, with the vehicle's rates as the problem has them."""
    vehicle = next(one for one in town.vehicles if one.vehicle_id == vehicle_id)
    back_at = stops[-1].arrives_at if stops[-1].kind is StopKind.END else stops[-1].departs_at
    elapsed_s = seconds_between(stops[0].departs_at, back_at)
    legs = [stop.leg for stop in stops if stop.leg]
    distance_m = sum(leg.distance_m for leg in legs)
    lifts = sum(len(stop.collections) for stop in stops)
    break_s = _seconds(stops, StopKind.BREAK)
    idle_s = _seconds(stops, StopKind.COLLECT) + _seconds(stops, StopKind.TIP)
    diesel_l = vehicle.fuel.used_l(distance_m=distance_m, idle_s=idle_s, lifts=lifts)
    working_s = elapsed_s - break_s
    overtime_s = 0 if vehicle.shift.regular_work_s is None else max(0, working_s - vehicle.shift.regular_work_s)
    toll_micro_eur = round(vehicle.toll_eur_per_km * MICRO_EUR_PER_EUR / 1000) * sum(leg.toll_m for leg in legs)
    cost_micro_eur = (
        round(vehicle.cost_eur_per_day * MICRO_EUR_PER_EUR)
        + round(vehicle.cost_eur_per_km * MICRO_EUR_PER_EUR / 1000) * distance_m
        + round(vehicle.cost_eur_per_h * MICRO_EUR_PER_EUR / 3600) * elapsed_s
        + round(vehicle.overtime_eur_per_h * MICRO_EUR_PER_EUR / 3600) * overtime_s
        + toll_micro_eur
        + fee_micro_eur
    )
    return Totals(
        distance_m=distance_m,
        driving_s=sum(leg.duration_s for leg in legs),
        working_s=working_s,
        break_s=break_s,
        overtime_s=overtime_s,
        lifts=lifts,
        tips=sum(stop.kind is StopKind.TIP for stop in stops),
        collected_kg=round(sum(one.expected_kg for stop in stops for one in stop.collections), 1),
        diesel_l=round(diesel_l, 2),
        co2e_kg=round(diesel_l * vehicle.fuel.co2e_kg_per_l, 2),
        cost_eur=round(cost_micro_eur / MICRO_EUR_PER_EUR, 2),
        toll_eur=round(toll_micro_eur / MICRO_EUR_PER_EUR, 2),
    )


def _seconds(stops: Sequence[Stop], kind: StopKind) -> int:
    return sum(seconds_between(stop.starts_at, stop.departs_at) for stop in stops if stop.kind is kind)
