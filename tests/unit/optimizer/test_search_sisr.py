"""The solver around the compiled search: valid on many days, best on tiny ones, quick to stop."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.ports import CancelledError
from optimizer.search.sisr import SisrSolver
from optimizer.solving.greedy import GreedySolver
from tests.unit.optimizer.day_oracle import least_objective_micro_eur
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

TINIER = replace(TINY, n_pickups=5)
N_OPTIMA = 40
KINDS = [
    TINY,
    DayKind(n_pickups=20, n_vehicles=2),
    DayKind(n_pickups=20, n_vehicles=3, windowed_fraction=1.0, may_fraction=0.8),
    DayKind(n_pickups=20, n_vehicles=2, capacity_kg=(900, 1_400), max_stretch_s=2 * 3600),
]


@pytest.mark.parametrize("first_seed", range(0, 240, 20))
def test_answers_are_valid_on_generated_days(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        problem = generated_day(seed, KINDS[seed % len(KINDS)])
        solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=40, seed=seed))
        assert check_solution(problem, solution) == ()


def test_tiny_days_are_solved_to_the_optimum() -> None:
    n_best = 0
    for seed in range(N_OPTIMA):
        problem = generated_day(seed, TINIER)
        least = least_objective_micro_eur(problem)
        solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=2_000))
        assert solution.objective_micro_eur >= least, "the oracle or the objective is wrong"
        n_best += solution.objective_micro_eur == least
    assert n_best >= 0.95 * N_OPTIMA


def test_search_is_clearly_better_than_its_start() -> None:
    gains = []
    for seed in range(3):
        problem = generated_day(seed, DayKind(n_pickups=80, n_vehicles=5))
        greedy = GreedySolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=100))
        solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=1_500))
        gains.append(1 - solution.objective_micro_eur / greedy.objective_micro_eur)
    assert sum(gains) / len(gains) > 0.03


def test_iterations_are_counted_exactly() -> None:
    solution = SisrSolver().solve(generated_day(1, TINY), SolveLimits(time_limit_s=None, iteration_limit=100))
    assert solution.iterations == 100
    assert solution.solver == "sisr"
    assert solution.status == "feasible"


def test_cancelling_ends_the_search_within_half_a_second() -> None:
    problem = generated_day(2, DayKind(n_pickups=120, n_vehicles=5))
    SisrSolver().solve(generated_day(2, TINY), SolveLimits(time_limit_s=None, iteration_limit=1))
    began_s = time.perf_counter()
    reports_s: list[float] = []

    def cancel_during_search(_share: float, _best_micro_eur: int) -> None:
        reports_s.append(time.perf_counter())
        if reports_s[-1] - began_s > 1.5:
            raise CancelledError

    with pytest.raises(CancelledError):
        SisrSolver().solve(problem, SolveLimits(time_limit_s=30.0), progress=cancel_during_search)
    assert time.perf_counter() - began_s < 2.0 + 0.5
    gaps_s = [after - before for before, after in pairwise(reports_s)]
    assert max(gaps_s[-5:]) < 0.5


def test_time_limit_status_is_reported() -> None:
    solution = SisrSolver().solve(generated_day(3, DayKind()), SolveLimits(time_limit_s=0.5))
    assert solution.status == "time_limit"
    assert solution.iterations > 0
