"""Recomputes cost and feasibility of routes from the published instance alone; no solver has a say in it.

Written as a walk along each route with plain numbers: load, clock, and at the end what was left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.solver.case import RELOAD, Case, CaseRoute, CaseVehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer costs, in units of the published cost, what is wrong with it, and what else is to be said."""

    cost: float
    vehicles: int
    violations: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def judge_routes(case: Case, routes: Sequence[CaseRoute]) -> Verdict:
    """Cost and everything that breaks a rule of the instance."""
    wrong: list[str] = []
    fleet = case.fleet()
    cost = 0
    used = Counter(route.vehicle for route in routes)
    wrong += [f"vehicle {vehicle} drives {times} routes" for vehicle, times in used.items() if times > 1]
    visits: Counter[int] = Counter()
    for route in routes:
        if not 0 <= route.vehicle < len(fleet):
            wrong.append(f"there is no vehicle {route.vehicle}")
            continue
        stops = [stop for stop in route.stops if stop != RELOAD]
        unknown = [stop for stop in stops if not 0 <= stop < case.n_stops]
        if unknown:
            wrong.append(f"there is no customer {unknown[0]}")
            continue
        visits.update(stops)
        vehicle = fleet[route.vehicle]
        sites = [vehicle.depot if stop == RELOAD else case.n_depots + stop for stop in route.stops]
        sites = [vehicle.depot, *sites, vehicle.depot]
        driven = sum(int(case.distance[a, b]) for a, b in pairwise(sites))
        cost += vehicle.fixed_cost + driven * vehicle.cost_per_distance
        wrong += _load_errors(case, vehicle, route)
        if case.has_times:
            wrong += _time_errors(case, vehicle, route, sites)
    wrong += [f"customer {stop} is served {times} times" for stop, times in sorted(visits.items()) if times > 1]
    for stop in range(case.n_stops):
        if not visits[stop]:
            prize = int(case.prize[case.n_depots + stop])
            cost += prize
            if not prize:
                wrong.append(f"customer {stop} is not served")
    return Verdict(cost=cost / case.per_unit, vehicles=len(routes), violations=tuple(wrong))


def _load_errors(case: Case, vehicle: CaseVehicle, route: CaseRoute) -> list[str]:
    wrong, load, trips = [], 0, 1
    for stop in route.stops:
        if stop == RELOAD:
            load, trips = 0, trips + 1
            continue
        load += int(case.demand[case.n_depots + stop])
        if load > vehicle.capacity:
            wrong.append(f"vehicle {route.vehicle} carries {load} of {vehicle.capacity}")
            break
    if trips > vehicle.max_trips:
        wrong.append(f"vehicle {route.vehicle} makes {trips} trips of {vehicle.max_trips}")
    return wrong


def _time_errors(case: Case, vehicle: CaseVehicle, route: CaseRoute, sites: list[int]) -> list[str]:
    """Everything as early as possible; then backwards from the return, to leave as late as that allows."""
    clock, wrong = int(case.opens[sites[0]]), []
    for before, site in pairwise(sites):
        clock += int(case.distance[before, site])
        clock = max(clock, int(case.opens[site]))
        if clock > case.closes[site]:
            wrong.append(f"vehicle {route.vehicle} reaches site {site} at {clock}, after {case.closes[site]}")
            return wrong
        clock += int(case.service[site])
    returns = latest = clock
    for before, site in zip(sites[-2::-1], sites[:0:-1], strict=True):
        latest -= int(case.distance[before, site]) + int(case.service[before])
        latest = min(latest, int(case.closes[before]))
    if returns - latest > vehicle.max_duration:
        wrong.append(f"vehicle {route.vehicle} is out for {returns - latest} of {vehicle.max_duration}")
    return wrong
