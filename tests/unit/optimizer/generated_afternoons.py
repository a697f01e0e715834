"""Random rests of days: vehicles on the road with loads, work and breaks behind them, and a plan that has a price."""

from dataclasses import replace

import numpy as np

from optimizer.problem.problem import MICRO_EUR_PER_EUR, Pickup, Problem, ProblemVehicle
from tests.unit.optimizer.generated_days import DayKind, generated_day


def generated_afternoon(seed: int, kind: DayKind) -> Problem:
    """The day of this seed, begun by some of its vehicles."""
    problem = generated_day(seed, kind)
    rng = np.random.default_rng(seed + 10_000)
    n_places = len(next(iter(problem.travel.values())))
    vehicles = tuple(_on_the_road(rng, one, n_places) if rng.random() < 0.7 else one for one in problem.vehicles)
    pickups = tuple(_planned(rng, one, len(vehicles)) if rng.random() < 0.8 else one for one in problem.pickups)
    return replace(problem, vehicles=vehicles, pickups=pickups)


def _on_the_road(rng: np.random.Generator, vehicle: ProblemVehicle, n_places: int) -> ProblemVehicle:
    worked_s = int(rng.integers(1, 3 * 3600))
    now_s = vehicle.shift[0] + worked_s + int(rng.integers(0, 3)) * 900
    loaded = replace(
        vehicle,
        start_place_index=int(rng.integers(0, n_places)),
        shift=(now_s, vehicle.shift[1]),
        worked_s=worked_s,
        unrested_s=int(rng.integers(0, worked_s + 1)),
        rested_s=int(rng.integers(0, 3)) * 900,
        fixed_micro_eur=-int(rng.integers(0, 5)) * MICRO_EUR_PER_EUR,
    )
    if rng.random() < 0.4:
        return loaded
    stream = sorted(vehicle.capacity_l_by_stream)[int(rng.integers(len(vehicle.capacity_l_by_stream)))]
    return replace(
        loaded,
        on_board_stream=stream,
        on_board_kg=int(rng.integers(0, vehicle.capacity_kg + 1)),
        on_board_l=int(rng.integers(0, vehicle.capacity_l_by_stream[stream] + 1)),
    )


def _planned(rng: np.random.Generator, pickup: Pickup, n_vehicles: int) -> Pickup:
    return replace(
        pickup,
        planned_vehicle=int(rng.integers(0, n_vehicles)),
        change_micro_eur=int(rng.integers(0, 40)) * MICRO_EUR_PER_EUR,
    )
