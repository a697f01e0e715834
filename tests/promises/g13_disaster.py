"""G13: the machine burns down while sensors send; what is kept elsewhere brings nearly everything back."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.simulate.own_service import KeyHolder
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role, Tenant
from optimizer.domain.reading import Reading
from tests.flow.http_samples import small_record
from tests.postgres import PostgresServer
from tests.promises.place import CONTAINERS, Place, town_named
from tests.promises.sensor_flow import Flow, lost_readings
from tests.promises.table import Table

TENANT = "luenen"
SENSORS = KeyHolder(tenant_id=TENANT, role=Role.SENSOR)
KEPT = 3
SHIPPED_WITHIN_S = 300
ARCHIVE_TIMEOUT_S = 60
"""As the service's guide sets it."""


def measure(place: Place, table: Table) -> None:
    """Nightly archives on every database, and a log that is shipped where there is one."""
    _archives(place, table)
    if place.server is None:
        table.unknown("G13", "lost in a disaster with log shipping", "<= 300 s", "PostgreSQL has it: --postgresql")
    else:
        _shipped_log(place, table, place.server)


def _archives(place: Place, table: Table) -> None:
    """Archives by the command, while twenty sensors send; then the databases are gone."""
    with place.service({TENANT: town_named("Lünen", "LUE")}, [SENSORS]) as started:
        folder = Path(tempfile.mkdtemp(dir=place.folder))
        flow = Flow(started, SENSORS, CONTAINERS)
        for number in range(KEPT + 1):
            place.tell(f"archive {number + 1} of {KEPT + 1}, while sensors send")
            enough = len(flow.acknowledged) + 200
            while len(flow.acknowledged) < enough:
                time.sleep(0.05)
            acknowledged = list(flow.acknowledged)
            time.sleep(1)  # an archive is named by its second
            told = _fuhre("backup", str(folder), "--keep", str(KEPT), "--data", started.stores_at)
        archives = sorted(folder.iterdir())
        place.tell("everything is gone, and comes back")
        os.kill(started.service.pid, signal.SIGKILL)
        flow.join()
        if place.server is None:
            shutil.rmtree(started.folder)
            started.folder.mkdir()
        new = str(started.folder / "new") if place.server is None else place.server.make_database()
        began_s = time.monotonic()
        _fuhre("restore", told["archive"], "--into", new)
        took_s = time.monotonic() - began_s
        lost = lost_readings(new, TENANT, acknowledged)
    what = "readings acknowledged before an archive was begun, under load, that a restore of it lacks"
    table.none_of("G13", what, lost, len(acknowledged), "all")
    is_met = len(archives) == KEPT and str(archives[-1]) == told["archive"]
    table.says(
        "G13",
        f"dated archives after {KEPT + 1} backups that keep {KEPT}",
        "the newest",
        f"{len(archives)}",
        is_met=is_met,
    )
    table.at_most("G13", "a town back from its archive, the command's own start included", took_s, 60, "s", digits=1)


def _fuhre(*words: str) -> dict[str, Any]:
    """The command, as a timer runs it."""
    call = [sys.executable, "-c", "from api.cli.main import main; main()", *words, "--json"]
    done = subprocess.run(call, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"fuhre {words[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _shipped_log(place: Place, table: Table, programs: PostgresServer) -> None:
    """A server's folder is gone; its twin is made of a base backup and the log that was shipped until then."""
    timeout_s = 2 if place.size.is_quick else ARCHIVE_TIMEOUT_S
    elsewhere = Path(tempfile.mkdtemp(prefix="fuhre-elsewhere-", dir="/tmp"))
    elsewhere.chmod(0o777)
    server = programs.twin(None)
    try:
        ship = f"test ! -f {elsewhere}/log/%f && cp %p {elsewhere}/log/%f"
        (elsewhere / "log").mkdir(mode=0o777)
        (elsewhere / "log").chmod(0o777)
        server.start(archive_mode="on", archive_timeout=str(timeout_s), archive_command=ship)
        url = server.make_database()
        _make_town(url)
        server.copy_files(elsewhere / "base")
        place.tell(f"readings for {3 * timeout_s} s, the log is shipped every {timeout_s} s")
        sent = _send_steadily(url, 3 * timeout_s)
        lost_at = datetime.now(UTC)
        server.remove()
        place.tell("the twin plays the log")
        (elsewhere / "base" / "recovery.signal").touch()
        with _running(server.twin(elsewhere / "base"), restore_command=f"cp {elsewhere}/log/%f %p") as twin:
            there = _seconds_there(url.replace(str(server.folder), str(twin.folder)))
    finally:
        server.remove()
        shutil.rmtree(elsewhere, ignore_errors=True)
    gone = [at for second, at in sent.items() if second not in there]
    age_s = max(((lost_at - at).total_seconds() for at in gone), default=0.0)
    table.none_of("G13", "lost readings before which another one is kept", _holes(sent, there), len(sent), "all")
    what = f"oldest of {len(gone)} lost of {len(sent)} readings, log shipped every {timeout_s} s, {len(there)} kept"
    is_met = age_s <= SHIPPED_WITHIN_S and len(there) >= len(sent) / 2
    table.says("G13", what, f"<= {SHIPPED_WITHIN_S} s old", f"{age_s:.0f} s", is_met=is_met)


@contextmanager
def _running(server: PostgresServer, **settings: str) -> Iterator[PostgresServer]:
    try:
        server.start(**settings)
        while server.is_recovering():
            time.sleep(0.1)
        yield server
    finally:
        server.remove()


def _make_town(url: str) -> None:
    stores = open_tenant_stores(url)
    stores.add_tenant(Tenant(tenant_id=TENANT, name="Lünen", created_at=datetime.now(UTC)))
    stores.store(TENANT).town.replace(small_record())
    stores.close()


def _send_steadily(url: str, seconds: float) -> dict[int, datetime]:
    """Twenty readings a second, each durable; the instant that each tells of, and when it was acknowledged."""
    sent: dict[int, datetime] = {}
    stores = open_tenant_stores(url)
    end_s = time.monotonic() + seconds
    oldest_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    while time.monotonic() < end_s:
        at = oldest_at + timedelta(seconds=len(sent))
        one = Reading(container_id="P-000", observed_at=at, fill_fraction=0.5)
        stores.store(TENANT).readings.add([one], received_at=datetime.now(UTC))
        sent[int(at.timestamp())] = datetime.now(UTC)
        time.sleep(0.05)
    stores.close()
    return sent


def _seconds_there(url: str) -> set[int]:
    stores = open_tenant_stores(url)
    try:
        series = stores.store(TENANT).readings.history(as_of=datetime.now(UTC), days=5).get("P-000")
        return set() if series is None else set(series.observed_at_s.tolist())
    finally:
        stores.close()


def _holes(sent: dict[int, datetime], there: set[int]) -> int:
    """What is gone although something later is there."""
    newest = max(there, default=0)
    return sum(second not in there for second in sent if second < newest)
