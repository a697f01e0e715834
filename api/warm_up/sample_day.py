"""The smallest day that has everything: streams, sides, hours, a break, a tip, readings and none.

It stands in central Helsinki, where the demo's map has streets.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.reading import FillHistory, FillSeries
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from routing.location import Location, Side

_DAY = date(2026, 3, 4)
_AS_OF = datetime(2026, 3, 3, 17, tzinfo=UTC)
_WEST_DEG, _SOUTH_DEG = 24.936, 60.164
_N_CONTAINERS = 14


def sample_request(*, solver: str) -> DayRequest:
    """A day that is planned within a second.

    Without a time limit: a search that waits for its kernels would be over before it has used them all.
    """
    town = _town()
    return DayRequest(
        town=town,
        day=_DAY,
        as_of=_AS_OF,
        history=_history(town),
        limits=SolveLimits(time_limit_s=None, iteration_limit=30, seed=1),
        solver=solver,
        policy="all",
    )


def _town() -> Town:
    streams = frozenset({"paper", "glass"})
    return Town(
        town_id="sample",
        name="Sample town",
        zone=ZoneInfo("Europe/Helsinki"),
        streams=(
            Stream(stream_id="paper", density_kg_per_l=0.06, is_fast=True),
            Stream(stream_id="glass", density_kg_per_l=0.3),
        ),
        depots=(Depot(depot_id="depot", location=_place(9)),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id="tip", location=_place(5), streams=streams, hours=Hours(expression="Mo-Sa 06:00-18:00")
            ),
        ),
        vehicles=(_vehicle("van", "van_3_5t", streams), _vehicle("truck", "truck_26t", streams)),
        containers=tuple(_container(number) for number in range(_N_CONTAINERS)),
    )


def _place(number: int) -> Location:
    return Location(lon_deg=_WEST_DEG + 0.0037 * (number % 5), lat_deg=_SOUTH_DEG + 0.0023 * (number // 5))


def _container(number: int) -> Container:
    return Container(
        container_id=f"C-{number}",
        site_id=f"S-{number}",
        location=_place(number),
        stream="paper" if number % 2 else "glass",
        capacity_l=2_500.0,
        side=Side.RIGHT if number % 3 == 0 else Side.ANY,
        hours=Hours(expression="Mo-Sa 07:00-20:00" if number % 4 == 0 else "24/7"),
    )


def _vehicle(vehicle_id: str, profile: str, streams: frozenset[str]) -> Vehicle:
    return Vehicle(
        vehicle_id=vehicle_id,
        profile=profile,
        streams=streams,
        capacity_kg=1_500.0,
        body_l=12_000.0,
        start_depot_id="depot",
        end_depot_id="depot",
        shift=Shift(starts_local=time(6), ends_local=time(15)),
        cost_eur_per_km=1.0,
        cost_eur_per_h=80.0,
        fuel=FuelRates(driving_l_per_100km=30.0),
    )


def _history(town: Town) -> FillHistory:
    """Twelve days of readings for half of the containers."""
    until_s = int(_AS_OF.timestamp())
    observed_at_s = np.arange(until_s - int(timedelta(days=12).total_seconds()), until_s, 10_800, dtype=np.int64)
    fill_fraction = np.mod(np.linspace(0.0, 2.8, len(observed_at_s)), 1.0).astype(np.float32)
    return {
        one.container_id: FillSeries(
            container_id=one.container_id,
            observed_at_s=observed_at_s,
            fill_fraction=fill_fraction,
            quality=np.zeros(len(observed_at_s), dtype=np.int8),
        )
        for one in town.containers[::2]
    }
