"""The best plan of a tiny day by enumeration of every order, every trip and every share between vehicles."""

from optimizer.problem.problem import Problem
from optimizer.solving.schedule import Scheduler
from optimizer.solving.tour_cost import order_change_micro_eur, order_cost_micro_eur


def least_objective_micro_eur(problem: Problem) -> int:
    """The least possible objective; more than eight pickups take long."""
    by_vehicle = [_best_by_subset(problem, vehicle) for vehicle in range(len(problem.vehicles))]
    best = {0: 0}
    for costs in by_vehicle:
        joined: dict[int, int] = {}
        for taken, cost in best.items():
            for subset, own in costs.items():
                if not taken & subset:
                    together = taken | subset
                    joined[together] = min(joined.get(together, cost + own), cost + own)
        best = joined
    prizes = [pickup.prize_micro_eur for pickup in problem.pickups]
    return min(
        cost + sum(prize for at, prize in enumerate(prizes) if not taken >> at & 1) for taken, cost in best.items()
    )


def _best_by_subset(problem: Problem, vehicle_index: int) -> dict[int, int]:  # noqa: C901 - one walk over all orders
    """Cost of the best tour of one vehicle for every set of pickups (as bits) that it can serve."""
    vehicle = problem.vehicles[vehicle_index]
    scheduler = Scheduler(problem)
    best = {} if vehicle.is_loaded else {0: 0}

    def finish(order: list[int], subset: int) -> None:
        timing = scheduler.time(vehicle_index, order)
        if timing is not None:
            cost = order_cost_micro_eur(problem, vehicle_index, order, timing)
            cost += order_change_micro_eur(problem, vehicle_index, order)
            best[subset] = min(best.get(subset, cost), cost)

    def extend(order: list[int], subset: int, on_board: list[int], n_trips: int) -> None:
        # The first trip goes on with what was on board.
        first_kg, first_l = (vehicle.on_board_kg, vehicle.on_board_l) if n_trips == 0 else (0, 0)
        first_stream = vehicle.on_board_stream if n_trips == 0 else None
        for at, pickup in enumerate(problem.pickups):
            if subset >> at & 1 or vehicle_index not in pickup.allowed_vehicles:
                continue
            load = [*on_board, at]
            if (first_stream or problem.pickups[load[0]].stream) != pickup.stream:
                continue
            if first_kg + sum(problem.pickups[one].demand_kg for one in load) > vehicle.capacity_kg:
                continue
            collected = [one for one in range(len(problem.pickups)) if subset >> one & 1]
            day_kg = sum(problem.pickups[one].demand_kg for one in (*collected, at))
            if vehicle.max_day_kg is not None and day_kg > vehicle.max_day_kg:
                continue
            litres = first_l + sum(problem.pickups[one].demand_l for one in load)
            if litres > vehicle.capacity_l_by_stream[pickup.stream]:
                continue
            extend([*order, at], subset | 1 << at, load, n_trips)
        if (on_board or first_stream) and n_trips < vehicle.max_trips:
            stream = first_stream or problem.pickups[on_board[0]].stream
            for disposal_index, disposal in enumerate(problem.disposals):
                if stream in disposal.streams and vehicle_index in disposal.allowed_vehicles:
                    finish([*order, ~disposal_index], subset)
                    extend([*order, ~disposal_index], subset, [], n_trips + 1)

    extend([], 0, [], 0)
    return best
