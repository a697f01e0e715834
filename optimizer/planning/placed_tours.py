"""Tours given as lists of halts, as a problem of their own: every halt is a pickup, joined or split as given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.selection import Candidate, Selection
from optimizer.domain.town import Town
from optimizer.problem.build_problem import BuiltProblem, build_problem
from optimizer.problem.elapsed_windows import DayClock
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Pickup, Problem
from optimizer.problem.stops import DueContainer, Parcel
from optimizer.problem.under_way import UnderWay
from routing.ports import StreetRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Containers of one site that are emptied together, or a disposal site where the load is tipped."""

    container_ids: tuple[str, ...] = ()
    disposal_site_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTours:
    """The day of the given tours.

    Attributes
    ----------
    built
        The day as the planner would build it, with what it refuses.
    problem
        The same with one pickup per halt, and one for each further container asked for.
    orders
        Visits by vehicle index, as the scheduler writes them; what the day refuses is left out.
    further
        Pickup index of the further containers, where the day does not refuse them.
    """

    built: BuiltProblem
    problem: Problem
    orders: Mapping[int, list[int]]
    further: Mapping[str, int]


def place_tours(
    town: Town,
    day: date,
    router: StreetRouter,
    candidates: Mapping[str, Candidate],
    tours: Mapping[str, Sequence[Halt]],
    *,
    further: Sequence[str] = (),
    under_way: Mapping[str, UnderWay] | None = None,
) -> PlacedTours:
    """The problem whose pickups are the halts; ``candidates`` say what every container of the tours holds."""
    named = [name for halts in tours.values() for halt in halts for name in halt.container_ids]
    wanted = tuple(candidates[name] for name in dict.fromkeys((*named, *further)))
    selection = Selection(policy="as given", candidates=wanted)
    built = build_problem(town, selection, day=day, vehicle_ids=frozenset(), router=router, under_way=under_way)
    clock = DayClock(day=day, zone=town.zone)
    containers = {one.container_id: one for one in town.containers}
    pickup_of = {name: pickup for pickup in built.problem.pickups for name in pickup.container_ids}

    def parcel_of(names: Sequence[str]) -> Parcel:
        return Parcel(
            containers=tuple(
                DueContainer(
                    container=containers[name],
                    candidate=candidates[name],
                    windows=clock.windows(containers[name].hours),
                )
                for name in names
            )
        )

    pickups: list[Pickup] = []

    def add(names: Sequence[str]) -> int:
        parts = [pickup_of[name] for name in names]
        parcel = parcel_of(names)
        pickups.append(
            replace(
                parts[0],
                pickup_id=f"{parts[0].pickup_id.partition('#')[0]} ({', '.join(names)})",
                container_ids=tuple(names),
                demand_kg=parcel.demand_kg,
                demand_l=parcel.demand_l,
                service_s=parcel.service_s,
                windows=parcel.windows,
                allowed_vehicles=frozenset.intersection(*(part.allowed_vehicles for part in parts)),
                prize_micro_eur=max(0, round(parcel.cost_of_waiting_eur * MICRO_EUR_PER_EUR)),
                is_must=parcel.is_must,
            )
        )
        return len(pickups) - 1

    vehicles = {one.vehicle_id: at for at, one in enumerate(built.problem.vehicles)}
    sites = {one.disposal_site_id: at for at, one in enumerate(built.problem.disposals)}
    orders: dict[int, list[int]] = {}
    for vehicle_id, halts in tours.items():
        order: list[int] = []
        for halt in halts:
            names = [name for name in halt.container_ids if name in pickup_of]
            if names:
                order.append(add(names))
            elif halt.disposal_site_id in sites:
                order.append(~sites[halt.disposal_site_id])
        if vehicle_id in vehicles:
            orders[vehicles[vehicle_id]] = order
    asked = {name: add([name]) for name in further if name in pickup_of}
    return PlacedTours(
        built=built, problem=replace(built.problem, pickups=tuple(pickups)), orders=orders, further=asked
    )


def halts_of(plan: Plan) -> dict[str, list[Halt]]:
    """The halts that are still to come; breaks are placed anew wherever the tours are timed."""
    return {
        tour.vehicle_id: [
            Halt(container_ids=tuple(one.container_id for one in stop.collections))
            if stop.kind is StopKind.COLLECT
            else Halt(disposal_site_id=stop.place_id)
            for stop in tour.stops[tour.done_stops :]
            if stop.kind in (StopKind.COLLECT, StopKind.TIP)
        ]
        for tour in plan.tours
    }
