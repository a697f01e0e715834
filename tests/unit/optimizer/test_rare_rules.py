"""Time out, load a day, overtime, tolls, queues and travel by time of day: judged, timed and searched alike."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimizer.checking.advice import advice_for
from optimizer.checking.check_solution import check_solution
from optimizer.checking.german_words import in_german
from optimizer.domain.hours import Hours
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SolveLimits
from optimizer.ports import Solver
from optimizer.problem.elapsed_windows import DayClock
from optimizer.problem.problem import Problem, TravelSlice
from optimizer.problem.solution import Solution
from optimizer.search.sisr import SisrSolver
from optimizer.search.toll_free_day import toll_free_day
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_model import OrToolsModel
from optimizer.solving.ortools_solver import OrToolsSolver
from optimizer.solving.schedule import Scheduler, order_of
from optimizer.solving.tour_cost import SearchReport, assemble_solution, order_cost_micro_eur, tour_cost_micro_eur
from routing.matrix import TravelMatrix
from tests.unit.optimizer.day_oracle import least_objective_micro_eur
from tests.unit.optimizer.departure_twin import cheapest_day_micro_eur
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day, with_day_loads, with_rare_rules

KINDS = [
    TINY,
    DayKind(n_pickups=12, n_vehicles=2),
    DayKind(n_pickups=12, n_vehicles=3, windowed_fraction=1.0, may_fraction=0.8),
    DayKind(n_pickups=12, n_vehicles=2, capacity_kg=(900, 1_400), max_stretch_s=2 * 3600),
]
N_OPTIMA = 24


def rare_day(seed: int) -> Problem:
    return with_rare_rules(generated_day(seed, KINDS[seed % len(KINDS)]), seed)


def first_answer(problem: Problem) -> Solution:
    return GreedySolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=1))


def codes(problem: Problem, solution: Solution) -> set[str]:
    return {one.code for one in check_solution(problem, solution)}


@pytest.fixture(scope="module")
def plain() -> tuple[Problem, Solution]:
    """A day without rare rules, one tour of one vehicle, and its answer."""
    problem = generated_day(1, DayKind(n_pickups=8, n_vehicles=1, breaks=(), may_fraction=0.0))
    solution = first_answer(problem)
    assert codes(problem, solution) == set()
    assert len(solution.tours) == 1
    return problem, solution


@pytest.mark.parametrize("first_seed", range(0, 80, 20))
def test_answers_keep_all_rules(first_seed: int) -> None:
    solvers: list[tuple[Solver, int]] = [(GreedySolver(), 1), (SisrSolver(), 30)]
    for seed in range(first_seed, first_seed + 20):
        problem = rare_day(seed)
        for solver, most in solvers:
            solution = solver.solve(problem, SolveLimits(time_limit_s=None, iteration_limit=most, seed=seed))
            assert check_solution(problem, solution) == ()


def test_every_rule_is_drawn() -> None:
    days = [rare_day(seed) for seed in range(20)]
    limits = ("is_limited_in_span", "is_limited_in_load")
    for rule in (*limits, "has_overtime", "has_tolls", "has_queues", "has_time_slices"):
        assert 0 < sum(getattr(day, rule) for day in days) < len(days)
    usual = [generated_day(seed) for seed in range(20)]
    assert not any(one.is_limited_in_span or one.has_rare_rules_but_span for one in usual)


@pytest.mark.parametrize("seed", range(4))
def test_ortools_answers_what_keeps_all_rules(seed: int) -> None:
    problem = rare_day(seed)
    first = first_answer(problem)
    solution = OrToolsSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=20), start=first)
    assert check_solution(problem, solution) == ()
    assert solution.objective_micro_eur <= first.objective_micro_eur


def test_tiny_days_are_solved_to_the_optimum() -> None:
    kind = replace(TINY, n_pickups=4)
    n_best = 0
    for seed in range(N_OPTIMA):
        problem = with_rare_rules(generated_day(seed, kind), seed)
        least = least_objective_micro_eur(problem)
        solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=500))
        assert solution.objective_micro_eur >= least, "the oracle or the objective is wrong"
        n_best += solution.objective_micro_eur == least
    assert n_best >= 0.9 * N_OPTIMA


@pytest.mark.parametrize("seed", range(40))
def test_timing_is_at_least_as_cheap_as_every_departure_tried(seed: int) -> None:
    kind = replace(TINY, n_pickups=3, n_vehicles=1, streams=("paper",), capacity_kg=(9_000,), capacity_l=(90_000,))
    problem = with_rare_rules(generated_day(seed, kind), seed)
    order = [*np.random.default_rng(seed).permutation(3).tolist(), ~0]
    twin = cheapest_day_micro_eur(problem, order)
    tour = Scheduler(problem).schedule(0, order)
    if tour is None:
        assert twin is None
        return
    timing = Scheduler(problem).time(0, order)
    assert timing is not None
    cost = tour_cost_micro_eur(problem, tour)
    assert cost == order_cost_micro_eur(problem, 0, order, timing)
    answer = assemble_solution(problem, [tour], SearchReport(solver="", status="", iterations=0, wall_s=0.0))
    # The order is any order: only the times are judged here.
    assert codes(problem, answer) <= {"forbidden_vehicle", "too_much_in_a_day"}
    assert twin is None or cost <= twin


def test_too_long_out_is_found(plain: tuple[Problem, Solution]) -> None:
    problem, solution = plain
    out_s = solution.tours[0].returns_s - solution.tours[0].departs_s
    for most_s, expected in ((out_s, set()), (out_s - 1, {"too_long_out"})):
        vehicles = (replace(problem.vehicles[0], max_out_s=most_s),)
        assert codes(replace(problem, vehicles=vehicles), solution) == expected


def test_too_much_in_a_day_is_found_over_all_trips(plain: tuple[Problem, Solution]) -> None:
    problem, solution = plain
    day_kg = sum(one.demand_kg for one in problem.pickups)
    assert not solution.unserved
    for most_kg, expected in ((day_kg, ""), (day_kg - 3, f"{day_kg} kg in all its trips, 3 kg more")):
        vehicles = (replace(problem.vehicles[0], max_day_kg=most_kg),)
        found = check_solution(replace(problem, vehicles=vehicles), solution)
        assert [one.code for one in found] == (["too_much_in_a_day"] if expected else [])
        assert all(expected in one.sentence for one in found)
        for one in found:
            assert "max_day_kg" in advice_for(one.code)
            assert "max_day_kg" in advice_for(one.code, language="de")
            assert f"{day_kg} kg, 3 kg mehr" in in_german(one).sentence


@pytest.mark.parametrize("first_seed", range(0, 60, 20))
def test_limit_of_a_day_binds_and_is_kept(first_seed: int) -> None:
    n_left = 0
    for seed in range(first_seed, first_seed + 20):
        free = generated_day(seed, KINDS[seed % len(KINDS)])
        problem = with_day_loads(free, seed)
        solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=30, seed=seed))
        assert check_solution(problem, solution) == ()
        n_left += "too_much_in_a_day" in codes(problem, first_answer(free))
    assert n_left >= 5, "answers that do not know the limit break it"


def test_tiny_days_with_a_limit_of_load_are_solved_to_the_optimum() -> None:
    n_best = 0
    for seed in range(N_OPTIMA):
        problem = with_day_loads(generated_day(seed, replace(TINY, n_pickups=5)), seed)
        least = least_objective_micro_eur(problem)
        solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=500))
        assert solution.objective_micro_eur >= least, "the oracle or the objective is wrong"
        n_best += solution.objective_micro_eur == least
    assert n_best >= 0.9 * N_OPTIMA


@pytest.mark.parametrize("spare_kg", [0, 1])
def test_load_on_board_is_not_collected_again(spare_kg: int) -> None:
    """The rest of a day brings away what is on board, and collects what is left of the limit to the kilogram."""
    problem = generated_day(3, DayKind(n_pickups=4, n_vehicles=1, streams=("paper",), breaks=(), may_fraction=0.0))
    all_kg = sum(one.demand_kg for one in problem.pickups)
    vehicle = replace(
        problem.vehicles[0],
        on_board_kg=500,
        on_board_l=500,
        on_board_stream="paper",
        worked_s=60,
        max_day_kg=all_kg - 1 + spare_kg,
    )
    problem = replace(problem, vehicles=(vehicle,))
    for solver in (GreedySolver(), SisrSolver()):
        solution = solver.solve(problem, SolveLimits(time_limit_s=None, iteration_limit=200))
        assert check_solution(problem, solution) == ()
        assert len(solution.unserved) == 1 - spare_kg


def test_ortools_knows_the_limit_of_a_day() -> None:
    free = generated_day(5, DayKind(n_pickups=8, n_vehicles=2, breaks=(), may_fraction=0.0))
    everybody = frozenset({0, 1})
    free = replace(free, pickups=tuple(replace(one, allowed_vehicles=everybody) for one in free.pickups))
    most_kg = int(0.6 * sum(one.demand_kg for one in free.pickups))
    problem = replace(free, vehicles=tuple(replace(one, max_day_kg=most_kg) for one in free.vehicles))
    first = first_answer(free)
    start = first_answer(problem)
    assert "too_much_in_a_day" in codes(problem, first), "one vehicle would do it"
    for day, answer, fits in ((free, first, True), (problem, start, True), (problem, first, False)):
        model = OrToolsModel(day, start=answer, pickup_sequence=range(len(day.pickups)))
        model.routing.CloseModel()
        routes = model.routes([(tour.vehicle_index, order_of(tour)) for tour in answer.tours])
        assert (model.routing.ReadAssignmentFromRoutes(routes, True) is not None) == fits
    solution = OrToolsSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=20), start=start)
    assert check_solution(problem, solution) == ()
    assert not solution.unserved


def test_problem_refuses_a_limit_below_nothing() -> None:
    problem = generated_day(1, TINY)
    with pytest.raises(InvalidInputError, match="may still collect"):
        replace(problem, vehicles=(replace(problem.vehicles[0], max_day_kg=-1), *problem.vehicles[1:]))


def test_overtime_is_part_of_the_cost(plain: tuple[Problem, Solution]) -> None:
    problem, solution = plain
    work_s = solution.tours[0].returns_s - solution.tours[0].departs_s
    vehicle = replace(problem.vehicles[0], regular_work_s=work_s - 60, overtime_per_s_micro_eur=1_000)
    dearer = replace(problem, vehicles=(vehicle,))
    assert codes(dearer, solution) == {"wrong_cost", "wrong_objective"}
    assert codes(dearer, _dearer(solution, 60_000)) == set()
    worked = replace(vehicle, worked_s=work_s)
    assert worked.overtime_s(100) == 100, "who has worked for so long already is paid overtime from the start"


def test_tolls_are_part_of_the_cost(plain: tuple[Problem, Solution]) -> None:
    problem, solution = plain
    travel = {
        name: TravelMatrix.from_arrays(
            duration_s=matrix.duration_s, distance_m=matrix.distance_m, toll_m=matrix.distance_m // 2 * 2 // 2
        )
        for name, matrix in problem.travel.items()
    }
    tolled = replace(problem, travel=travel, vehicles=(replace(problem.vehicles[0], toll_per_m_micro_eur=100),))
    assert codes(tolled, solution) == {"wrong_cost", "wrong_objective"}
    tolls = tour_cost_micro_eur(tolled, solution.tours[0]) - tour_cost_micro_eur(problem, solution.tours[0])
    assert tolls > 0
    assert codes(tolled, _dearer(solution, tolls)) == set()
    free = toll_free_day(tolled)
    assert tour_cost_micro_eur(free, solution.tours[0]) == tour_cost_micro_eur(tolled, solution.tours[0])


def test_queue_belongs_to_the_unloading(plain: tuple[Problem, Solution]) -> None:
    problem, solution = plain
    queued = replace(
        problem, disposals=tuple(replace(one, queue_s=(600,) * len(one.windows)) for one in problem.disposals)
    )
    assert "wrong_service" in codes(queued, solution)
    assert codes(queued, first_answer(queued)) == set()


def test_departure_decides_how_long_a_drive_takes(plain: tuple[Problem, Solution]) -> None:
    problem, solution = plain
    name = problem.vehicles[0].profile
    slow = TravelMatrix.from_arrays(
        duration_s=problem.travel[name].duration_s * 2, distance_m=problem.travel[name].distance_m
    )
    starts_s = solution.tours[0].visits[1].departs_s
    for late_s, expected in ((1, 2), (0, 1)):
        slices = {name: (TravelSlice(starts_s=starts_s + late_s, matrix=slow),)}
        found = check_solution(replace(problem, travel_slices=slices), solution)
        wrong = [one for one in found if one.code == "wrong_arrival"]
        n_drives = len(solution.tours[0].visits) + 1
        assert len(wrong) == n_drives - 1 - expected


def test_problem_refuses_slices_and_queues_that_do_not_add_up() -> None:
    problem = generated_day(1, TINY)
    name = problem.vehicles[0].profile
    matrix = problem.travel[name]
    twice = (TravelSlice(starts_s=100, matrix=matrix), TravelSlice(starts_s=100, matrix=matrix))
    with pytest.raises(InvalidInputError, match="sorted"):
        replace(problem, travel_slices={name: twice})
    site = problem.disposals[0]
    for windows, queue_s in (
        (((0, 1_000),), (0, 0)),
        (((0, 1_000),), (-1,)),
        (((0, 1_000),), (600,)),
        (((0, 3_000), (2_000, 9_000)), (0, 0)),
    ):
        with pytest.raises(InvalidInputError):
            replace(problem, disposals=(replace(site, windows=windows, queue_s=queue_s),))


@pytest.mark.parametrize("day", [date(2026, 3, 3), date(2026, 3, 29), date(2026, 10, 25)])
def test_queued_windows_allow_the_starts_of_every_hour(day: date) -> None:
    zone = ZoneInfo("Europe/Berlin")
    clock = DayClock(day=day, zone=zone)
    queue_s = [0, 0, 300, 300, 900, 0] * 4
    hours = Hours(expression="00:30-05:10,06:00-11:00")
    windows, queues = clock.queued_windows(hours, queue_s, unloading_s=600)
    is_open = clock.windows(hours)
    for start_s in range(0, 24 * 3600, 97):
        at = datetime.fromtimestamp(clock.midnight_at.timestamp() + start_s, tz=zone)
        work_s = 600 + queue_s[at.hour]
        expected = [queue_s[at.hour]] if any(a <= start_s and start_s + work_s <= b for a, b in is_open) else []
        found = [q for (a, b), q in zip(windows, queues, strict=True) if a <= start_s and start_s + 600 + q <= b]
        assert found == expected


def _dearer(solution: Solution, micro_eur: int) -> Solution:
    return replace(
        solution,
        cost_micro_eur=solution.cost_micro_eur + micro_eur,
        objective_micro_eur=solution.objective_micro_eur + micro_eur,
    )
