"""Richer families in PyVRP's dialect: several depots, unlike vehicles, optional customers, several trips.

How each family is rounded was checked against the solutions published beside the instances.

| family | distances and times | published cost |
|---|---|---|
| ``mdvrptw`` | thousandths, rounded | thousandths |
| ``pcvrptw`` | tenths, cut off | tenths, prizes not collected included |
| ``hfvrp`` | Euclidean, not rounded (thousandths here) | fixed costs and distance times price, in hundredths |
| ``mtvrptw`` | tenths, cut off | none: release dates are dropped, see ``read_mtvrptw`` |
"""

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.solver.case import NO_LIMIT, Case, CaseVehicle, euclidean
from benchmarks.solver.families.cvrplib import BadFileError, Sections, published_cost, read_sections

THOUSANDTHS = 1000
TENTHS = 10
HUNDREDTHS = 100


def read_mdvrptw(path: Path) -> Case:
    """Several depots, each with vehicles of its own that may be out for a limited time."""
    sections = read_sections(path)
    distance = np.floor(euclidean(sections.coordinates()) * THOUSANDTHS + 0.5).astype(np.int64)
    depots = [int(row[1]) - 1 for row in sections.tables["VEHICLES_DEPOT"]]
    capacity = int(sections.number("CAPACITY"))
    max_duration = int(sections.number("VEHICLES_MAX_DURATION") * THOUSANDTHS)
    vehicles = tuple(
        CaseVehicle(count=count, capacity=capacity, depot=depot, max_duration=max_duration)
        for depot, count in sorted(Counter(depots).items())
    )
    return _case(sections, "mdvrptw", distance=distance, time_unit=THOUSANDTHS, vehicles=vehicles)


def read_pcvrptw(path: Path) -> Case:
    """Customers that may stay behind for their prize."""
    sections = read_sections(path)
    distance = np.floor(euclidean(sections.coordinates()) * TENTHS).astype(np.int64)
    fleet = (CaseVehicle(count=int(sections.number("VEHICLES")), capacity=int(sections.number("CAPACITY"))),)
    return _case(sections, "pcvrptw", distance=distance, time_unit=TENTHS, vehicles=fleet)


def read_mtvrptw(path: Path) -> Case:
    """Several trips a vehicle with time windows; the files' release dates are dropped for every solver.

    A trip may not leave before the last of its goods has been released: our problem knows no such rule, because
    waste is not handed out at the depot. Without them the published costs are only upper bounds, so that no
    best-known cost is given and solvers are compared with the best of the run.
    """
    sections = read_sections(path)
    distance = np.floor(euclidean(sections.coordinates()) * TENTHS).astype(np.int64)
    count, capacity = int(sections.number("VEHICLES")), int(sections.number("CAPACITY"))
    n_stops = len(distance) - 1
    fleet = (CaseVehicle(count=count, capacity=capacity, max_trips=n_stops),)
    return _case(sections, "mtvrptw", distance=distance, time_unit=TENTHS, vehicles=fleet, has_best_known=False)


def read_hfvrp(path: Path) -> Case:
    """Unlike vehicles with fixed costs and prices of distance.

    Some files offer as many vehicles of every kind as there are customers. No plan gains from more than twice
    the demand's worth of one kind (two tours that together fit one vehicle are better as one), so that for all solvers
    the rest is left out.
    """
    sections = read_sections(path)
    n_vehicles = int(sections.number("VEHICLES"))
    ones = np.ones(n_vehicles)
    capacity = sections.column("CAPACITY").astype(np.int64)
    fixed = sections.column_or("VEHICLES_FIXED_COST", 0 * ones).astype(np.int64) * THOUSANDTHS
    price = sections.column_or("VEHICLES_UNIT_DISTANCE_COST", ones).astype(np.int64)
    demand = int(sections.column("DEMAND").sum())
    kinds = Counter(zip(capacity.tolist(), fixed.tolist(), price.tolist(), strict=True))
    vehicles = tuple(
        CaseVehicle(
            count=min(count, 2 * demand // kind_capacity + 1),
            capacity=kind_capacity,
            fixed_cost=kind_fixed,
            cost_per_distance=kind_price,
        )
        for (kind_capacity, kind_fixed, kind_price), count in sorted(kinds.items())
    )
    distance = np.floor(euclidean(sections.coordinates()) * THOUSANDTHS + 0.5).astype(np.int64)
    return _case(sections, "hfvrp", distance=distance, time_unit=0, vehicles=vehicles)


def _case(
    sections: Sections,
    family: str,
    *,
    distance: NDArray[np.int64],
    time_unit: int,
    vehicles: tuple[CaseVehicle, ...],
    has_best_known: bool = True,
) -> Case:
    depots = sections.depots()
    if depots != list(range(len(depots))):
        raise BadFileError(f"{sections.path.name}: depots are expected as the first rows.")
    demand = sections.column("DEMAND").astype(np.int64)
    nothing = np.zeros(len(demand))
    service = np.full(len(demand), sections.number("SERVICE_TIME", 0.0))
    service[: len(depots)] = 0
    service = sections.column_or("SERVICE_TIME", service)
    opens, closes = nothing, np.full(len(demand), float(NO_LIMIT))
    if time_unit:
        opens = sections.column("TIME_WINDOW", 1) * time_unit
        closes = sections.column("TIME_WINDOW", 2) * time_unit
    best_known = published_cost(sections.path) if has_best_known else None
    per_unit = THOUSANDTHS * HUNDREDTHS if family == "hfvrp" else 1
    return Case(
        name=sections.path.stem,
        family=family,
        coordinates=sections.coordinates(),
        distance=distance,
        demand=demand,
        service=(service * time_unit).astype(np.int64),
        opens=opens.astype(np.int64),
        closes=closes.astype(np.int64),
        prize=(sections.column_or("PRIZE", nothing) * max(1, time_unit)).astype(np.int64),
        n_depots=len(depots),
        vehicles=vehicles,
        has_times=bool(time_unit),
        per_unit=per_unit,
        best_known=best_known,
    )
