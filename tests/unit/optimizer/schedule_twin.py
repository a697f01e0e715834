"""A slow, obvious scheduler on a grid of quarter hours: walks every choice of waiting, resting and going on."""

from functools import cache
from itertools import pairwise

from optimizer.problem.problem import Problem

UNIT_S = 900


def shortest_day_units(problem: Problem, order: list[int]) -> int | None:  # noqa: C901 - all choices in one place
    """Fewest quarter hours from departure to return of vehicle 0, or None; all times must be whole quarter hours."""
    vehicle = problem.vehicles[0]
    first, last = (at // UNIT_S for at in vehicle.shift)
    halts = [_halt(problem, visit) for visit in order]
    places = [vehicle.start_place_index, *(place for place, _, _ in halts), vehicle.end_place_index]
    legs = [problem.duration_s(0, a, b) // UNIT_S for a, b in pairwise(places)]
    stretch, work_limit = vehicle.max_stretch_s // UNIT_S, vehicle.max_work_s // UNIT_S

    @cache
    def can_return(at: int, now: int, worked: int, since_break: int, rested: int, *, end: int) -> bool:
        """From halt ``at`` (its work done) at ``now``: whether the depot can be reached at exactly ``end``."""
        if now > end or worked > work_limit or since_break > stretch:
            return False
        # Every quarter hour of rest is a break of its own, long enough to end a stretch.
        if (at > 0 or vehicle.worked_s) and now < end and can_return(at, now + 1, worked, 0, rested + 1, end=end):
            return True
        arrives = now + legs[at]
        if at == len(halts):
            worked, since_break = worked + legs[at], since_break + legs[at]
            fits = arrives == end and worked <= work_limit and since_break <= stretch
            return fits and all(
                rested * UNIT_S >= rule.break_s for rule in vehicle.breaks if worked * UNIT_S > rule.work_above_s
            )
        _, service, windows = halts[at]
        for starts in range(arrives, end + 1):
            if any(opens <= starts and starts + service <= closes for opens, closes in windows):
                took = starts + service - now
                if can_return(at + 1, now + took, worked + took, since_break + took, rested, end=end):
                    return True
        return False

    before = (vehicle.worked_s // UNIT_S, vehicle.unrested_s // UNIT_S, vehicle.rested_s // UNIT_S)
    for length in range(last - first + 1):
        # Who has worked is out already and goes on at once.
        latest = first if vehicle.worked_s else last - length
        for departs in range(first, latest + 1):
            if can_return(0, departs, *before, end=departs + length):
                return length
    return None


def _halt(problem: Problem, visit: int) -> tuple[int, int, list[tuple[int, int]]]:
    if visit >= 0:
        pickup = problem.pickups[visit]
        place, service_s, windows = pickup.place_index, pickup.service_s, pickup.windows
    else:
        disposal = problem.disposals[~visit]
        place, service_s, windows = disposal.place_index, disposal.unloading_s, disposal.windows
    return place, service_s // UNIT_S, [(-(-opens // UNIT_S), closes // UNIT_S) for opens, closes in windows]
