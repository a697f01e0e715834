"""Last improvements never make a plan dearer, whatever an insertion was estimated to cost."""

from dataclasses import replace

import pytest

from optimizer.domain.request import SolveLimits
from optimizer.problem.solution import Solution
from optimizer.search import sisr
from optimizer.search.compiled_search import Orders
from optimizer.search.sisr import SisrSolver
from optimizer.solving.insertion import drafts_of, objective_micro_eur
from optimizer.solving.polish import polish
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.day_oracle import least_objective_micro_eur
from tests.unit.optimizer.generated_days import TINY, generated_day
from tests.unit.optimizer.search_figures import RICH_KINDS

DAY = generated_day(338, replace(TINY, n_pickups=7))
"""A pickup that may wait seems to pay beside the second trip's only one, and does not: with it a break is due."""


def test_polish_leaves_the_best_plan_when_an_optional_pickup_only_seems_to_pay() -> None:
    drafts = drafts_of(Workbench(DAY), [(0, [4, 5, -2, 1, -1, 2, 3, -1])])
    assert objective_micro_eur(DAY, drafts) == least_objective_micro_eur(DAY)
    polish(drafts)
    assert objective_micro_eur(DAY, drafts) == least_objective_micro_eur(DAY)


def test_the_search_answers_with_the_best_plan_it_found() -> None:
    solution = SisrSolver().solve(DAY, SolveLimits(time_limit_s=None, iteration_limit=20_000, seed=338))
    assert solution.objective_micro_eur == least_objective_micro_eur(DAY)


@pytest.mark.parametrize("seed", [32, 62, 76])
def test_mending_never_makes_the_found_plan_dearer(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    problem = generated_day(seed, RICH_KINDS[seed % len(RICH_KINDS)])
    found_micro_eur = []
    mend = sisr._mended

    def watched(bench: Workbench, first: Solution, orders: Orders) -> Solution:
        found_micro_eur.append(objective_micro_eur(problem, drafts_of(bench, orders)))
        return mend(bench, first, orders)

    monkeypatch.setattr(sisr, "_mended", watched)
    solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=60, seed=seed))
    assert solution.objective_micro_eur <= found_micro_eur[0]
