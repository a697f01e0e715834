"""Days with a limit of load a day for solvers that know none: fewer choices, and no plan that breaks the limit."""

from dataclasses import replace

from optimizer.problem.problem import Problem, ProblemVehicle


def with_equal_trips(problem: Problem) -> Problem:
    """The day with as many trips as fill the limit, each of an equal share of it."""
    return replace(problem, vehicles=tuple(_in_equal_trips(one) for one in problem.vehicles))


def _in_equal_trips(vehicle: ProblemVehicle) -> ProblemVehicle:
    if vehicle.max_day_kg is None:
        return vehicle
    trips = min(vehicle.max_trips, max(1, -(-vehicle.max_day_kg // vehicle.capacity_kg)))
    share_kg = min(vehicle.capacity_kg, vehicle.max_day_kg // trips)
    return replace(vehicle, max_trips=trips, capacity_kg=share_kg, max_day_kg=None)
