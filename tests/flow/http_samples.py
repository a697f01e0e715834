"""A small town and a served application for the tests of the service."""

import math
import threading
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI

from api.http.header_timeout import HeaderTimeoutProtocol
from api.http.serve import STOP_TIMEOUT_S
from api.http.services import Services
from api.identity.access_keys import mint_key
from api.identity.doorkeeper import WithKeys, WithoutKeys
from api.jobs.ports import OpensRunner
from api.jobs.queue import JobQueue
from api.jobs.tenant_jobs import JobsOfStores
from api.settings import Settings
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role, Tenant, TenantStore
from api.store.town_document import TownRecord
from api.wiring import build_ports
from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.plan import Collection, Leg, Plan, SolverReport, Stop, StopKind, Totals, Tour
from optimizer.domain.reading import FillHistory, FillSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.ports import Ports
from routing.crow_flight import CrowFlightRouter
from routing.location import Location
from tests.flow.scripted_runners import open_asked_runner

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def small_town(container_count: int = 12, vehicle_count: int = 2) -> Town:
    return Town(
        town_id="lue",
        name="Lünen",
        zone=ZoneInfo("Europe/Berlin"),
        streams=(
            Stream(stream_id="paper", density_kg_per_l=0.05, is_fast=True),
            Stream(stream_id="glass", density_kg_per_l=0.3),
        ),
        depots=(Depot(depot_id="yard", location=Location(lon_deg=7.52, lat_deg=51.61), name="Bauhof"),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id="plant",
                location=Location(lon_deg=7.55, lat_deg=51.63),
                streams=frozenset({"paper", "glass"}),
                hours=Hours(expression="Mo-Sa 06:00-18:00"),
            ),
        ),
        vehicles=tuple(
            Vehicle(
                vehicle_id=f"LUE-{number}",
                profile="truck_26t",
                streams=frozenset({"paper", "glass"}),
                capacity_kg=10_000,
                body_l=20_000,
                start_depot_id="yard",
                end_depot_id="yard",
                shift=Shift(starts_local=time(6), ends_local=time(15), weekdays=frozenset(range(7))),
                cost_eur_per_km=1.5,
                cost_eur_per_h=70,
                fuel=FuelRates(driving_l_per_100km=45),
            )
            for number in range(1, vehicle_count + 1)
        ),
        containers=tuple(small_container(number) for number in range(container_count)),
    )


def small_container(number: int) -> Container:
    angle = number * 0.7
    return Container(
        container_id=f"P-{number:03d}",
        site_id=f"site-{number:03d}",
        location=Location(lon_deg=7.52 + 0.02 * math.cos(angle), lat_deg=51.61 + 0.015 * math.sin(angle)),
        stream="paper" if number % 2 == 0 else "glass",
        capacity_l=3_000,
    )


def small_record() -> TownRecord:
    return TownRecord(town=small_town())


def rising_history(town: Town, *, until: datetime = NOW, days: int = 10) -> FillHistory:
    """Every container fills from empty to 95 % within the days; hourly readings."""
    first_s = int((until - timedelta(days=days)).timestamp())
    observed_at_s = np.arange(first_s, int(until.timestamp()), 3600, dtype=np.int64)
    return {
        container.container_id: FillSeries(
            container_id=container.container_id,
            observed_at_s=observed_at_s,
            fill_fraction=np.linspace(0.0, 0.95, len(observed_at_s), dtype=np.float32),
            quality=np.zeros(len(observed_at_s), dtype=np.int8),
            emptied_at_s=np.array([first_s], dtype=np.int64),
        )
        for container in town.containers
    }


def one_stop_plan(plan_id: str, *, day: date = date(2026, 3, 2)) -> Plan:
    begin = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    yard = Location(lon_deg=7.52, lat_deg=51.61)
    totals = Totals(distance_m=4_000, driving_s=600, working_s=900, lifts=1, cost_eur=20.0)

    def stop(sequence: int, kind: StopKind, collections: tuple[Collection, ...] = ()) -> Stop:
        return Stop(
            sequence=sequence,
            kind=kind,
            place_id="yard",
            label="Bauhof",
            location=yard,
            leg=None if kind is StopKind.START else Leg(duration_s=300, distance_m=2_000),
            arrives_at=begin + timedelta(minutes=5 * sequence),
            starts_at=begin + timedelta(minutes=5 * sequence),
            departs_at=begin + timedelta(minutes=5 * sequence + 1),
            load_kg=0.0,
            load_l=0.0,
            collections=collections,
        )

    collected = Collection(
        container_id="P-001",
        expected_fraction=0.8,
        expected_kg=120.0,
        expected_l=2_400.0,
        overflow_probability=0.2,
        is_must=True,
        reasons=("nearly full",),
    )
    return Plan(
        plan_id=plan_id,
        town_id="lue",
        town_name="Lünen",
        day=day,
        streams=("glass", "paper"),
        generated_at=begin,
        data_as_of=begin,
        inputs_digest="d" * 16,
        map_source="straight lines",
        map_digest="crow-flight",
        tours=(
            Tour(
                vehicle_id="LUE-1",
                profile="truck_26t",
                stops=(stop(0, StopKind.START), stop(1, StopKind.COLLECT, (collected,)), stop(2, StopKind.END)),
                totals=totals,
            ),
        ),
        unserved=(),
        totals=totals,
        baseline=None,
        solver=SolverReport(name="fake", status="feasible", wall_s=0.1, iterations=1, cost_eur=20.0, seed=1),
        warnings=(),
        degraded=(),
        seconds_by_step={"solve": 0.1},
    )


@contextmanager
def served(app: FastAPI, *, limit_concurrency: int | None = None) -> Iterator[httpx.Client]:
    """The application behind a real server on a free port of this machine."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_level="warning",
        server_header=False,
        http=HeaderTimeoutProtocol,
        proxy_headers=False,
        limit_concurrency=limit_concurrency,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended while it started"
        clock.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        try:
            yield client
        finally:
            server.should_exit = True
            thread.join(timeout=20)
    assert not thread.is_alive(), "the server did not end"


def open_straight_line_ports() -> Ports:
    return build_ports(CrowFlightRouter())


TENANT_ID = "lue"


def services_in(
    folder: Path,
    open_runner: OpensRunner = open_asked_runner,
    *,
    tenant_ids: tuple[str, ...] = (TENANT_ID,),
    has_keys: bool = False,
    has_town: bool = True,
    **settings: object,
) -> Services:
    """Services on databases in the folder, with the small town in each tenant's; everybody is let in unless asked."""
    defaults: dict[str, Any] = {
        "default_time_limit_s": 0.05,
        "edit_worker_count": 0,
        "key_requests_per_s": 100_000,
        "tenant_requests_per_s": 100_000,
        "ingest_requests_per_s": 100_000,
    }
    made = Settings(**(defaults | settings))
    stores = open_tenant_stores(folder)
    for tenant_id in tenant_ids:
        if stores.tenant(tenant_id) is None:
            stores.add_tenant(Tenant(tenant_id=tenant_id, name=tenant_id, created_at=NOW))
        if has_town and stores.store(tenant_id).town.load() is None:
            stores.store(tenant_id).town.replace(small_record())
    queue = JobQueue(
        JobsOfStores(stores),
        open_runner,
        worker_count=made.worker_count,
        edit_worker_count=made.edit_worker_count,
        queue_length=made.queue_length,
        job_memory_limit_mb=made.job_memory_limit_mb,
    )
    return Services(
        settings=made,
        stores=stores,
        queue=queue,
        doorkeeper=WithKeys(stores) if has_keys else WithoutKeys(tenant_ids[0]),
        now=lambda: NOW,
        has_public_docs=True,
        data_folder=folder,
    )


def store_of(services: Services, tenant_id: str = TENANT_ID) -> TenantStore:
    """A tenant's store, for looking behind the service."""
    return services.stores.store(tenant_id)


def key_for(services: Services, role: Role, *, tenant_id: str = TENANT_ID, subject_id: str | None = None) -> str:
    """A new key of this role."""
    key, text = mint_key(tenant_id=tenant_id, role=role, label="test", now=NOW, subject_id=subject_id)
    services.stores.keys.add(key)
    return text


def wait_until_final(client: httpx.Client, location: str, *, seconds: float = 30) -> dict[str, Any]:
    end_s = clock.monotonic() + seconds
    while True:
        answer: dict[str, Any] = client.get(location).raise_for_status().json()
        if answer["status"] in {"succeeded", "failed", "cancelled"}:
            return answer
        assert clock.monotonic() < end_s, f"still {answer['status']}"
        clock.sleep(0.03)


def wait_until_ready(client: httpx.Client, *, seconds: float = 60) -> None:
    end_s = clock.monotonic() + seconds
    while client.get("/v1/health/ready").status_code != 200:
        assert clock.monotonic() < end_s, client.get("/v1/health/ready").text
        clock.sleep(0.05)
