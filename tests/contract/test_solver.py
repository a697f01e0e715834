"""What every solver must keep, whichever stands behind the port."""

import time
from dataclasses import replace

import numpy as np
import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.ports import CancelledError, Solver
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.search.sisr import SisrSolver
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_solver import OrToolsSolver
from routing.matrix import TravelMatrix
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

SOLVERS: list[Solver] = [GreedySolver(), OrToolsSolver(), SisrSolver()]
QUICK = SolveLimits(time_limit_s=None, iteration_limit=12)
HALF_DAY = DayKind(n_pickups=30, n_vehicles=3)
FAR_S = 1_000_000


@pytest.fixture(params=SOLVERS, ids=[solver.name for solver in SOLVERS])
def solver(request: pytest.FixtureRequest) -> Solver:
    chosen: Solver = request.param
    return chosen


def answer(solution: Solution) -> object:
    return solution.tours, solution.unserved, solution.objective_micro_eur


def checked(problem: Problem, solution: Solution) -> Solution:
    assert [str(violation) for violation in check_solution(problem, solution)] == []
    return solution


@pytest.mark.parametrize("seed", range(40))
def test_answer_is_valid_on_tiny_days(solver: Solver, seed: int) -> None:
    problem = generated_day(seed, TINY)
    checked(problem, solver.solve(problem, QUICK))


@pytest.mark.parametrize(
    "kind",
    [
        HALF_DAY,
        replace(HALF_DAY, windowed_fraction=1.0),
        replace(HALF_DAY, may_fraction=1.0),
        replace(HALF_DAY, may_fraction=0.0, n_vehicles=1),
        replace(HALF_DAY, max_trips=1),
        replace(HALF_DAY, max_stretch_s=2 * 3600),
        replace(HALF_DAY, streams=("paper", "residual", "glass"), n_disposals=3),
        replace(HALF_DAY, pickup_kg=(4_000, 9_001)),
        replace(HALF_DAY, shift_h=(4, 16)),
        replace(HALF_DAY, town_km=0.0),
    ],
    ids=[
        "plain",
        "all windowed",
        "all optional",
        "one vehicle",
        "one trip",
        "short stretches",
        "three streams",
        "one load fills a vehicle",
        "long shifts",
        "all at one point",
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_answer_is_valid_on_larger_days(solver: Solver, kind: DayKind, seed: int) -> None:
    problem = generated_day(100 + seed, kind)
    checked(problem, solver.solve(problem, QUICK))


@pytest.mark.parametrize("change", [{"n_pickups": 0}, {"n_vehicles": 0}, {"n_disposals": 0}])
def test_empty_answer_when_something_is_missing(solver: Solver, change: dict[str, int]) -> None:
    kind = replace(HALF_DAY, **change)  # type: ignore[arg-type]  # whole-number fields only
    problem = generated_day(1, kind)
    solution = checked(problem, solver.solve(problem, QUICK))
    assert solution.tours == ()
    assert solution.status == "empty"
    assert solution.unserved == tuple(range(len(problem.pickups)))


def test_unreachable_pickup_does_not_empty_the_answer(solver: Solver) -> None:
    problem = generated_day(4, HALF_DAY)
    island = problem.pickups[3].place_index
    travel = {}
    for profile, matrix in problem.travel.items():
        duration_s, distance_m = matrix.duration_s.copy(), matrix.distance_m.copy()
        for array in (duration_s, distance_m):
            array[island, :] = array[:, island] = FAR_S
            np.fill_diagonal(array, 0)
        travel[profile] = TravelMatrix.from_arrays(duration_s=duration_s, distance_m=distance_m)
    must = tuple(replace(pickup, is_must=True) if at == 3 else pickup for at, pickup in enumerate(problem.pickups))
    cut_off = replace(problem, travel=travel, pickups=must)
    solution = checked(cut_off, solver.solve(cut_off, QUICK))
    assert 3 in solution.unserved
    assert len(solution.unserved) < len(problem.pickups) / 2


@pytest.mark.parametrize(
    "impossible",
    [
        {"windows": ((0, 60),)},
        {"windows": ()},
        {"demand_kg": 10**6},
        {"demand_l": 10**7},
        {"allowed_vehicles": frozenset()},
        {"stream": "unheard of"},
        {"service_s": 80_000},
    ],
    ids=lambda change: next(iter(change)),
)
def test_impossible_pickup_is_left_out_and_the_rest_is_served(solver: Solver, impossible: dict[str, object]) -> None:
    problem = generated_day(5, replace(HALF_DAY, may_fraction=0.0, n_pickups=15))
    pickups = (replace(problem.pickups[0], **impossible), *problem.pickups[1:])  # type: ignore[arg-type]  # any field
    spoilt = replace(problem, pickups=pickups)
    solution = checked(spoilt, solver.solve(spoilt, QUICK))
    assert solution.unserved == (0,)


def test_same_seed_and_iterations_give_the_same_answer(solver: Solver) -> None:
    problem = generated_day(6, HALF_DAY)
    limits = SolveLimits(time_limit_s=None, iteration_limit=30, seed=3)
    answers = [answer(solver.solve(problem, limits)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]


def test_start_is_never_made_worse(solver: Solver) -> None:
    problem = generated_day(7, HALF_DAY)
    start = OrToolsSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=60))
    solution = checked(problem, solver.solve(problem, SolveLimits(time_limit_s=None, iteration_limit=1), start=start))
    assert solution.objective_micro_eur <= start.objective_micro_eur


def test_start_that_no_longer_fits_is_mended(solver: Solver) -> None:
    problem = generated_day(8, HALF_DAY)
    start = solver.solve(problem, QUICK)
    shorter = tuple(
        replace(one, shift=(one.shift[0], one.shift[1] - 2 * 3600), capacity_kg=one.capacity_kg // 2)
        for one in problem.vehicles
    )
    tight = replace(problem, vehicles=shorter, pickups=problem.pickups[:-5])
    solution = checked(tight, solver.solve(tight, QUICK, start=start))
    assert solution.tours


@pytest.mark.parametrize("limit_s", [0.1, 1.0])
def test_time_limit_is_kept(solver: Solver, limit_s: float) -> None:
    problem = generated_day(9, DayKind(n_pickups=120, n_vehicles=5))
    solver.solve(generated_day(9, TINY), QUICK)  # the first call compiles
    began_s = time.perf_counter()
    solution = checked(problem, solver.solve(problem, SolveLimits(time_limit_s=limit_s)))
    assert time.perf_counter() - began_s <= limit_s + 2.0
    assert solution.tours


def test_progress_rises_and_ends_the_search_when_asked(solver: Solver) -> None:
    problem = generated_day(10, DayKind(n_pickups=120, n_vehicles=5))
    shares: list[float] = []

    def stop_at_fifth(share: float, best_micro_eur: int) -> None:
        assert 0.0 <= share <= 1.0
        assert best_micro_eur >= 0
        shares.append(share)
        if len(shares) == 5:
            raise CancelledError

    with pytest.raises(CancelledError):
        solver.solve(problem, SolveLimits(time_limit_s=30.0), progress=stop_at_fifth)
    assert len(shares) == 5


def test_idle_vehicle_never_makes_the_answer_worse(solver: Solver) -> None:
    for seed in range(5):
        problem = generated_day(20 + seed, replace(TINY, n_vehicles=2))
        twin = replace(problem.vehicles[0], vehicle_id="spare")
        richer = replace(
            problem,
            vehicles=(*problem.vehicles, twin),
            pickups=tuple(
                replace(one, allowed_vehicles=one.allowed_vehicles | ({2} if 0 in one.allowed_vehicles else set()))
                for one in problem.pickups
            ),
            disposals=tuple(replace(one, allowed_vehicles=frozenset(range(3))) for one in problem.disposals),
        )
        before = solver.solve(problem, QUICK)
        after = solver.solve(richer, QUICK, start=before)
        assert after.objective_micro_eur <= before.objective_micro_eur


def test_must_pickups_come_before_any_number_of_optional_ones(solver: Solver) -> None:
    problem = generated_day(11, replace(HALF_DAY, n_vehicles=1, may_fraction=0.7))
    solution = checked(problem, solver.solve(problem, QUICK))
    left_must = [at for at in solution.unserved if problem.pickups[at].is_must]
    served_may = [at for at in range(30) if at not in solution.unserved and not problem.pickups[at].is_must]
    assert not (left_must and served_may)
