"""OR-Tools' routing library on published instances: the plain model that its guides build, with its best settings.

Arc costs are registered as matrices, because a Python callback per arc costs it most of its time. Two settings are kept
apart as two solvers: guided local search, and iterated local search with slack-induced string removal.
"""

from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from ortools.util import optional_boolean_pb2

from benchmarks.solver.case import Case, CaseVehicle
from benchmarks.solver.day import Day
from benchmarks.solver.peer import Answer, LeftOutError, Stopwatch, orders_from
from benchmarks.solver.peers.ours import tiny_case

UNUSED_OPERATORS = (
    "use_path_lns",
    "use_inactive_lns",
    "use_global_cheapest_insertion_path_lns",
    "use_local_cheapest_insertion_path_lns",
    "use_global_cheapest_insertion_expensive_chain_lns",
    "use_local_cheapest_insertion_expensive_chain_lns",
    "use_global_cheapest_insertion_close_nodes_lns",
    "use_local_cheapest_insertion_close_nodes_lns",
)
"""Large neighbourhoods, which cost guided local search more than they find."""


class OrtoolsPlain:
    """One setting of OR-Tools on published instances."""

    def __init__(self, *, is_iterated: bool) -> None:
        self._is_iterated = is_iterated

    def warm(self) -> None:
        """Nothing is compiled; a short call loads what is loaded late."""
        self.prepare(tiny_case())
        self.solve(seed=1, time_limit_s=0.1)

    def prepare(self, task: Case | Day) -> None:
        """Build and close the model."""
        if isinstance(task, Day):
            raise LeftOutError("waste days are OR-Tools' through our adapter ('ortools'), with trips and breaks")
        fleet = task.fleet()
        if any(one.max_trips > 1 for one in fleet):
            raise LeftOutError("the plain model has one trip a vehicle; see 'ortools'")
        self._case = task
        self._manager = pywrapcp.RoutingIndexManager(
            len(task.demand), len(fleet), [one.depot for one in fleet], [one.depot for one in fleet]
        )
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._add_costs(task, fleet)
        self._add_load(task, fleet)
        if task.has_times:
            self._add_time(task, fleet)
        for stop in range(task.n_stops):
            site = task.n_depots + stop
            if task.prize[site]:
                self._routing.AddDisjunction([self._manager.NodeToIndex(site)], int(task.prize[site]))
        self._watch: Stopwatch | None = None
        self._routing.AddAtSolutionCallback(self._listen)
        self._routing.CloseModelWithParameters(self._settings(1.0))

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Search; OR-Tools' routing takes no seed, so that every seed gives the same."""
        del seed
        self._watch = Stopwatch()
        solution = self._routing.SolveWithParameters(self._settings(time_limit_s))
        wall_s = self._watch.seconds()
        if solution is None:
            raise LeftOutError(f"no answer (status {self._routing.status()})")
        routes = []
        for vehicle in range(self._manager.GetNumberOfVehicles()):
            index, stops = solution.Value(self._routing.NextVar(self._routing.Start(vehicle))), []
            while not self._routing.IsEnd(index):
                stops.append(self._manager.IndexToNode(index) - self._case.n_depots)
                index = solution.Value(self._routing.NextVar(index))
            routes.append(stops)
        return Answer(orders=orders_from(routes), wall_s=wall_s, curve=self._watch.curve)

    def _listen(self) -> None:
        if self._watch is not None:
            self._watch.note(self._routing.CostVar().Max() / self._case.per_unit)

    def _add_costs(self, case: Case, fleet: list[CaseVehicle]) -> None:
        registered: dict[int, int] = {}
        for at, one in enumerate(fleet):
            price = one.cost_per_distance
            if price not in registered:
                registered[price] = self._routing.RegisterTransitMatrix((case.distance * price).tolist())
            self._routing.SetArcCostEvaluatorOfVehicle(registered[price], at)
            self._routing.SetFixedCostOfVehicle(one.fixed_cost, at)

    def _add_load(self, case: Case, fleet: list[CaseVehicle]) -> None:
        demand = self._routing.RegisterUnaryTransitVector(case.demand.tolist())
        self._routing.AddDimensionWithVehicleCapacity(demand, 0, [one.capacity for one in fleet], True, "load")

    def _add_time(self, case: Case, fleet: list[CaseVehicle]) -> None:
        transit = self._routing.RegisterTransitMatrix((case.distance + case.service[:, None]).tolist())
        self._routing.AddDimension(transit, case.horizon, case.horizon, False, "time")
        time = self._routing.GetDimensionOrDie("time")
        for at, one in enumerate(fleet):
            for index in (self._routing.Start(at), self._routing.End(at)):
                time.CumulVar(index).SetRange(int(case.opens[one.depot]), int(case.closes[one.depot]))
            if one.max_duration < case.horizon:
                time.SetSpanUpperBoundForVehicle(one.max_duration, at)
        for site in range(case.n_depots, len(case.demand)):
            time.CumulVar(self._manager.NodeToIndex(site)).SetRange(int(case.opens[site]), int(case.closes[site]))

    def _settings(self, time_limit_s: float) -> Any:
        settings = pywrapcp.DefaultRoutingSearchParameters()
        strategies = routing_enums_pb2.FirstSolutionStrategy
        settings.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
        settings.time_limit.FromMilliseconds(round(1000 * time_limit_s))
        if self._is_iterated:
            settings.use_iterated_local_search = True
            iterated = settings.iterated_local_search_parameters
            strings = iterated.ruin_recreate_parameters.ruin_strategies.add().sisr
            strings.max_removed_sequence_size = 10
            strings.avg_num_removed_visits = 10
            strings.bypass_factor = 0.01
            iterated.reference_solution_acceptance_strategy.simulated_annealing.automatic_temperatures = True
            return settings
        settings.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        for operator in UNUSED_OPERATORS:
            setattr(settings.local_search_operators, operator, optional_boolean_pb2.BOOL_FALSE)
        return settings


class OrtoolsGls(OrtoolsPlain):
    """Guided local search."""

    def __init__(self) -> None:
        super().__init__(is_iterated=False)


class OrtoolsIls(OrtoolsPlain):
    """Iterated local search."""

    def __init__(self) -> None:
        super().__init__(is_iterated=True)
