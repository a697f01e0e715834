"""G15: told to end while readings come in and a plan is made, the service ends soon and keeps what it has promised."""

import contextlib
import itertools
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from api.simulate.own_service import KeyHolder
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role
from tests.promises.place import Place, StartedService, town_named
from tests.promises.table import Table

TENANT = "luenen"
OFFICE = KeyHolder(tenant_id=TENANT, role=Role.DISPATCHER)
SENSORS = KeyHolder(tenant_id=TENANT, role=Role.SENSOR)
SENDERS = 20
MOST_S = 30.0
GIVE_UP_S = 60.0


class _Flow:
    """Sensors that send on and on, and remember what was acknowledged."""

    def __init__(self, started: StartedService) -> None:
        self.acknowledged: list[tuple[str, int]] = []
        self.odd: list[str] = []
        self._started = started
        self._begun_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until nobody can reach the service any more."""
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with self._started.client(SENSORS, timeout=GIVE_UP_S) as sensor, contextlib.suppress(httpx.TransportError):
            while True:
                number = next(self._numbers)
                container, at = f"LUE-P-{number % 24:04d}", self._begun_at - timedelta(seconds=number // 24)
                one = {"container_id": container, "observed_at": at.isoformat(), "fill_fraction": 0.5}
                answer = sensor.post("/v1/readings", json={"readings": [one]})
                if answer.status_code == 503:
                    return  # it is ending, and says so
                if answer.json().get("accepted") == 1:
                    self.acknowledged.append((container, int(at.timestamp())))
                else:
                    self.odd.append(answer.text)


def measure(place: Place, table: Table) -> None:
    """Several services, each told to end once."""
    seconds, codes, asked, lost, odd, kept = [], [], 0, 0, 0, 0
    for number in range(place.size.stops):
        place.tell(f"service {number + 1} of {place.size.stops}")
        with place.service({TENANT: town_named("Lünen", "LUE")}, [OFFICE, SENSORS]) as started:
            flow = _Flow(started)
            plan_id = _plan_under_way(started)
            while len(flow.acknowledged) < 100:
                time.sleep(0.05)
            took_s, code = _told_to_end(started.service.pid)
            flow.join()
        seconds.append(took_s)
        codes.append(code)
        gone, has_job = _missing(started, flow.acknowledged, plan_id)
        asked, lost, odd, kept = asked + len(flow.acknowledged), lost + gone, odd + len(flow.odd), kept + has_job
        _no_worker_is_left(started.folder)
    runs = place.size.stops
    table.at_most(
        "G15", f"longest of {runs} ends with a plan under way, from SIGTERM", max(seconds), MOST_S, "s", digits=2
    )
    table.none_of("G15", "ends with another exit code than 0", sum(code != 0 for code in codes), runs, "all")
    table.none_of("G15", "acknowledged readings that were lost", lost, asked, "all")
    table.none_of("G15", "readings that were answered with neither success nor 503", odd, asked, "all")
    table.says(
        "G15", "plans under way that are still queued", f"{runs} of {runs}", f"{kept} of {runs}", is_met=kept == runs
    )


def _plan_under_way(started: StartedService) -> str:
    with started.client(OFFICE) as office:
        asked = office.post("/v1/plans", json={"policy": "all", "limits": {"time_limit_s": 120}}).raise_for_status()
        while office.get(asked.headers["location"]).json()["status"] == "queued":
            time.sleep(0.05)
        return str(asked.json()["plan_id"])


def _told_to_end(pid: int) -> tuple[float, int]:
    """How long it took and with what code; the process is left for whoever has started it to be waited for."""
    began_s = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    while time.monotonic() - began_s < GIVE_UP_S:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            return time.monotonic() - began_s, ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        time.sleep(0.01)
    return GIVE_UP_S, -1


def _missing(started: StartedService, acknowledged: list[tuple[str, int]], plan_id: str) -> tuple[int, int]:
    stores = open_tenant_stores(started.stores_at)
    try:
        store = stores.store(TENANT)
        history = store.readings.history(as_of=datetime.now(UTC), days=5)
        stored = {(name, second) for name, series in history.items() for second in series.observed_at_s.tolist()}
        job = store.jobs.get(plan_id)
        has_job = job is not None and job.state.value in {"queued", "running"}
        return sum(one not in stored for one in acknowledged), int(has_job)
    finally:
        stores.close()


def _no_worker_is_left(folder: Path) -> None:
    """A worker that outlived its service would hold the next measurement up."""
    end_s = time.monotonic() + GIVE_UP_S
    marker = str(folder).encode()
    while any(marker in one for one in _command_lines()):
        if time.monotonic() > end_s:
            raise RuntimeError("a worker outlived its service")
        time.sleep(0.1)


def _command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return found
