"""Towns of some size without a map, and plans of a day in them that may be cut at any instant."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports, Solver
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from routing.location import Location

ZONE = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 3)
LIMITS = SolveLimits(time_limit_s=None, iteration_limit=3)


def running_town(seed: int, *, n_sites: int = 40, n_vehicles: int = 3) -> Town:
    """Two streams, two tipping sites, vehicles of two sizes, some containers with hours."""
    rng = np.random.default_rng(seed)

    def somewhere(spread_deg: float) -> Location:
        return Location(
            lon_deg=7.52 + rng.uniform(-spread_deg, spread_deg),
            lat_deg=51.61 + rng.uniform(-spread_deg, spread_deg) / 2,
        )

    containers = []
    for site in range(n_sites):
        location = somewhere(0.05)
        for number in range(int(rng.integers(1, 3))):
            stream = "paper" if rng.random() < 0.6 else "glass"
            containers.append(
                Container(
                    container_id=f"C-{site:03d}-{number}",
                    site_id=f"S-{site:03d}",
                    location=location,
                    stream=stream,
                    capacity_l=float(rng.choice([1_100, 3_000])),
                    service_s=int(rng.integers(300, 900)),
                    hours=Hours(expression="Mo-Fr 07:00-12:00") if rng.random() < 0.1 else Hours(),
                    address=f"Street {site}",
                )
            )
    return Town(
        town_id="town",
        name="Town",
        zone=ZONE,
        streams=(Stream(stream_id="paper", density_kg_per_l=0.08), Stream(stream_id="glass", density_kg_per_l=0.25)),
        depots=(Depot(depot_id="yard", location=somewhere(0.05)),),
        disposal_sites=tuple(
            DisposalSite(
                disposal_site_id=f"tip-{number}",
                location=somewhere(0.08),
                streams=frozenset({"paper", "glass"}),
                fee_eur_per_t=float(rng.integers(0, 60)),
            )
            for number in range(2)
        ),
        vehicles=tuple(_vehicle(number) for number in range(n_vehicles)),
        containers=tuple(containers),
    )


def _vehicle(number: int) -> Vehicle:
    return Vehicle(
        vehicle_id=f"T-{number + 1}",
        profile="truck_18t",
        streams=frozenset({"paper", "glass"}),
        capacity_kg=6_000 + 2_000 * (number % 2),
        body_l=14_000 + 6_000 * (number % 2),
        start_depot_id="yard",
        end_depot_id="yard",
        shift=Shift(starts_local=time(6), ends_local=time(15)),
        cost_eur_per_km=1.2,
        cost_eur_per_h=90,
        cost_eur_per_day=50,
        fuel=FuelRates(driving_l_per_100km=45),
    )


def running_ports(solver: Solver | None = None) -> Ports:
    """Straight lines and a solver."""
    chosen = solver or GreedySolver()
    return Ports(
        router=CrowFlightRouter(),
        forecaster=EmpiricalBayesForecaster(),
        policies={"all": AllContainersPolicy()},
        solvers={chosen.name: chosen},
    )


def running_plan(town: Town, ports: Ports) -> Plan:
    """Everything is to be emptied."""
    request = DayRequest(
        town=town,
        day=DAY,
        as_of=datetime(2026, 3, 2, 18, tzinfo=ZONE),
        history={},
        limits=LIMITS,
        policy="all",
        solver=next(iter(ports.solvers)),
    )
    return plan_day(request, ports, plan_id="before", generated_at=datetime(2026, 3, 2, 18, tzinfo=UTC))


def at(clock: str) -> datetime:
    """An instant of the day."""
    return datetime.combine(DAY, time.fromisoformat(clock), tzinfo=ZONE)
