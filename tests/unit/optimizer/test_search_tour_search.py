"""The compiled search against slow twins: exact timing of every tour, costs from scratch, loads counted by hand."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.problem.problem import Problem
from optimizer.search.arrays import orders_of
from optimizer.search.kernels import ruin_recreate
from optimizer.search.toll_free_day import toll_free_day
from optimizer.search.tour_search import TourSearch
from optimizer.solving.schedule import Scheduler
from optimizer.solving.tour_cost import order_cost_micro_eur
from optimizer.solving.tour_draft import TourDraft, Workbench
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day, with_rare_rules

WARM_MICRO_EUR = 2e6
PLAIN = DayKind(n_pickups=25, n_vehicles=3, windowed_fraction=0.0, breaks=(), max_stretch_s=10**6)
DAY = DayKind(n_pickups=30, n_vehicles=3)
KINDS = {
    "tiny": TINY,
    "plain": PLAIN,
    "rich": DAY,
    "short stretches": replace(DAY, max_stretch_s=2 * 3600),
    "three streams": replace(DAY, streams=("glass", "paper", "residual"), n_disposals=3),
    "small loads": replace(DAY, capacity_kg=(900, 1_400), max_trips=8),
}


def exact_cost(problem: Problem, scheduler: Scheduler, vehicle: int, order: Sequence[int]) -> int:
    timing = scheduler.time(vehicle, order)
    assert timing is not None, f"vehicle {vehicle} cannot drive {order}"
    return order_cost_micro_eur(problem, vehicle, order, timing)


@pytest.mark.parametrize("has_rare_rules", [False, True], ids=["usual", "rare rules"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_accepted_plan_can_be_driven_and_costs_what_the_search_says(
    kind: DayKind, *, has_rare_rules: bool
) -> None:
    n_tours = n_exact = n_dearer = exact_sum = searched_sum = 0
    for seed in range(4):
        problem = generated_day(seed, kind)
        if has_rare_rules:
            problem = toll_free_day(with_rare_rules(problem, seed))
        search, scheduler, bench = TourSearch(problem, seed=seed), Scheduler(problem), Workbench(problem)
        for step in range(60):
            search.run(np.full(1 if step < 40 else 20, WARM_MICRO_EUR))
            orders = orders_of(search.kept)
            check_counts(problem, search, orders)
            for vehicle, order in orders:
                assert TourDraft(bench, vehicle).may_drive(order)
                exact = exact_cost(problem, scheduler, vehicle, order)
                n_dearer += exact > search.kept.cost[vehicle]
                n_tours, n_exact = n_tours + 1, n_exact + (exact == search.kept.cost[vehicle])
                exact_sum, searched_sum = exact_sum + exact, searched_sum + int(search.kept.cost[vehicle])
    assert n_tours > 0
    # With many choices of departures and breaks the exact timing may run out of labels.
    assert n_dearer <= (0.1 * n_tours if has_rare_rules else 0)
    # Breaks and second windows are placed well, not always best; so are departures where travel depends on the time.
    if kind is PLAIN and not has_rare_rules:
        assert n_exact == n_tours
    elif not has_rare_rules:
        assert n_exact >= 0.9 * n_tours
    assert exact_sum >= 0.99 * searched_sum


def test_a_break_lies_in_two_parts_where_windows_leave_no_room_for_a_whole_one() -> None:
    problem = generated_day(230, replace(TINY, n_pickups=7))
    order = [3, 4, 5, 0, -2, 6, -2, 1, 2, -1]
    search = TourSearch(problem, seed=1, start=[(1, order)])
    assert orders_of(search.kept) == [(1, order)]
    assert search.best_micro_eur == exact_cost(problem, Scheduler(problem), 1, order)


def check_counts(problem: Problem, search: TourSearch, orders: list[tuple[int, list[int]]]) -> None:
    """Whether the kept plan serves nothing twice, and its objective is what it costs and leaves out."""
    served = [visit for _, order in orders for visit in order if visit >= 0]
    assert len(served) == len(set(served))
    absent = set(range(len(problem.pickups))) - set(served)
    assert set(np.flatnonzero(search.kept.is_absent).tolist()) == absent
    prizes = sum(problem.pickups[at].prize_micro_eur for at in absent)
    assert search.kept.objective[0] == search.kept.cost.sum() + prizes
    assert search.best_micro_eur <= search.kept.objective[0]


def test_working_plan_is_the_accepted_one_after_every_iteration() -> None:
    problem = generated_day(3, DAY)
    search = TourSearch(problem, seed=3)
    n_refused = 0
    for _ in range(150):
        before = int(search.kept.objective[0])
        search.run(np.full(1, 1.0))
        assert orders_of(search.plan) == orders_of(search.kept)
        assert np.array_equal(search.plan.is_absent, search.kept.is_absent)
        assert np.array_equal(search.plan.cost, search.kept.cost)
        n_refused += int(search.kept.objective[0]) == before
        for vehicle, order in orders_of(search.plan):
            for at, visit in enumerate(order):
                if visit >= 0:
                    assert search.desk.place_of[visit].tolist() == [vehicle, at]
    assert 0 < n_refused < 150


def test_loads_and_totals_of_the_gaps_are_those_counted_by_hand() -> None:
    problem = generated_day(5, KINDS["small loads"])
    search = TourSearch(problem, seed=1)
    search.run(np.full(100, WARM_MICRO_EUR))
    n_trips = 0
    for vehicle, order in orders_of(search.plan):
        kg = 0
        for at, visit in enumerate(order):
            assert search.desk.gaps[vehicle, at, 6] == kg
            assert search.desk.gaps[vehicle, at, 8] == next(k for k in range(at, len(order)) if order[k] < 0)
            kg = kg + problem.pickups[visit].demand_kg if visit >= 0 else 0
        trips = sum(visit < 0 for visit in order)
        assert search.desk.totals[vehicle, 3] == trips
        n_trips += trips
    assert n_trips > 4


def test_same_seed_gives_the_same_plan_whatever_the_blocks() -> None:
    problem = generated_day(6, DAY)
    one, other = TourSearch(problem, seed=4), TourSearch(problem, seed=4)
    heat = np.full(120, WARM_MICRO_EUR)
    one.run(heat)
    for at in range(0, 120, 8):
        other.run(heat[at : at + 8])
    assert orders_of(one.kept) == orders_of(other.kept)
    assert one.best_orders() == other.best_orders()


def test_other_seed_searches_elsewhere() -> None:
    problem = generated_day(6, DAY)
    plans = []
    for seed in (1, 2):
        search = TourSearch(problem, seed=seed)
        search.run(np.full(10, WARM_MICRO_EUR))
        plans.append(orders_of(search.kept))
    assert plans[0] != plans[1]


def test_start_that_cannot_be_driven_is_emptied() -> None:
    problem = generated_day(7, DAY)
    everything = [at for at in range(30) if 0 in problem.pickups[at].allowed_vehicles]
    search = TourSearch(problem, seed=1, start=[(0, [*everything, ~0])])
    assert search.kept.length.tolist() == [0, 0, 0]
    assert search.best_micro_eur == sum(pickup.prize_micro_eur for pickup in problem.pickups)


def test_temperatures_fall() -> None:
    search = TourSearch(generated_day(7, DAY), seed=1)
    heat = search.temperatures_micro_eur(np.linspace(0, 1, 11))
    assert np.all(np.diff(heat) < 0)
    assert np.all(heat > 0)


def test_cached_machine_code_belongs_to_the_parts_as_they_are() -> None:
    folder = Path(ruin_recreate.__file__).parent
    parts = sorted(path for path in folder.glob("*.py") if path.name != "ruin_recreate.py")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:16]
    assert digest == ruin_recreate.PARTS_DIGEST, "write the new digest into ruin_recreate.py"
