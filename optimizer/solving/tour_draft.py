"""A tour under construction: its order, what each trip carries, and what every possible insertion would cost."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Problem, ProblemVehicle
from optimizer.solving.schedule import Scheduler, Timing, ways_micro_eur
from optimizer.solving.tour_cost import order_change_micro_eur, order_cost_micro_eur
from optimizer.solving.working_time import most_work_s

NO_TRIP = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """One way to serve a pickup.

    Attributes
    ----------
    cost_micro_eur
        What it adds, waits and breaks not counted.
    cut
        The visits ``order[cut[0]:cut[1]]`` make way for ``visits``.
    """

    cost_micro_eur: int
    cut: tuple[int, int]
    visits: tuple[int, ...]

    def applied_to(self, order: Sequence[int]) -> list[int]:
        """The order with the pickup in it."""
        return [*order[: self.cut[0]], *self.visits, *order[self.cut[1] :]]


class Workbench:
    """What all drafts of one problem share: the scheduler and one cost matrix per kind of vehicle."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.scheduler = Scheduler(problem)
        kinds: dict[tuple[str, int, int, int], NDArray[np.int64]] = {}
        self.arc_micro_eur: list[NDArray[np.int64]] = []
        for vehicle in problem.vehicles:
            rates = (vehicle.per_m_micro_eur, vehicle.toll_per_m_micro_eur, vehicle.per_s_micro_eur)
            kind = (vehicle.profile, *rates)
            if kind not in kinds:
                # What insertions cost is told roughly, by the travel before the first slice.
                matrix = problem.travel[vehicle.profile]
                kinds[kind] = ways_micro_eur(matrix, vehicle)
                kinds[kind] += matrix.duration_s.astype(np.int64) * vehicle.per_s_micro_eur
            self.arc_micro_eur.append(kinds[kind])
        self.servable = [
            frozenset(
                at
                for at, pickup in enumerate(problem.pickups)
                if vehicle_index in pickup.allowed_vehicles
                and pickup.demand_kg <= vehicle.capacity_kg
                and pickup.demand_l <= vehicle.capacity_l_by_stream.get(pickup.stream, -1)
            )
            for vehicle_index, vehicle in enumerate(problem.vehicles)
        ]
        self.has_changes = any(one.change_micro_eur for one in problem.pickups)
        self.shortest_s = {vehicle.profile: _shortest_s(problem, vehicle.profile) for vehicle in problem.vehicles}
        self.most_work_s = [most_work_s(vehicle) for vehicle in problem.vehicles]
        # A vehicle on which something was planned is like no other: changes have a price.
        planned = {one.planned_vehicle for one in problem.pickups if one.change_micro_eur}
        alike = [
            repr((replace(vehicle, vehicle_id=""), index if index in planned else None))
            for index, vehicle in enumerate(problem.vehicles)
        ]
        self.first_alike = [alike.index(description) for description in alike]
        self._drives_alike = [
            (first, tuple(index in pickup.allowed_vehicles for pickup in problem.pickups))
            for index, first in enumerate(self.first_alike)
        ]
        self.disposals_by_vehicle_stream = {
            (vehicle_index, stream): [
                index
                for index, disposal in enumerate(problem.disposals)
                if stream in disposal.streams and vehicle_index in disposal.allowed_vehicles
            ]
            for vehicle_index, vehicle in enumerate(problem.vehicles)
            for stream in vehicle.capacity_l_by_stream
        }

    def is_alike(self, one: int, other: int) -> bool:
        """Whether two vehicles can do the same at the same cost."""
        return self._drives_alike[one] == self._drives_alike[other]

    def changes_micro_eur(self, vehicle_index: int, order: Sequence[int]) -> int:
        """The price of what was planned for another vehicle."""
        return order_change_micro_eur(self.problem, vehicle_index, order) if self.has_changes else 0


class TourDraft:
    """The order of one vehicle, always one that can be driven in time; an empty order is a vehicle not used.

    The order of a vehicle that starts with a load has at least the tipping of it, as soon as one can be driven in time.
    """

    def __init__(self, bench: Workbench, vehicle_index: int) -> None:
        self.bench = bench
        self.vehicle_index = vehicle_index
        self.vehicle = bench.problem.vehicles[vehicle_index]
        self.order: list[int] = []
        self.timing = Timing(elapsed_s=0, work_s=0)
        self.cost_micro_eur = 0
        self._survey()
        if self.vehicle.on_board_stream is not None:
            self._tip_at_once(self.vehicle.on_board_stream)

    def replace_order(self, order: Sequence[int]) -> bool:
        """Take the order when it can be driven in time; False leaves everything as it is."""
        timing = Timing(elapsed_s=0, work_s=0)
        if order:
            timed = self.bench.scheduler.time(self.vehicle_index, order)
            if timed is None:
                return False
            timing = timed
        self.order = list(order)
        self.timing = timing
        self.cost_micro_eur = self.cost_of(self.order, timing)
        self._survey()
        return True

    def may_drive(self, order: Sequence[int]) -> bool:
        """Whether access, streams, loads and the number of trips allow the order; times are not looked at."""
        problem = self.bench.problem
        day_kg = sum(problem.pickups[visit].demand_kg for visit in order if visit >= 0)
        if self._over_day_kg(day_kg) > 0:
            return False
        kg, litres, trips = self.vehicle.on_board_kg, self.vehicle.on_board_l, 0
        stream = self.vehicle.on_board_stream or ""
        for visit in order:
            if visit >= 0:
                pickup = problem.pickups[visit]
                kg, litres = kg + pickup.demand_kg, litres + pickup.demand_l
                if pickup.stream != (stream or pickup.stream) or visit not in self.bench.servable[self.vehicle_index]:
                    return False
                stream = pickup.stream
                if kg > self.vehicle.capacity_kg or litres > self.vehicle.capacity_l_by_stream[stream]:
                    return False
            else:
                if ~visit not in self._disposals(stream):
                    return False
                kg, litres, trips, stream = 0, 0, trips + 1, ""
        return trips <= self.vehicle.max_trips and not stream

    def disposals_at(self, position: int) -> list[int]:
        """Where the trip that ends at this position of the order may be tipped."""
        if position == 0:
            return self._disposals(self.vehicle.on_board_stream or "")
        return self._disposals(self.bench.problem.pickups[self.order[position - 1]].stream)

    def without(self, gone: Container[int]) -> list[int]:
        """The order without some visits, and without the tippings at which nothing would then be on board."""
        return without_empty_trips([visit for visit in self.order if visit not in gone], self.vehicle)

    def cost_of(self, order: Sequence[int], timing: Timing) -> int:
        """Exact cost of an order of this vehicle, changes included."""
        if not order:
            return 0
        cost = order_cost_micro_eur(self.bench.problem, self.vehicle_index, order, timing)
        return cost + self.bench.changes_micro_eur(self.vehicle_index, order)

    def insertions(
        self, pickup_index: int, *, most: int, is_load_limited: bool = True, is_day_limited: bool = True
    ) -> list[Insertion]:
        """The cheapest ways to serve a pickup that respect loads and streams; times are not looked at.

        ``is_load_limited`` is about all loads, ``is_day_limited`` about what all trips collect together.
        """
        pickup = self.bench.problem.pickups[pickup_index]
        is_stranded = self.vehicle.is_loaded and not self.order
        if is_stranded or pickup_index not in self.bench.servable[self.vehicle_index]:
            return []
        if is_load_limited and is_day_limited and self.missing_day_kg(pickup_index) > 0:
            return []
        arc = self.bench.arc_micro_eur[self.vehicle_index]
        from_pickup = arc[pickup.place_index]
        there = arc[:, pickup.place_index][self._from] - self._leg_micro_eur
        has_room = self._stream_of_gap == self._stream_numbers.get(pickup.stream, NO_TRIP - 1)
        if is_load_limited:
            has_room &= (self._room_kg >= pickup.demand_kg) & (self._room_l >= pickup.demand_l)
        fixed = 0 if self.order else self.vehicle.fixed_micro_eur
        fixed += pickup.service_s * self.vehicle.per_s_micro_eur
        fixed += self.bench.problem.change_micro_eur(self.vehicle_index, pickup_index)
        found: list[Insertion] = []
        open_gaps = np.flatnonzero(has_room)
        if len(open_gaps):
            costs = there + from_pickup[self._to] + self._fee_micro_eur * pickup.demand_kg
            for gap in _cheapest(costs, open_gaps, most):
                cost = fixed + int(costs[gap])
                found.append(Insertion(cost_micro_eur=cost, cut=(gap, gap), visits=(pickup_index,)))
            found += self._other_tips(pickup_index, open_gaps[self._is_before_tip[open_gaps]], fixed)
        found += self._new_trips(pickup_index, there, fixed, most)
        found.sort(key=lambda insertion: insertion.cost_micro_eur)
        return found[:most]

    def may_have_time_for(self, pickup_index: int) -> bool:
        """Whether the vehicle may serve the pickup and could still do so if it were on its way."""
        pickup = self.bench.problem.pickups[pickup_index]
        most_s = self.bench.most_work_s[self.vehicle_index]
        is_servable = pickup_index in self.bench.servable[self.vehicle_index]
        return is_servable and self._busy_s + pickup.service_s <= most_s

    def missing_day_kg(self, pickup_index: int) -> int:
        """By how much the vehicle would collect more than it may in a day if it served the pickup too."""
        return max(0, self._over_day_kg(self._day_kg + self.bench.problem.pickups[pickup_index].demand_kg))

    def most_saved_micro_eur(self, pickup_index: int) -> int:
        """More than leaving out a pickup can save: its detour, its service, its fee, and all waits and breaks."""
        pickup = self.bench.problem.pickups[pickup_index]
        at = self.order.index(pickup_index)
        arc = self.bench.arc_micro_eur[self.vehicle_index]
        idle_s = self.timing.elapsed_s - self._busy_s
        before, after = self._places[at], self._places[at + 2]
        detour = int(arc[before, pickup.place_index] + arc[pickup.place_index, after] - arc[before, after])
        if len(self.order) == at + 1 or (self.order[at + 1] < 0 and (at == 0 or self.order[at - 1] < 0)):
            return self.cost_micro_eur  # alone on its trip: the tipping goes with it
        if self.vehicle.has_overtime or self.timing.departs_s is not None:
            return self.cost_micro_eur  # every second may cost more than here
        spent_s = pickup.service_s + idle_s
        saved = detour + spent_s * self.vehicle.per_s_micro_eur + int(self._fee_micro_eur[at]) * pickup.demand_kg
        return saved + self.bench.problem.change_micro_eur(self.vehicle_index, pickup_index)

    def try_insertion(self, insertion: Insertion) -> bool:
        """Take the insertion when it can be driven in time."""
        if self._busy_s + self._added_s(insertion) > self.bench.most_work_s[self.vehicle_index]:
            return False
        return self.replace_order(insertion.applied_to(self.order))

    def _new_trips(self, pickup_index: int, there: NDArray[np.int64], fixed: int, most: int) -> Iterator[Insertion]:
        """A trip of its own, before, between or after the others."""
        if self._n_trips >= self.vehicle.max_trips:
            return
        problem = self.bench.problem
        pickup = problem.pickups[pickup_index]
        arc = self.bench.arc_micro_eur[self.vehicle_index]
        for disposal_index in self._disposals(pickup.stream):
            disposal = problem.disposals[disposal_index]
            extra = fixed + int(arc[pickup.place_index, disposal.place_index])
            extra += disposal.unloading_s * self.vehicle.per_s_micro_eur
            extra += disposal.per_kg_micro_eur * pickup.demand_kg
            costs = there + arc[disposal.place_index][self._to]
            for gap in _cheapest(costs, self._boundaries, min(most, 3)):
                visits = (pickup_index, ~disposal_index)
                yield Insertion(cost_micro_eur=extra + int(costs[gap]), cut=(gap, gap), visits=visits)

    def _other_tips(self, pickup_index: int, last_gaps: NDArray[np.intp], fixed: int) -> Iterator[Insertion]:
        """At the end of a trip, tipping elsewhere than before."""
        problem = self.bench.problem
        pickup = problem.pickups[pickup_index]
        arc = self.bench.arc_micro_eur[self.vehicle_index]
        disposals = self._disposals(pickup.stream)
        if len(disposals) < 2:
            return
        for gap in last_gaps.tolist():
            old_index = ~self.order[gap]
            before, after = self._places[gap], self._places[gap + 2]
            old = self._tip_micro_eur(old_index, self._load_before_kg[gap])
            old += arc[before, self._places[gap + 1]] + arc[self._places[gap + 1], after]
            for disposal_index in disposals:
                if disposal_index != old_index:
                    tip = problem.disposals[disposal_index].place_index
                    new = self._tip_micro_eur(disposal_index, self._load_before_kg[gap] + pickup.demand_kg)
                    new += arc[before, pickup.place_index] + arc[pickup.place_index, tip] + arc[tip, after]
                    visits = (pickup_index, ~disposal_index)
                    yield Insertion(cost_micro_eur=fixed + int(new - old), cut=(gap, gap + 1), visits=visits)

    def _tip_micro_eur(self, disposal_index: int, load_kg: int) -> int:
        disposal = self.bench.problem.disposals[disposal_index]
        return load_kg * disposal.per_kg_micro_eur + disposal.unloading_s * self.vehicle.per_s_micro_eur

    def _over_day_kg(self, day_kg: int) -> int:
        return 0 if self.vehicle.max_day_kg is None else day_kg - self.vehicle.max_day_kg

    def _tip_at_once(self, stream: str) -> None:
        """Begin with the cheapest way to bring away what is on board, where one can be driven in time."""
        cheapest: tuple[int, int] | None = None
        for disposal in self._disposals(stream):
            if self.replace_order([~disposal]) and (cheapest is None or self.cost_micro_eur < cheapest[0]):
                cheapest = (self.cost_micro_eur, disposal)
        if cheapest is not None:
            self.replace_order([~cheapest[1]])

    def _disposals(self, stream: str) -> list[int]:
        return self.bench.disposals_by_vehicle_stream.get((self.vehicle_index, stream), [])

    def _added_s(self, insertion: Insertion) -> int:
        """Driving and service that an insertion adds."""
        start, end = insertion.cut
        cut_out = self.order[start:end]
        old = self._places[start : end + 2]
        new = [old[0], *(_place(self.bench.problem, visit) for visit in insertion.visits), old[-1]]
        added_s = self._travel_s(new) - self._travel_s(old)
        added_s += sum(_service_s(self.bench.problem, visit) for visit in insertion.visits)
        return added_s - sum(_service_s(self.bench.problem, visit) for visit in cut_out)

    def _travel_s(self, places: Sequence[int]) -> int:
        return sum(int(self._duration_s[start, end]) for start, end in pairwise(places))

    def _survey(self) -> None:
        """Write down, for every gap between two visits, what an insertion there has to know."""
        problem, vehicle = self.bench.problem, self.vehicle
        self._stream_numbers = {stream: number for number, stream in enumerate(vehicle.capacity_l_by_stream)}
        self._duration_s = self.bench.shortest_s[vehicle.profile]
        places = [vehicle.start_place_index, *(_place(problem, visit) for visit in self.order)]
        self._places = [*places, vehicle.end_place_index]
        n_gaps = len(self.order) + 1
        stream_of_gap = [NO_TRIP] * n_gaps
        room_kg, room_l = [0] * n_gaps, [0] * n_gaps
        load_before_kg, fee_micro_eur = [0] * n_gaps, [0] * n_gaps
        is_boundary = [False] * n_gaps
        trip_starts, load_kg, load_l = 0, vehicle.on_board_kg, vehicle.on_board_l
        stream = vehicle.on_board_stream or ""
        self._n_trips, self._day_kg = 0, 0
        for at, visit in enumerate(self.order):
            load_before_kg[at] = load_kg
            if visit >= 0:
                load_kg += problem.pickups[visit].demand_kg
                self._day_kg += problem.pickups[visit].demand_kg
                load_l += problem.pickups[visit].demand_l
                stream = problem.pickups[visit].stream
                continue
            is_boundary[trip_starts] = trip_starts > 0 or not vehicle.is_loaded
            span = slice(trip_starts, at + 1)
            width = at + 1 - trip_starts
            stream_of_gap[span] = [self._stream_numbers[stream]] * width
            room_kg[span] = [vehicle.capacity_kg - load_kg] * width
            room_l[span] = [vehicle.capacity_l_by_stream[stream] - load_l] * width
            fee_micro_eur[span] = [problem.disposals[~visit].per_kg_micro_eur] * width
            trip_starts, load_kg, load_l = at + 1, 0, 0
            self._n_trips += 1
        is_boundary[-1] = True
        self._from = np.array(self._places[:-1], dtype=np.intp)
        self._to = np.array(self._places[1:], dtype=np.intp)
        self._leg_micro_eur = self.bench.arc_micro_eur[self.vehicle_index][self._from, self._to]
        self._stream_of_gap = np.array(stream_of_gap)
        self._room_kg, self._room_l = np.array(room_kg), np.array(room_l)
        self._boundaries = np.flatnonzero(is_boundary)
        self._is_before_tip = np.array([visit < 0 for visit in self.order] + [False])
        self._load_before_kg, self._fee_micro_eur = load_before_kg, np.array(fee_micro_eur, dtype=np.int64)
        services = sum(_service_s(problem, visit) for visit in self.order)
        self._busy_s = services + int(self._duration_s[self._from, self._to].sum()) if self.order else 0


def without_empty_trips(order: Iterable[int], vehicle: ProblemVehicle) -> list[int]:
    """The order without tippings at which nothing is on board."""
    kept: list[int] = []
    for visit in order:
        is_loaded = kept[-1] >= 0 if kept else vehicle.is_loaded
        if visit >= 0 or is_loaded:
            kept.append(visit)
    return kept


def _shortest_s(problem: Problem, profile: str) -> NDArray[np.int32]:
    """Travel in the slice in which it takes least: bounds hold for all of them."""
    shortest_s = problem.travel[profile].duration_s
    for one in problem.travel_slices.get(profile, ()):
        shortest_s = np.minimum(shortest_s, one.matrix.duration_s)
    return shortest_s


def _place(problem: Problem, visit: int) -> int:
    return problem.pickups[visit].place_index if visit >= 0 else problem.disposals[~visit].place_index


def _service_s(problem: Problem, visit: int) -> int:
    return problem.pickups[visit].service_s if visit >= 0 else problem.disposals[~visit].unloading_s


def _cheapest(costs: NDArray[np.int64], gaps: NDArray[np.intp], most: int) -> list[int]:
    """The gaps of least cost, cheapest first; ties keep the order of the tour."""
    if len(gaps) > most:
        gaps = gaps[np.argsort(costs[gaps], kind="stable")[:most]]
    return [int(gap) for gap in gaps]
