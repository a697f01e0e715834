"""A service of one's own: a real process on a free port, with fresh databases, towns and keys; ended with the block."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from api.files.town_folder import LoadedTown, write_town_folder
from api.http.first_start import fill_from_folder
from api.identity.access_keys import mint_key
from api.jobs.town_folders import TownFolders
from api.simulate.set_clock import SetClock
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Role, Tenant

START_TIMEOUT_S = 600
"""The first start after an installation compiles its kernels."""
STOP_TIMEOUT_S = 40
LOG_NAME = "service.log"
CLOCK_NAME = "clock"
_SERVE = "import sys; from api.simulate.set_clock import serve; serve(*sys.argv[1:])"


class ServiceFailedError(RuntimeError):
    """The service did not start, or ended by itself; the end of its log says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Somebody who gets a key: a role in a town, and the vehicle or device that alone it is for."""

    tenant_id: str
    role: Role
    subject_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnService:
    """A running service.

    Attributes
    ----------
    keys
        A key's text for everybody who was to get one.
    clock
        The service's clock; the machine's until it is set.
    """

    base_url: str
    pid: int
    keys: Mapping[KeyHolder, str]
    clock: SetClock
    log_path: Path


@contextmanager
def own_service(
    folder: Path,
    towns: Mapping[str, LoadedTown],
    holders: Iterator[KeyHolder] | list[KeyHolder],
    *,
    settings: Mapping[str, str] | None = None,
    database_url: str | None = None,
    starts_at: datetime | None = None,
) -> Iterator[OwnService]:
    """Serve these towns, by tenant id, from a new folder; ready when the block begins, in good order ended after it.

    Parameters
    ----------
    settings
        More of the service's settings, e.g. ``{"FUHRE_QUEUE_LENGTH": "8"}``.
    database_url
        PostgreSQL, or SQLite files in the folder when it is not given.
    starts_at
        What its clock says at the start; the machine's when it is not given.

    Raises
    ------
    ServiceFailedError
        When it does not become ready.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clock = SetClock(folder / CLOCK_NAME)
    if starts_at is not None:
        clock.set(starts_at)
    keys = _prepare(folder, towns, list(holders), database_url, now=clock())
    with served_folder(folder, clock, keys, settings=settings, database_url=database_url) as service:
        yield service


@contextmanager
def served_folder(
    folder: Path,
    clock: SetClock,
    keys: Mapping[KeyHolder, str],
    *,
    settings: Mapping[str, str] | None = None,
    database_url: str | None = None,
    port: int | None = None,
) -> Iterator[OwnService]:
    """Serve what is in a folder already, as after a restart; ready when the block begins.

    Parameters
    ----------
    port
        Where it listens; any free one where none is named.

    Raises
    ------
    ServiceFailedError
        When it does not become ready.
    """
    port = port or _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FUHRE_")}
    environment |= {"FUHRE_DATA_FOLDER": str(folder), **(settings or {})}
    if database_url is not None:
        environment["FUHRE_DATABASE_URL"] = database_url
    log_path = folder / LOG_NAME
    with log_path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _SERVE, str(folder), str(port), str(folder / CLOCK_NAME)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    service = OwnService(
        base_url=f"http://127.0.0.1:{port}", pid=process.pid, keys=keys, clock=clock, log_path=log_path
    )
    try:
        _wait_until_ready(service, process)
        yield service
    finally:
        _end(process)


def _prepare(
    folder: Path,
    towns: Mapping[str, LoadedTown],
    holders: list[KeyHolder],
    database_url: str | None,
    *,
    now: datetime,
) -> dict[KeyHolder, str]:
    files = TownFolders(data_folder=folder)
    stores = open_tenant_stores(database_url or str(folder))
    try:
        for tenant_id, loaded in towns.items():
            write_town_folder(loaded, files.of(tenant_id))
            stores.add_tenant(Tenant(tenant_id=tenant_id, name=loaded.town.name, created_at=now))
            fill_from_folder(stores.store(tenant_id), files.of(tenant_id))
            _share_streets(loaded, files.of(tenant_id))
        keys: dict[KeyHolder, str] = {}
        for holder in holders:
            key, keys[holder] = mint_key(
                tenant_id=holder.tenant_id,
                role=holder.role,
                subject_id=holder.subject_id,
                label="simulation",
                now=now,
            )
            stores.keys.add(key)
        return keys
    finally:
        stores.close()


def _share_streets(loaded: LoadedTown, town_folder: Path) -> None:
    """Take along streets that were prepared beside the map: they need not be prepared for each town."""
    if loaded.map_path is not None and (cache := loaded.map_path.parent / "cache").is_dir():
        shutil.copytree(cache, town_folder / "cache", dirs_exist_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(service: OwnService, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end_s:
        if process.poll() is not None:
            raise ServiceFailedError(f"The service ended at its start. Its last words:\n{_last_words(service)}")
        try:
            if httpx.get(f"{service.base_url}/v1/health/ready", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise ServiceFailedError(
        f"The service was not ready after {START_TIMEOUT_S} s. Its last words:\n{_last_words(service)}"
    )


def _last_words(service: OwnService) -> str:
    return service.log_path.read_text(encoding="utf-8", errors="replace")[-2_000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
