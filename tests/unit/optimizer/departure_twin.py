"""A slow, obvious clock: tries departures and breaks one after the other and drives the day as the rules say."""

from optimizer.problem.problem import Problem

STEP_S = 300
BREAKS_S = (0, 900, 1_800, 2_700, 3_600)


def cheapest_day_micro_eur(problem: Problem, order: list[int]) -> int | None:  # noqa: C901 - all choices in one place
    """The least cost of vehicle 0 over departures in steps and breaks of some lengths, or None."""
    vehicle = problem.vehicles[0]
    found: list[int] = []
    loads_kg = 0
    gates = 0
    for visit in order:
        if visit >= 0:
            loads_kg += problem.pickups[visit].demand_kg
        else:
            gates, loads_kg = gates + loads_kg * problem.disposals[~visit].per_kg_micro_eur, 0

    def drive(at: int, now_s: int, place: int, since_s: int, rested_s: int, ways: int, *, departs_s: int) -> None:
        for break_s in BREAKS_S if at > 0 else (0,):
            leaves_s = now_s + break_s
            begins_s = leaves_s if break_s else since_s
            there = vehicle.end_place_index
            if at < len(order):
                one = problem.pickups[order[at]] if order[at] >= 0 else problem.disposals[~order[at]]
                there = one.place_index
            matrix = problem.travel_at(vehicle.profile, leaves_s)
            arrives_s = leaves_s + int(matrix.duration_s[place, there])
            metres = int(matrix.distance_m[place, there])
            tolls_m = 0 if matrix.toll_m is None else int(matrix.toll_m[place, there])
            cost = ways + metres * vehicle.per_m_micro_eur + tolls_m * vehicle.toll_per_m_micro_eur
            rested_now_s = rested_s + break_s
            if at == len(order):
                finish(departs_s, arrives_s, begins_s, rested_now_s, cost)
                continue
            for (opens_s, closes_s), work_s in _hours(problem, order[at]):
                done_s = max(arrives_s, opens_s) + work_s
                if done_s <= closes_s and done_s - begins_s <= vehicle.max_stretch_s:
                    drive(at + 1, done_s, there, begins_s, rested_now_s, cost, departs_s=departs_s)

    def finish(departs_s: int, returns_s: int, since_s: int, rested_s: int, ways: int) -> None:
        out_s = returns_s - departs_s
        work_s = out_s - rested_s
        due_s = max((rule.break_s for rule in vehicle.breaks if work_s > rule.work_above_s), default=0)
        if (
            returns_s <= vehicle.shift[1]
            and returns_s - since_s <= vehicle.max_stretch_s
            and work_s <= vehicle.max_work_s
            and rested_s >= due_s
            and (vehicle.max_out_s is None or out_s <= vehicle.max_out_s)
        ):
            overtime_s = 0 if vehicle.regular_work_s is None else max(0, work_s - vehicle.regular_work_s)
            time_micro_eur = out_s * vehicle.per_s_micro_eur + overtime_s * vehicle.overtime_per_s_micro_eur
            found.append(vehicle.fixed_micro_eur + ways + time_micro_eur + gates)

    for departs_s in range(vehicle.shift[0], vehicle.shift[1], STEP_S):
        drive(0, departs_s, vehicle.start_place_index, departs_s, 0, 0, departs_s=departs_s)
    return min(found, default=None)


def _hours(problem: Problem, visit: int) -> list[tuple[tuple[int, int], int]]:
    if visit >= 0:
        pickup = problem.pickups[visit]
        return [(window, pickup.service_s) for window in pickup.windows]
    disposal = problem.disposals[~visit]
    queue_s = disposal.queue_s or (0,) * len(disposal.windows)
    return [
        (window, disposal.unloading_s + longer_s) for window, longer_s in zip(disposal.windows, queue_s, strict=True)
    ]
