"""PyVRP on published instances, with its own model of each and its default parameters.

One of them is raised where costs are large: the most that a unit of overload may cost.
"""

import numpy as np
import pyvrp

from benchmarks.solver.case import Case
from benchmarks.solver.peer import Answer, Orders, Stopwatch


class StopAt:
    """Ends PyVRP's search at an instant, its first solution included, and listens to its best cost.

    A best solution that is not feasible has no cost: PyVRP gives its largest number.
    """

    def __init__(self, watch: Stopwatch, *, time_limit_s: float, per_unit: float, most: int) -> None:
        self._watch = watch
        self._time_limit_s = time_limit_s
        self._per_unit = per_unit
        self._most = most

    def __call__(self, best_cost: int) -> bool:
        """Whether the time is over."""
        if best_cost < self._most:
            self._watch.note(best_cost / self._per_unit)
        return self._watch.seconds() >= self._time_limit_s


MOST_COST = 1 << 60
MOST_PER_UNIT = 1_000
SHRINK = 100
MOST_PENALTY = 1e7
"""For shrunk costs: with the default of 1e5 it found no feasible plan of X115-HVRP in 30 s; with this one it does."""


class PyvrpCase:
    """A published instance: depots, vehicle types with reloads, clients with prizes."""

    def prepare(self, case: Case) -> None:
        """Build PyVRP's data."""
        # By default PyVRP's penalties end at 100,000 a unit of load: costs far above would buy overloads.
        shrink = SHRINK if case.per_unit > MOST_PER_UNIT else 1
        self._per_unit = case.per_unit / shrink
        penalty = pyvrp.PenaltyParams(max_penalty=MOST_PENALTY) if shrink > 1 else pyvrp.PenaltyParams()
        self._params = pyvrp.SolveParams(penalty=penalty)
        lengths = np.rint(case.distance / shrink).astype(np.int64)
        sites = range(len(case.demand))
        self._starts = np.cumsum([0, *(kind.count for kind in case.vehicles)]).tolist()
        window = case.has_times
        duration = case.distance if window else np.zeros_like(case.distance)
        self._data = pyvrp.ProblemData(
            locations=[pyvrp.Location(*xy) for xy in case.coordinates],
            clients=[
                pyvrp.Client(
                    at,
                    delivery=[int(case.demand[at])],
                    service_duration=int(case.service[at]),
                    **({"tw_early": int(case.opens[at]), "tw_late": int(case.closes[at])} if window else {}),
                    prize=int(case.prize[at]),
                    required=not case.prize[at],
                )
                for at in sites
                if at >= case.n_depots
            ],
            depots=[
                pyvrp.Depot(
                    at, **({"tw_early": int(case.opens[at]), "tw_late": int(case.closes[at])} if window else {})
                )
                for at in range(case.n_depots)
            ],
            vehicle_types=[
                pyvrp.VehicleType(
                    num_available=kind.count,
                    capacity=[kind.capacity],
                    start_depot=kind.depot,
                    end_depot=kind.depot,
                    fixed_cost=kind.fixed_cost // shrink,
                    unit_distance_cost=kind.cost_per_distance,
                    **({"shift_duration": kind.max_duration} if window else {}),
                    **(
                        {"reload_depots": [kind.depot], "max_reloads": kind.max_trips - 1} if kind.max_trips > 1 else {}
                    ),
                )
                for kind in case.vehicles
            ],
            distance_matrices=[lengths],
            duration_matrices=[duration],
        )

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Iterated local search."""
        watch = Stopwatch()
        stop = StopAt(watch, time_limit_s=time_limit_s, per_unit=self._per_unit, most=MOST_COST)
        result = pyvrp.solve(self._data, stop=stop, seed=seed, params=self._params, collect_stats=False, display=False)
        wall_s = watch.seconds()
        note = f"{result.num_iterations} iterations" + ("" if result.is_feasible() else ", best is not feasible")
        return Answer(orders=self._orders(result.best), wall_s=wall_s, curve=watch.curve, note=note)

    def _orders(self, solution: pyvrp.Solution) -> Orders:
        """Vehicles of a type are numbered in the order of its routes."""
        following = list(self._starts)
        orders = []
        for route in solution.routes():
            kind = route.vehicle_type()
            inner = list(route.schedule())[1:-1]
            orders.append((following[kind], [one.idx if one.is_client() else -1 for one in inner]))
            following[kind] += 1
        return orders
