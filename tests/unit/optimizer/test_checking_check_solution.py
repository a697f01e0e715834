"""Every rule is broken by hand once, and the checker has to name it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import InvalidSolutionError, Violation
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem, ProblemBreak
from optimizer.problem.solution import Solution, VehicleTour, Visit, VisitKind
from optimizer.solving.greedy import GreedySolver
from tests.unit.optimizer.generated_days import DayKind, generated_day

KIND = DayKind(n_pickups=40, n_vehicles=3, max_trips=4, shift_h=(6, 15))


@pytest.fixture(scope="module")
def problem() -> Problem:
    return generated_day(7, KIND)


@pytest.fixture(scope="module")
def valid(problem: Problem) -> Solution:
    solution = GreedySolver().solve(problem, SolveLimits())
    assert check_solution(problem, solution) == ()
    kinds = {visit.kind for tour in solution.tours for visit in tour.visits}
    assert kinds == {VisitKind.PICKUP, VisitKind.TIP, VisitKind.BREAK}
    assert solution.unserved
    return solution


def codes(violations: tuple[Violation, ...]) -> set[str]:
    return {violation.code for violation in violations}


def with_tour(solution: Solution, change: Callable[[VehicleTour], VehicleTour], at: int = 0) -> Solution:
    tours = list(solution.tours)
    tours[at] = change(tours[at])
    return replace(solution, tours=tuple(tours))


def with_visit(solution: Solution, position: int, change: Callable[[Visit], Visit], at: int = 0) -> Solution:
    def changed(tour: VehicleTour) -> VehicleTour:
        visits = list(tour.visits)
        visits[position] = change(visits[position])
        return replace(tour, visits=tuple(visits))

    return with_tour(solution, changed, at)


def without_visits(solution: Solution, kind: VisitKind, at: int = 0) -> Solution:
    return with_tour(
        solution,
        lambda tour: replace(tour, visits=tuple(visit for visit in tour.visits if visit.kind is not kind)),
        at,
    )


def tour_with_break(solution: Solution) -> int:
    return next(
        at for at, tour in enumerate(solution.tours) if any(visit.kind is VisitKind.BREAK for visit in tour.visits)
    )


def first(solution: Solution, kind: VisitKind, at: int = 0) -> int:
    return next(position for position, visit in enumerate(solution.tours[at].visits) if visit.kind is kind)


def later(seconds: int) -> Callable[[Visit], Visit]:
    return lambda visit: replace(
        visit,
        arrives_s=visit.arrives_s + seconds,
        starts_s=visit.starts_s + seconds,
        departs_s=visit.departs_s + seconds,
    )


def test_dropped_stop_is_lost(problem: Problem, valid: Solution) -> None:
    broken = with_tour(valid, lambda tour: replace(tour, visits=tour.visits[1:]))
    found = codes(check_solution(problem, broken))
    assert {"lost", "wrong_arrival", "wrong_objective"} <= found


def test_stop_served_and_listed_is_found(problem: Problem, valid: Solution) -> None:
    index = valid.tours[0].visits[first(valid, VisitKind.PICKUP)].index
    found = codes(check_solution(problem, replace(valid, unserved=(*valid.unserved, index))))
    assert "served_and_unserved" in found


def test_stop_listed_twice_is_found(problem: Problem, valid: Solution) -> None:
    again = (*valid.unserved, valid.unserved[0])
    assert "listed_twice" in codes(check_solution(problem, replace(valid, unserved=again)))


def test_forgotten_unserved_stop_is_lost(problem: Problem, valid: Solution) -> None:
    assert "lost" in codes(check_solution(problem, replace(valid, unserved=valid.unserved[1:])))


def test_unknown_pickup_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_visit(valid, 0, lambda visit: replace(visit, index=10_000))
    assert {"unknown_place", "unknown_pickup"} <= codes(check_solution(problem, broken))


def test_stop_served_twice_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_tour(valid, lambda tour: replace(tour, visits=(tour.visits[0], *tour.visits)))
    assert "served_twice" in codes(check_solution(problem, broken))


def test_same_vehicle_in_two_tours_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_tour(valid, lambda tour: replace(tour, vehicle_index=valid.tours[0].vehicle_index), at=1)
    assert "vehicle_twice" in codes(check_solution(problem, broken))


def test_unknown_vehicle_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_tour(valid, lambda tour: replace(tour, vehicle_index=99))
    assert "unknown_vehicle" in codes(check_solution(problem, broken))


def test_arrival_faster_than_the_street_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_visit(valid, 0, lambda visit: replace(visit, arrives_s=visit.arrives_s - 60))
    assert codes(check_solution(problem, broken)) == {"wrong_arrival"}


def test_arrival_after_start_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_visit(valid, 0, lambda visit: replace(visit, starts_s=visit.arrives_s - 60))
    assert "times_disordered" in codes(check_solution(problem, broken))


def test_hurried_service_is_found(problem: Problem, valid: Solution) -> None:
    broken = with_visit(valid, 0, lambda visit: replace(visit, starts_s=visit.starts_s + 30))
    assert "wrong_service" in codes(check_solution(problem, broken))


def test_service_outside_its_hours_is_found(problem: Problem, valid: Solution) -> None:
    index = valid.tours[0].visits[0].index
    closed = tuple(
        replace(pickup, windows=((0, 3600),)) if at == index else pickup for at, pickup in enumerate(problem.pickups)
    )
    assert codes(check_solution(replace(problem, pickups=closed), valid)) == {"outside_window"}


def test_closed_disposal_site_is_found(problem: Problem, valid: Solution) -> None:
    closed = tuple(replace(disposal, windows=((0, 3600),)) for disposal in problem.disposals)
    assert codes(check_solution(replace(problem, disposals=closed), valid)) == {"outside_window"}


def test_overload_in_kilograms_is_found(problem: Problem, valid: Solution) -> None:
    weak = tuple(replace(vehicle, capacity_kg=100) for vehicle in problem.vehicles)
    assert codes(check_solution(replace(problem, vehicles=weak), valid)) == {"overload_kg"}


def test_overload_in_litres_is_found(problem: Problem, valid: Solution) -> None:
    small = tuple(
        replace(vehicle, capacity_l_by_stream=dict.fromkeys(vehicle.capacity_l_by_stream, 500))
        for vehicle in problem.vehicles
    )
    assert codes(check_solution(replace(problem, vehicles=small), valid)) == {"overload_l"}


def test_load_at_exactly_the_capacity_is_allowed_and_one_kilogram_more_is_not(
    problem: Problem, valid: Solution
) -> None:
    tour = valid.tours[0]
    heaviest, load = 0, 0
    for visit in tour.visits:
        if visit.kind is VisitKind.TIP:
            heaviest, load = max(heaviest, load), 0
        elif visit.kind is VisitKind.PICKUP:
            load += problem.pickups[visit.index].demand_kg
    for capacity_kg, expected in ((heaviest, set()), (heaviest - 1, {"overload_kg"})):
        vehicles = list(problem.vehicles)
        vehicles[tour.vehicle_index] = replace(vehicles[tour.vehicle_index], capacity_kg=capacity_kg)
        assert codes(check_solution(replace(problem, vehicles=tuple(vehicles)), valid)) == expected


def test_two_streams_on_board_are_found(problem: Problem, valid: Solution) -> None:
    index = valid.tours[0].visits[0].index
    other = next(name for name in KIND.streams if name != problem.pickups[index].stream)
    mixed = tuple(replace(pickup, stream=other) if at == index else pickup for at, pickup in enumerate(problem.pickups))
    assert "two_streams" in codes(check_solution(replace(problem, pickups=mixed), valid))


def test_stream_that_the_site_does_not_accept_is_found(problem: Problem, valid: Solution) -> None:
    picky = tuple(replace(disposal, streams=frozenset({"glass"})) for disposal in problem.disposals)
    assert codes(check_solution(replace(problem, disposals=picky), valid)) == {"stream_not_accepted"}


def test_return_with_a_load_is_found(problem: Problem, valid: Solution) -> None:
    assert "not_empty" in codes(check_solution(problem, without_visits(valid, VisitKind.TIP)))


def test_forbidden_vehicle_is_found_at_pickups_and_sites(problem: Problem, valid: Solution) -> None:
    nobody = tuple(replace(pickup, allowed_vehicles=frozenset()) for pickup in problem.pickups)
    assert codes(check_solution(replace(problem, pickups=nobody), valid)) == {"forbidden_vehicle"}
    narrow = tuple(replace(disposal, allowed_vehicles=frozenset()) for disposal in problem.disposals)
    assert codes(check_solution(replace(problem, disposals=narrow), valid)) == {"forbidden_vehicle"}


def with_rules(problem: Problem, **rules: object) -> Problem:
    changed = tuple(replace(vehicle, **rules) for vehicle in problem.vehicles)  # type: ignore[arg-type]  # any field
    return replace(problem, vehicles=changed)


def test_late_return_and_early_departure_are_found(problem: Problem, valid: Solution) -> None:
    start_s = min(tour.departs_s for tour in valid.tours)
    end_s = max(tour.returns_s for tour in valid.tours)
    assert codes(check_solution(with_rules(problem, shift=(start_s + 1, end_s)), valid)) == {"outside_shift"}
    assert codes(check_solution(with_rules(problem, shift=(start_s, end_s - 1)), valid)) == {"outside_shift"}


def test_too_much_work_is_found(problem: Problem, valid: Solution) -> None:
    assert codes(check_solution(with_rules(problem, max_work_s=3600), valid)) == {"too_much_work"}


def test_long_stretch_is_found(problem: Problem, valid: Solution) -> None:
    assert codes(check_solution(with_rules(problem, max_stretch_s=3600), valid)) == {"long_stretch"}


def test_missing_break_is_found(problem: Problem, valid: Solution) -> None:
    harsh = (ProblemBreak(work_above_s=3600, break_s=7200),)
    assert codes(check_solution(with_rules(problem, breaks=harsh), valid)) == {"missing_break"}


def test_break_left_out_is_found(problem: Problem, valid: Solution) -> None:
    at = tour_with_break(valid)
    found = codes(check_solution(problem, without_visits(valid, VisitKind.BREAK, at)))
    assert "wrong_arrival" in found


def test_break_cut_short_does_not_count(problem: Problem, valid: Solution) -> None:
    at = tour_with_break(valid)
    position = first(valid, VisitKind.BREAK, at)
    broken = with_visit(valid, position, lambda visit: replace(visit, departs_s=visit.starts_s + 600), at)
    assert {"short_break", "missing_break"} <= codes(check_solution(problem, broken))


def test_break_before_any_work_is_found(problem: Problem, valid: Solution) -> None:
    tour = valid.tours[0]
    rest = Visit(
        kind=VisitKind.BREAK,
        index=-1,
        arrives_s=tour.departs_s - 1800,
        starts_s=tour.departs_s - 1800,
        departs_s=tour.departs_s,
    )
    broken = with_tour(valid, lambda one: replace(one, departs_s=one.departs_s - 1800, visits=(rest, *one.visits)))
    assert "break_before_work" in codes(check_solution(problem, broken))


def test_break_that_overlaps_the_drive_is_found(problem: Problem, valid: Solution) -> None:
    at = tour_with_break(valid)
    position = first(valid, VisitKind.BREAK, at)
    assert "wrong_arrival" in codes(check_solution(problem, with_visit(valid, position, later(60), at)))


def test_too_many_trips_are_found(problem: Problem, valid: Solution) -> None:
    assert codes(check_solution(with_rules(problem, max_trips=0), valid)) == {"too_many_trips"}


def test_tour_without_visits_is_found(problem: Problem, valid: Solution) -> None:
    assert "empty_tour" in codes(check_solution(problem, with_tour(valid, lambda tour: replace(tour, visits=()))))


def test_wrong_cost_and_objective_are_found(problem: Problem, valid: Solution) -> None:
    cheap = replace(valid, cost_micro_eur=valid.cost_micro_eur - 1)
    assert codes(check_solution(problem, cheap)) == {"wrong_cost"}
    good = replace(valid, objective_micro_eur=valid.objective_micro_eur - 1)
    assert codes(check_solution(problem, good)) == {"wrong_objective"}


def test_error_names_the_violations_and_says_what_to_do(problem: Problem, valid: Solution) -> None:
    violations = check_solution(problem, replace(valid, cost_micro_eur=0))
    error = InvalidSolutionError(violations)
    assert error.violations == violations
    assert "must not be used" in str(error)
    assert violations[0].sentence in str(error)
