"""What tours cost, exactly as a problem defines it, and how orders become a solution."""

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution, VehicleTour, VisitKind
from optimizer.solving.schedule import Timing, departures_s, order_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """How a solution was found."""

    solver: str
    status: str
    iterations: int
    wall_s: float


def tour_cost_micro_eur(problem: Problem, tour: VehicleTour) -> int:
    """Fixed, distance, toll, time, overtime and gate costs of one tour."""
    elapsed_s = tour.returns_s - tour.departs_s
    breaks_s = sum(visit.departs_s - visit.starts_s for visit in tour.visits if visit.kind is VisitKind.BREAK)
    timing = Timing(elapsed_s=elapsed_s, work_s=elapsed_s - breaks_s, departs_s=departures_s(tour))
    return order_cost_micro_eur(problem, tour.vehicle_index, order_of(tour), timing)


def order_cost_micro_eur(problem: Problem, vehicle_index: int, order: Sequence[int], timing: Timing) -> int:
    """The same for an order of which only the timing is known."""
    vehicle = problem.vehicles[vehicle_index]
    place, load_kg, gate_micro_eur, ways = vehicle.start_place_index, vehicle.on_board_kg, 0, 0
    departs_s = timing.departs_s or (None,) * (len(order) + 1)
    for visit, leaves_s in zip(order, departs_s[:-1], strict=True):
        if visit >= 0:
            next_place = problem.pickups[visit].place_index
            load_kg += problem.pickups[visit].demand_kg
        else:
            next_place = problem.disposals[~visit].place_index
            gate_micro_eur += load_kg * problem.disposals[~visit].per_kg_micro_eur
            load_kg = 0
        ways += way_micro_eur(problem, vehicle_index, (place, next_place), departs_s=leaves_s)
        place = next_place
    ways += way_micro_eur(problem, vehicle_index, (place, vehicle.end_place_index), departs_s=departs_s[-1])
    time_micro_eur = timing.elapsed_s * vehicle.per_s_micro_eur
    overtime_micro_eur = vehicle.overtime_s(timing.work_s) * vehicle.overtime_per_s_micro_eur
    return vehicle.fixed_micro_eur + ways + time_micro_eur + overtime_micro_eur + gate_micro_eur


def way_micro_eur(problem: Problem, vehicle_index: int, way: tuple[int, int], *, departs_s: int | None) -> int:
    """Metres and tolls between two places."""
    vehicle = problem.vehicles[vehicle_index]
    cost = problem.distance_m(vehicle_index, *way, departs_s=departs_s) * vehicle.per_m_micro_eur
    if vehicle.toll_per_m_micro_eur:
        cost += problem.toll_m(vehicle_index, *way, departs_s=departs_s) * vehicle.toll_per_m_micro_eur
    return cost


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
