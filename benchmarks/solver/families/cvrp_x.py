"""CVRP instances of CVRPLIB (set X): one capacity, distances rounded to the nearest whole number, vehicles free."""

from pathlib import Path

import numpy as np

from benchmarks.solver.case import NO_LIMIT, Case, CaseVehicle, enough_vehicles, euclidean
from benchmarks.solver.families.cvrplib import published_cost, read_sections


def read_cvrp_x(path: Path) -> Case:
    """One ``.vrp`` file; as in CVRPLIB the number of vehicles is not limited, for all solvers to the same bound."""
    sections = read_sections(path)
    coordinates = sections.coordinates()
    demand = sections.column("DEMAND").astype(np.int64)
    capacity = int(sections.number("CAPACITY"))
    nothing = np.zeros_like(demand)
    return Case(
        name=path.stem,
        family="cvrp_x",
        coordinates=coordinates,
        distance=np.floor(euclidean(coordinates) + 0.5).astype(np.int64),
        demand=demand,
        service=nothing,
        opens=nothing,
        closes=np.full_like(demand, NO_LIMIT),
        prize=nothing,
        n_depots=1,
        vehicles=(CaseVehicle(count=enough_vehicles(demand, capacity), capacity=capacity),),
        has_times=False,
        per_unit=1,
        best_known=published_cost(path),
    )
