"""A plain day as arrays: one trip per vehicle, one stream, one tipping site for each vehicle, no break that comes due.

On such days every change of a tour is judged in constant time and with few numbers, an order of magnitude faster than
with trips, breaks and waits. Guards that only days are taken for plain on which this loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Problem
from optimizer.solving.tour_draft import Workbench

MOST_NEIGHBOURS = 200
MOST_BESIDE = 100
ORDER_PERCENT = (35, 30, 15, 7, 8, 0, 0, 5)
TIMED_ORDER_PERCENT = (22, 22, 11, 6, 12, 12, 12, 3)
"""How often pickups are inserted by chance, and large, far, near, with narrow windows, opening early, closing late, and
dear ones first."""


class PlainDay(NamedTuple):
    """Pickups and types of vehicles.

    Attributes
    ----------
    cost_from, cost_to
        ``(types, pickups, pickups)`` int64 micro-euros from the first pickup to the second, and to the first from the
        second: all ways of one pickup lie together.
    drive_from_s, drive_to_s
        The same in seconds.
    start_cost, end_cost, start_s, end_s
        ``(types, pickups)``: from the depot, and to the tipping site and on to the depot; ``end_s`` as far as the
        site.
    visit_cost
        ``(types, pickups)``: service and gate fee.
    fixed, kg_room, l_room, leaves_s, tips_by_s, out_s
        Per type: cost of use, capacities, earliest departure, latest arrival at the tipping site, and the longest time
        between the two.
    may_serve
        ``(types, pickups)``
    may_become
        ``(types, types)``: whether a vehicle of the second type may take over what one of the first does, its load
        aside.
    service_s, opens_s, last_s, kg, litres, prize
        Per pickup; ``last_s`` is the latest start of service.
    near
        ``(pickups, k)``: the nearest pickups, itself first.
    beside
        ``(pickups, k)``: the best neighbours in a tour, by the way, waiting and lateness of either order.
    keys
        ``(orders, pickups)``: smaller is inserted earlier.
    order_shares
        ``(1 + orders,)``, summed up to 1: how often by chance, and by each row of ``keys``.
    is_timed
        One entry: whether any time limit can bind.
    """

    cost_from: NDArray[np.int64]
    cost_to: NDArray[np.int64]
    drive_from_s: NDArray[np.int32]
    drive_to_s: NDArray[np.int32]
    start_cost: NDArray[np.int64]
    end_cost: NDArray[np.int64]
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    visit_cost: NDArray[np.int64]
    fixed: NDArray[np.int64]
    kg_room: NDArray[np.int64]
    l_room: NDArray[np.int64]
    leaves_s: NDArray[np.int64]
    tips_by_s: NDArray[np.int64]
    out_s: NDArray[np.int64]
    may_serve: NDArray[np.uint8]
    may_become: NDArray[np.uint8]
    service_s: NDArray[np.int64]
    opens_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    kg: NDArray[np.int64]
    litres: NDArray[np.int64]
    prize: NDArray[np.int64]
    near: NDArray[np.int32]
    beside: NDArray[np.int32]
    keys: NDArray[np.int64]
    order_shares: NDArray[np.float64]
    is_timed: NDArray[np.uint8]

    @property
    def is_limited(self) -> bool:
        """Whether the longest time out can bind before the shift does; the day is timed then."""
        return bool((self.out_s < self.tips_by_s - self.leaves_s).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainProblem:
    """A plain day, the type of each vehicle, and the disposal site of each type."""

    day: PlainDay
    type_of: NDArray[np.int64]
    disposal_of_type: NDArray[np.int64]


def plain_day(bench: Workbench) -> PlainProblem | None:
    """The problem on the bench as a plain day, ``None`` where it is none."""
    problem = bench.problem
    if problem.has_rare_rules_but_span:
        return None
    if len({one.stream for one in problem.pickups}) != 1 or any(len(one.windows) != 1 for one in problem.pickups):
        return None
    is_promised = problem.most_changed is not None or any(one.change_micro_eur for one in problem.pickups)
    if is_promised or any(one.is_loaded or one.worked_s for one in problem.vehicles):
        return None  # the rest of a day
    stream = problem.pickups[0].stream
    types: list[int] = []  # the first vehicle of each
    type_of = np.zeros(len(problem.vehicles), dtype=np.int64)
    for at in range(len(problem.vehicles)):
        known = next((row for row, first in enumerate(types) if bench.is_alike(first, at)), None)
        if known is None:
            known = len(types)
            types.append(at)
        type_of[at] = known
    tips = [bench.disposals_by_vehicle_stream.get((at, stream), []) for at in types]
    opens_s = np.array([one.windows[0][0] for one in problem.pickups], dtype=np.int64)
    is_waiting = bool(opens_s.max() > min(problem.vehicles[at].shift[0] for at in types))
    if not all(_is_plain(problem, at, own, is_waiting=is_waiting) for at, own in zip(types, tips, strict=True)):
        return None
    disposals = np.array([own[0] for own in tips], dtype=np.int64)
    day = _arrays(bench, types, disposals, stream, opens_s)
    return PlainProblem(day=day, type_of=type_of, disposal_of_type=disposals)


def _is_plain(problem: Problem, at: int, tips: Sequence[int], *, is_waiting: bool) -> bool:
    """Whether a vehicle makes one trip to one site, never has to take a break, and waits at no cost if at all."""
    vehicle = problem.vehicles[at]
    if vehicle.max_trips != 1 or len(tips) != 1:
        return False
    site = problem.disposals[tips[0]]
    shift_s = vehicle.shift[1] - vehicle.shift[0]
    no_break_s = min((rule.work_above_s for rule in vehicle.breaks if rule.break_s > 0), default=shift_s)
    has_no_waits = not is_waiting or vehicle.per_s_micro_eur == 0
    return (
        len(site.windows) == 1
        and site.windows[0][0] <= vehicle.shift[0]
        and has_no_waits
        and min(vehicle.max_work_s if is_waiting else shift_s, vehicle.max_stretch_s, no_break_s) >= shift_s
    )


def _arrays(
    bench: Workbench, types: list[int], disposals: NDArray[np.int64], stream: str, opens_s: NDArray[np.int64]
) -> PlainDay:
    problem, n = bench.problem, len(bench.problem.pickups)
    places = np.array([one.place_index for one in problem.pickups])
    service_s = np.array([one.service_s for one in problem.pickups], dtype=np.int64)
    kg = np.array([one.demand_kg for one in problem.pickups], dtype=np.int64)
    litres = np.array([one.demand_l for one in problem.pickups], dtype=np.int64)
    prize = np.array([one.prize_micro_eur for one in problem.pickups], dtype=np.int64)
    last_s = np.array([one.windows[0][1] for one in problem.pickups], dtype=np.int64) - service_s
    costs, drives, starts, ends, visits, may_serve = [], [], [], [], [], []
    fixed, kg_room, l_room, leaves_s, tips_by_s, out_s = [], [], [], [], [], []
    is_limited = False
    for at, disposal in zip(types, disposals.tolist(), strict=True):
        vehicle, site = problem.vehicles[at], problem.disposals[disposal]
        travel = problem.travel[vehicle.profile]
        seconds, metres = travel.duration_s.astype(np.int64), travel.distance_m.astype(np.int64)
        cost = metres * vehicle.per_m_micro_eur + seconds * vehicle.per_s_micro_eur
        home_s = site.unloading_s + int(seconds[site.place_index, vehicle.end_place_index])
        tip_cost = int(cost[site.place_index, vehicle.end_place_index]) + site.unloading_s * vehicle.per_s_micro_eur
        costs.append(cost[np.ix_(places, places)])
        drives.append(seconds[np.ix_(places, places)])
        starts.append((cost[vehicle.start_place_index, places], seconds[vehicle.start_place_index, places]))
        ends.append((cost[places, site.place_index] + tip_cost, seconds[places, site.place_index]))
        visits.append(service_s * vehicle.per_s_micro_eur + kg * site.per_kg_micro_eur)
        may_serve.append(np.isin(np.arange(n), sorted(bench.servable[at])))
        fixed.append(vehicle.fixed_micro_eur)
        kg_room.append(vehicle.capacity_kg)
        l_room.append(vehicle.capacity_l_by_stream[stream])
        leaves_s.append(vehicle.shift[0])
        back_s = min(vehicle.shift[1], vehicle.shift[0] + vehicle.max_work_s)
        tips_by_s.append(min(site.windows[0][1] - site.unloading_s, back_s - home_s))
        out_s.append(tips_by_s[-1] - leaves_s[-1])
        if vehicle.max_out_s is not None and vehicle.max_out_s - home_s < out_s[-1]:
            out_s[-1], is_limited = vehicle.max_out_s - home_s, True
    cost_from, drive_from_s = np.stack(costs), np.stack(drives).astype(np.int32)
    start_s = np.stack([seconds for _, seconds in starts])
    end_s = np.stack([seconds for _, seconds in ends])
    # Nobody can be out for longer than this, whatever the order.
    longest_s = int(start_s.max() + end_s.max() + service_s.sum() + n * int(drive_from_s.max()))
    is_timed = is_limited or opens_s.max() > min(leaves_s) or min(last_s.min(), *tips_by_s) < max(leaves_s) + longest_s
    size = kg * max(1, int(litres.mean())) + litres * max(1, int(kg.mean()))
    away = start_s.min(axis=0)
    both_ways = drive_from_s.min(axis=0).astype(np.int64)
    may_become = np.array(
        [
            [
                bool(np.all(other >= own))
                and not (
                    is_timed
                    and (
                        (leaves_s[first], tips_by_s[first]) != (leaves_s[second], tips_by_s[second])
                        or out_s[second] < out_s[first]
                        or not np.array_equal(start_s[first], start_s[second])
                        or not np.array_equal(end_s[first], end_s[second])
                        or not np.array_equal(drives[first], drives[second])
                    )
                )
                for second, other in enumerate(may_serve)
            ]
            for first, own in enumerate(may_serve)
        ]
    )
    return PlainDay(
        cost_from=cost_from,
        cost_to=_both_ways(cost_from),
        drive_from_s=drive_from_s,
        drive_to_s=_both_ways(drive_from_s),
        start_cost=np.stack([one for one, _ in starts]),
        end_cost=np.stack([one for one, _ in ends]),
        start_s=start_s,
        end_s=end_s,
        visit_cost=np.stack(visits),
        fixed=np.array(fixed, dtype=np.int64),
        kg_room=np.array(kg_room, dtype=np.int64),
        l_room=np.array(l_room, dtype=np.int64),
        leaves_s=np.array(leaves_s, dtype=np.int64),
        tips_by_s=np.array(tips_by_s, dtype=np.int64),
        out_s=np.array(out_s, dtype=np.int64),
        may_serve=np.stack(may_serve).astype(np.uint8),
        may_become=may_become.astype(np.uint8),
        service_s=service_s,
        opens_s=opens_s,
        last_s=last_s,
        kg=kg,
        litres=litres,
        prize=prize,
        near=_near(both_ways + both_ways.T, most=MOST_NEIGHBOURS),
        beside=_near(_apart(both_ways, opens_s, last_s, service_s), most=MOST_BESIDE),
        keys=np.stack([-size, -away, away, last_s - opens_s, opens_s, -last_s, -prize]),
        order_shares=np.cumsum(TIMED_ORDER_PERCENT if is_timed else ORDER_PERCENT) / 100.0,
        is_timed=np.array([is_timed], dtype=np.uint8),
    )


def _both_ways(ways: NDArray[Any]) -> NDArray[Any]:
    """The ways back: the same array where they are the same, which leaves more room in the processor's memory."""
    back = ways.transpose(0, 2, 1)
    return ways if np.array_equal(ways, back) else np.ascontiguousarray(back)


def _apart(
    way_s: NDArray[np.int64], opens_s: NDArray[np.int64], last_s: NDArray[np.int64], service_s: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How badly two pickups follow each other, in tenths of seconds: the way, a fifth of the wait, and the lateness."""
    done_s = way_s + service_s[:, None]
    wait_s = np.maximum(0, opens_s[None, :] - done_s - last_s[:, None])
    late_s = np.maximum(0, opens_s[:, None] + done_s - last_s[None, :])
    apart = 10 * way_s + 2 * wait_s + 10 * late_s
    best: NDArray[np.int64] = np.minimum(apart, apart.T)
    return best


def _near(apart: NDArray[np.int64], *, most: int) -> NDArray[np.int32]:
    apart = apart.copy()
    np.fill_diagonal(apart, -1)
    return np.argsort(apart, axis=1, kind="stable")[:, :most].astype(np.int32)
