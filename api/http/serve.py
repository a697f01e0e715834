"""Runs the service: opens the database, fills an empty one from the town's folder, and serves until told to stop."""

import logging
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import uvicorn

from api.http.app import create_app
from api.http.header_timeout import HeaderTimeoutProtocol
from api.http.services import Services
from api.jobs.planning_parts import export_tours, open_planning_ports, warm_up_worker
from api.jobs.planning_runner import OpenPlanningRunner
from api.jobs.queue import JobQueue
from api.log_setup import configure_logging
from api.settings import Settings, read_settings
from api.store.ports import Store
from api.store.sql_store import open_store
from api.store.town_document import TownRecord

STOP_TIMEOUT_S = 10
_LOGGER = logging.getLogger(__name__)


def run_server(town_folder: Path, *, host: str = "127.0.0.1", port: int = 8000, workers: int | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises
    ------
    SettingsError
        When a setting cannot be used.
    StoreError
        When the database cannot be used.
    InvalidInputError
        When the database is empty and the town's files cannot be used.
    """
    configure_logging(is_json=not sys.stderr.isatty())
    settings = read_settings()
    if workers is not None:
        settings = settings.model_copy(update={"worker_count": workers})
    app = create_app(open_services(settings, town_folder))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        server_header=False,
        access_log=False,
        log_config=None,
        http=HeaderTimeoutProtocol,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )
    uvicorn.Server(config).run()


def open_services(settings: Settings, town_folder: Path) -> Services:
    """Everything behind the application, on the settings' database and the folder's map.

    Raises
    ------
    StoreError
        When the database cannot be used.
    InvalidInputError
        When the database is empty and the town's files cannot be used.
    """
    folder = (settings.town_folder or town_folder).absolute()
    url = settings.database_url or f"sqlite:///{folder / 'fuhre.db'}"
    store = open_store(url)
    try:
        store.claim()
        map_path = import_town(store, folder)
        queue = JobQueue(
            store.jobs,
            OpenPlanningRunner(
                database_url=url,
                open_ports=partial(open_planning_ports, map_path, folder / "cache"),
                history_days=settings.history_days,
                export_tours=export_tours,
                warm_up=warm_up_worker,
            ),
            worker_count=settings.worker_count,
            queue_length=settings.queue_length,
            job_time_limit_s=settings.job_time_limit_s,
        )
    except BaseException:
        store.close()
        raise
    return Services(settings=settings, store=store, queue=queue)


def import_town(store: Store, folder: Path) -> Path | None:
    """Fill an empty database from the folder; the path of its map, None for straight lines.

    A database that has a town keeps it: what was changed over HTTP is not undone by a restart.

    Raises
    ------
    InvalidInputError
        When the folder's files cannot be used.
    """
    # Imported here: tables are read at the first start only, and their library is slow to load.
    from api.files.fleet_file import read_fleet  # noqa: PLC0415
    from api.files.town_folder import FLEET_NAME, MAP_NAME, read_town_folder  # noqa: PLC0415

    if store.town.version() > 0:
        fleet_path = folder / FLEET_NAME
        map_path = folder / ((read_fleet(fleet_path).map_name if fleet_path.is_file() else "") or MAP_NAME)
        return map_path if map_path.is_file() else None
    loaded = read_town_folder(folder)
    store.town.replace(TownRecord(town=loaded.town, rules=loaded.rules))
    count = store.readings.add_history(loaded.history, received_at=datetime.now(UTC))
    _LOGGER.info("Imported %d containers and %d readings.", len(loaded.town.containers), count)
    return loaded.map_path
