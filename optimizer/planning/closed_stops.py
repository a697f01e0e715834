"""Containers in streets that the depot has closed: what a dispatcher must know before the vehicle stands elsewhere."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from optimizer.domain.hours import driving_instant
from optimizer.domain.request import DayRequest
from optimizer.problem.build_problem import BuiltProblem
from optimizer.problem.solution import Solution, VisitKind
from optimizer.problem.stops import container_waypoints
from routing.location import Waypoint
from routing.notices import ClosedStreetNotice
from routing.ports import StreetRouter

_NAMED_PLACES = 3
"""More places of one street are counted, not named."""


def closed_street_warnings(
    request: DayRequest, built: BuiltProblem, solution: Solution, *, router: StreetRouter
) -> tuple[str, ...]:
    """One sentence for each closed street, override and street used instead.

    Asked are the places that tours halt at, and the due containers that cannot enter any tour.
    """
    serving = router.serving(container_waypoints(request.town))
    at = driving_instant(request.day, request.town.zone)
    warnings: dict[str, None] = {}
    for profile, waypoints in _asked(request, built, solution).items():
        groups: dict[tuple[str, ...], list[ClosedStreetNotice]] = {}
        for notice in serving.closed_streets(waypoints, profile=profile, at=at):
            key = (notice.street_name, notice.override_id, str(notice.served_from))
            groups.setdefault(key, []).append(notice)
        for notices in groups.values():
            warnings[_sentence(notices, waypoints, profile=profile, zone=request.town.zone)] = None
    return tuple(warnings)


def _asked(request: DayRequest, built: BuiltProblem, solution: Solution) -> dict[str, list[Waypoint]]:
    """Waypoints by profile, in the order of the tours."""
    places: dict[str, dict[int, None]] = {}
    for tour in solution.tours:
        vehicle = built.problem.vehicles[tour.vehicle_index]
        found = places.setdefault(vehicle.profile, {})
        halts = [vehicle.start_place_index, *_halts(built, solution, tour.vehicle_index), vehicle.end_place_index]
        found.update(dict.fromkeys(halts))
    refused = {one.container_id for one in built.refused}
    lost = [
        waypoint
        for container, waypoint in zip(request.town.containers, container_waypoints(request.town), strict=True)
        if container.container_id in refused
    ]
    profiles = {vehicle.profile for vehicle in built.problem.vehicles} if lost else places.keys()
    return {
        profile: [built.waypoints[place] for place in places.get(profile, {})] + lost for profile in sorted(profiles)
    }


def _halts(built: BuiltProblem, solution: Solution, vehicle_index: int) -> Iterator[int]:
    for tour in solution.tours:
        if tour.vehicle_index == vehicle_index:
            for visit in tour.visits:
                if visit.kind is VisitKind.PICKUP:
                    yield built.problem.pickups[visit.index].place_index
                elif visit.kind is VisitKind.TIP:
                    yield built.problem.disposals[visit.index].place_index


def _sentence(notices: list[ClosedStreetNotice], waypoints: list[Waypoint], *, profile: str, zone: ZoneInfo) -> str:
    first = notices[0]
    until = f", until {first.until_at.astimezone(zone):%Y-%m-%d %H:%M}" if first.until_at is not None else ""
    street = first.street_name or "A street without a name"
    closed = f"closed_street: {street} is closed to {profile} (override {first.override_id}: {first.reason}{until})"
    labels = list(dict.fromkeys(waypoints[notice.waypoint_index].label for notice in notices))
    named = ", ".join(labels[:_NAMED_PLACES])
    if len(labels) > _NAMED_PLACES:
        named += f" and {len(labels) - _NAMED_PLACES} more"
    if first.served_from is None:
        return f"{closed}; no other street serves {named}"
    instead = first.served_from or "a street without a name"
    most_m = max(notice.distance_m for notice in notices)
    if len(labels) == 1:
        return f"{closed}; {named} is served from {instead}, {most_m:.0f} m away"
    return f"{closed}; {named} are served from {instead}, up to {most_m:.0f} m away"
