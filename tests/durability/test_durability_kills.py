"""Nothing that was acknowledged is lost: processes killed at random moments, servers stopped, migrations cut off."""

import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api.store.check import check_data
from api.store.database import Database
from api.store.errors import BrokenDatabaseError, StoreUnavailableError
from api.store.migrate import migrate
from api.store.sql_tenants import open_tenant_stores
from tests.durability.launcher import reading_of
from tests.durability.old_layout import content, make_old_store
from tests.durability.victims import ROOT, kill_while_ingesting, kill_while_migrating, make_town, missing
from tests.flow.http_samples import NOW
from tests.postgres import PostgresServer, running_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_postgres(is_on_disk=True) as running:
        yield running


@pytest.mark.slow
def test_acknowledged_readings_survive_twenty_kills(tmp_path: Path) -> None:
    place = str(tmp_path / "data")
    make_town(place)
    acks, opened_s = kill_while_ingesting(place, kills=20, seed=7)
    assert len(acks) > 100
    assert missing(place, acks) == set()
    assert all(not one.faults for one in check_data(place))
    assert max(opened_s) < 5


@pytest.mark.slow
def test_acknowledged_readings_survive_kills_of_the_client_and_crashes_of_the_server(server: PostgresServer) -> None:
    place = server.make_database()
    make_town(place)
    acks, _ = kill_while_ingesting(place, kills=5, seed=8)
    stores = open_tenant_stores(place)
    readings = stores.store("t").readings
    crashes = 0

    def add(thread: int) -> None:
        for number in range(thread, 1_000_000, 4):
            if crashes == 3:
                return
            try:
                readings.add([reading_of(10_000_000 + number)], received_at=NOW)
                acks.add(10_000_000 + number)
            except StoreUnavailableError:
                time.sleep(0.05)

    threads = [threading.Thread(target=add, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.4)
        server.stop("immediate")
        server.start()
        crashes += 1
    for thread in threads:
        thread.join()
    stores.close()
    assert len(acks) > 100
    assert missing(place, acks) == set()


def test_every_acknowledgement_follows_a_sync(tmp_path: Path) -> None:
    """The order of system calls of one thread: a sync has ended before each acknowledgement leaves."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace: install it to see the order of system calls")
    place = str(tmp_path / "data")
    make_town(place)
    words = ["-f", "-e", "trace=fsync,fdatasync,write", "-o", str(tmp_path / "calls")]
    code = f"from tests.durability.launcher import ingest; ingest({place!r}, '0', '1', '30')"
    command = [strace, *words, sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    if b"PTRACE" in ran.stderr or b"not permitted" in ran.stderr:
        pytest.skip("strace may not look into processes here")
    assert ran.returncode == 0, ran.stderr
    is_synced = False
    acks = 0
    for line in (tmp_path / "calls").read_text().splitlines():
        if re.search(r"f(data)?sync(\(\d+\)| resumed>\)).*= 0", line):
            is_synced = True
        elif 'write(1, "ack ' in line:
            assert is_synced, f"acknowledged before a sync: {line}"
            acks += 1
            is_synced = False
    assert acks == 30


def test_postgresql_syncs_before_it_answers(server: PostgresServer) -> None:
    database = Database(server.make_database())
    with database.write() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("fsync", "synchronous_commit")]
    database.close()
    assert found == ["on", "on"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_migration_leaves_the_old_layout_or_the_new(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    is_file = kind == "sqlite"

    def fresh() -> str:
        path = tmp_path / f"{uuid.uuid4().hex}.db"
        url: str = f"sqlite:///{path}" if is_file else request.getfixturevalue("server").make_database()
        make_old_store(url, readings=5_000)
        return url

    url = kill_while_migrating(fresh, kills=20 if is_file else 5, seed=3, most_s=0.1 if is_file else 0.3)
    before = content(url)
    database = Database(url)
    migrate(database)
    database.close()
    assert content(url) == before
    assert check_data(url)[0].is_current


@pytest.mark.slow
def test_server_that_is_gone_is_said_so_and_found_again_without_restart(server: PostgresServer) -> None:
    place = server.make_database()
    make_town(place)
    stores = open_tenant_stores(place)
    stores.claim()
    store = stores.store("t")
    store.readings.add([reading_of(1)], received_at=NOW)
    server.stop()
    try:
        for turn in range(3):
            began_s = time.monotonic()
            with pytest.raises(StoreUnavailableError):
                store.readings.add([reading_of(2)], received_at=NOW)
            with pytest.raises(StoreUnavailableError):
                stores.ping()
            assert time.monotonic() - began_s < 5, turn
    finally:
        server.start()
    began_s = time.monotonic()
    assert store.readings.add([reading_of(2)], received_at=NOW) == ["accepted"]
    stores.ping()
    assert time.monotonic() - began_s < 5
    stores.close()


def test_server_that_hangs_keeps_no_sender_waiting(server: PostgresServer) -> None:
    place = server.make_database()
    make_town(place)
    stores = open_tenant_stores(place)
    store = stores.store("t")
    store.readings.add([reading_of(1)], received_at=NOW)
    with store.database.read() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
    backends = [one for one in psutil.process_iter(["cmdline"]) if str(name) in " ".join(one.info["cmdline"] or ())]
    assert backends
    for backend in backends:
        backend.suspend()
    try:
        began_s = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            store.readings.add([reading_of(2)], received_at=NOW)
        assert time.monotonic() - began_s < 5
    finally:
        for backend in backends:
            backend.resume()
    assert store.readings.add([reading_of(3)], received_at=NOW) == ["accepted"]
    stores.close()


def test_damaged_tenant_is_refused_when_the_service_starts(tmp_path: Path) -> None:
    place = str(tmp_path / "data")
    make_town(place)
    path = tmp_path / "data" / "tenants" / "t.sqlite3"
    whole = bytearray(path.read_bytes())
    for page in range(4096, len(whole), 8192):
        whole[page : page + 4096] = b"\xff" * 4096
    path.write_bytes(whole)
    with pytest.raises(BrokenDatabaseError):
        open_tenant_stores(place)
    assert path.read_bytes() == whole
