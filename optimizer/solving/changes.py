"""Counts whose vehicle is another one than planned: those who prepared for a plan were promised few changes."""

from collections.abc import Iterable

from optimizer.problem.problem import Problem


def is_changed(problem: Problem, pickup_index: int, vehicle_index: int) -> bool:
    """Whether another vehicle was planned for the pickup, one that goes on driving."""
    return problem.pickups[pickup_index].planned_vehicle not in (None, vehicle_index)


def changed_containers(problem: Problem, orders: Iterable[tuple[int, Iterable[int]]]) -> int:
    """How many containers the orders give to other vehicles; pickups by index, tippings below 0."""
    return sum(
        len(problem.pickups[visit].container_ids)
        for vehicle_index, order in orders
        for visit in order
        if visit >= 0 and is_changed(problem, visit, vehicle_index)
    )


def excess_changes(problem: Problem, orders: Iterable[tuple[int, Iterable[int]]]) -> int:
    """How many containers more than ``Problem.most_changed`` change vehicles."""
    if problem.most_changed is None:
        return 0
    return max(0, changed_containers(problem, orders) - problem.most_changed)
