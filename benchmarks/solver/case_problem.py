"""A published instance as a day of ours, and our answers as its routes.

Its depots become disposal sites that take no time and no fee, so that a trip ends where the next begins; its customers
become pickups that must be served, or may be left out for their prize.

A limit of a tour's length needs care: in our problem a wait of 15 min or more may count as a break, which is not part
of working time. A vehicle with such a limit is therefore offered several times, each with a shift of just that length
and another start. Every answer keeps the limit; the best plan may lie between the offered starts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.solver.case import NO_LIMIT, RELOAD, Case, CaseRoute, CaseVehicle
from optimizer.problem.problem import Pickup, Problem, ProblemDisposal, ProblemVehicle, Window
from routing.matrix import TravelMatrix

MICRO_EUR_PER_UNIT = 1_000
"""A tour of a published instance then costs cents to euros per stop, as a waste day's does: search settings that have a
least amount of money are not off their scale."""
STREAM = "goods"
MOST_UNTIMED_LEG = 5_000
N_STARTS = 9
"""Of the shifts that are offered where a tour's length is limited."""
Orders = Sequence[tuple[int, Sequence[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A vehicle of the problem: one of a kind of the case, with a shift."""

    kind_index: int
    kind: CaseVehicle
    shift: Window


def offers_of(case: Case) -> list[Offer]:
    """The problem's vehicles; the same as the case's where no tour's length is limited."""
    offers = []
    for kind_index, kind in enumerate(case.vehicles):
        opens, closes = int(case.opens[kind.depot]), int(case.closes[kind.depot])
        spare = closes - opens - kind.max_duration
        if spare <= 0 or not case.has_times:
            offers += [Offer(kind_index=kind_index, kind=kind, shift=(opens, closes))] * kind.count
            continue
        for at in range(N_STARTS):
            start = opens + spare * at // (N_STARTS - 1)
            shift = (start, start + kind.max_duration)
            offers += [Offer(kind_index=kind_index, kind=kind, shift=shift)] * (kind.count // 3 + 1)
    return offers


def case_orders(case: Case, orders: Orders) -> list[tuple[int, list[int]]]:
    """Orders by the case's vehicles instead of the problem's; one too many of a kind gets a number that nobody has."""
    offers, used = offers_of(case), Counter[int]()
    first = [sum(kind.count for kind in case.vehicles[:at]) for at in range(len(case.vehicles))]
    n_vehicles = len(case.fleet())
    translated = []
    for vehicle, order in orders:
        kind_index = offers[vehicle].kind_index
        place = used[kind_index]
        used[kind_index] += 1
        is_there = place < case.vehicles[kind_index].count
        translated.append((first[kind_index] + place if is_there else n_vehicles + vehicle, list(order)))
    return translated


def problem_of(case: Case) -> Problem:
    """The day."""
    micro_eur = 1 if case.per_unit > MICRO_EUR_PER_UNIT else MICRO_EUR_PER_UNIT
    offers = offers_of(case)
    fleet = [offer.kind for offer in offers]
    matrix = TravelMatrix.from_arrays(duration_s=_durations(case), distance_m=case.distance)
    horizon = case.horizon
    depots = {one.depot for one in fleet}
    own = {depot: frozenset(at for at, one in enumerate(fleet) if one.depot == depot) for depot in depots}
    return Problem(
        midnight_at=datetime(2000, 1, 1, tzinfo=UTC),
        travel={"any": matrix},
        pickups=tuple(_pickups(case, fleet, micro_eur)),
        vehicles=tuple(_vehicle(at, offer, micro_eur) for at, offer in enumerate(offers)),
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


def _vehicle(at: int, offer: Offer, micro_eur: int) -> ProblemVehicle:
    one, most = offer.kind, NO_LIMIT
    return ProblemVehicle(
        vehicle_id=f"{at}",
        profile="any",
        start_place_index=one.depot,
        end_place_index=one.depot,
        shift=offer.shift,
        max_work_s=most,
        max_stretch_s=most,
        breaks=(),
        capacity_kg=one.capacity,
        capacity_l_by_stream={STREAM: 1},
        max_trips=one.max_trips,
        fixed_micro_eur=one.fixed_cost * micro_eur,
        per_m_micro_eur=one.cost_per_distance * micro_eur,
        per_s_micro_eur=0,
    )
