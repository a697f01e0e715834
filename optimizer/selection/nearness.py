"""How far containers of a stream are from each other and from the yards, in euros of driving.

What a selection needs to know of the streets: whether a container is cheap to take along today, and what a way for it
alone would cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.container import Container
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from routing.location import Waypoint
from routing.ports import StreetRouter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamNearness:
    """The containers of one stream.

    Attributes
    ----------
    index_of
        Row of each container id that a vehicle reaches.
    between_eur
        ``(n, n)``: driving from one to the other.
    around_eur
        ``(n,)``: driving from the depot to it, on to the nearest disposal site and back, with the tipping.
    per_s_eur
        What a second of vehicle and crew costs.
    """

    index_of: Mapping[str, int]
    between_eur: Floats
    around_eur: Floats
    per_s_eur: float

    def to_neighbour_eur(self, rank: int) -> Floats:
        """``(n,)``: driving to the ``rank``-th nearest other place, or to the last one in a small town."""
        n = len(self.between_eur)
        if n <= 1:
            return np.zeros(n)
        there_and_back = (self.between_eur + self.between_eur.T) / 2
        ordered = np.sort(np.where(np.eye(n, dtype=np.bool_), np.inf, there_and_back), axis=1)
        return np.asarray(ordered[:, min(rank, n - 1) - 1], dtype=np.float64)


def measure_nearness(town: Town, router: StreetRouter) -> dict[str, StreamNearness]:
    """By stream, for streams that a vehicle collects and a disposal site takes; others are absent."""
    found = {}
    for stream in town.streams:
        vehicle = next((one for one in town.vehicles if stream.stream_id in one.streams), None)
        members = [one for one in town.containers if one.stream == stream.stream_id]
        sites = [one for one in town.disposal_sites if stream.stream_id in one.streams]
        if vehicle is not None and members and sites and vehicle.profile in router.profiles:
            found[stream.stream_id] = _measure(town, router, vehicle, members, stream.stream_id)
    return found


def _measure(
    town: Town, router: StreetRouter, vehicle: Vehicle, members: list[Container], stream_id: str
) -> StreamNearness:
    depot = next(one for one in town.depots if one.depot_id == vehicle.start_depot_id)
    sites = [one for one in town.disposal_sites if stream_id in one.streams]
    locations = [depot.location, *(one.location for one in sites)]
    yards = [Waypoint(label="yard", location=location, has_room_to_turn=True) for location in locations]
    stops = [Waypoint(label=one.container_id, location=one.location, side=one.side) for one in members]
    placed = router.serving(stops).travel([*yards, *stops], profile=vehicle.profile)
    per_m, per_s = vehicle.cost_eur_per_km / 1000, vehicle.cost_eur_per_h / 3600
    cost = placed.matrix.distance_m * per_m + placed.matrix.duration_s * per_s
    row_of, n_yards = placed.row_of, len(yards)
    reached = [at for at in range(len(members)) if row_of[n_yards + at] >= 0]
    rows = [int(row_of[n_yards + at]) for at in reached]
    between = cost[np.ix_(rows, rows)]
    around = np.full(len(rows), np.inf)
    for at, site in enumerate(sites, start=1):
        if row_of[at] >= 0 and row_of[0] >= 0:
            home = cost[row_of[at], row_of[0]] + site.unloading_s * per_s
            around = np.minimum(around, cost[row_of[0], rows] + cost[rows, row_of[at]] + home)
    return StreamNearness(
        index_of={members[at].container_id: index for index, at in enumerate(reached)},
        between_eur=between,
        around_eur=np.where(np.isfinite(around), around, 0.0),
        per_s_eur=per_s,
    )
