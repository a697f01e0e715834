"""A small town on a crooked grid of streets and a believable day's plan in it, without any map file or solver."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import pairwise
from operator import add
from random import Random
from zoneinfo import ZoneInfo

import numpy as np

from api.export.street_lines import StreetLine
from optimizer.domain.container import Container
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.plan import (
    Collection,
    Leg,
    Plan,
    ReasonCode,
    SolverReport,
    Stop,
    StopKind,
    Totals,
    Tour,
    Unserved,
)
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from routing.crow_flight import CrowFlightRouter
from routing.location import Location, Waypoint
from routing.path import LegPath
from routing.ports import StreetRouter

ZONE = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 2)
STREET_NAMES = ("Lange Straße", "Münsterstraße", "Kurt-Schumacher-Straße", "Am Mühlenbach", "Cappenberger Straße")
REASONS = (
    "34 % chance of overflow before Thursday",
    "78 % full, 6 % a day",
    "no reading for 12 days: emptied to be safe",
    "on the way: 40 m detour",
)


class GridRouter(CrowFlightRouter):
    """Paths with one corner, so that lines differ from the straight legs."""

    def paths(
        self,
        waypoints: Sequence[Waypoint],
        legs: Sequence[tuple[int, int]],
        *,
        profile: str,
        at: datetime | None = None,
    ) -> tuple[LegPath, ...]:
        bent = []
        for path in super().paths(waypoints, legs, profile=profile, at=at):
            (west, south), (east, north) = path.lon_lat_deg
            bent.append(replace(path, lon_lat_deg=np.array([(west, south), (east, south), (east, north)])))
        return tuple(bent)


def grid_streets(*, count: int = 24, lon_deg: float = 7.50, lat_deg: float = 51.60) -> list[StreetLine]:
    """Crooked rows and columns, cut at each crossing as a street graph is."""
    highways = ("primary", "residential", "residential", "secondary", "residential", "service", "tertiary")
    corners = np.empty((count, count, 2))
    for row in range(count):
        for column in range(count):
            bend = 0.0004 * math.sin(row / 3 + column / 5)
            corners[row, column] = lon_deg + column * 0.0021 + bend, lat_deg + row * 0.0013 + bend
    streets = []
    for along in (0, 1):
        for one in range(count):
            line = corners[one] if along == 0 else corners[:, one]
            name = f"{STREET_NAMES[one % 5]} {one}" if one % 3 else ""
            streets.extend(
                StreetLine(lon_lat_deg=np.array(ends), highway=highways[one % 7], name=name) for ends in pairwise(line)
            )
    return streets


def make_town(*, container_count: int = 60, vehicle_count: int = 3, seed: int = 1) -> Town:
    random = Random(seed)
    containers = tuple(
        Container(
            container_id=f"G-{index:03d}",
            site_id=f"S-{index // 2:03d}",
            location=_somewhere(Random(seed * 1000 + index // 2)),
            stream="paper" if index // 2 % 2 else "glass",
            capacity_l=1100.0,
            address=f"{STREET_NAMES[index // 2 % 5]} {random.randint(1, 90)}",
        )
        for index in range(container_count)
    )
    vehicles = tuple(
        Vehicle(
            vehicle_id=f"LUE-{11 + index}",
            name=("Econic 1", "Econic 2", "Kranwagen", "Sprinter")[index % 4],
            profile="truck_26t",
            streams=frozenset({"paper", "glass"}),
            capacity_kg=9_500,
            body_l=20_000,
            start_depot_id="hof",
            end_depot_id="hof",
            shift=Shift(starts_local=time(6), ends_local=time(15)),
            cost_eur_per_km=0.9,
            cost_eur_per_h=62,
            fuel=FuelRates(driving_l_per_100km=38),
        )
        for index in range(vehicle_count)
    )
    return Town(
        town_id="lue",
        name="Lünen",
        zone=ZONE,
        streams=(Stream(stream_id="glass", density_kg_per_l=0.3), Stream(stream_id="paper", density_kg_per_l=0.06)),
        depots=(
            Depot(depot_id="hof", name="Betriebshof Rethmannstraße", location=Location(lon_deg=7.503, lat_deg=51.628)),
        ),
        disposal_sites=(
            DisposalSite(
                disposal_site_id="ums",
                name="Umladestation Brunnenstraße",
                location=Location(lon_deg=7.545, lat_deg=51.606),
                streams=frozenset({"paper", "glass"}),
            ),
        ),
        vehicles=vehicles,
        containers=containers,
    )


def make_plan(town: Town, router: StreetRouter | None = None, *, share_emptied: float = 0.7, seed: int = 1) -> Plan:
    """Containers dealt to the vehicles by their direction from the depot, with two trips and a break each."""
    router = router or GridRouter()
    random = Random(seed)
    sites: dict[str, list[Container]] = {}
    for container in town.containers:
        sites.setdefault(f"{container.site_id}/{container.stream}", []).append(container)
    by_angle = sorted(sites.values(), key=lambda group: _angle(town, group[0]))
    emptied = by_angle[: round(len(by_angle) * share_emptied)]
    left = by_angle[len(emptied) :]
    tours = []
    for index, vehicle in enumerate(town.vehicles):
        share = emptied[index * len(emptied) // len(town.vehicles) : (index + 1) * len(emptied) // len(town.vehicles)]
        if share:
            tours.append(_tour(town, vehicle, share, router, random))
    totals = reduce(add, (tour.totals for tour in tours), Totals())
    baseline = replace(
        totals,
        distance_m=round(totals.distance_m * 1.34),
        working_s=round(totals.working_s * 1.41),
        lifts=len(town.containers),
        diesel_l=totals.diesel_l * 1.38,
        co2e_kg=totals.co2e_kg * 1.38,
        cost_eur=totals.cost_eur * 1.4,
    )
    return Plan(
        plan_id="p-2026-03-02",
        town_id=town.town_id,
        town_name=town.name,
        day=DAY,
        streams=tuple(stream.stream_id for stream in town.streams),
        generated_at=datetime(2026, 3, 2, 4, 31, tzinfo=UTC),
        data_as_of=datetime(2026, 3, 2, 4, 0, tzinfo=UTC),
        inputs_digest="d1e5",
        map_source="grid",
        map_digest="grid",
        tours=tuple(tours),
        unserved=tuple(_unserved(index, one, random) for index, one in enumerate(one for site in left for one in site)),
        totals=totals,
        baseline=baseline,
        solver=SolverReport(name="ortools", status="time_limit", wall_s=10.0, iterations=5, cost_eur=1.0, seed=1),
        warnings=(),
        degraded=("4 sensors silent for more than 48 h: their forecast is wider",),
        seconds_by_step={"solve": 10.0},
    )


def _somewhere(random: Random) -> Location:
    return Location(lon_deg=7.50 + random.random() * 0.048, lat_deg=51.60 + random.random() * 0.030)


def _angle(town: Town, container: Container) -> float:
    middle_lon = sum(one.location.lon_deg for one in town.containers) / len(town.containers)
    middle_lat = sum(one.location.lat_deg for one in town.containers) / len(town.containers)
    return math.atan2(container.location.lat_deg - middle_lat, container.location.lon_deg - middle_lon)


def _tour(town: Town, vehicle: Vehicle, sites: list[list[Container]], router: StreetRouter, random: Random) -> Tour:
    depot, tip = town.depots[0], town.disposal_sites[0]
    half = (len(sites) + 1) // 2
    halts: list[tuple[StopKind, str, str, Location, tuple[Container, ...], int]] = [
        (StopKind.START, depot.depot_id, depot.name, depot.location, (), 0)
    ]
    for trip, part in enumerate((sites[:half], sites[half:])):
        for group in part:
            first = group[0]
            service_s = 60 + 75 * len(group)
            halts.append((StopKind.COLLECT, first.site_id, first.address, first.location, tuple(group), service_s))
        if trip == 0 and part:
            last = part[-1][0]
            halts.append((StopKind.BREAK, last.site_id, last.address, last.location, (), 1800))
        if part:
            halts.append((StopKind.TIP, tip.disposal_site_id, tip.name, tip.location, (), 900))
    halts.append((StopKind.END, depot.depot_id, depot.name, depot.location, (), 0))
    waypoints = [Waypoint(label=halt[1], location=halt[3]) for halt in halts]
    travel = router.travel(waypoints, profile=vehicle.profile).matrix
    now = datetime(DAY.year, DAY.month, DAY.day, 6, 10, tzinfo=ZONE)
    stops: list[Stop] = []
    load_kg = load_l = 0.0
    stands_at = 0
    for position, (kind, place_id, label, location, group, duration_s) in enumerate(halts):
        leg = None
        if kind not in {StopKind.START, StopKind.BREAK}:
            leg = Leg(
                duration_s=int(travel.duration_s[stands_at, position]),
                distance_m=int(travel.distance_m[stands_at, position]),
            )
            now += timedelta(seconds=leg.duration_s)
        if kind is not StopKind.BREAK:
            stands_at = position
        collections = tuple(_collection(one, random) for one in group)
        load_kg += sum(one.expected_kg for one in collections)
        load_l += sum(one.expected_l for one in collections)
        if kind is StopKind.TIP:
            load_kg = load_l = 0.0
        starts_at = now + timedelta(minutes=7 if position == 4 else 0)
        departs_at = starts_at + timedelta(seconds=duration_s)
        stops.append(
            Stop(
                sequence=position,
                kind=kind,
                place_id=place_id,
                label=label,
                location=location,
                leg=leg,
                arrives_at=now,
                starts_at=starts_at,
                departs_at=departs_at,
                load_kg=load_kg,
                load_l=load_l,
                collections=collections,
                stream=group[0].stream if group else "",
            )
        )
        now = departs_at
    totals = _totals(vehicle, stops)
    return Tour(vehicle_id=vehicle.vehicle_id, profile=vehicle.profile, stops=tuple(stops), totals=totals)


def _totals(vehicle: Vehicle, stops: list[Stop]) -> Totals:
    legs = [stop.leg for stop in stops if stop.leg is not None]
    distance_m = sum(leg.distance_m for leg in legs)
    break_s = 1800 * sum(stop.kind is StopKind.BREAK for stop in stops)
    elapsed_s = round((stops[-1].arrives_at - stops[0].departs_at).total_seconds())
    lifts = sum(len(stop.collections) for stop in stops)
    diesel_l = vehicle.fuel.used_l(distance_m=distance_m, idle_s=lifts * 90, lifts=lifts)
    return Totals(
        distance_m=distance_m,
        driving_s=sum(leg.duration_s for leg in legs),
        working_s=elapsed_s - break_s,
        break_s=break_s,
        lifts=lifts,
        tips=sum(stop.kind is StopKind.TIP for stop in stops),
        collected_kg=sum(one.expected_kg for stop in stops for one in stop.collections),
        diesel_l=diesel_l,
        co2e_kg=diesel_l * vehicle.fuel.co2e_kg_per_l,
        cost_eur=distance_m / 1000 * vehicle.cost_eur_per_km + elapsed_s / 3600 * vehicle.cost_eur_per_h,
    )


def _collection(container: Container, random: Random) -> Collection:
    is_must = random.random() < 0.75
    fraction = random.uniform(0.62, 0.98) if is_must else random.uniform(0.35, 0.6)
    litres = fraction * container.capacity_l
    return Collection(
        container_id=container.container_id,
        expected_fraction=fraction,
        expected_kg=litres * (0.3 if container.stream == "glass" else 0.06),
        expected_l=litres,
        overflow_probability=random.uniform(0.1, 0.8) if is_must else random.uniform(0.01, 0.09),
        is_must=is_must,
        reasons=(random.choice(REASONS[:3]), "last emptied 9 days ago") if is_must else (REASONS[3],),
    )


def _unserved(index: int, container: Container, random: Random) -> Unserved:
    is_due = index < 2
    return Unserved(
        container_id=container.container_id,
        is_due=is_due,
        reason=ReasonCode.TIME if is_due else ReasonCode.LOW_RISK,
        message="No vehicle has 14 minutes left for it in its shift."
        if is_due
        else "41 % full, 0.6 % chance of overflow before Thursday.",
        what_would_change_it="A shift that is 14 minutes longer serves it." if is_due else "",
        expected_fraction=random.uniform(0.7, 0.95) if is_due else random.uniform(0.05, 0.5),
        overflow_probability=random.uniform(0.2, 0.5) if is_due else random.uniform(0, 0.05),
        cost_of_waiting_eur=random.uniform(10, 40) if is_due else random.uniform(0, 3),
    )
