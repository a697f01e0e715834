"""G18: health says within seconds what is broken, and that it is mended; a plan says what it was made of."""

import contextlib
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from api.simulate.own_service import KeyHolder
from api.store.homes import SERVICE_FILE, TENANT_FOLDER
from api.store.tenant_ports import Role
from tests.dated_map import write_dated_map
from tests.postgres import PostgresServer
from tests.promises.lived_in import settled
from tests.promises.mapped_town import mapped_town
from tests.promises.place import Place, StartedService
from tests.promises.table import Table

TENANT = "luenen"
OFFICE = KeyHolder(tenant_id=TENANT, role=Role.DISPATCHER)
TOLD_WITHIN_S = 10.0
GIVE_UP_S = 30.0
MENDED_WITHIN_S = 300.0
MAP_NAME = "map.osm.pbf"
MAP_AGE = timedelta(days=12)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks, what part of the service health should name, and how it is mended."""

    what: str
    part: str
    breaks: Callable[[], None]
    mends: Callable[[], None]


class WorkerKiller:
    """Kills every worker as soon as it lives: a dead one is replaced within milliseconds."""

    def __init__(self, started: StartedService) -> None:
        self._started = started
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def begin(self) -> None:
        """Kill those that live, and go on."""
        _kill_workers(self._started)
        self._thread.start()

    def end(self) -> None:
        """Leave the next ones alone."""
        self._has_ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._has_ended.wait(0.01):
            _kill_workers(self._started)


def measure(place: Place, table: Table) -> None:
    """On a town with streets; the faults one after the other."""
    map_at = (datetime.now(UTC) - MAP_AGE).replace(microsecond=0)
    town = mapped_town(place.folder, map_at)
    with (
        place.service({TENANT: town}, [OFFICE]) as started,
        httpx.Client(base_url=started.service.base_url, timeout=30) as anybody,
    ):
        place.tell("what a plan says of itself")
        _plan(started, table, map_at)
        faults = [*_faults_of_database(place, started), *_faults(started)]
        for fault in faults:
            place.tell(fault.what)
            _break_and_mend(anybody, table, fault)
        _stale_map(anybody, table, started)
    if place.server is not None:
        table.unknown("G18", "a full disk", "not ready", "the database's server has its own; writes are answered 507")


def _faults(started: StartedService) -> list[Fault]:
    """Those that are the same with every database."""
    map_file = started.folder / "towns" / TENANT / MAP_NAME
    away = map_file.with_name("away.osm.pbf")

    def spoil() -> None:
        away.write_bytes(map_file.read_bytes())
        map_file.write_bytes(b"this is no map")
        _kill_workers(started)

    def unspoil() -> None:
        away.replace(map_file)

    killer = WorkerKiller(started)
    return [
        Fault("a map file that is gone", "map_files", lambda: _move(map_file, away), lambda: _move(away, map_file)),
        Fault("no worker alive", "workers", killer.begin, killer.end),
        Fault("a map that no worker can open", "map", spoil, unspoil),
    ]


def _faults_of_database(place: Place, started: StartedService) -> list[Fault]:
    if place.server is not None:
        server = place.server
        return [
            Fault("a database server that is gone", "database", lambda: server.stop("immediate"), server.start),
            Fault(
                "a database server that hangs",
                "database",
                lambda: _signal_server(server, signal.SIGSTOP),
                lambda: _signal_server(server, signal.SIGCONT),
            ),
        ]
    pid = started.service.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    return [
        _gone("a database file that is gone", started.folder / SERVICE_FILE),
        _gone("a town's database file that is gone", started.folder / TENANT_FOLDER / f"{TENANT}.sqlite3"),
        Fault(
            "a disk that takes nothing (the system lets no file grow)",
            "disk",
            lambda: _set_file_size(pid, (4_096, before[1])),
            lambda: _set_file_size(pid, before),
        ),
    ]


def _gone(what: str, file: Path) -> Fault:
    away = file.with_suffix(".away")
    return Fault(what, "database", lambda: _move(file, away), lambda: _move(away, file))


def _set_file_size(pid: int, limits: tuple[int, int]) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def _move(here: Path, there: Path) -> None:
    here.replace(there)


def _kill_workers(started: StartedService) -> None:
    for child in psutil.Process(started.service.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("spawn_main" in word for word in child.cmdline()):
                child.kill()


def _signal_server(server: PostgresServer, number: signal.Signals) -> None:
    postmaster = psutil.Process(int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0]))
    for one in [*postmaster.children(recursive=True), postmaster]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, number)


def _break_and_mend(anybody: httpx.Client, table: Table, fault: Fault) -> None:
    began_s = time.monotonic()
    fault.breaks()
    # Health is watched while the fault lasts: what is told too late must still be told apart from what never is.
    told_s, unready, was_live = _wait(anybody, began_s, lambda parts: parts.get(fault.part) is False, GIVE_UP_S)
    fault.mends()
    mended_s, _, _ = _wait(
        anybody, time.monotonic(), lambda parts: bool(parts) and all(parts.values()), MENDED_WITHIN_S
    )
    told = "never" if told_s is None else f"{told_s:.1f} s"
    again = "never" if mended_s is None else f"{mended_s:.1f} s"
    names = ", ".join(unready) or "nothing"
    is_met = told_s is not None and told_s <= TOLD_WITHIN_S and mended_s is not None and was_live
    live = "lives" if was_live else "does not live"
    table.says(
        "G18",
        fault.what,
        f"not ready <= {TOLD_WITHIN_S:.0f} s, names {fault.part}",
        f"{told}, names {names}, {live}; ready again {again} after it was mended",
        is_met=is_met,
    )


def _wait(
    anybody: httpx.Client, since_s: float, is_so: Callable[[dict[str, bool]], bool], most_s: float
) -> tuple[float | None, list[str], bool]:
    """Seconds until the parts are so, those that are not ready then, and whether the process was live all the time."""
    was_live = True
    parts: dict[str, bool] = {}
    while time.monotonic() - since_s < most_s:
        parts = _parts(anybody)
        was_live = was_live and anybody.get("/v1/health/live").status_code == 200
        if is_so(parts):
            return time.monotonic() - since_s, _unready(parts), was_live
        time.sleep(0.05)
    return None, _unready(parts), was_live


def _unready(parts: dict[str, bool]) -> list[str]:
    return [name for name, is_ready in parts.items() if not is_ready]


def _parts(anybody: httpx.Client) -> dict[str, bool]:
    try:
        answer = anybody.get("/v1/health/ready")
        return {part["name"]: part["is_ready"] for part in answer.json()["parts"]}
    except (httpx.TransportError, ValueError, KeyError):
        return {"answer": False}


def _stale_map(anybody: httpx.Client, table: Table, started: StartedService) -> None:
    """An old map is a warning, and no reason to stop planning."""
    map_file = started.folder / "towns" / TENANT / MAP_NAME
    away = map_file.with_name("away.osm.pbf")
    away.write_bytes(map_file.read_bytes())
    began_s = time.monotonic()
    write_dated_map(map_file, datetime.now(UTC) - timedelta(days=400))
    state, is_ready = "", False
    while state != "warning" and time.monotonic() - began_s < GIVE_UP_S:
        answer = anybody.get("/v1/health/ready")
        state = next(part["state"] for part in answer.json()["parts"] if part["name"] == "map_files")
        is_ready = answer.status_code == 200
        time.sleep(0.05)
    took_s = time.monotonic() - began_s
    away.replace(map_file)
    measured = f"{state} after {took_s:.1f} s, {'ready' if is_ready else 'not ready'}"
    wanted = f"a warning <= {TOLD_WITHIN_S:.0f} s, and ready"
    table.says(
        "G18",
        "a map that is 400 days old",
        wanted,
        measured,
        is_met=state == "warning" and is_ready and took_s <= TOLD_WITHIN_S,
    )


def _plan(started: StartedService, table: Table, map_at: datetime) -> None:
    """What a plan tells of what it was made of, compared with what it was made of."""
    with started.client(OFFICE) as office:
        readings = [one["latest_reading"] for one in office.get("/v1/containers?limit=100").json()["containers"]]
        asked = office.post("/v1/plans", json={"policy": "all", "limits": {"iteration_limit": 10}}).raise_for_status()
        answer: dict[str, Any] = settled(office, asked.headers["location"]).json()
    inputs, plan = answer["inputs"] or {}, answer["plan"]
    oldest_at = min(_instant(one["observed_at"]) for one in readings if one is not None)
    shown_at, shown_oldest_at = (_instant(one) for one in (inputs.get("map_data_at"), inputs["sensors"]["oldest_at"]))
    table.says("G18", "a plan shows the date of its map", str(map_at), str(shown_at), is_met=shown_at == map_at)
    what = "a plan shows how old the oldest sensor's last reading is"
    table.says("G18", what, str(oldest_at), str(shown_oldest_at), is_met=shown_oldest_at == oldest_at)
    snapshot_id = str(inputs.get("snapshot_id") or "")
    is_named = len(snapshot_id) >= 16 and snapshot_id == plan["inputs_digest"]
    table.says("G18", "a plan names the snapshot of its inputs", "an id", snapshot_id[:16] or "none", is_met=is_named)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
