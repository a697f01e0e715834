from itertools import pairwise

import numpy as np
import pytest

from optimizer.search.plain.plain_day import plain_day
from optimizer.search.plain.plain_search import FEWEST_TRIAL_STEPS, KNOWN_AFTER_SHARE, PlainSearch
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.test_search_plain import classic_day


def searched(*, steps: int, shares_to: float = 1.0, block: int = 512) -> tuple[PlainSearch, list[float], list[int]]:
    """A search of twelve pickups with so many steps as its limit, its temperatures, and the best cost of each block."""
    found = plain_day(Workbench(classic_day(3, 12, n_vehicles=4)))
    assert found is not None
    search = PlainSearch(found, seed=1)
    heat: list[float] = []
    best: list[int] = []
    while search.steps < steps * shares_to:
        temperatures = search.temperatures_micro_eur((search.steps + np.arange(block)) / steps)
        heat.append(float(temperatures[0]))
        search.run(temperatures)
        best.append(search.best_micro_eur)
    return search, heat, best


def test_small_day_starts_again_hot_and_keeps_its_best_where_there_is_time_for_several_coolings() -> None:
    _, heat, best = searched(steps=4 * FEWEST_TRIAL_STEPS)
    late = heat[int(len(heat) * KNOWN_AFTER_SHARE) + 1 :]
    assert sum(after > before for before, after in pairwise(late)) == 3
    assert best == sorted(best, reverse=True)


def test_day_cools_once_where_there_is_no_time_for_more() -> None:
    _, heat, _ = searched(steps=FEWEST_TRIAL_STEPS)
    assert heat == sorted(heat, reverse=True)


@pytest.mark.parametrize(("coolings", "stays"), [(4, True), (1, False)])
def test_given_tours_are_gone_on_from_by_a_search_of_one_cooling_alone(*, coolings: int, stays: bool) -> None:
    search, _, _ = searched(steps=coolings * FEWEST_TRIAL_STEPS, shares_to=0.5)
    before, best = int(search.plan.objective[0]), search.best_micro_eur
    search.adopt([])
    assert (int(search.plan.objective[0]) == before) == stays
    assert search.best_micro_eur == best
