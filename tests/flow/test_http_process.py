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
from api.http.first_start import KEY_NAME
from api.http.serve import run_server
from api.identity.errors import IdentityError
from api.settings import SettingsError
from api.store.sql_store import open_store
from api.store.sql_tenants import open_tenant_stores
from api.store.town_document import TownRecord
from optimizer.domain.request import SelectionRules
from tests.flow.http_samples import rising_history, small_town

START = "import sys; from pathlib import Path; from api.http.serve import run_server; "
CLI = "from api.cli.main import main; main()"
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
            client.headers["Authorization"] = f"Bearer {(folder / KEY_NAME).read_text().strip()}"
            yield started, client
    finally:
        if started.poll() is None:
            started.kill()
        started.wait()


def wait_until_live(started: subprocess.Popen[bytes], client: httpx.Client) -> None:
    end_s = time.monotonic() + 120
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
        end_s = time.monotonic() + 60  # one that was still loading its libraries ends when it has
        while any(is_running(child) for child in children):
            assert time.monotonic() < end_s, "a worker outlived its service"
            time.sleep(0.05)
    stores = open_tenant_stores(folder)
    stored = set(stores.store("lue").readings.history(as_of=datetime.now(UTC), days=5)["P-001"].observed_at_s.tolist())
    stores.close()
    assert len(acknowledged) == 88
    assert {int(one.timestamp()) for one in acknowledged} <= stored


@pytest.mark.slow
def test_service_stops_in_good_order_and_a_second_one_is_held_off(folder: Path) -> None:
    with process(folder) as (started, client):
        assert len(client.get("/v1/containers").json()["containers"]) == 12
        second = subprocess.run(
            [sys.executable, "-c", RUN, str(folder), "0"], capture_output=True, text=True, timeout=120, check=False
        )
        assert second.returncode != 0
        assert "Another service already works" in second.stderr
        location = client.post("/v1/plans", json={"day": datetime.now(UTC).date().isoformat()}).headers["location"]
        began_s = time.monotonic()
        started.send_signal(signal.SIGTERM)
        assert started.wait(timeout=30) == 0
        assert time.monotonic() - began_s < 15
    with process(folder) as (_, client):
        assert client.get(location).json()["status"] in {"queued", "running", "succeeded"}


def test_first_start_makes_a_key_for_its_owner_only_and_later_ones_keep_it(folder: Path) -> None:
    with process(folder) as (_, client):
        assert client.get("/v1/vehicles").status_code == 200
        assert client.get("/v1/vehicles", headers={"Authorization": ""}).status_code == 401
        first = (folder / KEY_NAME).read_text()
    assert (folder / KEY_NAME).stat().st_mode & 0o777 == 0o600
    with process(folder) as (_, client):
        assert client.get("/v1/vehicles").status_code == 200
    assert (folder / KEY_NAME).read_text() == first


def test_town_of_an_earlier_version_is_taken_over_with_its_changes(folder: Path) -> None:
    town = small_town(container_count=7)
    store = open_store(f"sqlite:///{folder / 'fuhre.db'}")
    store.town.replace(TownRecord(town=town))
    store.readings.add_history(rising_history(town, until=datetime.now(UTC), days=2), received_at=datetime.now(UTC))
    store.close()
    with process(folder) as (_, client):
        listed = client.get("/v1/containers").json()["containers"]
    assert len(listed) == 7  # the folder's files have twelve
    assert all(one["latest_reading"] is not None for one in listed)
    assert not (folder / "fuhre.db").exists()
    assert (folder / "fuhre.db.taken-over").is_file()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FUHRE_DATABASE_URL": "postgresql+psycopg://fuhre:changeme@db/fuhre"}, "password"),
        ({"FUHRE_DATABASE_URL": "sqlite:///fuhre.db"}, "FUHRE_DATA_FOLDER"),
        ({"FUHRE_DATABSE_URL": "x"}, "FUHRE_DATABSE_URL"),
        ({"FUHRE_OIDC_ISSUER": "http://example.org", "FUHRE_OIDC_AUDIENCE": "fuhre"}, "https"),
        ({"FUHRE_OIDC_ISSUER": "https://example.org"}, "FUHRE_OIDC_AUDIENCE"),
        ({"FUHRE_TRUSTED_PROXIES": '["nobody"]'}, "FUHRE_TRUSTED_PROXIES"),
        ({"FUHRE_TRUSTED_PROXIES": "10.0.0.0"}, "JSON"),
        ({"FUHRE_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "telemetry"),
    ],
)
def test_bad_setting_stops_the_start_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("uvicorn.Server.run", lambda _server: pytest.fail("the service started"))
    monkeypatch.setattr("api.http.serve.configure_logging", lambda **_options: None)
    with pytest.raises((SettingsError, IdentityError), match=said) as refused:
        run_server(folder)
    assert "\n" not in str(refused.value)
    assert "changeme" not in str(refused.value)


def test_service_without_keys_is_for_this_machine_only(folder: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-c", CLI, "serve", "--town", str(folder), "--host", "0.0.0.0", "--without-keys"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: Without keys everybody")
