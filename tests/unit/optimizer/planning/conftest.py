"""A small town without a map, whose containers fill at known speeds."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimizer.domain.container import Container
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.reading import FillSeries
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.ports import Ports
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.selection.overflow_risk import OverflowRiskPolicy
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from routing.location import Location

ZONE = ZoneInfo("Europe/Berlin")
AS_OF = datetime(2026, 3, 2, 18, 0, tzinfo=ZONE)
DAY = date(2026, 3, 3)


def make_vehicle(vehicle_id: str, **changes: object) -> Vehicle:
    values: dict[str, object] = {
        "vehicle_id": vehicle_id,
        "profile": "truck_18t",
        "streams": frozenset({"paper", "glass"}),
        "capacity_kg": 6_000,
        "body_l": 16_000,
        "start_depot_id": "yard",
        "end_depot_id": "yard",
        "shift": Shift(starts_local=time(6), ends_local=time(14)),
        "cost_eur_per_km": 1.2,
        "cost_eur_per_h": 90,
        "fuel": FuelRates(driving_l_per_100km=45),
    }
    return Vehicle(**(values | changes))  # type: ignore[arg-type] - the values are those of the dataclass


@pytest.fixture
def town() -> Town:
    rng = np.random.default_rng(7)
    containers = tuple(
        Container(
            container_id=f"{stream[0].upper()}-{index:02d}",
            site_id=f"S-{index:02d}",
            location=Location(lon_deg=7.52 + rng.uniform(-0.03, 0.03), lat_deg=51.61 + rng.uniform(-0.02, 0.02)),
            stream=stream,
            capacity_l=1_100,
            address=f"Street {index}",
        )
        for index in range(12)
        for stream in ("paper", "glass")
    )
    return Town(
        town_id="lue",
        name="Lünen",
        zone=ZONE,
        streams=(
            Stream(stream_id="paper", density_kg_per_l=0.08, is_fast=True),
            Stream(stream_id="glass", density_kg_per_l=0.25),
        ),
        depots=(Depot(depot_id="yard", location=Location(lon_deg=7.53, lat_deg=51.62)),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id="tip",
                location=Location(lon_deg=7.56, lat_deg=51.60),
                streams=frozenset({"paper", "glass"}),
            ),
        ),
        vehicles=(make_vehicle("T-1"), make_vehicle("T-2")),
        containers=containers,
    )


@pytest.fixture
def make_series() -> Callable[[str, float, float], FillSeries]:
    """A series of 30 days, 3-hourly, that ends at ``level`` after growing ``per_day`` since the last emptying."""

    def make(container_id: str, level: float, per_day: float) -> FillSeries:
        at_s = np.arange(AS_OF.timestamp() - timedelta(days=30).total_seconds(), AS_OF.timestamp(), 10_800)
        days_before_end = (at_s[-1] - at_s) / 86_400
        period_days = max(level / per_day, 0.5)
        fill = level - per_day * np.mod(days_before_end, period_days)
        return FillSeries(
            container_id=container_id,
            observed_at_s=at_s.astype(np.int64),
            fill_fraction=np.clip(fill, 0, 1).astype(np.float32),
            quality=np.zeros(len(at_s), dtype=np.int8),
        )

    return make


@pytest.fixture
def request_for_day(town: Town, make_series: Callable[[str, float, float], FillSeries]) -> DayRequest:
    """Half of the containers are nearly full, the others nearly empty."""
    history = {
        one.container_id: make_series(one.container_id, 0.9 if index % 2 else 0.1, 0.2 if index % 2 else 0.01)
        for index, one in enumerate(town.containers)
    }
    return DayRequest(
        town=town,
        day=DAY,
        as_of=AS_OF,
        history=history,
        limits=SolveLimits(time_limit_s=None, iteration_limit=50),
        solver="greedy",
    )


@pytest.fixture
def ports() -> Ports:
    """Straight lines and the greedy solver: fast, deterministic, no map."""
    return Ports(
        router=CrowFlightRouter(),
        forecaster=EmpiricalBayesForecaster(),
        policies={"overflow_risk": OverflowRiskPolicy(), "all": AllContainersPolicy()},
        solvers={"greedy": GreedySolver()},
    )
