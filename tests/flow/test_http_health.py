"""Health tells the truth within seconds, and never hangs: each part is broken in turn, and mended again."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http import health_watch
from api.http.app import create_app
from api.http.map_files import MapFiles
from api.http.services import Services
from api.store.errors import StoreUnavailableError
from api.store.homes import SERVICE_FILE, TENANT_FOLDER
from tests.dated_map import write_dated_map
from tests.flow.http_samples import NOW, TENANT_ID, served, services_in, wait_until_ready

WITHIN_S = 10


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("health")
    map_file = folder / "map.osm.pbf"
    map_file.write_bytes(b"map")
    made = services_in(folder)
    made.health._maps = MapFiles({"lue": map_file}, max_age_days=180, now=made.now)
    return made


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        yield opened


def parts(client: httpx.Client) -> dict[str, bool]:
    answer = client.get("/v1/health/ready")
    assert client.get("/v1/health/live").status_code == 200
    found = {part["name"]: part["is_ready"] for part in answer.json()["parts"]}
    assert (answer.status_code == 200) == all(found.values())
    return found


def map_of(services: Services) -> Path:
    assert services.data_folder is not None
    return services.data_folder / "map.osm.pbf"


def map_part(client: httpx.Client) -> dict[str, Any]:
    found: list[dict[str, Any]] = client.get("/v1/health/ready").json()["parts"]
    return next(one for one in found if one["name"] == "map_files")


def wait_for(condition: Callable[[], bool], *, seconds: float = WITHIN_S) -> float:
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < seconds, "it took too long"
        time.sleep(0.1)
    return time.monotonic() - began_s


def test_database_that_is_gone_is_told_and_so_is_its_return(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise StoreUnavailableError

    monkeypatch.setattr(services.stores, "ping", fail)
    wait_for(lambda: not parts(client)["database"])
    monkeypatch.undo()
    wait_for(lambda: all(parts(client).values()))


@pytest.mark.parametrize("name", [SERVICE_FILE, f"{TENANT_FOLDER}/{TENANT_ID}.sqlite3"], ids=["service", "town"])
@pytest.mark.parametrize("what", ["gone", "replaced"])
def test_database_file_that_is_gone_is_told_and_so_is_its_return(
    client: httpx.Client, services: Services, caplog: pytest.LogCaptureFixture, name: str, what: str
) -> None:
    assert services.data_folder is not None
    file = services.data_folder / name
    away = file.with_suffix(".away")
    client.get("/v1/containers").raise_for_status()  # opens the town
    file.replace(away)
    if what == "replaced":
        file.write_bytes(away.read_bytes())
    wait_for(lambda: not parts(client)["database"])
    found = client.get("/v1/health/ready").json()["parts"]
    detail = next(one["detail"] for one in found if one["name"] == "database")
    assert "Put the file back" in detail
    assert str(services.data_folder) not in detail
    away.replace(file)
    wait_for(lambda: all(parts(client).values()))
    told = [one.getMessage() for one in caplog.records if str(file) in one.getMessage()]
    assert 1 <= len(told) <= 2, "the log names the file, once when it is missed and once when it is back"


def test_database_that_hangs_is_told_without_hanging_the_answer(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(services.stores, "ping", lambda: is_over.wait(60))
    monkeypatch.setattr(health_watch, "STALE_AFTER_S", 4.0)
    waits_s = []

    def is_told() -> bool:
        began_s = time.monotonic()
        found = parts(client)
        waits_s.append(time.monotonic() - began_s)
        return not found["database"]

    wait_for(is_told)
    assert max(waits_s) < 3
    is_over.set()
    monkeypatch.undo()
    wait_for(lambda: all(parts(client).values()))


def test_full_disk_is_told(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("api.http.health_watch.os.fsync", fail)
    wait_for(lambda: not parts(client)["disk"])
    monkeypatch.undo()
    wait_for(lambda: all(parts(client).values()))
    monkeypatch.setattr(health_watch, "MIN_FREE_BYTES", 10**18)
    wait_for(lambda: not parts(client)["disk"])


def test_missing_map_is_told(client: httpx.Client, services: Services) -> None:
    map_file = map_of(services)
    map_file.unlink()
    wait_for(lambda: not parts(client)["map_files"])
    map_file.write_bytes(b"map")
    wait_for(lambda: all(parts(client).values()))


def test_stale_map_is_told_and_refuses_nothing(client: httpx.Client, services: Services) -> None:
    write_dated_map(map_of(services), NOW - timedelta(days=181))
    wait_for(lambda: map_part(client)["state"] == "warning")
    told = map_part(client)
    assert told["is_ready"]
    assert "The oldest map is of 2025-09-02." in told["detail"]
    assert client.get("/v1/health/ready").json()["status"] == "ready"
    write_dated_map(map_of(services), NOW - timedelta(days=180))
    wait_for(lambda: map_part(client)["state"] == "ready")
    assert map_part(client)["detail"] == "The oldest map is of 2025-09-03."


def test_dead_worker_is_told_and_replaced(client: httpx.Client, services: Services) -> None:
    pid = services.queue.slot_states()[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not parts(client)["map"])
    wait_for(lambda: all(parts(client).values()), seconds=90)
    assert services.queue.slot_states()[0].pid not in {None, pid}


def test_health_names_no_path_and_no_town(client: httpx.Client, services: Services) -> None:
    told = client.get("/v1/health/ready").text
    for secret in (str(services.data_folder), "lue", "sqlite"):
        assert secret not in told
