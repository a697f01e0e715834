"""What the rest of a day starts from: the old plan mended, and an end of the day for every vehicle.

Vehicles that cannot be back in time, or cannot tip: rules give way as far as they must, and it is said.
"""

from dataclasses import dataclass, replace

from optimizer.problem.problem import Problem, ProblemVehicle
from optimizer.problem.solution import Solution, VehicleTour
from optimizer.solving.insertion import drafts_of_solution, insert_all, solution_of
from optimizer.solving.schedule import Scheduler
from optimizer.solving.tour_cost import SearchReport
from optimizer.solving.tour_draft import Workbench

AN_HOUR_S = 3600
MOST_OVERTIME_H = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysHome:
    """A problem in which every vehicle that is out can end its day.

    Attributes
    ----------
    warnings
        What had to give way.
    """

    problem: Problem
    warnings: tuple[str, ...]


def with_ways_home(problem: Problem) -> WaysHome:
    """The problem, with overtime for vehicles that could not even drive home, by way of a tip when loaded."""
    warnings = []
    for at, vehicle in enumerate(problem.vehicles):
        if _can_end(problem, at) or vehicle.worked_s == 0:
            continue
        late = next((one for one in _with_overtime(problem, at) if _can_end(one, at)), None)
        if late is not None:
            problem = late
            warnings.append(f"overtime: {vehicle.vehicle_id} cannot be back within its shift, its breaks and its hours")
            continue
        unloaded = replace(vehicle, on_board_kg=0, on_board_l=0, on_board_stream=None)
        problem = _with_vehicle(problem, at, unloaded)
        problem = next((one for one in _with_overtime(problem, at) if _can_end(one, at)), problem)
        load = f"{vehicle.on_board_kg} kg of {vehicle.on_board_stream}"
        warnings.append(f"load_left: {vehicle.vehicle_id} can tip its {load} nowhere today and comes home with it")
    return WaysHome(problem=problem, warnings=tuple(warnings))


def with_orphans(problem: Problem, planned: Solution) -> Solution:
    """The rest of the old plan as far as it can still be driven, with what lost its vehicle where that costs least."""
    bench = Workbench(problem)
    drafts = drafts_of_solution(bench, planned)
    served = {visit for draft in drafts for visit in draft.order}
    orphans = [at for at in range(len(problem.pickups)) if at not in served]
    insert_all(drafts, sorted(orphans, key=lambda at: -problem.pickups[at].prize_micro_eur))
    report = SearchReport(solver="plan", status="feasible", iterations=0, wall_s=0.0)
    return solution_of(bench, drafts, report)


def drive_home(problem: Problem, vehicle_index: int) -> VehicleTour:
    """The end of the day of a vehicle with nothing left to do."""
    tour = Scheduler(problem).schedule(vehicle_index, [])
    if tour is not None:
        return tour
    vehicle = problem.vehicles[vehicle_index]
    home_s = problem.duration_s(vehicle_index, vehicle.start_place_index, vehicle.end_place_index)
    return VehicleTour(
        vehicle_index=vehicle_index, departs_s=vehicle.shift[0], returns_s=vehicle.shift[0] + home_s, visits=()
    )


def _can_end(problem: Problem, at: int) -> bool:
    vehicle, scheduler = problem.vehicles[at], Scheduler(problem)
    if vehicle.on_board_stream is None:
        return scheduler.time(at, []) is not None
    return any(
        scheduler.time(at, [~index]) is not None
        for index, disposal in enumerate(problem.disposals)
        if vehicle.on_board_stream in disposal.streams and at in disposal.allowed_vehicles
    )


def _with_overtime(problem: Problem, at: int) -> list[Problem]:
    """The problem with more and more time for one vehicle."""
    vehicle = problem.vehicles[at]
    found = []
    for hours in range(1, MOST_OVERTIME_H + 1):
        more_s = hours * AN_HOUR_S
        longer = replace(
            vehicle,
            shift=(vehicle.shift[0], vehicle.shift[1] + more_s),
            max_work_s=vehicle.max_work_s + more_s,
            max_stretch_s=vehicle.max_stretch_s + more_s,
        )
        found.append(_with_vehicle(problem, at, longer))
    return found


def _with_vehicle(problem: Problem, at: int, vehicle: ProblemVehicle) -> Problem:
    return replace(problem, vehicles=(*problem.vehicles[:at], vehicle, *problem.vehicles[at + 1 :]))
