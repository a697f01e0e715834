"""Exchanges what is behind two pickups of different trips, to the end of the trip or of the day.

The move is the 2-opt* of Potvin & Rousseau (1995), doi:10.1057/jors.1995.204: it moves tails that no string of a ruin
spans.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import Day, Desk, Fleet, PlanArrays
from optimizer.search.kernels.chance import below
from optimizer.search.kernels.compiled_part import compiled_part
from optimizer.search.kernels.tour_change import DAY_KG, adopt, choose_windows, lay, price_trial
from optimizer.search.kernels.tour_trial import LOAD_KG, LOAD_L, STREAM, TIP_AT, TRIP_KG, TRIP_L, time_trial

LOOK_AT = 10
"""Near pickups before which a tour may be cut."""
ONE, ONE_FROM, ONE_UNTIL, OTHER, OTHER_FROM, OTHER_UNTIL = range(6)
"""Fields of a cut: of each tour, which may be the same, the vehicle and the positions that the other one gets."""


@compiled_part
def _lay_out_inside(kept: PlanArrays, desk: Desk, vehicle: int, cuts: tuple[int, int, int, int], n_pickups: int) -> int:
    """Write the tour with two of its pieces in each other's place into the trial; its length."""
    first_from, first_until, second_from, second_until = cuts
    if first_from > second_from:
        first_from, first_until, second_from, second_until = second_from, second_until, first_from, first_until
    length = 0
    for start, end in (
        (0, first_from),
        (second_from, second_until),
        (first_until, second_from),
        (first_from, first_until),
        (second_until, kept.length[vehicle]),
    ):
        for at in range(start, end):
            node = kept.visits[vehicle, at]
            if node < n_pickups or (length > 0 and desk.trial_visits[length - 1] < n_pickups):
                desk.trial_visits[length], desk.trial_window[length] = node, kept.window[vehicle, at]
                length += 1
    return int(length)


@compiled_part
def _lay_out(kept: PlanArrays, desk: Desk, cut: tuple[int, int, int, int, int, int], n_pickups: int) -> int:
    """Write the first tour with what it gets of the other one into the trial; its length."""
    one, one_from, one_until = cut[ONE], cut[ONE_FROM], cut[ONE_UNTIL]
    other, other_from, other_until = cut[OTHER], cut[OTHER_FROM], cut[OTHER_UNTIL]
    if one == other:
        return _lay_out_inside(kept, desk, one, (one_from, one_until, other_from, other_until), n_pickups)
    is_at_start = one_from == 0 or kept.visits[one, one_from - 1] >= n_pickups
    if is_at_start and other_from < other_until and kept.visits[other, other_from] >= n_pickups:
        other_from += 1  # nothing is on board to be tipped
    lay(kept, desk, one, 0, one_from, 0)
    lay(kept, desk, other, other_from, other_until, one_from)
    length = one_from + other_until - other_from
    lay(kept, desk, one, one_until, kept.length[one], length)
    return int(length + kept.length[one] - one_until)


@compiled_part
def _may_drive(day: Day, fleet: Fleet, desk: Desk, vehicle: int, length: int) -> bool:
    """Whether the vehicle may serve and hold what is in the trial, and tip it there."""
    n_pickups = day.kg.shape[0]
    trips, kg, litres, stream, day_kg = 0, np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for at in range(length):
        node = desk.trial_visits[at]
        if node < n_pickups:
            kg += day.kg[node]
            litres += day.litres[node]
            stream = day.stream[node]
            if not fleet.may_serve[vehicle, node]:
                return False
            continue
        trips += 1
        if kg > fleet.kg[vehicle] or litres > fleet.litres[vehicle, stream] or trips > fleet.max_trips[vehicle]:
            return False
        is_allowed = False
        for choice in range(fleet.n_tips[vehicle, stream]):
            is_allowed = is_allowed or fleet.tips[vehicle, stream, choice] == node
        if not is_allowed:
            return False
        day_kg += kg
        kg, litres = np.int64(0), np.int64(0)
    return bool(day_kg <= fleet.max_day_kg[vehicle])


@compiled_part
def _time(
    day: Day, fleet: Fleet, kept: PlanArrays, desk: Desk, cut: tuple[int, int, int, int, int, int]
) -> tuple[int, int]:
    """Lay the first tour out and time it; its length, and seconds or -1."""
    length, vehicle = _lay_out(kept, desk, cut, day.kg.shape[0]), cut[ONE]
    elapsed_s = -1
    if _may_drive(day, fleet, desk, vehicle, length):
        elapsed_s = time_trial(day, fleet, desk, vehicle, length)
        if elapsed_s < 0 and choose_windows(day, fleet, desk, vehicle, length):
            elapsed_s = time_trial(day, fleet, desk, vehicle, length)
    return length, elapsed_s


@compiled_part
def _estimate(day: Day, fleet: Fleet, kept: PlanArrays, cut: tuple[int, int, int, int, int, int]) -> int:
    """About what the exchange costs: the ways at the cuts, as the first vehicle drives them."""
    one, other = cut[ONE], cut[OTHER]
    travel_s, travel_m = day.travel_s[fleet.profile[one]], day.travel_m[fleet.profile[one]]
    metres, seconds = 0, 0
    for is_end in range(2):
        at = cut[ONE_UNTIL] if is_end else cut[ONE_FROM]
        other_at = cut[OTHER_UNTIL] if is_end else cut[OTHER_FROM]
        before = fleet.start[one] if at == 0 else kept.visits[one, at - 1]
        other_before = fleet.start[other] if other_at == 0 else kept.visits[other, other_at - 1]
        behind = fleet.end[one] if at == kept.length[one] else kept.visits[one, at]
        other_behind = fleet.end[other] if other_at == kept.length[other] else kept.visits[other, other_at]
        metres += travel_m[before, other_behind] + travel_m[other_before, behind]
        metres -= travel_m[before, behind] + travel_m[other_before, other_behind]
        seconds += travel_s[before, other_behind] + travel_s[other_before, behind]
        seconds -= travel_s[before, behind] + travel_s[other_before, other_behind]
    return int(metres * fleet.per_m[one] + seconds * fleet.per_s[one])


@compiled_part
def _choose(
    day: Day, fleet: Fleet, kept: PlanArrays, desk: Desk, pickup: int, limit: int
) -> tuple[int, int, int, int, int, int]:
    """The exchange behind a pickup that seems cheapest, below ``limit``; empty pieces where none does."""
    one, place = desk.place_of[pickup, 0], desk.place_of[pickup, 1] + 1
    gaps = desk.gaps[one]
    head_kg, head_l = gaps[place, LOAD_KG], gaps[place, LOAD_L]
    tail_kg, tail_l = gaps[place, TRIP_KG] - head_kg, gaps[place, TRIP_L] - head_l
    stream = gaps[place, STREAM]
    best, cut = limit, (0, 0, 0, 0, 0, 0)
    for rank in range(1, min(LOOK_AT + 1, day.near.shape[1])):
        near = day.near[pickup, rank]
        if kept.is_absent[near]:
            continue
        other, at = desk.place_of[near, 0], desk.place_of[near, 1]
        others = desk.gaps[other]
        is_inside = other == one
        if others[at, STREAM] != stream or (is_inside and others[at, TIP_AT] == gaps[place, TIP_AT]):
            continue
        other_kg, other_l = others[at, LOAD_KG], others[at, LOAD_L]
        if (
            head_kg + others[at, TRIP_KG] - other_kg > fleet.kg[one]
            or head_l + others[at, TRIP_L] - other_l > fleet.litres[one, stream]
            or other_kg + tail_kg > fleet.kg[other]
            or other_l + tail_l > fleet.litres[other, stream]
        ):
            continue
        # What one vehicle collects more, the other collects less; of whole days the trial knows.
        more_kg = others[at, TRIP_KG] - other_kg - tail_kg
        may_swap = is_inside or (
            desk.totals[one, DAY_KG] + more_kg <= fleet.max_day_kg[one]
            and desk.totals[other, DAY_KG] - more_kg <= fleet.max_day_kg[other]
        )
        for is_whole_day in range(0 if may_swap else 1, 1 if is_inside else 2):
            until = kept.length[one] if is_whole_day else gaps[place, TIP_AT] + 1
            other_until = kept.length[other] if is_whole_day else others[at, TIP_AT] + 1
            candidate = (int(one), int(place), int(until), int(other), int(at), int(other_until))
            cost = _estimate(day, fleet, kept, candidate)
            if cost < best:
                best, cut = cost, candidate
    return cut


@compiled_part
def _try_inside(
    day: Day,
    fleet: Fleet,
    kept: PlanArrays,
    plan: PlanArrays,
    desk: Desk,
    cut: tuple[int, int, int, int, int, int],
    limit: int,
) -> bool:
    """Make an exchange between trips of one tour where it adds less than ``limit``."""
    vehicle = cut[ONE]
    length, elapsed_s = _time(day, fleet, kept, desk, cut)
    if elapsed_s < 0 or price_trial(day, fleet, desk, vehicle, length, elapsed_s) - kept.cost[vehicle] >= limit:
        return False
    adopt(day, fleet, plan, desk, vehicle, length, elapsed_s)
    desk.is_changed[vehicle] = 1
    return True


@compiled_part
def _try_between(
    day: Day,
    fleet: Fleet,
    kept: PlanArrays,
    plan: PlanArrays,
    desk: Desk,
    cut: tuple[int, int, int, int, int, int],
    limit: int,
) -> bool:
    """Make an exchange between two tours where it adds less than ``limit``."""
    one, other = cut[ONE], cut[OTHER]
    back = (other, cut[OTHER_FROM], cut[OTHER_UNTIL], one, cut[ONE_FROM], cut[ONE_UNTIL])
    length, elapsed_s = _time(day, fleet, kept, desk, cut)
    if elapsed_s < 0:
        return False
    change = price_trial(day, fleet, desk, one, length, elapsed_s) - kept.cost[one] - kept.cost[other]
    if change >= limit:
        return False
    length, elapsed_s = _time(day, fleet, kept, desk, back)
    if length > 0:
        change += price_trial(day, fleet, desk, other, length, elapsed_s)
    if elapsed_s < 0 or change >= limit:
        return False
    adopt(day, fleet, plan, desk, other, length, elapsed_s)
    length, elapsed_s = _time(day, fleet, kept, desk, cut)
    adopt(day, fleet, plan, desk, one, length, elapsed_s)
    desk.is_changed[one], desk.is_changed[other] = 1, 1
    return True


@compiled_part
def swap_tails(
    day: Day,
    fleet: Fleet,
    kept: PlanArrays,
    plan: PlanArrays,
    desk: Desk,
    limit: int,
    chance: NDArray[np.uint64],
) -> bool:
    """Exchange the tails behind some pickup that seem cheapest, if that adds less than ``limit``; whether it was done.

    ``kept`` and ``plan`` are alike.
    """
    pickup = below(chance, day.kg.shape[0])
    if kept.is_absent[pickup]:
        return False
    cut = _choose(day, fleet, kept, desk, pickup, limit)
    if cut[OTHER_UNTIL] == 0:
        return False
    if cut[ONE] == cut[OTHER]:
        return bool(_try_inside(day, fleet, kept, plan, desk, cut, limit))
    return bool(_try_between(day, fleet, kept, plan, desk, cut, limit))
