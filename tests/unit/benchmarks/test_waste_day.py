import hashlib

import numpy as np
import pytest

from benchmarks.solver.day import Day
from benchmarks.solver.day_judge import judge_day, timed
from benchmarks.solver.ground import LARGE, N_YARDS, SMALL, Ground
from benchmarks.solver.waste_day import waste_day
from optimizer.domain.request import SolveLimits
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.schedule import order_of
from routing.matrix import TravelMatrix

PICKUP_FIELDS = ("place_index", "stream", "demand_kg", "demand_l", "service_s", "windows", "prize_micro_eur", "is_must")

TRUCK_FIELDS = ("profile", "shift", "max_work_s", "max_stretch_s", "capacity_kg", "max_trips", "per_m_micro_eur")


def _ground(n: int) -> Ground:
    """Places on a line of blocks, 100 m apart."""
    at = (np.arange(N_YARDS + n) * 37) % (N_YARDS + n)
    metres = np.abs(at[:, None] - at[None, :]) * 100
    slow = TravelMatrix.from_arrays(duration_s=metres // 8, distance_m=metres)
    fast = TravelMatrix.from_arrays(duration_s=metres // 10, distance_m=metres)
    return Ground(name="line", travel={LARGE: slow, SMALL: fast})


def _digest(day: Day) -> str:
    """Of everything that is drawn or set; sets in order, because they print in any."""
    pickups = [
        (*(getattr(one, name) for name in PICKUP_FIELDS), sorted(one.allowed_vehicles)) for one in day.problem.pickups
    ]
    sites = [(one.disposal_site_id, one.windows, one.unloading_s, sorted(one.streams)) for one in day.problem.disposals]
    trucks = [
        (*(getattr(one, name) for name in TRUCK_FIELDS), sorted(one.capacity_l_by_stream.items()), len(one.breaks))
        for one in day.problem.vehicles
    ]
    said = repr((day.name, day.per_unit, pickups, trucks, sites))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def test_waste_day_is_the_same_for_a_version() -> None:
    plain = waste_day(_ground(150), n=150, seed=42)
    full = waste_day(_ground(150), n=150, seed=42, optional_share=0.2, streams=2, with_breaks=True)
    assert (_digest(plain), _digest(full)) == ("061731cb6e5dafbe", "35b10c0ad2585d87")


def test_waste_day_differs_by_seed() -> None:
    assert _digest(waste_day(_ground(60), n=60, seed=1)) != _digest(waste_day(_ground(60), n=60, seed=2))


def test_waste_day_refuses_other_versions_and_small_grounds() -> None:
    with pytest.raises(ValueError, match="version 9"):
        waste_day(_ground(10), n=10, seed=1, version=9)
    with pytest.raises(ValueError, match="13 are needed"):
        waste_day(_ground(9), n=10, seed=1)


def test_waste_day_has_two_sizes_of_trucks_and_keeps_large_ones_out_of_narrow_streets() -> None:
    problem = waste_day(_ground(300), n=300, seed=3, optional_share=0.2, with_breaks=True).problem
    assert [vehicle.profile for vehicle in problem.vehicles] == [LARGE, SMALL, LARGE, SMALL]
    assert {pickup.allowed_vehicles for pickup in problem.pickups} == {frozenset(range(4)), frozenset({1, 3})}
    assert 30 < sum(not pickup.is_must for pickup in problem.pickups) < 90
    assert all(vehicle.breaks for vehicle in problem.vehicles)
    total_kg = sum(pickup.demand_kg for pickup in problem.pickups)
    assert total_kg > sum(vehicle.capacity_kg for vehicle in problem.vehicles)


def test_judge_agrees_with_a_solver_of_ours_and_sees_a_must_left_out() -> None:
    day = waste_day(_ground(40), n=40, seed=5, with_breaks=True)
    limits = SolveLimits(time_limit_s=None, iteration_limit=2)
    solution = GreedySolver().solve(day.problem, limits)
    orders = [(tour.vehicle_index, order_of(tour)) for tour in solution.tours]
    verdict = judge_day(day, orders)
    assert verdict.violations == ()
    assert verdict.cost == solution.objective_micro_eur / day.per_unit
    short = [(vehicle, order[1:] if at == 0 else order) for at, (vehicle, order) in enumerate(orders)]
    assert any("must be served" in sentence for sentence in judge_day(day, short).violations)


def test_judge_sees_an_overloaded_trip_and_a_truck_that_drives_twice() -> None:
    day = waste_day(_ground(75), n=75, seed=5)
    everything = [*range(75), ~0]
    solution, n_lost = timed(day.problem, [(0, everything)])
    assert n_lost > 0 or any("overload" in sentence for sentence in judge_day(day, [(0, everything)]).violations)
    assert solution.unserved
    twice = [(0, [0, ~0]), (0, [1, ~0])]
    assert "vehicle 0 drives twice" in judge_day(day, twice).violations
