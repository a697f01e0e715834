"""Measures what tablets wait for, by ``python -m tests.flow.tablet_figures [sqlite|postgresql]``."""

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache, partial

import httpx

from api.http.app import create_app
from api.http.services import Services
from api.identity.doorkeeper import WithoutKeys
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.planning_parts import export_tours
from api.jobs.queue import JobQueue
from api.jobs.tenant_jobs import JobsOfStores
from api.jobs.town_folders import open_tenant_store
from api.settings import Settings
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Tenant
from api.store.town_document import TownRecord
from tests.flow.http_samples import NOW, open_straight_line_ports, rising_history, served, small_town, wait_until_ready
from tests.flow.tablet_days import busiest, release, shift_of_events, small_plan
from tests.postgres import running_postgres

CONTAINERS = 300
VEHICLES = 100
TABLETS = 100
FETCHES_PER_S = 20


def main() -> None:
    """Print one line for each figure."""
    database = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            _measure(folder, database)
        else:
            with running_postgres(is_on_disk=True) as server:
                _measure(server.make_database(), database)


def _measure(stores_at: str, database: str) -> None:
    town = small_town(CONTAINERS, VEHICLES)
    services = _services(stores_at, TownRecord(town=town))
    store = services.stores.store("lue")
    store.readings.add_history(rising_history(town, days=3), received_at=NOW)
    plan = small_plan("a" * 32, town)
    release(store, plan)
    address = f"/v1/tours/{busiest(plan)}/bundle?date=2026-03-02"
    with served(create_app(services)) as client:
        base = str(client.base_url)
        size = len(client.get(address).content)
        _say(f"{database}: bundle of {size / 1e3:.0f} kB")
        _tell(database, "G6 fetch, 20/s", _elsewhere(_fetches, base, address, "", 8))
        etag = client.get(address).headers["etag"]
        _tell(database, "G6 304, 20/s", _elsewhere(_fetches, base, address, etag, 8))
        _say(f"{database}: G7 300 events of one tablet {_elsewhere(_one_sync, base)[0]:.2f} s")
        began_s = time.perf_counter()
        retries = _elsewhere(_all_syncs, base)
        took_s = time.perf_counter() - began_s
        count = sum(len(one) for one in store.tour_events.of_day(NOW.date()).values()) - 300
        told = f"{count} events kept, {int(sum(retries))} retries after 503"
        _say(f"{database}: G7 {TABLETS} tablets x 300 in {took_s:.1f} s, {told}")
        if "--beside-plans" not in sys.argv:
            return
        wait_until_ready(client, seconds=240)
        body = {"day": "2026-03-02", "limits": {"time_limit_s": 1.0}}
        jobs = [client.post("/v1/plans", json=body).status_code for _ in range(50)]
        told = f"TAB-12 fetch beside {jobs.count(202)} plan jobs, 20/s"
        _tell(database, told, _elsewhere(_fetches, base, address, "", 10))


def _services(stores_at: str, record: TownRecord) -> Services:
    settings = Settings(
        default_time_limit_s=1.0,
        key_requests_per_s=100_000,
        tenant_requests_per_s=100_000,
        ingest_requests_per_s=100_000,
        queue_length=60,
        worker_count=2,
    )
    stores = open_tenant_stores(stores_at)
    stores.add_tenant(Tenant(tenant_id="lue", name="lue", created_at=NOW))
    stores.store("lue").town.replace(record)
    queue = JobQueue(
        JobsOfStores(stores),
        OpenTenantRunner(opener_of=partial(_opener_of, stores_at)),
        worker_count=settings.worker_count,
        queue_length=settings.queue_length,
        job_memory_limit_mb=settings.job_memory_limit_mb,
    )
    return Services(settings=settings, stores=stores, queue=queue, doorkeeper=WithoutKeys("lue"), now=lambda: NOW)


def _opener_of(stores_at: str, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, stores_at, tenant_id),
        open_ports=open_straight_line_ports,
        export_tours=export_tours,
    )


@cache
def _callers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _elsewhere(work: Callable[..., list[float]], *arguments: object) -> list[float]:
    """Callers in a process of their own: the service must not wait for them."""
    return _callers().submit(work, *arguments).result()


def _fetches(base: str, address: str, etag: str, seconds: float) -> list[float]:
    headers = {"If-None-Match": etag} if etag else {}
    took: list[float] = []
    with httpx.Client(base_url=base, timeout=30, headers=headers) as client:

        def fetch(_: int) -> None:
            began_s = time.perf_counter()
            answer = client.get(address)
            took.append(time.perf_counter() - began_s)
            assert answer.status_code == (304 if etag else 200)

        fetch(0)
        took.clear()
        with ThreadPoolExecutor(20) as pool:
            for number in range(int(seconds * FETCHES_PER_S)):
                pool.submit(fetch, number)
                time.sleep(1 / FETCHES_PER_S)
    return took


def _one_sync(base: str) -> list[float]:
    events = shift_of_events([f"P-{number:03d}" for number in range(CONTAINERS)], prefix="one")
    with httpx.Client(base_url=base, timeout=30) as client:
        began_s = time.perf_counter()
        answer = client.post("/v1/tours/LUE-1/events", json={"day": "2026-03-02", "events": events})
        assert answer.status_code == 207, answer.text
        return [time.perf_counter() - began_s]


def _all_syncs(base: str) -> list[float]:
    containers = [f"P-{number:03d}" for number in range(CONTAINERS)]

    def sync(number: int) -> float:
        body = json.dumps({"day": "2026-03-02", "events": shift_of_events(containers, prefix=f"t{number}")})
        retries = 0
        with httpx.Client(base_url=base, timeout=30, headers={"content-type": "application/json"}) as client:
            while True:
                answer = client.post(f"/v1/tours/LUE-{number + 1}/events", content=body)
                if answer.status_code == 207:
                    return float(retries)
                assert answer.status_code == 503, answer.text
                retries += 1
                time.sleep(int(answer.headers["retry-after"]))

    with ThreadPoolExecutor(TABLETS) as pool:
        return list(pool.map(sync, range(TABLETS)))


def _tell(database: str, what: str, took_s: list[float]) -> None:
    ordered = sorted(took_s)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    middle = statistics.median(ordered)
    _say(f"{database}: {what}: p50 {middle * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, {len(ordered)} calls")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
