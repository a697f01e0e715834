from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from optimizer.problem.problem import Problem
from optimizer.search.compiled_search import Search
from optimizer.search.coolings import FEWEST_STEPS, KNOWN_AFTER_SHARE
from optimizer.search.plain.plain_day import plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.tour_search import WARM_FIRST, TourSearch
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.classic_days import classic_day

KINDS = ("plain", "rich")
PLANS = {"plain": 8, "rich": 4}
"""Shortest coolings that a search has time for, so that there are four of them; plain ones share it with children."""


def search_of(kind: str) -> Search:
    """A search of twelve pickups."""
    problem = classic_day(3, 12, n_vehicles=4)
    if kind == "rich":
        return TourSearch(problem, seed=1)
    found = plain_day(Workbench(problem))
    assert found is not None
    return PlainSearch(found, seed=1)


def searched(
    kind: str, *, steps: int, shares_to: float = 1.0, block: int = 512
) -> tuple[Search, list[float], list[int]]:
    """A search with so many steps as its limit, its temperatures, and the best cost of each block."""
    search = search_of(kind)
    heat: list[float] = []
    best: list[int] = []
    while search.steps < steps * shares_to:
        temperatures = search.temperatures_micro_eur((search.steps + np.arange(block)) / steps)
        heat.append(float(temperatures[0]))
        search.run(temperatures)
        best.append(search.best_micro_eur)
    return search, heat, best


@pytest.mark.parametrize("kind", KINDS)
def test_small_day_starts_again_hot_and_keeps_its_best_where_there_is_time_for_several_coolings(kind: str) -> None:
    _, heat, best = searched(kind, steps=PLANS[kind] * FEWEST_STEPS, shares_to=4 / PLANS[kind])
    late = heat[int(len(heat) * KNOWN_AFTER_SHARE) + 1 :]
    assert sum(after > before for before, after in pairwise(late)) == 3
    assert best == sorted(best, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_day_cools_once_where_there_is_no_time_for_more(kind: str) -> None:
    _, heat, _ = searched(kind, steps=FEWEST_STEPS)
    assert heat == sorted(heat, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("coolings", "stays"), [(8, True), (1, False)])
def test_given_tours_are_gone_on_from_by_a_search_of_one_cooling_alone(
    kind: str, *, coolings: int, stays: bool
) -> None:
    search, _, _ = searched(kind, steps=coolings * FEWEST_STEPS, shares_to=0.5)
    assert isinstance(search, PlainSearch | TourSearch)
    before, best = int(search.plan.objective[0]), search.best_micro_eur
    search.adopt([])
    assert (int(search.plan.objective[0]) == before) == stays
    assert search.best_micro_eur == best


def dearer(problem: Problem, factor: int) -> Problem:
    """The same day at other prices."""
    return replace(
        problem,
        vehicles=tuple(
            replace(
                one,
                fixed_micro_eur=one.fixed_micro_eur * factor,
                per_m_micro_eur=one.per_m_micro_eur * factor,
                per_s_micro_eur=one.per_s_micro_eur * factor,
            )
            for one in problem.vehicles
        ),
        pickups=tuple(replace(one, prize_micro_eur=one.prize_micro_eur * factor) for one in problem.pickups),
    )


def test_heat_follows_prices() -> None:
    problem = classic_day(3, 12, n_vehicles=4)
    ends = np.array([0.0, 1.0])
    usual = TourSearch(problem, seed=1).temperatures_micro_eur(ends)
    dear = TourSearch(dearer(problem, 100), seed=1).temperatures_micro_eur(ends)
    assert dear == pytest.approx(100 * usual)


def test_search_cools_where_most_pickups_share_an_address() -> None:
    problem = classic_day(3, 12, n_vehicles=4)
    first = problem.pickups[0].place_index
    shared = tuple(replace(one, place_index=first) for one in problem.pickups[:11]) + problem.pickups[11:]
    hot, cold = TourSearch(replace(problem, pickups=shared), seed=1).temperatures_micro_eur(np.array([0.0, 1.0]))
    lone = classic_day(3, 12, n_vehicles=4)
    usual_hot, usual_cold = TourSearch(lone, seed=1).temperatures_micro_eur(np.array([0.0, 1.0]))
    assert hot > cold > usual_cold / 100
    assert hot > usual_hot / 10


@pytest.mark.parametrize(("steps_per_pair", "is_melted"), [(0.5, True), (0.02, False), (0.0, False)])
def test_given_plan_is_improved_first_and_melted_then_if_there_is_time_to_freeze(
    steps_per_pair: float, *, is_melted: bool
) -> None:
    search = TourSearch(classic_day(3, 40, n_vehicles=4), seed=1, start=[(0, [0, 1, ~0])])
    warm = search.temperatures_micro_eur(np.array([0.0]))[0]
    search.steps = int(KNOWN_AFTER_SHARE * steps_per_pair * 40**2)
    heat = search.temperatures_micro_eur(np.array([KNOWN_AFTER_SHARE, WARM_FIRST - 0.01, WARM_FIRST, 0.99]))
    assert warm > heat[0] > heat[1]
    assert heat[2] > heat[3]
    if is_melted:
        assert heat[2] > 20 * warm
    else:
        assert heat[1] > heat[2], "one cooling, warm all the time"
