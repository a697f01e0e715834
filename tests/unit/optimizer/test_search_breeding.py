"""Plans made of two others: whose tours they have, which ones are kept, and when they are made."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.search.coolings import KNOWN_AFTER_SHARE
from optimizer.search.plain import plain_search, stages
from optimizer.search.plain.crossover import crossed
from optimizer.search.plain.plain_day import plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.plain.population import Parent, Population, Tour, unlike
from optimizer.search.plain.stages import FIRST_SHARE, Stages
from optimizer.search.sisr import SisrSolver
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.classic_days import classic_day

N = 24


def drawn_plan(chance: Random, n_tours: int) -> list[Tour]:
    """All but one pickup of 24, shared out by chance."""
    pickups = list(range(N))
    chance.shuffle(pickups)
    return [(chance.randrange(2), pickups[at : N - 1 : n_tours]) for at in range(n_tours)]


def parent_of(order: list[int], cost: int) -> Parent:
    """A plan of one tour of all pickups."""
    behind, before = np.full(len(order), -1, np.int32), np.full(len(order), -1, np.int32)
    for one, other in pairwise(order):
        behind[one], before[other] = other, one
    return Parent([(0, order)], cost, behind, before)


@pytest.mark.parametrize("seed", range(40))
def test_child_has_whole_tours_of_one_and_of_the_rest_the_order_of_the_other(seed: int) -> None:
    chance = Random(seed)
    one, other = drawn_plan(chance, 2 + seed % 6), drawn_plan(chance, 2 + seed % 5)
    near = np.array([chance.sample(range(N), N) for _ in range(N)], dtype=np.int32)
    child = crossed(one, other, near, chance)
    served = [pickup for _, order in child for pickup in order]
    assert len(served) == len(set(served))
    given = [tour for tour in child if tour in other]
    assert 1 <= len(given) <= len(other)
    handed_over = {pickup for _, order in given for pickup in order}
    for kind, order in child:
        if (kind, order) not in given:
            assert any(
                kind == old_kind and order == [pickup for pickup in old if pickup not in handed_over]
                for old_kind, old in one
            )
    assert all(order for _, order in child)
    assert len(child) <= len(one)


def test_tours_that_are_most_alike_make_way() -> None:
    plan: list[Tour] = [(0, [0, 1, 2]), (0, [3, 4, 5]), (0, [6, 7, 8])]
    near = np.array([list(range(9))] * 9, dtype=np.int32)
    for seed in range(20):
        assert sorted(crossed(plan, plan, near, Random(seed))) == sorted(plan)


def test_plans_are_unlike_by_whom_they_drive_to_next_but_not_by_the_direction() -> None:
    plan, back = parent_of([0, 1, 2, 3], 1), parent_of([3, 2, 1, 0], 1)
    other = parent_of([2, 0, 1, 3], 1)
    assert unlike(plan, [plan, other]).tolist() == [0.0, 0.5]
    assert unlike(plan, [back])[0] <= 0.25, "only at an end"


def test_population_keeps_the_best_takes_none_twice_and_lets_the_dear_and_alike_go() -> None:
    population = Population(6)
    order = list(range(N))
    for swapped in range(12):
        changed = order.copy()
        changed[2 * swapped : 2 * swapped + 2] = reversed(changed[2 * swapped : 2 * swapped + 2])
        population.add(parent_of(changed, 100 + swapped))
        population.add(parent_of(changed, 100 + swapped))
    assert len(population.parents) == 12
    far = order.copy()
    Random(1).shuffle(far)
    population.add(parent_of(far, 106))
    kept = [parent.cost for parent in population.parents]
    assert len(kept) == 6
    assert kept[0] == 100
    assert any(parent.tours[0][1] == far for parent in population.parents), "dear but unlike"


def test_parents_are_two_and_the_better_ones_more_often() -> None:
    population, chance = Population(5), Random(3)
    for cost in range(5):
        order = list(range(N))
        Random(cost).shuffle(order)
        population.add(parent_of(order, cost))
    pairs = [population.pair(chance) for _ in range(400)]
    assert all(one is not other for one, other in pairs)
    costs = [parent.cost for pair in pairs for parent in pair]
    assert costs.count(0) > 2 * costs.count(4)


@pytest.mark.parametrize(
    ("n", "most_steps", "count"),
    [(100, 4_010_000, 20), (100, 100_000, 1), (400, 4_500_000, 5), (400, 3_500_000, 4), (800, 4_000_000, 1)],
)
def test_first_plans_are_as_many_as_there_is_time_for_or_a_single_one(n: int, most_steps: int, count: int) -> None:
    planned = Stages(n)
    begun = 1
    for steps in range(0, int(most_steps * FIRST_SHARE), 256):
        begun += planned.begins_anew(steps / most_steps, steps)
        assert 0.0 <= planned.shares(np.array([steps / most_steps]), steps)[0] <= 1.0
    assert begun == count
    assert not planned.is_breeding
    assert planned.is_only_one == (count == 1)
    at = int(0.6 * most_steps)
    assert planned.begins_anew(at / most_steps, at) == planned.is_breeding == (count > 1)
    assert not planned.begins_anew(at / most_steps, at + 256)
    assert stages.FEWEST_PARENTS <= planned.n_parents <= stages.MOST_PARENTS


def test_nothing_is_settled_before_the_pace_is_known() -> None:
    planned = Stages(100)
    assert not planned.begins_anew(KNOWN_AFTER_SHARE / 2, 100)
    assert planned.is_only_one


def test_search_breeds_valid_plans_and_its_best_gets_no_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "FEWEST_STEPS", 500)
    monkeypatch.setattr(stages, "FEWEST_CHILD_STEPS", 300)
    monkeypatch.setattr(stages, "CHILD_STEPS_PER_PICKUP", 0)
    problem = classic_day(5, 40, n_vehicles=8)
    found = plain_day(Workbench(problem))
    assert found is not None
    search = PlainSearch(found, seed=1)
    best, heat = [], []
    for step in range(0, 40_000, 100):
        temperatures = search.temperatures_micro_eur((step + np.arange(100)) / 40_000)
        search.run(temperatures)
        best.append(search.best_micro_eur)
        heat.append(temperatures[0])
    assert best == sorted(best, reverse=True)
    assert len(search._population.parents) > 1
    late = heat[len(heat) // 2 + 5 :]
    begun = [after for before, after in pairwise(late) if after > before]
    assert begun
    assert max(begun) == pytest.approx(plain_search.WARM_SHARE / plain_search.HOT_SHARE * heat[0], rel=0.05)
    solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=40_000, seed=1))
    assert check_solution(problem, solution) == ()
    again = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=40_000, seed=1))
    assert again.tours == solution.tours
