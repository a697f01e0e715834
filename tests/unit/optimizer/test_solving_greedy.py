from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem, Window
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.insertion import drafts_of, objective_micro_eur, without_empty_trips
from optimizer.solving.schedule import order_of
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

LIMITS = SolveLimits(time_limit_s=None, iteration_limit=4)
HOUR_S = 3600


@pytest.mark.parametrize("first_seed", range(1000, 1400, 50))
def test_greedy_breaks_no_rule_on_hundreds_of_days(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 50):
        problem = generated_day(seed, replace(TINY, n_pickups=4 + seed % 9, n_vehicles=1 + seed % 3))
        solution = GreedySolver().solve(problem, LIMITS)
        assert [str(one) for one in check_solution(problem, solution)] == [], seed


def later(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    return tuple((start + HOUR_S, end + HOUR_S) for start, end in windows)


def test_greedy_costs_the_same_an_hour_later() -> None:
    for seed in range(20):
        problem = generated_day(seed, TINY)
        shifted = replace(
            problem,
            pickups=tuple(replace(one, windows=later(one.windows)) for one in problem.pickups),
            disposals=tuple(replace(one, windows=later(one.windows)) for one in problem.disposals),
            vehicles=tuple(replace(one, shift=later((one.shift,))[0]) for one in problem.vehicles),
        )
        here, there = (GreedySolver().solve(one, LIMITS) for one in (problem, shifted))
        assert here.objective_micro_eur == there.objective_micro_eur


def times_ten(problem: Problem) -> Problem:
    return replace(
        problem,
        pickups=tuple(replace(one, prize_micro_eur=10 * one.prize_micro_eur) for one in problem.pickups),
        disposals=tuple(replace(one, per_kg_micro_eur=10 * one.per_kg_micro_eur) for one in problem.disposals),
        vehicles=tuple(
            replace(
                one,
                fixed_micro_eur=10 * one.fixed_micro_eur,
                per_m_micro_eur=10 * one.per_m_micro_eur,
                per_s_micro_eur=10 * one.per_s_micro_eur,
            )
            for one in problem.vehicles
        ),
    )


def test_greedy_drives_the_same_when_all_costs_are_ten_times_as_high() -> None:
    for seed in range(20):
        problem = generated_day(seed, TINY)
        here, there = (GreedySolver().solve(one, LIMITS) for one in (problem, times_ten(problem)))
        assert [order_of(tour) for tour in here.tours] == [order_of(tour) for tour in there.tours]
        assert there.objective_micro_eur == 10 * here.objective_micro_eur


def test_greedy_tips_at_the_cheaper_gate() -> None:
    problem = generated_day(3, replace(TINY, streams=("paper",), n_pickups=1, may_fraction=0.0, windowed_fraction=0.0))
    site = problem.disposals[0]
    both = (replace(site, per_kg_micro_eur=10**6), replace(site, disposal_site_id="cheap", per_kg_micro_eur=0))
    (tour,) = GreedySolver().solve(replace(problem, disposals=both), LIMITS).tours
    assert order_of(tour) == [0, ~1]


def test_greedy_leaves_optional_pickups_that_cost_more_than_they_save() -> None:
    problem = generated_day(4, replace(TINY, may_fraction=1.0))
    worthless = replace(problem, pickups=tuple(replace(one, prize_micro_eur=0) for one in problem.pickups))
    assert GreedySolver().solve(worthless, LIMITS).tours == ()


def test_greedy_opens_a_tour_that_pays_only_with_all_its_pickups() -> None:
    kind = DayKind(n_pickups=30, n_vehicles=1, may_fraction=1.0, windowed_fraction=0.0, streams=("paper",))
    problem = generated_day(5, kind)
    dear = replace(problem.vehicles[0], fixed_micro_eur=100_000_000)
    paying = replace(
        problem,
        vehicles=(dear,),
        pickups=tuple(replace(one, prize_micro_eur=30_000_000) for one in problem.pickups),
    )
    (tour,) = GreedySolver().solve(paying, LIMITS).tours
    assert len(order_of(tour)) > 10


def test_drafts_drop_what_an_order_cannot_hold() -> None:
    problem = generated_day(6, replace(TINY, streams=("paper",), windowed_fraction=0.0))
    bench = Workbench(problem)
    drafts = drafts_of(bench, [(0, [0, 1, 2, 3, 4, 5, ~0])])
    assert drafts[0].order
    assert drafts[0].may_drive(drafts[0].order)
    assert objective_micro_eur(problem, drafts) > 0


def test_order_without_empty_trips_keeps_the_rest() -> None:
    empty = generated_day(1, TINY).vehicles[0]
    loaded = replace(empty, on_board_stream="paper")
    assert without_empty_trips([~0, 1, ~0, ~1, ~0, 2, 3, ~1], empty) == [1, ~0, 2, 3, ~1]
    assert without_empty_trips([~0, 1, ~0, ~1, ~0, 2, 3, ~1], loaded) == [~0, 1, ~0, 2, 3, ~1]


def test_first_plan_of_three_hundred_stops_is_there_at_once() -> None:
    problem = generated_day(7, DayKind(n_pickups=300, n_vehicles=8))
    GreedySolver().solve(generated_day(7, TINY), LIMITS)  # the first call compiles
    solution = GreedySolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=1))
    assert check_solution(problem, solution) == ()
    assert solution.wall_s < 2.0  # about 0.15 s on an idle core; the margin is for a busy machine
