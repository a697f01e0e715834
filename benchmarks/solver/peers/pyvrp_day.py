"""PyVRP on waste days: tipping sites as reload depots, two loads, optional clients, narrow streets as profiles.

What is exact: a vehicle's last tipping on the way home is part of the arcs into an end depot of its own, with the
site that is cheapest there. What is approximated: breaks. PyVRP has none, so the shift is shortened by the break, and
the scheduler that times every answer places it. And limits of load a day: see ``with_equal_trips``.
"""

import numpy as np
import pyvrp
from numpy.typing import NDArray

from benchmarks.solver.day import Day
from benchmarks.solver.equal_trips import with_equal_trips
from benchmarks.solver.peer import Answer, LeftOutError, Orders, Stopwatch
from benchmarks.solver.peers.pyvrp_case import MOST_COST, StopAt
from optimizer.problem.problem import Problem, ProblemVehicle

CLOSED = 50_000_000
"""Metres or seconds to where a vehicle may not go: dearer than any prize."""


class PyvrpDay:
    """A waste day of one stream, with one window a stop and one disposal rule for all."""

    def prepare(self, day: Day) -> None:
        """Build PyVRP's data."""
        problem = with_equal_trips(day.problem)
        _require_supported(problem)
        self._day = day
        vehicles = problem.vehicles
        unit = _gcd(
            [one.per_m_micro_eur for one in vehicles] + [one.per_s_micro_eur for one in vehicles] + [day.per_unit]
        )
        self._unit_scale = day.per_unit / unit
        ends = sorted({one.end_place_index for one in vehicles})
        starts = sorted({one.start_place_index for one in vehicles})
        self._n_sites = len(problem.disposals)
        places = [*starts, *(one.place_index for one in problem.disposals), *ends]
        n_depots = len(places)
        places += [one.place_index for one in problem.pickups]
        kinds: dict[tuple[object, ...], list[int]] = {}
        for at, one in enumerate(vehicles):
            kinds.setdefault(_kind(problem, at, one), []).append(at)
        self._members = list(kinds.values())
        self._best_site: list[NDArray[np.intp]] = []
        distances, durations, types = [], [], []
        for profile, members in enumerate(self._members):
            vehicle = vehicles[members[0]]
            distance, duration, site = _matrices(problem, members[0], places, n_depots=n_depots, starts=len(starts))
            distances.append(distance)
            durations.append(duration)
            self._best_site.append(site)
            stream = problem.pickups[0].stream
            pause_s = max(
                (rule.break_s for rule in vehicle.breaks if rule.work_above_s < vehicle.max_work_s), default=0
            )
            types.append(
                pyvrp.VehicleType(
                    num_available=len(members),
                    capacity=[vehicle.capacity_kg, vehicle.capacity_l_by_stream[stream]],
                    start_depot=starts.index(vehicle.start_place_index),
                    end_depot=len(starts) + self._n_sites + ends.index(vehicle.end_place_index),
                    fixed_cost=vehicle.fixed_micro_eur // unit,
                    tw_early=vehicle.shift[0],
                    tw_late=vehicle.shift[1] - pause_s,
                    shift_duration=min(vehicle.max_work_s, vehicle.shift[1] - vehicle.shift[0] - pause_s),
                    unit_distance_cost=vehicle.per_m_micro_eur // unit,
                    unit_duration_cost=vehicle.per_s_micro_eur // unit,
                    profile=profile,
                    reload_depots=[len(starts) + site for site in range(self._n_sites)],
                    max_reloads=vehicle.max_trips - 1,
                )
            )
        self._first_site = len(starts)
        self._data = pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0) for _ in places],
            clients=[
                pyvrp.Client(
                    n_depots + at,
                    pickup=[one.demand_kg, one.demand_l],
                    service_duration=one.service_s,
                    tw_early=one.windows[0][0],
                    tw_late=one.windows[0][1] - one.service_s,
                    prize=one.prize_micro_eur // unit,
                    required=one.is_must,
                )
                for at, one in enumerate(problem.pickups)
            ],
            depots=[
                *(pyvrp.Depot(at) for at in range(len(starts))),
                *(
                    pyvrp.Depot(
                        len(starts) + at,
                        tw_early=one.windows[0][0],
                        tw_late=one.windows[-1][1] - one.unloading_s,
                        service_duration=one.unloading_s,
                    )
                    for at, one in enumerate(problem.disposals)
                ),
                *(pyvrp.Depot(len(starts) + self._n_sites + at) for at in range(len(ends))),
            ],
            vehicle_types=types,
            distance_matrices=distances,
            duration_matrices=durations,
        )

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Iterated local search with default parameters."""
        watch = Stopwatch()
        stop = StopAt(watch, time_limit_s=time_limit_s, per_unit=self._unit_scale, most=MOST_COST)
        result = pyvrp.solve(self._data, stop=stop, seed=seed, collect_stats=False, display=False)
        wall_s = watch.seconds()
        note = f"{result.num_iterations} iterations" + ("" if result.is_feasible() else ", best is not feasible")
        return Answer(orders=self._orders(result.best), wall_s=wall_s, curve=watch.curve, note=note)

    def _orders(self, solution: pyvrp.Solution) -> Orders:
        waiting = [list(members) for members in self._members]
        orders = []
        for route in solution.routes():
            kind = route.vehicle_type()
            inner = list(route.schedule())[1:-1]
            order = [one.idx if one.is_client() else ~(one.idx - self._first_site) for one in inner]
            if order and order[-1] >= 0:
                order.append(~int(self._best_site[kind][order[-1]]))
            orders.append((waiting[kind].pop(0), _without_idle_tips(order)))
        return orders


def _require_supported(problem: Problem) -> None:
    if len({one.stream for one in problem.pickups}) > 1:
        raise LeftOutError("several streams with tipping in between are not modelled")
    if any(len(one.windows) > 1 for one in problem.pickups) or any(len(one.windows) > 1 for one in problem.disposals):
        raise LeftOutError("several windows are not modelled")
    if any(one.per_kg_micro_eur for one in problem.disposals):
        raise LeftOutError("gate fees are not modelled")


def _kind(problem: Problem, at: int, one: ProblemVehicle) -> tuple[object, ...]:
    """What makes vehicles exchangeable."""
    barred = frozenset(index for index, pickup in enumerate(problem.pickups) if at not in pickup.allowed_vehicles)
    sites = frozenset(index for index, site in enumerate(problem.disposals) if at in site.allowed_vehicles)
    day = (one.shift, one.max_work_s, one.breaks, one.max_trips, one.start_place_index, one.end_place_index)
    costs = (one.fixed_micro_eur, one.per_m_micro_eur, one.per_s_micro_eur)
    capacity = (one.capacity_kg, tuple(sorted(one.capacity_l_by_stream.items())))
    return (one.profile, barred, sites, day, costs, capacity)


def _matrices(
    problem: Problem, at: int, places: list[int], *, n_depots: int, starts: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.intp]]:
    """Metres and seconds with the last tipping inside the arcs to the end, and the site chosen for each pickup."""
    vehicle = problem.vehicles[at]
    travel = problem.travel[vehicle.profile]
    block = np.ix_(places, places)
    distance, duration = travel.distance_m[block].astype(np.int64), travel.duration_s[block].astype(np.int64)
    sites = list(range(starts, starts + len(problem.disposals)))
    ends = list(range(starts + len(problem.disposals), n_depots))
    unloading_s = np.array([one.unloading_s for one in problem.disposals])
    home_m = travel.distance_m[[places[one] for one in sites], vehicle.end_place_index]
    home_s = travel.duration_s[[places[one] for one in sites], vehicle.end_place_index]
    over_m = distance[n_depots:, sites] + home_m
    over_s = duration[n_depots:, sites] + home_s + unloading_s
    cost = over_m * vehicle.per_m_micro_eur + over_s * vehicle.per_s_micro_eur
    barred = [site for site, one in enumerate(problem.disposals) if at not in one.allowed_vehicles]
    cost[:, barred] = np.iinfo(np.int64).max
    best = cost.argmin(axis=1)
    rows = np.arange(len(best))
    for end in ends:
        distance[n_depots:, end], duration[n_depots:, end] = over_m[rows, best], over_s[rows, best]
        distance[:starts, end] = duration[:starts, end] = 0
    distance[:, [sites[site] for site in barred]] = CLOSED
    shut = [n_depots + index for index, one in enumerate(problem.pickups) if at not in one.allowed_vehicles]
    distance[:, shut] = distance[shut, :] = CLOSED
    np.fill_diagonal(distance, 0)
    np.fill_diagonal(duration, 0)
    return distance, duration, best


def _without_idle_tips(order: list[int]) -> list[int]:
    kept: list[int] = []
    for visit in order:
        if visit >= 0 or (kept and kept[-1] >= 0):
            kept.append(visit)
    return kept


def _gcd(numbers: list[int]) -> int:
    return int(np.gcd.reduce([number for number in numbers if number]))
