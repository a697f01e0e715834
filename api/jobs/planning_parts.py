"""What a worker process opens, as functions that can be named to it: the map with its ports, and the tours' files."""

import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from api.export.plan_paths import find_plan_paths
from api.export.stored_paths import PATHS_FORMAT, dump_paths
from api.log_setup import configure_logging
from optimizer.domain.map_age import MAP_MAX_AGE_DAYS
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from optimizer.ports import Ports
from optimizer.problem.stops import container_waypoints
from routing.location import Waypoint
from routing.ports import StreetRouter

_SOME_CONTAINERS = 40
_LOGGER = logging.getLogger(__name__)


def open_planning_ports(
    map_path: Path | None, cache_dir: Path | None, *, map_max_age_days: int = MAP_MAX_AGE_DAYS
) -> Ports:
    """The planning flow's ports on a map, or on straight lines when there is no map.

    Raises
    ------
    BrokenMapError
        When the map cannot be read.
    """
    # Imported here: the service's own process names this function but needs neither solvers nor kernels.
    from api.wiring import build_ports, open_street_router  # noqa: PLC0415

    configure_logging(is_json=not sys.stderr.isatty())  # a new process knows nothing of its parent's logging
    router = open_street_router(map_path, cache_dir=cache_dir)
    return build_ports(router, map_max_age_days=map_max_age_days)


def warm_up_worker(ports: Ports, town: Town | None) -> None:
    """Do once what the first request would wait for: compile or load kernels, open the streets for the town's fleet.

    A fault is logged and keeps no worker from its jobs.
    """
    from api.warm_up.chores import ask_everything, solve_sample_day  # noqa: PLC0415 - as above

    started_s = time.perf_counter()
    try:
        solve_sample_day()
        if town is not None:
            ask_everything(ports.router, _some_places(town), profiles=_profiles(town, ports.router))
    except Exception:
        _LOGGER.exception("Warming up failed; the first plan will take longer.")
    _LOGGER.info("Warmed up in %.1f s.", time.perf_counter() - started_s)


def _some_places(town: Town) -> list[Waypoint]:
    yards = [
        *((depot.name, depot.location) for depot in town.depots),
        *((site.name, site.location) for site in town.disposal_sites),
    ]
    return [
        *(Waypoint(label=name, location=location, has_room_to_turn=True) for name, location in yards),
        *container_waypoints(town)[:_SOME_CONTAINERS],
    ]


def _profiles(town: Town, router: StreetRouter) -> list[str]:
    return sorted({vehicle.profile for vehicle in town.vehicles} & set(router.profiles))


def export_tours(plan: Plan, town: Town, router: StreetRouter) -> Mapping[str, Mapping[str, bytes]]:
    """The streets of every tour, by vehicle id: all its files are made of them when somebody asks."""
    paths = find_plan_paths(plan, town, router)
    attribution = router.map_info.attribution
    return {
        tour.vehicle_id: {PATHS_FORMAT: dump_paths(paths[tour.vehicle_id], attribution=attribution)}
        for tour in plan.tours
    }
