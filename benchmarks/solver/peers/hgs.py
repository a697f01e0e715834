"""HGS-CVRP with its default parameters; it knows capacities and distances only, and starts anew when it is stuck."""

import hygese

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.peer import Answer, LeftOutError, Stopwatch, orders_from
from benchmarks.solver.peers.ours import tiny_case


class HgsPeer:
    """One process of HGS-CVRP."""

    def warm(self) -> None:
        """Load the library."""
        hygese.Solver(verbose=False)
        self._case = tiny_case()

    def prepare(self, task: Case | Day) -> None:
        """Only one capacity and distances."""
        if isinstance(task, Day) or task.family != "cvrp_x":
            raise LeftOutError("HGS-CVRP knows capacities and distances only")
        self._case = task

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Hybrid genetic search."""
        case = self._case
        kind = case.vehicles[0]
        data = {
            "distance_matrix": case.distance.astype(float),
            "x_coordinates": case.coordinates[:, 0],
            "y_coordinates": case.coordinates[:, 1],
            "demands": case.demand.astype(float),
            "vehicle_capacity": kind.capacity,
            "num_vehicles": kind.count,
        }
        parameters = hygese.AlgorithmParameters(timeLimit=time_limit_s, seed=seed)
        solver = hygese.Solver(parameters=parameters, verbose=False)
        watch = Stopwatch()
        found = solver.solve_cvrp(data)
        wall_s = watch.seconds()
        return Answer(orders=orders_from([[site - 1 for site in route] for route in found.routes]), wall_s=wall_s)
