"""No plan changes more than was promised, unless something would be left standing for it."""

from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.planning.few_changes import with_few_changes
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.search.sisr import SisrSolver
from optimizer.solving import changes
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.schedule import order_of
from tests.unit.optimizer.generated_days import DayKind, generated_day

KIND = DayKind(n_pickups=30, n_vehicles=3, may_fraction=0.0, windowed_fraction=0.0)
LIMITS = SolveLimits(time_limit_s=None, iteration_limit=4)


def promised_day(seed: int, *, most_changed: int | None) -> tuple[Problem, Solution]:
    """A day planned with all addresses mixed up, and a plan that does not mind that."""
    problem = generated_day(seed, KIND)
    places = [one.place_index for one in problem.pickups]
    mixed = zip(problem.pickups, [*places[7:], *places[:7]], strict=True)
    planned = GreedySolver().solve(
        replace(problem, pickups=tuple(replace(one, place_index=place) for one, place in mixed)), LIMITS
    )
    vehicle_of = {visit: tour.vehicle_index for tour in planned.tours for visit in order_of(tour) if visit >= 0}
    pickups = tuple(replace(one, planned_vehicle=vehicle_of.get(at)) for at, one in enumerate(problem.pickups))
    problem = replace(problem, pickups=pickups, most_changed=most_changed)
    return problem, GreedySolver().solve(replace(problem, most_changed=None), LIMITS)


def changed_containers(problem: Problem, solution: Solution) -> int:
    return changes.changed_containers(problem, [(tour.vehicle_index, order_of(tour)) for tour in solution.tours])


@pytest.mark.parametrize("seed", range(6))
def test_search_keeps_to_the_number_of_changes(seed: int) -> None:
    limits = SolveLimits(time_limit_s=None, iteration_limit=3_000)
    any_number, _ = promised_day(seed, most_changed=None)
    free = SisrSolver().solve(any_number, limits)
    n_free = changed_containers(any_number, free)
    few, _ = promised_day(seed, most_changed=n_free // 2)
    held = SisrSolver().solve(few, limits)
    assert check_solution(few, held) == ()
    assert n_free >= 3, "the day says nothing"
    assert changed_containers(few, held) <= n_free // 2
    assert len(held.unserved) <= len(free.unserved)


@pytest.mark.parametrize("seed", [0, 1, 3, 4])
@pytest.mark.parametrize("most", [0, 3])
def test_stops_go_back_until_few_enough_have_changed_and_none_is_lost(seed: int, most: int) -> None:
    problem, good = promised_day(seed, most_changed=most)
    n_before = changed_containers(problem, good)
    assert n_before > most
    found = with_few_changes(problem, good, planned=good)
    assert check_solution(problem, found) == ()
    assert len(found.unserved) == len(good.unserved)
    assert most <= changed_containers(problem, found) < n_before
    assert (found.solver, found.iterations) == (good.solver, good.iterations)


def test_enough_stops_go_back_where_there_is_room() -> None:
    results = []
    for seed in range(6):
        problem, good = promised_day(seed, most_changed=3)
        results.append(changed_containers(problem, with_few_changes(problem, good, planned=good)))
    assert sum(one <= 3 for one in results) >= 4, results


def test_solution_with_few_changes_stays_as_it_is() -> None:
    problem, good = promised_day(1, most_changed=10**6)
    assert with_few_changes(problem, good, planned=good) is good
    assert with_few_changes(replace(problem, most_changed=None), good, planned=good) is good


def test_plan_that_was_mended_alone_is_taken_where_nothing_can_go_back() -> None:
    problem, good = promised_day(1, most_changed=0)
    # Whole days were exchanged, and no vehicle may serve any more what it was planned for.
    of_tours = {visit: tour.vehicle_index for tour in good.tours for visit in order_of(tour) if visit >= 0}
    first, second = sorted(set(of_tours.values()))[:2]
    swapped = {first: second, second: first}
    stuck = replace(
        problem,
        pickups=tuple(
            replace(one, planned_vehicle=swapped.get(of_tours[at], of_tours[at]), allowed_vehicles={of_tours[at]})
            if at in of_tours
            else one
            for at, one in enumerate(problem.pickups)
        ),
    )
    assert changed_containers(stuck, good) > 0
    as_planned = replace(good, tours=(), unserved=good.unserved, cost_micro_eur=7)
    assert with_few_changes(stuck, good, planned=as_planned).cost_micro_eur == 7
    # Not where it leaves more standing.
    leaves_more = replace(as_planned, unserved=tuple(range(len(problem.pickups))))
    assert with_few_changes(stuck, good, planned=leaves_more).tours == good.tours
