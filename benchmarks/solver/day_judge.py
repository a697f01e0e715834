"""Judges answers to waste days: visits are timed by the one exact scheduler, then recomputed from the problem alone.

A solver answers who visits what in which order. Times and breaks are given to all answers alike; an order that cannot
be driven in time loses stops until it can, at their price, and the row says how many. The figures are then summed up a
second time here, and the checker that guards production says whether every rule is kept.
"""

from dataclasses import replace
from itertools import pairwise

from benchmarks.solver.day import Day
from benchmarks.solver.judge import Verdict
from benchmarks.solver.peer import Orders
from optimizer.checking.check_solution import check_solution
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution, VehicleTour, VisitKind
from optimizer.solving.insertion import drafts_of, solution_of
from optimizer.solving.schedule import Scheduler
from optimizer.solving.tour_cost import SearchReport, assemble_solution
from optimizer.solving.tour_draft import Workbench

REPORT = SearchReport(solver="judged", status="feasible", iterations=0, wall_s=0.0)


def timed(problem: Problem, orders: Orders) -> tuple[Solution, int]:
    """The answer with times, and how many stops it lost on the way."""
    scheduler = Scheduler(problem)
    tours = [scheduler.schedule(vehicle, order) for vehicle, order in orders if any(visit >= 0 for visit in order)]
    whole = [tour for tour in tours if tour is not None]
    if len(whole) == len(tours):
        return assemble_solution(problem, whole, REPORT), 0
    mended = solution_of(Workbench(problem), drafts_of(Workbench(problem), orders), REPORT)
    n_asked = len({visit for _, order in orders for visit in order if visit >= 0})
    return mended, n_asked - (len(problem.pickups) - len(mended.unserved))


def judge_day(day: Day, orders: Orders) -> Verdict:
    """Cost in units, vehicles, and everything that is wrong."""
    solution, n_lost = timed(day.problem, orders)
    verdict = judge_solution(day, solution)
    wrong = list(verdict.violations)
    for vehicle, _ in orders:
        if sum(other == vehicle for other, _ in orders) > 1:
            wrong.append(f"vehicle {vehicle} drives twice")
    lost = (f"{n_lost} stops could not be reached in time",) if n_lost else ()
    return replace(verdict, violations=tuple(wrong), remarks=lost)


def judge_solution(day: Day, solution: Solution) -> Verdict:
    """Of an answer with times."""
    problem = day.problem
    wrong = [f"{one.code}: {one.sentence}" for one in check_solution(problem, solution)]
    served = {halt.index for tour in solution.tours for halt in tour.visits if halt.kind is VisitKind.PICKUP}
    left = [pickup for at, pickup in enumerate(problem.pickups) if at not in served]
    wrong += [f"{pickup.pickup_id} must be served" for pickup in left if pickup.is_must]
    cost = sum(_tour_micro_eur(problem, tour) for tour in solution.tours)
    objective = cost + sum(pickup.prize_micro_eur for pickup in left)
    if objective != solution.objective_micro_eur:
        wrong.append(f"the objective is {objective}, not {solution.objective_micro_eur}")
    return Verdict(cost=objective / day.per_unit, vehicles=len(solution.tours), violations=tuple(wrong))


def _tour_micro_eur(problem: Problem, tour: VehicleTour) -> int:
    """Metres and seconds once more, straight from the matrix."""
    vehicle = problem.vehicles[tour.vehicle_index]
    places, fee = [vehicle.start_place_index], 0
    on_board_kg = 0
    for halt in tour.visits:
        if halt.kind is VisitKind.PICKUP:
            places.append(problem.pickups[halt.index].place_index)
            on_board_kg += problem.pickups[halt.index].demand_kg
        elif halt.kind is VisitKind.TIP:
            places.append(problem.disposals[halt.index].place_index)
            fee += on_board_kg * problem.disposals[halt.index].per_kg_micro_eur
            on_board_kg = 0
    places.append(vehicle.end_place_index)
    metres = sum(int(problem.travel[vehicle.profile].distance_m[a, b]) for a, b in pairwise(places))
    out_s = tour.returns_s - tour.departs_s
    return vehicle.fixed_micro_eur + metres * vehicle.per_m_micro_eur + out_s * vehicle.per_s_micro_eur + fee
