"""G3: after a kill, after a database that was gone and after a full disk, the service soon works as before."""

import itertools
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import httpx

from api.files.town_folder import LoadedTown
from api.simulate.own_service import KeyHolder
from api.store.homes import TENANT_FOLDER
from api.store.tenant_ports import Role
from api.town.demo_town import build_demo_town
from tests.durability.small_disk import small_disk
from tests.promises.place import CONTAINERS, Place, StartedService, town_named
from tests.promises.sensor_flow import Flow, lost_readings
from tests.promises.table import Table

TENANT = "luenen"
SENSORS = KeyHolder(tenant_id=TENANT, role=Role.SENSOR)
PATIENCE_S = 60.0
DISK_MB, LEFT_MB = 256, 8


def measure(place: Place, table: Table) -> None:
    """Kills, with and without streets; then what a service needs goes away and comes back."""
    runs = 2 if place.size.is_quick else 10
    _kills(place, table, town_named("Lünen", "LUE"), runs=runs, what="a town without streets")
    if not place.size.is_quick:
        place.tell("a town on real streets is made")
        streets = build_demo_town(place.folder / "demo")
        _kills(place, table, streets, runs=runs, what="the streets of central Helsinki")
    _database_back(place, table)
    _disk_freed(place, table)


def _kills(place: Place, table: Table, town: LoadedTown, *, runs: int, what: str) -> None:
    """Killed while sensors send; then when it stores the next reading, and when its workers are ready to plan."""
    containers = [one.container_id for one in town.town.containers][:24]
    stored_s: list[float] = []
    ready_s, asked, lost = [], 0, 0
    with ExitStack() as stack:
        started = stack.enter_context(place.service({TENANT: town}, [SENSORS]))
        for number in range(runs):
            place.tell(f"kill {number + 1} of {runs}, {what}")
            flow = Flow(started, SENSORS, containers)
            while len(flow.acknowledged) < 100:
                time.sleep(0.05)
            os.kill(started.service.pid, signal.SIGKILL)
            flow.join()
            began_s = time.monotonic()
            with ThreadPoolExecutor(1) as pool:
                sensor = stack.enter_context(started.client(SENSORS))
                first = pool.submit(_until, sensor, is_stored=True, containers=containers)
                started = stack.enter_context(place.again(started))
                ready_s.append(time.monotonic() - began_s)
                stored_s.append(first.result())
            asked += len(flow.acknowledged)
            lost += lost_readings(started.stores_at, TENANT, flow.acknowledged)
    name = f"longest of {runs} times from a start after a kill -9"
    table.at_most("G3", f"{name} to the first reading stored, {what}", max(stored_s), 5, "s", digits=2)
    table.at_most("G3", f"{name} until all is ready, workers and map, {what}", max(ready_s), 30, "s", digits=2)
    table.none_of("G3", f"acknowledged readings lost by these kills, {what}", lost, asked, "all")


def _database_back(place: Place, table: Table) -> None:
    runs = 1 if place.size.is_quick else 5
    back_s = []
    with place.service({TENANT: town_named("Lünen", "LUE")}, [SENSORS]) as started, started.client(SENSORS) as sensor:
        for number in range(runs):
            place.tell(f"the database goes, {number + 1} of {runs}")
            with _without_database(place, started):
                _until(sensor, is_stored=False)
            back_s.append(_until(sensor, is_stored=True))
    what = "a server that is back" if place.server is not None else "a file that another program lets go"
    name = f"longest of {runs} times from {what} to the first reading stored"
    table.at_most("G3", name, max(back_s), 5, "s", digits=2)


def _disk_freed(place: Place, table: Table) -> None:
    what, target = "from a full disk that has room again to the first reading stored", "<= 30 s"
    with small_disk(f"{DISK_MB}m") as disk:
        if disk is None:
            table.unknown("G3", what, target, "a small disk can be made by an administrator only")
            return
        town, ballast = town_named("Lünen", "LUE"), disk / "ballast"
        with place.service({TENANT: town}, [SENSORS], disk=disk) as started, started.client(SENSORS) as sensor:
            place.tell("the disk fills up")
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - (LEFT_MB << 20))
            kept = _fill(sensor)
            ballast.unlink()
            took_s = _until(sensor, is_stored=True)
            lost = lost_readings(started.stores_at, TENANT, kept)
        if place.server is not None:
            place.server.drop_database(started.stores_at)  # its files lie on the disk
    table.at_most("G3", what, took_s, 30, "s", digits=2)
    table.none_of("G3", "readings acknowledged before the disk was full that were lost", lost, len(kept), "all")


@contextmanager
def _without_database(place: Place, started: StartedService) -> Iterator[None]:
    """A crashed server; a file that another program keeps for itself."""
    if place.server is not None:
        place.server.stop("immediate")
        yield
        place.server.start()
        return
    with closing(sqlite3.connect(started.folder / TENANT_FOLDER / f"{TENANT}.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def _until(sensor: httpx.Client, *, is_stored: bool, containers: Sequence[str] = CONTAINERS) -> float:
    """Seconds until a reading is stored, or refused; nobody may be there yet."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < PATIENCE_S:
        with suppress(httpx.TransportError):
            if _is_kept(_send(sensor, 1, containers)[0]) == is_stored:
                return time.monotonic() - began_s
        time.sleep(0.02)
    raise TimeoutError(f"readings are {'not ' if is_stored else ''}stored after {PATIENCE_S:.0f} s")


def _fill(sensor: httpx.Client) -> list[tuple[str, int]]:
    """Readings until the disk is full, and then some more; what was acknowledged."""
    kept: list[tuple[str, int]] = []
    refused = 0
    while refused < 5:
        answer, sent = _send(sensor, 1_000, CONTAINERS)
        if _is_kept(answer):
            kept += sent
        elif answer.status_code == 507:
            refused += 1
        else:
            raise RuntimeError(f"a full disk was answered with {answer.status_code}: {answer.text[:300]}")
    return kept


def _is_kept(answer: httpx.Response) -> bool:
    """All of it is durable now, or was before."""
    return answer.status_code == 207 and answer.json()["rejected"] == 0


_SENT = itertools.count()


def _send(sensor: httpx.Client, count: int, containers: Sequence[str]) -> tuple[httpx.Response, list[tuple[str, int]]]:
    """New readings, and which."""
    newest_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    sent = []
    for _ in range(count):
        turn, number = divmod(next(_SENT), len(containers))
        sent.append((containers[number], newest_at - timedelta(seconds=turn)))
    bodies = [{"container_id": name, "observed_at": at.isoformat(), "fill_fraction": 0.5} for name, at in sent]
    answer = sensor.post("/v1/readings", json={"readings": bodies}, timeout=PATIENCE_S)
    return answer, [(name, int(at.timestamp())) for name, at in sent]
