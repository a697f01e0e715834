"""A small town for seasons: a dozen containers of two streams, one truck, straight lines."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.request import SolveLimits
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.season.spec import SeasonSpec
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
STREAMS = frozenset({"glass", "paper"})
FIRST_DAY = date(2026, 3, 9)


def small_town(*, n_sites: int = 6, capacity_kg: float = 9_000) -> Town:
    """Glass and paper at every site, on a line to the east of the depot."""
    containers = tuple(
        Container(
            container_id=f"{stream}-{site}",
            site_id=f"S{site}",
            location=Location(lon_deg=7.5 + 0.01 * (site + 1), lat_deg=51.6),
            stream=stream,
            capacity_l=3_000,
        )
        for stream in sorted(STREAMS)
        for site in range(n_sites)
    )
    truck = Vehicle(
        vehicle_id="truck",
        profile="truck_26t",
        streams=STREAMS,
        capacity_kg=capacity_kg,
        body_l=40_000,
        start_depot_id="depot",
        end_depot_id="depot",
        shift=Shift(starts_local=time(6), ends_local=time(16), weekdays=frozenset(range(6))),
        cost_eur_per_km=1.0,
        cost_eur_per_h=60.0,
        fuel=FuelRates(driving_l_per_100km=40),
    )
    return Town(
        town_id="T",
        name="Smalltown",
        zone=BERLIN,
        streams=(
            Stream(stream_id="glass", density_kg_per_l=0.3),
            Stream(stream_id="paper", density_kg_per_l=0.1, is_fast=True),
        ),
        depots=(Depot(depot_id="depot", location=Location(lon_deg=7.5, lat_deg=51.6)),),
        disposal_sites=(
            DisposalSite(disposal_site_id="site", location=Location(lon_deg=7.49, lat_deg=51.6), streams=STREAMS),
        ),
        vehicles=(truck,),
        containers=containers,
    )


def small_season(*, n_days: int = 5, warm_up_days: int = 2, seeds: tuple[int, ...] = (1,)) -> SeasonSpec:
    """A few days of the small town, with paper that lasts some days."""
    statistics = {stream: load_fill_statistics()[stream] for stream in STREAMS}
    statistics["paper"] = replace(statistics["paper"], rate_per_day=0.2)
    return SeasonSpec(
        name="small",
        town=small_town(),
        statistics=statistics,
        first_day=FIRST_DAY,
        n_days=n_days,
        warm_up_days=warm_up_days,
        seeds=seeds,
        limits=SolveLimits(time_limit_s=None, iteration_limit=50),
    )
