from dataclasses import replace

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_model import OrToolsModel
from optimizer.solving.ortools_solver import OrToolsSolver
from optimizer.solving.schedule import order_of
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

LIMITS = SolveLimits(time_limit_s=None, iteration_limit=40)


def one_truck(demand_l: int, capacity_l: int, *, n_pickups: int = 4) -> Problem:
    kind = DayKind(
        n_pickups=n_pickups,
        n_vehicles=1,
        n_disposals=1,
        streams=("paper",),
        windowed_fraction=0.0,
        may_fraction=0.0,
        capacity_kg=(50_000,),
    )
    problem = generated_day(1, kind)
    return replace(
        problem,
        pickups=tuple(replace(one, demand_l=demand_l) for one in problem.pickups),
        vehicles=tuple(replace(one, capacity_l_by_stream={"paper": capacity_l}) for one in problem.vehicles),
    )


def test_body_filled_to_the_last_litre_is_one_trip() -> None:
    problem = one_truck(2_500, 10_000)
    (tour,) = OrToolsSolver().solve(problem, LIMITS).tours
    assert sum(visit < 0 for visit in order_of(tour)) == 1


def test_one_litre_too_much_is_two_trips() -> None:
    problem = one_truck(2_500, 9_999)
    solution = OrToolsSolver().solve(problem, LIMITS)
    assert check_solution(problem, solution) == ()
    assert sum(visit < 0 for visit in order_of(solution.tours[0])) == 2


def test_start_of_the_greedy_solver_fits_the_model() -> None:
    for seed in range(15):
        problem = generated_day(seed, TINY)
        first = GreedySolver().solve(problem, LIMITS)
        model = OrToolsModel(problem, start=first, pickup_sequence=range(len(problem.pickups)))
        model.routing.CloseModel()
        routes = model.routes([(tour.vehicle_index, order_of(tour)) for tour in first.tours])
        assert model.routing.ReadAssignmentFromRoutes(routes, True) is not None, seed


def test_vehicles_with_different_bodies_per_stream_are_told_apart() -> None:
    problem = generated_day(2, TINY)
    uneven = (
        replace(problem.vehicles[0], capacity_l_by_stream={"paper": 6_000, "residual": 9_000}),
        replace(problem.vehicles[1], capacity_l_by_stream={"residual": 12_000}),
    )
    allowed = tuple(
        replace(one, allowed_vehicles=frozenset({0} if one.stream == "paper" else {0, 1})) for one in problem.pickups
    )
    mixed = replace(problem, vehicles=uneven, pickups=allowed)
    solution = OrToolsSolver().solve(mixed, LIMITS)
    assert check_solution(mixed, solution) == ()
    assert solution.tours


def test_search_improves_on_its_start() -> None:
    problem = generated_day(5, DayKind(n_pickups=60, n_vehicles=3))
    greedy = GreedySolver().solve(problem, LIMITS)
    solution = OrToolsSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=80))
    assert solution.objective_micro_eur < greedy.objective_micro_eur


def test_seeds_give_different_searches_of_valid_answers() -> None:
    problem = generated_day(6, DayKind(n_pickups=40, n_vehicles=3))
    solutions = [
        OrToolsSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=30, seed=seed)) for seed in (1, 2)
    ]
    for solution in solutions:
        assert check_solution(problem, solution) == ()


def test_single_stop_is_done_long_before_the_time_is_over() -> None:
    problem = generated_day(1, replace(TINY, n_pickups=1, may_fraction=0.0))
    assert OrToolsSolver().solve(problem, SolveLimits(time_limit_s=60.0)).wall_s < 20.0
