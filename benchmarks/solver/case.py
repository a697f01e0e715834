"""What a published instance says, in whole numbers: the one source of every solver's model and of the judge.

Distances and times are in the family's own units (``Case.per_unit`` of them make one unit of its cost). *Sites* number
the depots first, then the customers; a *stop* is a customer counted from 0. A route lists stops, and ``RELOAD`` where
the vehicle calls at its depot between two trips.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RELOAD = -1
NO_LIMIT = 1_000_000
"""Horizon where a family has no times: beyond every tour, and far below what solvers take for 'never'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseVehicle:
    """Vehicles that are alike.

    Attributes
    ----------
    depot
        Site at which they start, reload and end.
    cost_per_distance, fixed_cost
        In the family's cost units times ``Case.per_unit``.
    max_duration
        Between departure and return.
    max_trips
        Tours between two calls at the depot.
    """

    count: int
    capacity: int
    depot: int = 0
    fixed_cost: int = 0
    cost_per_distance: int = 1
    max_duration: int = NO_LIMIT
    max_trips: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One published instance.

    Attributes
    ----------
    distance
        ``(sites, sites)``; travel times are equal to it in every family, or do not matter.
    demand, service, opens, closes, prize
        Per site. Service may start from ``opens`` to ``closes``; a prize of 0 means that the customer must be served.
    has_times
        Whether windows, service or durations bind at all.
    per_unit
        Cost units of the solvers in one unit of the published cost.
    best_known
        Published cost, or None where it does not apply.
    """

    name: str
    family: str
    coordinates: NDArray[np.float64]
    distance: NDArray[np.int64]
    demand: NDArray[np.int64]
    service: NDArray[np.int64]
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    prize: NDArray[np.int64]
    n_depots: int
    vehicles: tuple[CaseVehicle, ...]
    has_times: bool
    per_unit: int
    best_known: float | None

    @property
    def n_stops(self) -> int:
        """Customers."""
        return len(self.demand) - self.n_depots

    @property
    def horizon(self) -> int:
        """When every depot is closed."""
        return int(self.closes[: self.n_depots].max())

    def fleet(self) -> list[CaseVehicle]:
        """One entry per vehicle: what a route's vehicle number points at."""
        return [kind for kind in self.vehicles for _ in range(kind.count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRoute:
    """What one vehicle does: stops in order, ``RELOAD`` between trips."""

    vehicle: int
    stops: tuple[int, ...]


def euclidean(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances before any rounding."""
    difference = coordinates[:, None, :] - coordinates[None, :, :]
    return np.asarray(np.sqrt((difference**2).sum(axis=2)))


def enough_vehicles(demand: NDArray[np.int64], capacity: int) -> int:
    """As many as nobody needs more of: the bound that HGS-CVRP works with."""
    return int(np.ceil(1.3 * demand.sum() / capacity)) + 3
