"""A tour cut into its trips: what lies between two tippings, with the line that is driven.

Every export draws the same lines, so they are made here once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.export.plan_paths import PlanPaths, legs_of
from optimizer.domain.plan import Stop, StopKind, Tour


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The part of a tour up to a tipping; the way home belongs to the last trip.

    Attributes
    ----------
    number
        1 for the first trip of the tour.
    stream
        Waste stream on board; empty when nothing was collected.
    stops
        Stops that the trip leads to, breaks included.
    lon_lat_deg
        ``(k, 2)`` float64: the line driven, k >= 2, from where the trip before ended; empty when it has no leg.
    distance_m, driving_s
        Sums over its legs.
    """

    number: int
    stream: str
    stops: tuple[Stop, ...]
    lon_lat_deg: NDArray[np.float64]
    distance_m: int
    driving_s: int


def trips_of(tour: Tour, paths: PlanPaths) -> tuple[Trip, ...]:
    """The trips in the order driven; a leg without a path becomes a straight line."""
    origin_of = {target: origin for origin, target in legs_of(tour)}
    tour_paths = paths.get(tour.vehicle_id, ())
    trips = []
    for number, positions in enumerate(_cut_at_tips(tour), start=1):
        stops = tuple(tour.stops[position] for position in positions)
        lines = []
        for position in positions:
            if position not in origin_of:
                continue
            path = tour_paths[position] if position < len(tour_paths) else None
            ends = (tour.stops[origin_of[position]], tour.stops[position])
            lines.append(
                path.lon_lat_deg
                if path is not None
                else np.array([(stop.location.lon_deg, stop.location.lat_deg) for stop in ends])
            )
        trips.append(
            Trip(
                number=number,
                stream=next((stop.stream for stop in stops if stop.kind is StopKind.COLLECT), ""),
                stops=stops,
                lon_lat_deg=_without_repeats(np.concatenate(lines)) if lines else np.empty((0, 2)),
                distance_m=sum(stop.leg.distance_m for stop in stops if stop.leg is not None),
                driving_s=sum(stop.leg.duration_s for stop in stops if stop.leg is not None),
            )
        )
    return tuple(trips)


def _cut_at_tips(tour: Tour) -> list[list[int]]:
    pieces: list[list[int]] = [[]]
    for position, stop in enumerate(tour.stops):
        if stop.kind is StopKind.START:
            continue
        pieces[-1].append(position)
        if stop.kind is StopKind.TIP:
            pieces.append([])
    has_collection = any(tour.stops[position].kind is StopKind.COLLECT for position in pieces[-1])
    if len(pieces) > 1 and not has_collection:
        pieces[-2].extend(pieces.pop())
    return [piece for piece in pieces if piece]


def _without_repeats(lon_lat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    is_new = np.ones(len(lon_lat_deg), dtype=bool)
    is_new[1:] = (np.diff(lon_lat_deg, axis=0) != 0).any(axis=1)
    kept: NDArray[np.float64] = lon_lat_deg[is_new]
    # A line needs two points even where the vehicle does not move (two sites at one place).
    return kept if len(kept) > 1 else np.repeat(kept, 2, axis=0)
