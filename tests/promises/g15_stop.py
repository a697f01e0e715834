"""G15: told to end while readings come in and a plan is made, the service ends soon and keeps what it has promised."""

import contextlib
import os
import signal
import time
from pathlib import Path

from api.simulate.own_service import KeyHolder
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role
from tests.promises.place import CONTAINERS, Place, StartedService, town_named
from tests.promises.sensor_flow import Flow, lost_readings
from tests.promises.table import Table

TENANT = "luenen"
OFFICE = KeyHolder(tenant_id=TENANT, role=Role.DISPATCHER)
SENSORS = KeyHolder(tenant_id=TENANT, role=Role.SENSOR)
MOST_S = 30.0
GIVE_UP_S = 60.0


def measure(place: Place, table: Table) -> None:
    """Several services, each told to end once."""
    seconds, codes, asked, lost, odd, kept = [], [], 0, 0, 0, 0
    for number in range(place.size.stops):
        place.tell(f"service {number + 1} of {place.size.stops}")
        with place.service({TENANT: town_named("Lünen", "LUE")}, [OFFICE, SENSORS]) as started:
            flow = Flow(started, SENSORS, CONTAINERS)
            plan_id = _plan_under_way(started)
            while len(flow.acknowledged) < 100:
                time.sleep(0.05)
            took_s, code = _told_to_end(started.service.pid)
            flow.join()
        seconds.append(took_s)
        codes.append(code)
        gone, is_queued = lost_readings(started.stores_at, TENANT, flow.acknowledged), _is_queued(started, plan_id)
        asked, lost, odd, kept = asked + len(flow.acknowledged), lost + gone, odd + len(flow.odd), kept + is_queued
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


def _is_queued(started: StartedService, plan_id: str) -> bool:
    stores = open_tenant_stores(started.stores_at, may_migrate=False)
    try:
        job = stores.store(TENANT).jobs.get(plan_id)
        return job is not None and job.state.value in {"queued", "running"}
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
