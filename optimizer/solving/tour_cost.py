"""What tours cost, exactly as a problem defines it, and how orders become a solution."""

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution, VehicleTour
from optimizer.solving.schedule import order_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """How a solution was found."""

    solver: str
    status: str
    iterations: int
    wall_s: float


def tour_cost_micro_eur(problem: Problem, tour: VehicleTour) -> int:
    """Fixed, distance, time and gate costs of one tour."""
    elapsed_s = tour.returns_s - tour.departs_s
    return order_cost_micro_eur(problem, tour.vehicle_index, order_of(tour), elapsed_s=elapsed_s)


def order_cost_micro_eur(problem: Problem, vehicle_index: int, order: Sequence[int], *, elapsed_s: int) -> int:
    """The same for an order of which only the duration is known."""
    vehicle = problem.vehicles[vehicle_index]
    place, distance_m, load_kg, gate_micro_eur = vehicle.start_place_index, 0, vehicle.on_board_kg, 0
    for visit in order:
        if visit >= 0:
            next_place = problem.pickups[visit].place_index
            load_kg += problem.pickups[visit].demand_kg
        else:
            next_place = problem.disposals[~visit].place_index
            gate_micro_eur += load_kg * problem.disposals[~visit].per_kg_micro_eur
            load_kg = 0
        distance_m += problem.distance_m(vehicle_index, place, next_place)
        place = next_place
    distance_m += problem.distance_m(vehicle_index, place, vehicle.end_place_index)
    return (
        vehicle.fixed_micro_eur
        + distance_m * vehicle.per_m_micro_eur
        + elapsed_s * vehicle.per_s_micro_eur
        + gate_micro_eur
    )


def order_change_micro_eur(problem: Problem, vehicle_index: int, order: Sequence[int]) -> int:
    """The price of the pickups of an order that were planned for another vehicle."""
    return sum(problem.change_micro_eur(vehicle_index, visit) for visit in order if visit >= 0)


def assemble_solution(problem: Problem, tours: Sequence[VehicleTour], report: SearchReport) -> Solution:
    """A solution of the tours, with its exact costs and the pickups in none of them."""
    served = {visit for tour in tours for visit in order_of(tour) if visit >= 0}
    unserved = tuple(index for index in range(len(problem.pickups)) if index not in served)
    cost = sum(tour_cost_micro_eur(problem, tour) for tour in tours)
    changes = sum(order_change_micro_eur(problem, tour.vehicle_index, order_of(tour)) for tour in tours)
    return Solution(
        tours=tuple(sorted(tours, key=lambda tour: tour.vehicle_index)),
        unserved=unserved,
        cost_micro_eur=cost,
        objective_micro_eur=cost + changes + sum(problem.pickups[index].prize_micro_eur for index in unserved),
        status=report.status if tours else "empty",
        solver=report.solver,
        iterations=report.iterations,
        wall_s=report.wall_s,
    )
