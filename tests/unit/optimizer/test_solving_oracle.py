"""How far the solvers are from the best plan of tiny days, which enumeration knows."""

from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_solver import OrToolsSolver
from tests.unit.optimizer.day_oracle import least_objective_micro_eur
from tests.unit.optimizer.generated_days import TINY, generated_day

TINIER = replace(TINY, n_pickups=5)
N_DAYS = 40


@pytest.fixture(scope="module")
def gaps() -> list[tuple[float, float]]:
    """Gap of the greedy and of the OR-Tools solver on every day, as a fraction of the optimum."""
    found = []
    for seed in range(N_DAYS):
        problem = generated_day(seed, TINIER)
        least = least_objective_micro_eur(problem)
        pair = []
        for solver in (GreedySolver(), OrToolsSolver()):
            solution = solver.solve(problem, SolveLimits(time_limit_s=None, iteration_limit=60))
            assert check_solution(problem, solution) == ()
            assert solution.objective_micro_eur >= least, "the oracle or the objective is wrong"
            pair.append(solution.objective_micro_eur / least - 1)
        found.append((pair[0], pair[1]))
    return found


def test_ortools_finds_nearly_every_optimum(gaps: list[tuple[float, float]]) -> None:
    assert sum(ortools == 0 for _, ortools in gaps) >= 0.9 * N_DAYS
    assert sum(ortools for _, ortools in gaps) / N_DAYS < 0.01


def test_greedy_stays_close_to_the_optimum_on_the_mean(gaps: list[tuple[float, float]]) -> None:
    assert sum(greedy for greedy, _ in gaps) / N_DAYS < 0.02


def test_ortools_is_never_worse_than_greedy(gaps: list[tuple[float, float]]) -> None:
    assert all(ortools <= greedy for greedy, ortools in gaps)
