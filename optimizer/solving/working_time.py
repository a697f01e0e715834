"""How much a vehicle can do in a day, or in the rest of one, when its breaks are counted."""

from optimizer.problem.problem import ProblemVehicle


def most_work_s(vehicle: ProblemVehicle) -> int:
    """Longest working time whose breaks still fit into the shift and the time out, and whose limit is kept."""
    shift_s = vehicle.shift[1] - vehicle.shift[0]
    if vehicle.max_out_s is not None:
        shift_s = min(shift_s, vehicle.max_out_s)
    most_s = min(vehicle.work_left_s, shift_s - break_due_s(vehicle, shift_s))
    for rule in vehicle.breaks_left:
        # Work up to a rule's threshold is free of it.
        up_to_s = min(rule.work_above_s, vehicle.work_left_s, shift_s - break_due_s(vehicle, rule.work_above_s))
        most_s = max(most_s, up_to_s)
    return max(most_s, 0)


def break_due_s(vehicle: ProblemVehicle, work_s: int) -> int:
    """Break that so much work asks for."""
    return max((rule.break_s for rule in vehicle.breaks_left if work_s > rule.work_above_s), default=0)
