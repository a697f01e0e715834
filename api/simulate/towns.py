"""Two neighbouring towns for a simulated week, on real streets or on straight lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

from api.town.demo_places import location_of, one_per_door, reachable
from api.town.fill_statistics import load_fill_statistics
from api.town.spread import choose_evenly, nearest_to
from optimizer.domain.container import Container
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.simulation.statistics import FillStatistics
from routing.location import Location, Side
from routing.osm.points import read_points
from routing.ports import StreetRouter

STREAMS = ("glass", "plastic", "paper")
PROFILE = "truck_18t"
ZONE = ZoneInfo("Europe/Berlin")
_YARDS = 2
"""Of each town: its depot and its disposal site."""
_MIDDLE = (8.68, 49.41)
_PAPER_RATE_PER_DAY = 0.2
"""Where containers are full within a day nothing can be chosen, and a forecast has no task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TownSize:
    """How large a town is."""

    containers: int
    vehicles: int


def week_statistics() -> dict[str, FillStatistics]:
    """The shipped statistics of the streams, with paper containers that last some days."""
    shipped = {name: load_fill_statistics()[name] for name in STREAMS}
    return shipped | {"paper": replace(shipped["paper"], rate_per_day=_PAPER_RATE_PER_DAY)}


def two_towns(
    sizes: tuple[TownSize, TownSize], *, map_path: Path | None, router: StreetRouter, zone: ZoneInfo = ZONE
) -> tuple[Town, Town]:
    """The town, and its neighbour to the east.

    Raises
    ------
    LookupError
        When the map has too few addresses that a truck can stop at.
    """
    sites = [math.ceil(size.containers / len(STREAMS)) for size in sizes]
    wanted = sum(sites) + 2 * _YARDS
    places = _on_lines(wanted) if map_path is None else _on_streets(map_path, router, wanted)
    places.sort(key=lambda one: (one.lon_deg, one.lat_deg))
    cut = sites[0] + _YARDS
    names = (("weststadt", "Weststadt (simulated)"), ("ostdorf", "Ostdorf (simulated)"))
    west, east = (
        _town(town_id, name, part, size, zone)
        for (town_id, name), part, size in zip(names, (places[:cut], places[cut:]), sizes, strict=True)
    )
    return west, east


def _on_lines(count: int) -> list[Location]:
    """Evenly over a disc: each turned from the one before by the golden angle."""
    lon_deg, lat_deg = _MIDDLE
    spots = [(2.399963 * number, 0.002 * math.sqrt(number + 1)) for number in range(count)]
    return [
        Location(
            lon_deg=round(lon_deg + 1.5 * radius * math.cos(angle), 6),
            lat_deg=round(lat_deg + radius * math.sin(angle), 6),
        )
        for angle, radius in spots
    ]


def _on_streets(map_path: Path, router: StreetRouter, count: int) -> list[Location]:
    addresses = one_per_door(read_points(map_path, amenities=(), has_addresses=True))
    west, south, east, north = router.map_info.bounds_deg
    middle = nearest_to(addresses, (west + east) / 2, (south + north) / 2)
    by_distance = sorted(
        addresses, key=lambda one: abs(one.lon_deg - middle.lon_deg) + abs(one.lat_deg - middle.lat_deg)
    )
    for start in by_distance[:50]:
        near = reachable(addresses, start, Side.RIGHT, PROFILE, router)
        if len(near) >= count:
            return [location_of(one) for one in choose_evenly(near, count)]
    raise LookupError(f"The map has no {count} addresses that a truck can reach from one another. Ask for less.")


def _town(town_id: str, name: str, places: Sequence[Location], size: TownSize, zone: ZoneInfo) -> Town:
    # The yards lie at the rim, where towns put them.
    depot, plant, *sites = sorted(places, key=lambda one: one.lat_deg)
    prefix = town_id[0].upper()
    names = [(number, stream) for number in range(len(sites)) for stream in STREAMS][: size.containers]
    statistics = week_statistics()
    return Town(
        town_id=town_id,
        name=name,
        zone=zone,
        streams=tuple(
            Stream(stream_id=one, density_kg_per_l=statistics[one].density_kg_per_l, is_fast=statistics[one].is_fast)
            for one in STREAMS
        ),
        depots=(Depot(depot_id=f"{prefix}-depot", location=depot),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id=f"{prefix}-plant", location=plant, streams=frozenset(STREAMS), unloading_s=600
            ),
        ),
        vehicles=tuple(_vehicle(f"{prefix}-{number}", prefix) for number in range(1, size.vehicles + 1)),
        containers=tuple(
            Container(
                container_id=f"{prefix}{number:03d}-{stream}",
                site_id=f"{prefix}{number:03d}",
                location=sites[number],
                stream=stream,
                capacity_l=3_000,
                side=Side.RIGHT,
                service_s=90,
                setup_s=90,
                system="crane",
            )
            for number, stream in names
        ),
    )


def _vehicle(vehicle_id: str, prefix: str) -> Vehicle:
    return Vehicle(
        vehicle_id=vehicle_id,
        profile=PROFILE,
        streams=frozenset(STREAMS),
        systems=frozenset({"crane"}),
        capacity_kg=8_000,
        body_l=22_000,
        compaction_by_stream={"paper": 3.0, "plastic": 4.0},
        start_depot_id=f"{prefix}-depot",
        end_depot_id=f"{prefix}-depot",
        shift=Shift(starts_local=time(6), ends_local=time(15), weekdays=frozenset(range(6))),
        cost_eur_per_km=1.2,
        cost_eur_per_h=90.0,
        fuel=FuelRates(driving_l_per_100km=40.0),
    )
