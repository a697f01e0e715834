"""What is promised was tried, what was not judged valid is never promised."""

from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import Violation
from optimizer.domain.plan import ReasonCode, Shortage, Unserved
from optimizer.domain.relaxation import RelaxationKind
from optimizer.domain.request import SolveLimits
from optimizer.planning import try_relaxed_day as trials
from optimizer.planning.find_shortages import find_shortages
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.solving.greedy import GreedySolver
from tests.unit.optimizer.generated_days import DayKind, generated_day

SCARCE = DayKind(n_pickups=90, n_vehicles=2, may_fraction=0.2, windowed_fraction=0.0)


def solved(problem: Problem) -> Solution:
    return GreedySolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=2))


def shortages_of(problem: Problem, solution: Solution) -> tuple[Shortage, ...]:
    unserved = [
        Unserved(
            container_id=container_id,
            is_due=problem.pickups[at].is_must,
            reason=ReasonCode.TIME,
            message="",
            what_would_change_it="",
            expected_fraction=0.9,
            overflow_probability=0.5,
            cost_of_waiting_eur=10.0,
        )
        for at in solution.unserved
        for container_id in problem.pickups[at].container_ids
    ]
    stream_of = {name: one.stream for one in problem.pickups for name in one.container_ids}
    return find_shortages(problem, solution, unserved, stream_of)


@pytest.mark.parametrize("seed", range(4))
def test_every_due_container_is_in_one_shortage_and_every_promise_within_it(seed: int) -> None:
    problem = generated_day(seed, SCARCE)
    solution = solved(problem)
    due = {
        name for at in solution.unserved if problem.pickups[at].is_must for name in problem.pickups[at].container_ids
    }
    assert due
    found = shortages_of(problem, solution)
    listed = [name for one in found for name in one.container_ids]
    assert sorted(listed) == sorted(due)
    assert any(one.relaxations for one in found)
    for one in found:
        for relaxation in one.relaxations:
            assert relaxation.container_ids
            assert set(relaxation.container_ids) <= set(one.container_ids)
            assert relaxation.out_of == len(one.container_ids)
        per_container = [it.cost_eur / len(it.container_ids) for it in one.relaxations[:-1]]
        assert per_container == sorted(per_container)


@pytest.mark.parametrize("seed", range(4))
def test_overtime_that_is_promised_lets_a_solver_serve_more(seed: int) -> None:
    problem = generated_day(seed, SCARCE)
    solution = solved(problem)
    promised = [
        one
        for shortage in shortages_of(problem, solution)
        for one in shortage.relaxations
        if one.kind is RelaxationKind.OVERTIME
    ]
    assert promised
    for one in promised:
        longer = replace(
            problem,
            vehicles=tuple(
                replace(vehicle, shift=(vehicle.shift[0], vehicle.shift[1] + 60 * one.amount))
                if vehicle.vehicle_id == one.subject
                else vehicle
                for vehicle in problem.vehicles
            ),
        )
        again = GreedySolver().solve(longer, SolveLimits(time_limit_s=None, iteration_limit=1), start=solution)
        assert check_solution(longer, again) == ()
        assert len(due_of(longer, again)) < len(due_of(problem, solution))


def due_of(problem: Problem, solution: Solution) -> list[int]:
    return [at for at in solution.unserved if problem.pickups[at].is_must]


def test_nothing_is_promised_when_the_checker_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = generated_day(1, SCARCE)
    solution = solved(problem)
    objection = Violation(code="any", where="solution", sentence="No.")
    monkeypatch.setattr(trials, "check_solution", lambda *_: (objection,))
    found = shortages_of(problem, solution)
    assert found
    assert all(one.relaxations == () for one in found)


def test_same_day_gives_the_same_answer() -> None:
    problem = generated_day(2, SCARCE)
    solution = solved(problem)
    assert shortages_of(problem, solution) == shortages_of(problem, solution)


def test_no_shortage_when_only_containers_that_may_wait_are_left() -> None:
    problem = generated_day(1, SCARCE)
    solution = solved(problem)
    relaxed = replace(problem, pickups=tuple(replace(one, is_must=False) for one in problem.pickups))
    assert shortages_of(relaxed, solution) == ()


def test_site_that_closes_early_is_offered_longer_hours() -> None:
    base = generated_day(3, replace(SCARCE, n_pickups=25, n_vehicles=1, streams=("paper",), capacity_kg=(2_500,)))
    early = tuple(replace(one, windows=((0, 9 * 3600),)) for one in base.disposals)
    problem = replace(base, disposals=early, vehicles=tuple(replace(one, max_trips=8) for one in base.vehicles))
    solution = solved(problem)
    found = shortages_of(problem, solution)
    hours = [one for it in found for one in it.relaxations if one.kind is RelaxationKind.DISPOSAL_HOURS]
    assert hours
    assert all(9 * 60 < one.amount <= 12 * 60 and one.amount % 15 == 0 for one in hours)
    assert all(one.subject in {it.disposal_site_id for it in problem.disposals} for one in hours)
