"""From selected containers to a problem in whole numbers, with a reason for every container that cannot enter it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from optimizer.domain.hours import driving_instant
from optimizer.domain.selection import Selection
from optimizer.domain.town import Town
from optimizer.problem.elapsed_windows import DayClock
from optimizer.problem.fleet import LeftOutVehicle, WorkingVehicle, problem_vehicle, tolled_profiles, working_fleet
from optimizer.problem.pickups import PickupBuilder, with_penalties
from optimizer.problem.place_travel import SharedTravel, share_travel
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem, ProblemDisposal, ProblemVehicle, TravelSlice
from optimizer.problem.refused import RefusedContainer
from optimizer.problem.stops import DueContainer, Stop, container_waypoints, group_stops
from optimizer.problem.under_way import UnderWay, resumed
from routing.location import Waypoint
from routing.ports import ProgressCallback, StreetRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltProblem:
    """A problem and what did not fit into it.

    Attributes
    ----------
    waypoints
        In place order: ``place_index`` of pickups, disposals and vehicles points here, and so do the legs that the
        router is asked for.
    place_ids
        Depot, disposal site or container site at each place.
    refused
        Due containers that no tour can serve.
    left_out_vehicles
        Vehicles that were asked for but cannot drive.
    """

    problem: Problem
    waypoints: tuple[Waypoint, ...]
    place_ids: tuple[str, ...]
    refused: tuple[RefusedContainer, ...]
    left_out_vehicles: tuple[LeftOutVehicle, ...]


def build_problem(
    town: Town,
    selection: Selection,
    *,
    day: date,
    vehicle_ids: frozenset[str],
    router: StreetRouter,
    progress: ProgressCallback | None = None,
    under_way: Mapping[str, UnderWay] | None = None,
) -> BuiltProblem:
    """The day's problem; ``vehicle_ids`` are the vehicles that may be used, empty for all.

    Vehicles ``under_way``, by their ids, go on from where they are.
    """
    clock = DayClock(day=day, zone=town.zone)
    out = under_way or {}
    stops = group_stops(_due(town, selection, clock))
    streams = frozenset(stop.stream for stop in stops).union(*(one.streams for one in out.values()))
    working, left_out = working_fleet(town, clock, vehicle_ids=vehicle_ids, streams=streams, profiles=router.profiles)
    places = _Places(town, streams=streams, stops=stops, under_way=out)
    depots_by_profile: dict[str, list[int]] = {}
    for one in working:
        depots_by_profile.setdefault(one.vehicle.profile, []).append(places.depot[one.vehicle.start_depot_id])
    at = driving_instant(day, town.zone)
    serving = router.serving(container_waypoints(town))
    # Travel by time of day: as it is when each slice begins.
    slices_at = [datetime.combine(day, clock_time, tzinfo=town.zone) for clock_time in town.travel_slices_local]
    travel = share_travel(
        places.waypoints,
        depots_by_profile,
        router=serving,
        at=at,
        slices_at=slices_at,
        tolled=tolled_profiles(town),
        progress=progress,
    )

    vehicles: list[ProblemVehicle] = []
    placed: list[WorkingVehicle] = []
    for one in working:
        end = places.depot[one.vehicle.end_depot_id]
        start = places.start.get(one.vehicle.vehicle_id, places.depot[one.vehicle.start_depot_id])
        if travel.reaches(one.vehicle.profile, start) and travel.reaches(one.vehicle.profile, end):
            start_place, end_place = travel.place_of[start], travel.place_of[end]
            vehicle = problem_vehicle(one, start_place_index=start_place, end_place_index=end_place)
            way = out.get(one.vehicle.vehicle_id)
            vehicles.append(vehicle if way is None else resumed(vehicle, way))
            placed.append(one)
        else:
            left_out.append(_without_depot(one, travel, depots=(start, end)))
    disposals = tuple(_disposals(town, clock, places=places, travel=travel, vehicles=vehicles, streams=streams))
    builder = PickupBuilder(vehicles=vehicles, fleet=placed, disposals=disposals, left_out=left_out, travel=travel)
    for stop, waypoint_index in zip(stops, places.stop, strict=True):
        builder.add(stop, waypoint_index)
    used_profiles = {vehicle.profile for vehicle in vehicles}
    problem = Problem(
        midnight_at=clock.midnight_at,
        travel={name: matrix for name, matrix in travel.matrix_by_profile.items() if name in used_profiles},
        pickups=with_penalties(builder.pickups, vehicles, disposals),
        vehicles=tuple(vehicles),
        disposals=disposals,
        travel_slices={
            name: tuple(
                TravelSlice(starts_s=clock.elapsed_s(start_at), matrix=matrix)
                for start_at, matrix in zip(slices_at, matrices, strict=True)
            )
            for name, matrices in travel.slices_by_profile.items()
            if name in used_profiles and slices_at
        },
    )
    place_ids = tuple(name for name, place in zip(places.ids, travel.place_of, strict=True) if place >= 0)
    return BuiltProblem(
        problem=problem,
        waypoints=travel.waypoints,
        place_ids=place_ids,
        refused=tuple(builder.refused),
        left_out_vehicles=tuple(left_out),
    )


class _Places:
    """Every waypoint that the day can need, once: depots, disposal sites, container sites."""

    def __init__(
        self, town: Town, *, streams: frozenset[str], stops: list[Stop], under_way: Mapping[str, UnderWay]
    ) -> None:
        self.waypoints: list[Waypoint] = []
        self.ids: list[str] = []
        self._index: dict[tuple[str, Waypoint], int] = {}
        self.depot = {
            depot.depot_id: self._add(
                depot.depot_id,
                Waypoint(label=f"depot {depot.name or depot.depot_id}", location=depot.location, has_room_to_turn=True),
            )
            for depot in town.depots
        }
        self.disposal = {
            site.disposal_site_id: self._add(
                site.disposal_site_id,
                Waypoint(
                    label=f"disposal site {site.name or site.disposal_site_id}",
                    location=site.location,
                    has_room_to_turn=True,
                ),
            )
            for site in town.disposal_sites
            if site.streams & streams
        }
        self.stop = [self._add(stop.site_id, stop.waypoint) for stop in stops]
        self.start = {vehicle_id: self._add(way.place_id, way.waypoint) for vehicle_id, way in under_way.items()}

    def _add(self, place_id: str, waypoint: Waypoint) -> int:
        key = (place_id, waypoint)
        if key not in self._index:
            self._index[key] = len(self.waypoints)
            self.waypoints.append(waypoint)
            self.ids.append(place_id)
        return self._index[key]


def _due(town: Town, selection: Selection, clock: DayClock) -> Iterable[DueContainer]:
    containers = {container.container_id: container for container in town.containers}
    windows = {hours: clock.windows(hours) for hours in {container.hours for container in containers.values()}}
    for candidate in selection.due:
        container = containers[candidate.container_id]
        yield DueContainer(container=container, candidate=candidate, windows=windows[container.hours])


def _disposals(
    town: Town,
    clock: DayClock,
    *,
    places: _Places,
    travel: SharedTravel,
    vehicles: list[ProblemVehicle],
    streams: frozenset[str],
) -> Iterable[ProblemDisposal]:
    for site in town.disposal_sites:
        waypoint_index = places.disposal.get(site.disposal_site_id, -1)
        if waypoint_index < 0:
            continue
        allowed = frozenset(
            index for index, vehicle in enumerate(vehicles) if travel.reaches(vehicle.profile, waypoint_index)
        )
        windows = clock.windows(site.hours)
        queue_s: tuple[int, ...] = ()
        if any(site.queue_s_by_hour):
            windows, queue_s = clock.queued_windows(site.hours, site.queue_s_by_hour, unloading_s=site.unloading_s)
        if allowed and windows:
            yield ProblemDisposal(
                disposal_site_id=site.disposal_site_id,
                place_index=travel.place_of[waypoint_index],
                streams=site.streams & streams,
                windows=windows,
                unloading_s=site.unloading_s,
                per_kg_micro_eur=round(site.fee_eur_per_t * MICRO_EUR_PER_EUR / 1000),
                allowed_vehicles=allowed,
                queue_s=queue_s,
            )


def _without_depot(one: WorkingVehicle, travel: SharedTravel, *, depots: tuple[int, int]) -> LeftOutVehicle:
    errors = travel.errors_by_profile[one.vehicle.profile]
    why = next((str(errors[depot]) for depot in depots if depot in errors), "its profile is unknown to the map")
    message = f"Vehicle {one.vehicle.vehicle_id} cannot drive from or to its depot: {why}"
    return LeftOutVehicle(vehicle_id=one.vehicle.vehicle_id, message=message)
