"""The street geometry of a plan's tours, asked again from the map that the plan was made with.

A plan stores no geometry: it would be large, and the map can always answer again. Guards that every leg of every tour
has its path, or is named as one that has none.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from optimizer.domain.hours import driving_instant
from optimizer.domain.plan import Plan, Stop, StopKind, Tour
from optimizer.domain.town import Town
from optimizer.problem.stops import container_waypoints
from routing.errors import WaypointError
from routing.location import Side, Waypoint
from routing.path import LegPath
from routing.ports import StreetRouter

_log = logging.getLogger(__name__)

PlanPaths = Mapping[str, tuple[LegPath | None, ...]]
"""Vehicle id -> one entry per stop of its tour: the path of the leg that leads to the stop.

None at the start and at a break, and where today's map has no path for a leg that the plan drove.
"""


def find_plan_paths(plan: Plan, town: Town, router: StreetRouter) -> PlanPaths:
    """The path of every leg of the plan on the router's map.

    A leg that the map has no path for (the map is newer than the plan) is left None and logged, so that a sheet can
    still be printed.

    Raises
    ------
    UnknownProfileError
        When a tour was planned for a vehicle profile that the router does not know.
    """
    router = router.serving(container_waypoints(town))
    side_of_container = {container.container_id: container.side for container in town.containers}
    paths: dict[str, tuple[LegPath | None, ...]] = {}
    for tour in plan.tours:
        waypoints = [_waypoint(stop, side_of_container) for stop in tour.stops]
        legs = legs_of(tour)
        legs_at: dict[datetime, list[tuple[int, int]]] = defaultdict(list)
        for leg in legs:
            # It is left when the halt before its end is over, a break included.
            legs_at[_matrix_instant(plan, town, tour.stops[leg[1] - 1].departs_at)].append(leg)
        found: dict[int, LegPath | None] = {}
        for at, some in legs_at.items():
            of_some = _paths_of(waypoints, some, tour.profile, router, at)
            found.update({target: path for (_, target), path in zip(some, of_some, strict=True)})
        paths[tour.vehicle_id] = tuple(found.get(position) for position in range(len(tour.stops)))
    return paths


def _matrix_instant(plan: Plan, town: Town, departs_at: datetime) -> datetime:
    """The instant of the travel times that a leg was planned with: the last time slice begun, if there are any."""
    slices_at = (datetime.combine(plan.day, clock, tzinfo=town.zone) for clock in town.travel_slices_local)
    begun = [one for one in slices_at if one.timestamp() <= departs_at.timestamp()]
    return max(begun, default=driving_instant(plan.day, town.zone))


def legs_of(tour: Tour) -> tuple[tuple[int, int], ...]:
    """Positions of the stops that each leg joins; halts without a way there are passed over."""
    legs = []
    stands_at = 0
    for position, stop in enumerate(tour.stops):
        if stop.leg is not None:
            legs.append((stands_at, position))
            stands_at = position
    return tuple(legs)


def _waypoint(stop: Stop, side_of_container: Mapping[str, Side]) -> Waypoint:
    sides = {side_of_container.get(collection.container_id, Side.ANY) for collection in stop.collections}
    return Waypoint(
        label=f"{stop.kind.value} {stop.place_id}",
        location=stop.location,
        side=Side.RIGHT if Side.RIGHT in sides else Side.ANY,
        has_room_to_turn=stop.kind in (StopKind.START, StopKind.TIP, StopKind.END),
    )


def _paths_of(
    waypoints: Sequence[Waypoint], legs: Sequence[tuple[int, int]], profile: str, router: StreetRouter, at: datetime
) -> list[LegPath | None]:
    try:
        return list(router.paths(waypoints, legs, profile=profile, at=at))
    except WaypointError as error:
        _log.warning("%s Its legs are drawn as straight lines.", error)
    found: list[LegPath | None] = []
    for leg in legs:
        try:
            found.extend(router.paths(waypoints, [leg], profile=profile, at=at))
        except WaypointError:
            found.append(None)
    return found
