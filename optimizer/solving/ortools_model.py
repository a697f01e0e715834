"""A problem as OR-Tools sees it: nodes, matrices of nested lists, dimensions for time, loads and trips.

Tippings are optional nodes, several per disposal site, at which the load falls back to nothing; a trip of one stream
and an empty return are arcs that do not exist. Breaks are counted as working time that the shift does not have; where
they lie is left to the scheduler. What OR-Tools does not see: waits and breaks in the cost, the part of a gate fee that
depends on the load of a trip, queues, and travel that depends on the time: it counts with unloading without a queue and
with the travel before the first time slice. Its answers are timed by all rules, and mended where they break one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp

from optimizer.problem.problem import Pickup, Problem, ProblemVehicle, Window
from optimizer.problem.solution import Solution, VisitKind
from optimizer.solving.schedule import ways_micro_eur
from optimizer.solving.working_time import most_work_s

NO_ARC_S = 10_000_000
NO_ARC_MICRO_EUR = 1 << 46
"""Where no arc is: longer than any shift, dearer than any tour, and far from overflow when summed."""
SECONDS_PER_ARC = 2.5e-7
SPARE_TIPPINGS = 2
"""Copies of a disposal site beyond those that the start uses: every copy not in use costs the search time."""
FULL = 1_000_000_000
"""A full body; shares of it are rounded down, which cannot hide a whole litre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A pickup, one of the copies of a disposal site, or a depot.

    Attributes
    ----------
    visit
        As in an order; None for a depot.
    stream
        Of a pickup, or of what is on board at a start.
    """

    place_index: int
    visit: int | None
    service_s: int
    stream: str = ""


class OrToolsModel:
    """The routing model of one problem, and the way from its indices to orders and back."""

    def __init__(
        self,
        problem: Problem,
        *,
        start: Solution,
        pickup_sequence: Sequence[int],
        tick: Callable[[], None] | None = None,
    ) -> None:
        self.problem = problem
        self._tick = tick or (lambda: None)
        self.nodes = _nodes(problem, start, pickup_sequence)
        self._starts = [
            self._add_depot(vehicle.start_place_index, stream=vehicle.on_board_stream or "")
            for vehicle in problem.vehicles
        ]
        self._ends = [self._add_depot(vehicle.end_place_index) for vehicle in problem.vehicles]
        self.manager = pywrapcp.RoutingIndexManager(len(self.nodes), len(problem.vehicles), self._starts, self._ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._forbidden = self._forbidden_arcs()
        self._add_costs()
        self._add_time()
        self._add_loads()
        self._add_trips()
        self._add_day_loads()
        self._add_choices()

    def indices(self, order: Sequence[int]) -> list[int]:
        """Model indices of an order; each tipping takes the next free copy of its site."""
        return [int(self.manager.NodeToIndex(self._free_copies[visit].pop())) for visit in order]

    def routes(self, orders: Sequence[tuple[int, Sequence[int]]]) -> list[list[int]]:
        """Index routes of all vehicles for orders by vehicle."""
        self._free_copies: dict[int, list[int]] = {}
        for at in range(len(self.nodes) - 1, -1, -1):
            visit = self.nodes[at].visit
            if visit is not None:
                self._free_copies.setdefault(visit, []).append(at)
        by_vehicle = dict(orders)
        return [self.indices(by_vehicle.get(at, [])) for at in range(len(self.problem.vehicles))]

    def orders(self) -> list[tuple[int, list[int]]]:
        """Orders of all used vehicles in the solution that the search stands on."""
        found = []
        for vehicle_index in range(len(self.problem.vehicles)):
            order = []
            index = self.routing.NextVar(self.routing.Start(vehicle_index)).Value()
            while not self.routing.IsEnd(index):
                visit = self.nodes[self.manager.IndexToNode(index)].visit
                assert visit is not None
                order.append(visit)
                index = self.routing.NextVar(index).Value()
            if order:
                found.append((vehicle_index, order))
        return found

    def _pickup(self, node: Node) -> Pickup:
        assert node.visit is not None
        return self.problem.pickups[node.visit]

    def _add_depot(self, place_index: int, *, stream: str = "") -> int:
        depot = Node(place_index=place_index, visit=None, service_s=0, stream=stream)
        if depot in self.nodes:
            return self.nodes.index(depot)
        self.nodes.append(depot)
        return len(self.nodes) - 1

    def _forbidden_arcs(self) -> NDArray[np.bool_]:
        """Which arcs break the rule of one stream per trip and an empty return."""
        streams = sorted({node.stream for node in self.nodes} - {""})
        number = {stream: at for at, stream in enumerate(streams)}
        stream = np.array([number.get(node.stream, -1) for node in self.nodes])
        is_loaded = stream >= 0  # pickups, and starts with a load on board
        is_pickup = np.array([_is_pickup(node) for node in self.nodes])
        is_tip = np.array([_is_tip(node) for node in self.nodes])
        is_depot = ~is_pickup & ~is_tip
        forbidden = is_loaded[:, None] & is_pickup[None, :] & (stream[:, None] != stream[None, :])
        forbidden |= is_loaded[:, None] & is_depot[None, :]
        forbidden |= ~is_loaded[:, None] & is_tip[None, :]
        for at in np.flatnonzero(is_tip):
            visit = self.nodes[at].visit
            assert visit is not None
            accepted = [number[name] for name in self.problem.disposals[~visit].streams if name in number]
            forbidden[:, at] |= is_loaded & ~np.isin(stream, accepted)
        return np.asarray(forbidden)

    def _add_costs(self) -> None:
        problem = self.problem
        places = np.array([node.place_index for node in self.nodes])
        service_s = np.array([node.service_s for node in self.nodes], dtype=np.int64)
        fees = np.array([self._fee_micro_eur(node) for node in self.nodes], dtype=np.int64)
        registered: dict[tuple[str, tuple[int, int, int], bytes], int] = {}
        for vehicle_index, vehicle in enumerate(problem.vehicles):
            changes = np.array([self._change_micro_eur(vehicle_index, node) for node in self.nodes], dtype=np.int64)
            rates = (vehicle.per_m_micro_eur, vehicle.toll_per_m_micro_eur, vehicle.per_s_micro_eur)
            kind = (vehicle.profile, rates, changes.tobytes())
            if kind not in registered:
                matrix = problem.travel[vehicle.profile]
                block = np.ix_(places, places)
                costs = ways_micro_eur(matrix, vehicle)[block]
                costs += (matrix.duration_s[block] + service_s[:, None]) * vehicle.per_s_micro_eur
                costs += fees[:, None] + changes[:, None]
                costs[self._forbidden] = NO_ARC_MICRO_EUR
                registered[kind] = self.routing.RegisterTransitMatrix(costs.tolist())
                self._tick()
            self.routing.SetArcCostEvaluatorOfVehicle(registered[kind], vehicle_index)
            # OR-Tools knows no cost of staying unused; a way home saved only tips the scales between vehicles.
            self.routing.SetFixedCostOfVehicle(max(0, vehicle.fixed_micro_eur), vehicle_index)

    def _change_micro_eur(self, vehicle_index: int, node: Node) -> int:
        if node.visit is None or node.visit < 0:
            return 0
        return self.problem.change_micro_eur(vehicle_index, node.visit)

    def _fee_micro_eur(self, node: Node) -> int:
        """The cheapest gate fee of a pickup's load; at a site, what an average load costs more than elsewhere."""
        problem = self.problem
        if node.visit is None:
            return 0
        if node.visit >= 0:
            pickup = problem.pickups[node.visit]
            return pickup.demand_kg * _least_fee_micro_eur(problem, pickup.stream)
        disposal = problem.disposals[~node.visit]
        least = min((_least_fee_micro_eur(problem, stream) for stream in disposal.streams), default=0)
        mean_kg = sum(vehicle.capacity_kg for vehicle in problem.vehicles) // (2 * len(problem.vehicles))
        return (disposal.per_kg_micro_eur - least) * mean_kg

    def _add_time(self) -> None:
        problem = self.problem
        places = np.array([node.place_index for node in self.nodes])
        service_s = np.array([node.service_s for node in self.nodes], dtype=np.int64)
        registered: dict[str, int] = {}
        for profile in sorted({vehicle.profile for vehicle in problem.vehicles}):
            times = problem.travel[profile].duration_s[np.ix_(places, places)] + service_s[:, None]
            times[self._forbidden] = NO_ARC_S
            registered[profile] = self.routing.RegisterTransitMatrix(times.tolist())
            self._tick()
        horizon_s = max(vehicle.shift[1] for vehicle in problem.vehicles)
        evaluators = [registered[vehicle.profile] for vehicle in problem.vehicles]
        self.routing.AddDimensionWithVehicleTransits(evaluators, horizon_s, horizon_s, False, "time")
        # A bound on the span of "time" would say the same of waits too, but it starts a linear program per move.
        most_work = [most_work_s(vehicle) for vehicle in problem.vehicles]
        self.routing.AddDimensionWithVehicleTransitAndCapacity(evaluators, 0, most_work, True, "work")
        time = self.routing.GetDimensionOrDie("time")
        work = self.routing.GetDimensionOrDie("work")
        for vehicle_index, vehicle in enumerate(problem.vehicles):
            departs_s = (vehicle.shift[0], vehicle.shift[0] if vehicle.worked_s else vehicle.shift[1])
            time.CumulVar(self.routing.Start(vehicle_index)).SetRange(*departs_s)
            time.CumulVar(self.routing.End(vehicle_index)).SetRange(*vehicle.shift)
            if vehicle.max_out_s is not None:
                time.SetSpanUpperBoundForVehicle(vehicle.max_out_s, vehicle_index)
            if vehicle.has_overtime:
                regular_s = vehicle.work_left_s - vehicle.overtime_s(vehicle.work_left_s)
                end = self.routing.End(vehicle_index)
                work.SetCumulVarSoftUpperBound(end, regular_s, vehicle.overtime_per_s_micro_eur)
        for at, node in enumerate(self.nodes):
            if node.visit is not None:
                windows = _windows(problem, node.visit)
                _open(time.CumulVar(self.manager.NodeToIndex(at)), windows, node.service_s, horizon_s)

    def _add_loads(self) -> None:
        vehicles = self.problem.vehicles
        kg = [self._pickup(node).demand_kg if _is_pickup(node) else 0 for node in self.nodes]
        self._add_load(
            "kg",
            kg,
            [vehicle.capacity_kg for vehicle in vehicles],
            on_board=[vehicle.on_board_kg for vehicle in vehicles],
        )
        for number, streams in enumerate(_streams_by_body(self.problem)):
            reference = max(range(len(vehicles)), key=lambda at: _capacity_l(vehicles[at], streams[0]))
            shares = [0] * len(self.nodes)
            full_l = {stream: max(1, _capacity_l(vehicles[reference], stream)) for stream in streams}
            for at, node in enumerate(self.nodes):
                if _is_pickup(node) and node.stream in full_l:
                    shares[at] = min(FULL + 1, self._pickup(node).demand_l * FULL // full_l[node.stream])
            bodies = [_capacity_l(vehicle, streams[0]) * FULL // full_l[streams[0]] for vehicle in vehicles]
            on_board = [
                vehicle.on_board_l * FULL // full_l[vehicle.on_board_stream] if vehicle.on_board_stream in full_l else 0
                for vehicle in vehicles
            ]
            self._add_load(f"body {number}", shares, bodies, on_board=on_board)

    def _add_load(self, name: str, loads: list[int], capacities: list[int], *, on_board: list[int]) -> None:
        """A load that grows at pickups and falls to nothing at tippings: there the slack fills up what is missing."""
        most = max(capacities)
        transits = [-most if _is_tip(node) else load for node, load in zip(self.nodes, loads, strict=True)]
        evaluator = self.routing.RegisterUnaryTransitVector(transits)
        self.routing.AddDimensionWithVehicleCapacity(evaluator, most, capacities, False, name)
        dimension = self.routing.GetDimensionOrDie(name)
        for vehicle_index, load in enumerate(on_board):
            dimension.CumulVar(self.routing.Start(vehicle_index)).SetValue(load)
            if load > 0:
                dimension.SlackVar(self.routing.Start(vehicle_index)).SetValue(0)
        for at, node in enumerate(self.nodes):
            if _is_pickup(node):
                dimension.SlackVar(self.manager.NodeToIndex(at)).SetValue(0)

    def _add_trips(self) -> None:
        most_trips = [vehicle.max_trips for vehicle in self.problem.vehicles]
        is_tip = [int(_is_tip(node)) for node in self.nodes]
        if sum(is_tip) > min(most_trips):
            tip_index = self.routing.RegisterUnaryTransitVector(is_tip)
            self.routing.AddDimensionWithVehicleCapacity(tip_index, 0, most_trips, True, "trips")

    def _add_day_loads(self) -> None:
        """What a vehicle collects in all its trips: unlike what is on board, it never falls."""
        if not self.problem.is_limited_in_load:
            return
        kg = [self._pickup(node).demand_kg if _is_pickup(node) else 0 for node in self.nodes]
        most_kg = [sum(kg) if one.max_day_kg is None else min(sum(kg), one.max_day_kg) for one in self.problem.vehicles]
        evaluator = self.routing.RegisterUnaryTransitVector(kg)
        self.routing.AddDimensionWithVehicleCapacity(evaluator, 0, most_kg, True, "day kg")

    def _add_choices(self) -> None:
        """Everything may be left out at its price, and goes only onto vehicles that may serve it."""
        for at, node in enumerate(self.nodes):
            if node.visit is None:
                continue
            index = self.manager.NodeToIndex(at)
            if node.visit < 0:
                penalty, allowed = 0, self.problem.disposals[~node.visit].allowed_vehicles
            else:
                pickup = self.problem.pickups[node.visit]
                penalty, allowed = pickup.prize_micro_eur, pickup.allowed_vehicles
            self.routing.AddDisjunction([index], penalty)
            if len(allowed) < len(self.problem.vehicles):
                # OR-Tools reads an empty list as "all": -1 stands for "none".
                self.routing.VehicleVar(index).SetValues([-1, *sorted(allowed)])


def seconds_to_build(problem: Problem) -> float:
    """About how long handing the matrices over to OR-Tools takes."""
    profiles = {vehicle.profile for vehicle in problem.vehicles}
    kinds = {(one.profile, one.per_m_micro_eur, one.per_s_micro_eur) for one in problem.vehicles}
    return SECONDS_PER_ARC * len(problem.pickups) ** 2 * (len(profiles) + len(kinds))


def _nodes(problem: Problem, start: Solution, pickup_sequence: Sequence[int]) -> list[Node]:
    nodes = [
        Node(
            place_index=problem.pickups[at].place_index,
            visit=at,
            service_s=problem.pickups[at].service_s,
            stream=problem.pickups[at].stream,
        )
        for at in pickup_sequence
    ]
    halts = [halt for tour in start.tours for halt in tour.visits]
    for disposal_index, disposal in enumerate(problem.disposals):
        used = sum(halt.kind is VisitKind.TIP and halt.index == disposal_index for halt in halts)
        tip = Node(place_index=disposal.place_index, visit=~disposal_index, service_s=disposal.unloading_s)
        nodes += [tip] * (used + SPARE_TIPPINGS)
    return nodes


def _is_pickup(node: Node) -> bool:
    return node.visit is not None and node.visit >= 0


def _is_tip(node: Node) -> bool:
    return node.visit is not None and node.visit < 0


def _capacity_l(vehicle: ProblemVehicle, stream: str) -> int:
    return vehicle.capacity_l_by_stream.get(stream, 0)


def _streams_by_body(problem: Problem) -> list[list[str]]:
    """Streams grouped so that within a group all vehicles' capacities keep one proportion: one dimension serves all."""
    groups: dict[tuple[Fraction, ...], list[str]] = {}
    streams = {pickup.stream for pickup in problem.pickups}
    streams |= {vehicle.on_board_stream for vehicle in problem.vehicles if vehicle.on_board_stream is not None}
    for stream in sorted(streams):
        capacities = [_capacity_l(vehicle, stream) for vehicle in problem.vehicles]
        key = tuple(Fraction(capacity, max(1, *capacities)) for capacity in capacities)
        groups.setdefault(key, []).append(stream)
    return list(groups.values())


def _least_fee_micro_eur(problem: Problem, stream: str) -> int:
    return min((one.per_kg_micro_eur for one in problem.disposals if stream in one.streams), default=0)


def _windows(problem: Problem, visit: int) -> tuple[Window, ...]:
    return problem.pickups[visit].windows if visit >= 0 else problem.disposals[~visit].windows


def _open(cumul: pywrapcp.IntVar, windows: Sequence[Window], service_s: int, horizon_s: int) -> None:
    """Let the service start only where it also ends within a window; one impossible stop must not spoil the day."""
    starts = [(opens_s, min(closes_s - service_s, horizon_s)) for opens_s, closes_s in windows]
    starts = [(first_s, last_s) for first_s, last_s in starts if first_s <= last_s]
    if not starts:
        cumul.SetRange(horizon_s, horizon_s)
        return
    cumul.SetRange(starts[0][0], starts[-1][1])
    for (_, before_s), (after_s, _) in pairwise(starts):
        cumul.RemoveInterval(before_s + 1, after_s - 1)
