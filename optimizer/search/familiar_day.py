"""The rest of a day in terms that the compiled searches know: loads on board and changes become pickups and metres.

A load on board is a pickup where its vehicle stands, which only this vehicle may serve, at once and at no cost. The
price of serving a pickup with another vehicle than planned is put on the way there, as metres, so every vehicle with
such prices drives on a matrix of its own. Rounding down to whole metres is all that is lost. Tolls are gone before, see
``toll_free_day``.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Pickup, Problem, ProblemVehicle, TravelSlice
from optimizer.search.compiled_search import Orders
from optimizer.search.toll_free_day import MOST_M_OR_MICRO_EUR, toll_free_day
from routing.matrix import TravelMatrix

MOST_ENTRIES = 100_000_000
"""Beyond so many entries in all matrices the search does without the prices of changes; the answer is still judged by
them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamiliarDay:
    """A problem to search, and the way between its orders and those of the day that it stands for.

    Attributes
    ----------
    loads
        The pickup that stands for what a vehicle has on board, by vehicle.
    """

    problem: Problem
    loads: dict[int, int]

    def to_search(self, orders: Orders) -> list[tuple[int, list[int]]]:
        """Orders that begin with the loads on board."""
        return [(at, [*([self.loads[at]] if at in self.loads else []), *order]) for at, order in orders]

    def to_answer(self, orders: Orders) -> list[tuple[int, list[int]]]:
        """Orders without the loads on board."""
        gone = set(self.loads.values())
        return [(at, [visit for visit in order if visit not in gone]) for at, order in orders]


def familiar_day(problem: Problem) -> FamiliarDay:
    """The problem itself, unless there are loads on board, changes at a price or tolls."""
    problem = toll_free_day(problem)
    loaded = [at for at, vehicle in enumerate(problem.vehicles) if vehicle.is_loaded]
    if not loaded and not any(one.change_micro_eur for one in problem.pickups):
        return FamiliarDay(problem=problem, loads={})
    n_pickups, n_disposals = len(problem.pickups), len(problem.disposals)
    ends = [place for one in problem.vehicles for place in (one.start_place_index, one.end_place_index)]
    places = np.array(
        [one.place_index for one in problem.pickups] + [one.place_index for one in problem.disposals] + ends
    )
    first_end = n_pickups + n_disposals
    price = _prices(problem) if len(problem.vehicles) * len(places) ** 2 <= MOST_ENTRIES else None
    grid = np.ix_(places, places)
    travel: dict[str, TravelMatrix] = {}
    travel_slices: dict[str, tuple[TravelSlice, ...]] = {}
    vehicles = []
    for at, vehicle in enumerate(problem.vehicles):
        profile = vehicle.profile if price is None else f"{vehicle.profile} of {vehicle.vehicle_id}"
        per_m = vehicle.per_m_micro_eur
        if price is not None:
            per_m = max(1, per_m)
        if profile not in travel:
            dearer_m = None if price is None else price[at] // per_m
            is_free = vehicle.per_m_micro_eur == 0
            travel[profile] = _familiar_travel(problem.travel[vehicle.profile], grid, dearer_m, is_free=is_free)
            travel_slices[profile] = tuple(
                replace(one, matrix=_familiar_travel(one.matrix, grid, dearer_m, is_free=is_free))
                for one in problem.travel_slices.get(vehicle.profile, ())
            )
        vehicles.append(
            replace(
                vehicle,
                profile=profile,
                per_m_micro_eur=per_m,
                start_place_index=first_end + 2 * at,
                end_place_index=first_end + 2 * at + 1,
                on_board_kg=0,
                on_board_l=0,
                on_board_stream=None,
                # The load on board is a pickup here, so the limit grows by it.
                max_day_kg=None if vehicle.max_day_kg is None else vehicle.max_day_kg + vehicle.on_board_kg,
            )
        )
    # What has to be tipped outweighs everything that might be collected instead.
    whole_day = 1 + sum(one.prize_micro_eur for one in problem.pickups)
    loads = [_load(problem.vehicles[at], at, place=first_end + 2 * at, prize=whole_day) for at in loaded]
    return FamiliarDay(
        problem=replace(
            problem,
            travel=travel,
            travel_slices=travel_slices,
            vehicles=tuple(vehicles),
            pickups=(
                *(replace(one, place_index=at, change_micro_eur=0) for at, one in enumerate(problem.pickups)),
                *loads,
            ),
            disposals=tuple(replace(one, place_index=n_pickups + at) for at, one in enumerate(problem.disposals)),
        ),
        loads={at: n_pickups + number for number, at in enumerate(loaded)},
    )


def _familiar_travel(
    matrix: TravelMatrix,
    grid: tuple[NDArray[np.intp], ...],
    dearer_m: NDArray[np.int64] | None,
    *,
    is_free: bool,
) -> TravelMatrix:
    """Travel between the places of the search, with so many metres more on the way to each pickup."""
    distance_m = matrix.distance_m[grid].astype(np.int64)
    if dearer_m is not None:
        if is_free:
            distance_m = np.zeros_like(distance_m)
        distance_m[:, : len(dearer_m)] += dearer_m
        np.fill_diagonal(distance_m, 0)
    return TravelMatrix.from_arrays(
        duration_s=matrix.duration_s[grid], distance_m=np.minimum(distance_m, MOST_M_OR_MICRO_EUR)
    )


def _prices(problem: Problem) -> NDArray[np.int64]:
    """``(vehicles, pickups)``: what another vehicle than planned costs."""
    return np.array(
        [
            [problem.change_micro_eur(vehicle, pickup) for pickup in range(len(problem.pickups))]
            for vehicle in range(len(problem.vehicles))
        ],
        dtype=np.int64,
    ).reshape(len(problem.vehicles), len(problem.pickups))


def _load(vehicle: ProblemVehicle, at: int, *, place: int, prize: int) -> Pickup:
    return Pickup(
        pickup_id=f"on board of {vehicle.vehicle_id}",
        place_index=place,
        stream=vehicle.on_board_stream or "",
        container_ids=(),
        demand_kg=vehicle.on_board_kg,
        demand_l=vehicle.on_board_l,
        service_s=0,
        windows=((vehicle.shift[0], vehicle.shift[0] + 1),),
        allowed_vehicles=frozenset({at}),
        prize_micro_eur=prize,
        is_must=True,
    )
