"""Loads on board, work already done and the price of changes, through every solver that knows the rest of a day."""

from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SolveLimits
from optimizer.ports import Solver
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem
from optimizer.problem.solution import Solution, VisitKind
from optimizer.search.sisr import SisrSolver
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_solver import OrToolsSolver
from tests.unit.optimizer.day_oracle import least_objective_micro_eur
from tests.unit.optimizer.generated_afternoons import generated_afternoon
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

LIMITS = SolveLimits(time_limit_s=None, iteration_limit=60)
HALF_DAY = DayKind(n_pickups=30, n_vehicles=3)
TINIER = replace(TINY, n_pickups=4)


@pytest.fixture(params=[GreedySolver(), OrToolsSolver(), SisrSolver()], ids=lambda solver: str(solver.name))
def solver(request: pytest.FixtureRequest) -> Solver:
    chosen: Solver = request.param
    return chosen


@pytest.mark.parametrize("seed", range(30))
def test_rest_of_a_day_is_served_by_its_rules(solver: Solver, seed: int) -> None:
    problem = generated_afternoon(seed, HALF_DAY)
    solution = solver.solve(problem, LIMITS)
    assert [str(one) for one in check_solution(problem, solution)] == []
    assert any(problem.vehicles[tour.vehicle_index].is_loaded for tour in solution.tours) or not any(
        vehicle.is_loaded for vehicle in problem.vehicles
    )


def test_rest_of_a_tiny_day_is_never_better_than_the_best_and_often_equal() -> None:
    n_optimal, n_judged = 0, 0
    for seed in range(60):
        problem = generated_afternoon(seed, TINIER)
        if not _can_all_tip(problem):
            continue
        least = least_objective_micro_eur(problem)
        solution = OrToolsSolver().solve(problem, LIMITS)
        assert check_solution(problem, solution) == ()
        assert solution.objective_micro_eur >= least
        n_judged += 1
        n_optimal += solution.objective_micro_eur == least
    assert n_judged >= 30
    assert n_optimal >= 0.8 * n_judged


def test_load_on_board_is_tipped_even_when_nothing_is_added(solver: Solver) -> None:
    problem = generated_day(3, replace(HALF_DAY, n_pickups=1))
    loaded = replace(problem.vehicles[1], on_board_kg=100, on_board_l=100, on_board_stream="paper")
    problem = replace(
        problem,
        pickups=(replace(problem.pickups[0], prize_micro_eur=0, is_must=False),),
        vehicles=(problem.vehicles[0], loaded, problem.vehicles[2]),
    )
    solution = solver.solve(problem, LIMITS)
    assert check_solution(problem, solution) == ()
    assert [tour.vehicle_index for tour in solution.tours] == [1]
    assert [visit.kind for visit in solution.tours[0].visits] == [VisitKind.TIP]


def test_price_of_a_change_keeps_pickups_where_they_were_planned(solver: Solver) -> None:
    problem = generated_day(5, replace(HALF_DAY, windowed_fraction=0.0, may_fraction=0.0))
    free = solver.solve(problem, LIMITS)
    planned = replace(
        problem,
        pickups=tuple(
            replace(one, planned_vehicle=min(one.allowed_vehicles), change_micro_eur=10_000 * MICRO_EUR_PER_EUR)
            for one in problem.pickups
        ),
    )
    bound = solver.solve(planned, LIMITS)
    assert check_solution(planned, bound) == ()
    assert _n_changed(planned, bound) < _n_changed(planned, free) / 3


def test_checker_names_a_load_left_and_a_wrong_price() -> None:
    problem = generated_afternoon(1, HALF_DAY)
    solution = GreedySolver().solve(problem, LIMITS)
    assert check_solution(problem, solution) == ()
    dearer = replace(
        problem,
        pickups=tuple(replace(one, change_micro_eur=one.change_micro_eur + 7) for one in problem.pickups),
    )
    assert _n_changed(problem, solution) > 0
    assert {one.code for one in check_solution(dearer, solution)} == {"wrong_objective"}
    loaded = next(tour for tour in solution.tours if problem.vehicles[tour.vehicle_index].is_loaded)
    rest = replace(solution, tours=tuple(tour for tour in solution.tours if tour is not loaded))
    assert "load_left" in {one.code for one in check_solution(problem, rest)}


def test_checker_names_overload_time_lost_and_work_done_before() -> None:
    problem = generated_day(8, HALF_DAY)
    solution = GreedySolver().solve(problem, LIMITS)
    at = solution.tours[0].vehicle_index

    def codes(**changes: object) -> set[str]:
        vehicles = [
            replace(one, **changes) if index == at else one  # type: ignore[arg-type]  # fields of a vehicle
            for index, one in enumerate(problem.vehicles)
        ]
        return {one.code for one in check_solution(replace(problem, vehicles=tuple(vehicles)), solution)}

    vehicle = problem.vehicles[at]
    stream = next(
        problem.pickups[visit.index].stream for visit in solution.tours[0].visits if visit.kind is VisitKind.PICKUP
    )
    full = {"on_board_kg": vehicle.capacity_kg, "on_board_stream": stream}
    assert "overload_kg" in codes(**full)
    assert "two_streams" in codes(on_board_stream=next(one for one in vehicle.capacity_l_by_stream if one != stream))
    assert "too_much_work" in codes(worked_s=9 * 3600)
    assert "long_stretch" in codes(worked_s=6 * 3600, unrested_s=6 * 3600)
    assert "time_lost" in codes(worked_s=1, shift=(vehicle.shift[0] - 1, vehicle.shift[1]))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"on_board_kg": 1}, "on_board"),
        ({"on_board_kg": 10**6, "on_board_stream": "paper"}, "on_board"),
        ({"on_board_l": -1, "on_board_stream": "paper"}, "on_board"),
        ({"on_board_stream": "unheard of"}, "on_board"),
        ({"worked_s": 5, "unrested_s": 6}, "worked"),
        ({"rested_s": -1}, "worked"),
    ],
)
def test_impossible_mornings_are_refused(changes: dict[str, object], code: str) -> None:
    problem = generated_day(1, TINY)
    with pytest.raises(InvalidInputError) as raised:
        replace(problem, vehicles=(replace(problem.vehicles[0], **changes),))  # type: ignore[arg-type]  # fields of a vehicle
    assert code in {issue.code for issue in raised.value.issues}


def test_unknown_planned_vehicle_and_negative_change_are_refused() -> None:
    problem = generated_day(1, TINY)
    wrong = replace(problem.pickups[0], planned_vehicle=9, change_micro_eur=-1)
    with pytest.raises(InvalidInputError) as raised:
        replace(problem, pickups=(wrong, *problem.pickups[1:]))
    assert {issue.code for issue in raised.value.issues} == {"vehicle", "negative"}


def _can_all_tip(problem: Problem) -> bool:
    solution = GreedySolver().solve(problem, LIMITS)
    return "load_left" not in {one.code for one in check_solution(problem, solution)}


def _n_changed(problem: Problem, solution: Solution) -> int:
    return sum(
        problem.pickups[visit.index].planned_vehicle != tour.vehicle_index
        for tour in solution.tours
        for visit in tour.visits
        if visit.kind is VisitKind.PICKUP and problem.pickups[visit.index].planned_vehicle is not None
    )
