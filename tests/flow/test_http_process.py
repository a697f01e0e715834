"""The service as a process of its own: killed, stopped, started twice, and what is still there afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.files.town_folder import LoadedTown, write_town_folder
from api.store.sql_store import open_store
from optimizer.domain.request import SelectionRules
from tests.flow.http_samples import rising_history, small_town

START = "import sys; from pathlib import Path; from api.http.serve import run_server; "
RUN = START + "run_server(Path(sys.argv[1]), port=int(sys.argv[2]))"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    town = small_town()
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    loaded = LoadedTown(
        town=town, history=rising_history(town, until=now, days=3), map_path=None, rules=SelectionRules()
    )
    write_town_folder(loaded, tmp_path / "town")
    return tmp_path / "town"


@contextmanager
def process(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            wait_until_live(started, client)
            yield started, client
    finally:
        if started.poll() is None:
            started.kill()
        started.wait()


def wait_until_live(started: subprocess.Popen[bytes], client: httpx.Client) -> None:
    end_s = time.monotonic() + 30
    while True:
        assert started.poll() is None, "the service ended while it started"
        assert time.monotonic() < end_s
        try:
            client.get("/v1/health/live").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def children_of(pid: int) -> set[int]:
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return {int(line) for line in listing.stdout.split()}


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.slow
def test_acknowledged_readings_survive_kills_and_workers_do_not_outlive_the_service(folder: Path) -> None:
    acknowledged: set[datetime] = set()
    instant = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2, seconds=1)
    for kill_after in (23, 65):
        with process(folder) as (started, client):
            children = children_of(started.pid)
            for _ in range(kill_after):
                instant += timedelta(seconds=7)
                body = {
                    "readings": [{"container_id": "P-001", "observed_at": instant.isoformat(), "fill_fraction": 0.5}]
                }
                if client.post("/v1/readings", json=body).json()["accepted"] == 1:
                    acknowledged.add(instant)
            started.send_signal(signal.SIGKILL)
            started.wait()
        end_s = time.monotonic() + 20  # one that was still loading its libraries ends when it has
        while any(is_running(child) for child in children):
            assert time.monotonic() < end_s, "a worker outlived its service"
            time.sleep(0.05)
    store = open_store(f"sqlite:///{folder / 'fuhre.db'}")
    stored = set(store.readings.history(as_of=datetime.now(UTC), days=5)["P-001"].observed_at_s.tolist())
    store.close()
    assert len(acknowledged) == 88
    assert {int(one.timestamp()) for one in acknowledged} <= stored


@pytest.mark.slow
def test_service_stops_in_good_order_and_a_second_one_is_held_off(folder: Path) -> None:
    with process(folder) as (started, client):
        assert len(client.get("/v1/containers").json()["containers"]) == 12
        second = subprocess.run(
            [sys.executable, "-c", RUN, str(folder), "0"], capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode != 0
        assert "Another service already works" in second.stderr
        location = client.post("/v1/plans", json={"day": datetime.now(UTC).date().isoformat()}).headers["location"]
        began_s = time.monotonic()
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=30)
        assert time.monotonic() - began_s < 15
    with process(folder) as (_, client):
        assert client.get(location).json()["status"] in {"queued", "running", "succeeded"}
