"""Tolls in terms that the compiled searches know: metres that cost a micro-euro each.

Vehicles that pay tolls drive on a matrix whose metres are what the way costs them, tolls included; nothing is lost.
"""

from dataclasses import replace

import numpy as np

from optimizer.problem.problem import Problem, ProblemVehicle, TravelSlice
from optimizer.solving.schedule import ways_micro_eur
from routing.matrix import TravelMatrix

MOST_M_OR_MICRO_EUR = np.iinfo(np.int32).max // 4
"""Ways are not longer or dearer than this, 500 EUR: places that nobody reaches are."""


def toll_free_day(problem: Problem) -> Problem:
    """The problem itself, unless a vehicle pays tolls; orders mean the same in both."""
    if not problem.has_tolls:
        return problem
    travel: dict[str, TravelMatrix] = {}
    slices: dict[str, tuple[TravelSlice, ...]] = {}
    vehicles = []
    for vehicle in problem.vehicles:
        own = problem.travel_slices.get(vehicle.profile, ())
        profile = vehicle.profile
        if vehicle.toll_per_m_micro_eur:
            profile = f"{vehicle.profile} at {vehicle.per_m_micro_eur} and {vehicle.toll_per_m_micro_eur}"
        if profile not in travel and vehicle.toll_per_m_micro_eur:
            travel[profile] = _priced(problem.travel[vehicle.profile], vehicle)
            slices[profile] = tuple(replace(one, matrix=_priced(one.matrix, vehicle)) for one in own)
        elif profile not in travel:
            travel[profile], slices[profile] = problem.travel[vehicle.profile], own
        per_m = 1 if vehicle.toll_per_m_micro_eur else vehicle.per_m_micro_eur
        vehicles.append(replace(vehicle, profile=profile, per_m_micro_eur=per_m, toll_per_m_micro_eur=0))
    return replace(problem, travel=travel, travel_slices=slices, vehicles=tuple(vehicles))


def _priced(matrix: TravelMatrix, vehicle: ProblemVehicle) -> TravelMatrix:
    distance = np.minimum(ways_micro_eur(matrix, vehicle), MOST_M_OR_MICRO_EUR)
    return TravelMatrix.from_arrays(duration_s=matrix.duration_s, distance_m=distance)
