"""The day that is searched stands for the day that was asked: same feasibility, same cost, nothing lost on the way."""

from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.problem.solution import VehicleTour
from optimizer.search.familiar_day import familiar_day
from optimizer.search.sisr import SisrSolver
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.insertion import drafts_of
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.generated_afternoons import generated_afternoon
from tests.unit.optimizer.generated_days import DayKind, generated_day

HALF_DAY = DayKind(n_pickups=30, n_vehicles=3)
LIMITS = SolveLimits(time_limit_s=None, iteration_limit=4)


@pytest.mark.parametrize("seed", range(12))
def test_orders_cost_the_same_in_both_days_but_for_roundings(seed: int) -> None:
    problem = generated_afternoon(seed, HALF_DAY)
    solution = GreedySolver().solve(problem, LIMITS)
    orders = [(tour.vehicle_index, order_of(tour)) for tour in solution.tours]
    familiar = familiar_day(problem)
    searched = familiar.to_search(orders)
    assert familiar.to_answer(searched) == orders
    ours, theirs = drafts_of(Workbench(problem), orders), drafts_of(Workbench(familiar.problem), searched)
    assert [draft.order for draft in ours if draft.order] == [order for _, order in orders]
    taken = {draft.vehicle_index: draft.order for draft in theirs if draft.order}
    assert taken == dict(searched)
    for one, other in zip(ours, theirs, strict=True):
        lost = one.cost_micro_eur - other.cost_micro_eur
        most = familiar.problem.vehicles[one.vehicle_index].per_m_micro_eur * len(one.order)
        # Fees may differ by nothing, prices of changes by less than a metre for each pickup.
        assert 0 <= lost <= most


def test_day_without_loads_and_prices_is_itself() -> None:
    problem = generated_day(1, HALF_DAY)
    assert familiar_day(problem).problem is problem


def test_prices_keep_compiled_searches_on_the_plan() -> None:
    problem = generated_day(5, replace(HALF_DAY, windowed_fraction=0.0, may_fraction=0.0))
    planned = replace(
        problem,
        pickups=tuple(
            replace(one, planned_vehicle=min(one.allowed_vehicles), change_micro_eur=10**10) for one in problem.pickups
        ),
    )
    solution = SisrSolver().solve(planned, SolveLimits(time_limit_s=None, iteration_limit=4_000))
    assert check_solution(planned, solution) == ()
    assert _n_changed(planned, solution.tours) <= 2


def _n_changed(problem: Problem, tours: tuple[VehicleTour, ...]) -> int:
    return sum(
        problem.pickups[visit].planned_vehicle != tour.vehicle_index
        for tour in tours
        for visit in order_of(tour)
        if visit >= 0
    )
