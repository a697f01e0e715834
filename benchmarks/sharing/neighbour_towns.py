"""Pairs of generated towns on either side of a border, with fills and an agreement. Same seed, same pair."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from optimizer.domain.agreement import Agreement, Lending
from optimizer.domain.container import Container
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.reading import FillHistory, FillSeries
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.planning.joint_town import Party
from routing.location import Location

DAY = date(2026, 3, 2)
AS_OF = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
STREAMS = ("paper", "glass")


@dataclass(frozen=True, kw_only=True)
class Border:
    """Two towns, so many kilometres apart; ``steps`` is how long each of their days is searched."""

    seed: int
    steps: int = 300
    apart_km: float = 5.0
    counts: tuple[int, int] = (24, 16)
    vehicles: tuple[int, int] = (2, 1)

    @property
    def parties(self) -> tuple[Party, Party]:
        """Lemgo asks, Kalletal is its partner."""
        west = generated_town("lemgo", seed=self.seed, east_km=0.0, count=self.counts[0], vehicles=self.vehicles[0])
        east = generated_town(
            "kalletal", seed=self.seed + 1_000, east_km=self.apart_km, count=self.counts[1], vehicles=self.vehicles[1]
        )
        return party(west, steps=self.steps), party(east, steps=self.steps)


def party(town: Town, *, steps: int = 300) -> Party:
    """The town with what it wants of the day."""
    limits = SolveLimits(time_limit_s=None, iteration_limit=steps)
    request = DayRequest(town=town, day=DAY, as_of=AS_OF, history=filling(town), limits=limits)
    return Party(party_id=town.town_id, request=request)


def generated_town(name: str, *, seed: int, east_km: float, count: int, vehicles: int) -> Town:
    """Every name begins with the town's, so that a test can look for it in the other's answer."""
    rng = np.random.default_rng(seed)
    center_lon, center_lat = 8.9 + east_km / 70.0, 52.03

    def near(spread_km: float) -> Location:
        east, north = rng.normal(0, spread_km, 2)
        return Location(lon_deg=float(center_lon + east / 70.0), lat_deg=float(center_lat + north / 111.0))

    return Town(
        town_id=name,
        name=name.title(),
        zone=ZoneInfo("Europe/Berlin"),
        streams=(
            Stream(stream_id="paper", density_kg_per_l=0.05, is_fast=True),
            Stream(stream_id="glass", density_kg_per_l=0.3),
        ),
        depots=(Depot(depot_id=f"{name}-yard", location=near(1.0), name=f"Bauhof {name}"),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id=f"{name}-plant", location=near(2.0), streams=frozenset(STREAMS), name=f"Hof {name}"
            ),
        ),
        vehicles=tuple(
            Vehicle(
                vehicle_id=f"{name}-truck-{number}",
                profile="truck_26t",
                streams=frozenset(STREAMS),
                capacity_kg=10_000,
                body_l=30_000,
                start_depot_id=f"{name}-yard",
                end_depot_id=f"{name}-yard",
                shift=Shift(starts_local=time(6), ends_local=time(15)),
                cost_eur_per_km=1.5,
                cost_eur_per_h=70,
                cost_eur_per_day=80,
                fuel=FuelRates(driving_l_per_100km=45),
            )
            for number in range(vehicles)
        ),
        containers=tuple(
            Container(
                container_id=f"{name}-{number:03d}",
                site_id=f"{name}-site-{number:03d}",
                location=near(2.5),
                stream=STREAMS[number % 2],
                capacity_l=3_000,
                address=f"{name} street {number}",
            )
            for number in range(count)
        ),
    )


def filling(town: Town, *, until: datetime = AS_OF, days: int = 8) -> FillHistory:
    """Every container fills from empty to nearly full within the days."""
    first_s = int((until - timedelta(days=days)).timestamp())
    observed_at_s = np.arange(first_s, int(until.timestamp()), 6 * 3600, dtype=np.int64)
    return {
        one.container_id: FillSeries(
            container_id=one.container_id,
            observed_at_s=observed_at_s,
            fill_fraction=np.linspace(0.0, 0.93, len(observed_at_s), dtype=np.float32),
            quality=np.zeros(len(observed_at_s), dtype=np.int8),
            emptied_at_s=np.array([first_s], dtype=np.int64),
        )
        for one in town.containers
    }


def agreement(*parties: Party, **changes: object) -> Agreement:
    """Everything is lent and opened, and both have accepted."""
    first, second = (one.party_id for one in parties)
    made = Agreement(
        agreement_id="a1",
        proposer_id=first,
        partner_id=second,
        streams=STREAMS,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        max_share_fraction=1.0,
        accepted_by=(first, second),
        lendings={
            one.party_id: Lending(
                vehicle_ids=tuple(vehicle.vehicle_id for vehicle in one.request.town.vehicles),
                disposal_site_ids=tuple(site.disposal_site_id for site in one.request.town.disposal_sites),
            )
            for one in parties
        },
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of the agreement
