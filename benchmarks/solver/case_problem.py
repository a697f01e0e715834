"""A published instance as a day of ours, and our answers as its routes.

Its depots become disposal sites that take no time and no fee, so that a trip ends where the next begins; its customers
become pickups that must be served, or may be left out for their prize.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.solver.case import NO_LIMIT, RELOAD, Case, CaseRoute, CaseVehicle
from optimizer.problem.problem import Pickup, Problem, ProblemDisposal, ProblemVehicle
from routing.matrix import TravelMatrix

MICRO_EUR_PER_UNIT = 1_000
"""A tour of a published instance then costs cents to euros per stop, as a waste day's does: search settings that have a
least amount of money are not off their scale."""
STREAM = "goods"
MOST_UNTIMED_LEG = 5_000
Orders = Sequence[tuple[int, Sequence[int]]]


def problem_of(case: Case) -> Problem:
    """The day."""
    micro_eur = 1 if case.per_unit > MICRO_EUR_PER_UNIT else MICRO_EUR_PER_UNIT
    fleet = case.fleet()
    matrix = TravelMatrix.from_arrays(duration_s=_durations(case), distance_m=case.distance)
    horizon = case.horizon
    depots = {one.depot for one in fleet}
    own = {depot: frozenset(at for at, one in enumerate(fleet) if one.depot == depot) for depot in depots}
    return Problem(
        midnight_at=datetime(2000, 1, 1, tzinfo=UTC),
        travel={"any": matrix},
        pickups=tuple(_pickups(case, fleet, micro_eur)),
        vehicles=tuple(_vehicle(at, one, case, micro_eur) for at, one in enumerate(fleet)),
        disposals=tuple(
            ProblemDisposal(
                disposal_site_id=f"depot {depot}",
                place_index=depot,
                streams=frozenset({STREAM}),
                windows=((int(case.opens[depot]), horizon),),
                unloading_s=0,
                per_kg_micro_eur=0,
                allowed_vehicles=own[depot],
            )
            for depot in sorted(depots)
        ),
    )


def routes_of(orders: Iterable[tuple[int, Sequence[int]]]) -> list[CaseRoute]:
    """Orders of ours as routes: tipping between trips is a reload, the last one is the return."""
    routes = []
    for vehicle, order in orders:
        stops = [visit if visit >= 0 else RELOAD for visit in order]
        while stops and stops[-1] == RELOAD:
            stops.pop()
        if stops:
            routes.append(CaseRoute(vehicle=vehicle, stops=tuple(stops)))
    return routes


def _durations(case: Case) -> NDArray[np.int64]:
    """The distances; where times do not matter, made small enough for any horizon, but as near and far as before."""
    if case.has_times:
        return case.distance
    return case.distance // max(1, int(case.distance.max()) // MOST_UNTIMED_LEG)


def _pickups(case: Case, fleet: list[CaseVehicle], micro_eur: int) -> Iterable[Pickup]:
    everyone = frozenset(range(len(fleet)))
    # Beyond anything that the rest of a plan could save by leaving one out.
    dearest_leg = int(case.distance.max()) * max(one.cost_per_distance for one in fleet)
    penalty = 20 * (2 * dearest_leg + max(one.fixed_cost for one in fleet)) * micro_eur
    for stop in range(case.n_stops):
        site = case.n_depots + stop
        opens, closes, service = int(case.opens[site]), int(case.closes[site]), int(case.service[site])
        prize = int(case.prize[site])
        yield Pickup(
            pickup_id=f"{stop + 1}",
            place_index=site,
            stream=STREAM,
            container_ids=(f"{stop + 1}",),
            demand_kg=int(case.demand[site]),
            demand_l=0,
            service_s=service,
            # A published window is about the start of service; ours hold all of it.
            windows=((opens, closes + service),),
            allowed_vehicles=everyone,
            prize_micro_eur=prize * micro_eur or penalty,
            is_must=not prize,
        )


def _vehicle(at: int, one: CaseVehicle, case: Case, micro_eur: int) -> ProblemVehicle:
    return ProblemVehicle(
        vehicle_id=f"{at}",
        profile="any",
        start_place_index=one.depot,
        end_place_index=one.depot,
        shift=(int(case.opens[one.depot]), int(case.closes[one.depot])),
        max_work_s=NO_LIMIT,
        max_stretch_s=NO_LIMIT,
        max_out_s=one.max_duration if case.has_times and one.max_duration < case.horizon else None,
        breaks=(),
        capacity_kg=one.capacity,
        capacity_l_by_stream={STREAM: 1},
        max_trips=one.max_trips,
        fixed_micro_eur=one.fixed_cost * micro_eur,
        per_m_micro_eur=one.cost_per_distance * micro_eur,
        per_s_micro_eur=0,
    )
