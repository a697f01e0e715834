"""Runs the service: opens the databases, fills an empty one from the town's folder, and serves until told to stop."""

import gc
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn

from api.http.app import create_app
from api.http.crowd_server import ACCEPTED_AT_ONCE, CrowdServer
from api.http.first_start import ensure_first_key, only_tenant
from api.http.forgetting import Forgetting
from api.http.header_timeout import HeaderTimeoutProtocol
from api.http.services import Services
from api.http.telemetry import start_telemetry
from api.identity.doorkeeper import Doorkeeper, WithKeys, WithoutKeys
from api.identity.oidc import LoginProvider, LoginRules
from api.jobs.open_runners import OpenTenantRunner, utc_now
from api.jobs.queue import JobQueue
from api.jobs.tenant_jobs import JobsOfStores
from api.jobs.town_folders import OpenTown, TownFolders, open_sharing
from api.log_setup import configure_logging
from api.settings import Settings, SettingsError, is_loopback, read_settings
from api.store.retention import apply_retention
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import TenantStores

STOP_TIMEOUT_S = 10
COLLECT_AFTER = 10_000
"""Objects made and not ended after which the youngest are looked through for rings; 700 without this."""

_RESERVED_DESCRIPTORS = 100


def run_server(
    town_folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int | None = None,
    has_keys: bool = True,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Parameters
    ----------
    now
        The clock that days, readings and reports are judged by; another one than the machine's for simulations.

    Raises
    ------
    SettingsError
        When a setting cannot be used.
    StoreError
        When a database cannot be used.
    InvalidInputError
        When the database is empty and the town's files cannot be used.
    LoginProviderError
        When the login provider's address cannot be used.
    """
    configure_logging(is_json=not sys.stderr.isatty())
    settings = read_settings()
    if workers is not None:
        settings = settings.model_copy(update={"worker_count": workers})
    if not has_keys and not is_loopback(host):
        raise SettingsError(
            f"Without keys everybody who reaches {host} could change everything. "
            "Leave out --without-keys, or listen on 127.0.0.1."
        )
    services = open_services(settings, town_folder, host=host, has_keys=has_keys, now=now)
    if settings.data_folder is None and has_keys:
        _tell_key(services, town_folder, port)
    app = create_app(services)
    start_telemetry(app, settings)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        server_header=False,
        access_log=False,
        log_config=None,
        http=HeaderTimeoutProtocol,
        proxy_headers=False,  # whom to believe about addresses is our own setting
        limit_concurrency=_connection_limit(settings.max_connections),
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )
    # The server stops in good order, then sends itself the signal again: what is left to do is to end well.
    signal.signal(signal.SIGTERM, _end_well)
    # What was made so far stays: a full collection that looked through it again would hold up all callers for 0.1 s.
    gc.collect()
    gc.freeze()
    # A notification of a hundred readings makes thousands of objects that end by themselves: look less often.
    gc.set_threshold(COLLECT_AFTER, 10, 10)
    CrowdServer(config).run()


def open_services(
    settings: Settings,
    town_folder: Path,
    *,
    host: str = "127.0.0.1",
    has_keys: bool = True,
    now: Callable[[], datetime] = utc_now,
) -> Services:
    """Everything behind the application: of all tenants in the data folder, or of the one town.

    Raises
    ------
    SettingsError
        When several tenants are to be served without keys.
    StoreError
        When a database cannot be used.
    InvalidInputError
        When the database is empty and the town's files cannot be used.
    LoginProviderError
        When the login provider's address cannot be used.
    """
    folder = (settings.town_folder or town_folder).absolute()
    data_folder = folder if settings.data_folder is None else settings.data_folder.absolute()
    stores_at = settings.database_url or str(data_folder)
    stores = open_tenant_stores(stores_at)
    try:
        stores.claim()
        tenant_id = only_tenant(stores, folder) if settings.data_folder is None else None
        folders = TownFolders(data_folder=data_folder, own={} if tenant_id is None else {tenant_id: folder})
        tenant_ids = JobsOfStores(stores).tenant_ids()
        if tenant_id is not None and has_keys:
            ensure_first_key(stores, tenant_id, folder)
        queue = JobQueue(
            JobsOfStores(stores),
            OpenTenantRunner(
                opener_of=OpenTown(
                    stores_at=stores_at,
                    folders=folders,
                    history_days=settings.history_days,
                    map_max_age_days=settings.map_max_age_days,
                    now=now,
                ),
                warm_tenant_ids=tuple(tenant_ids),
                open_sharing=partial(open_sharing, stores_at),
                now=now,
            ),
            worker_count=settings.worker_count,
            edit_worker_count=settings.edit_worker_count,
            queue_length=settings.queue_length,
            job_time_limit_s=settings.job_time_limit_s,
            job_memory_limit_mb=settings.job_memory_limit_mb,
        )
        maps = {one: path for one in tenant_ids if (path := folders.map_of(one)) is not None}
        return Services(
            settings=settings,
            stores=stores,
            queue=queue,
            doorkeeper=_doorkeeper(settings, stores, tenant_id, has_keys=has_keys),
            has_public_docs=settings.is_local(host),
            data_folder=data_folder if settings.database_url is None else None,
            maps=maps,
            now=now,
            folder_of=folders.of,
            forgetting=Forgetting(
                stores,
                lambda tenant: apply_retention(stores.store(tenant.tenant_id), tenant, now=now()),
            ),
        )
    except BaseException:
        stores.close()
        raise


def _doorkeeper(settings: Settings, stores: TenantStores, tenant_id: str | None, *, has_keys: bool) -> Doorkeeper:
    if not has_keys:
        if tenant_id is None:
            raise SettingsError("Several towns cannot be served without keys. Leave out --without-keys.")
        return WithoutKeys(tenant_id)
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return WithKeys(stores)
    rules = LoginRules(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        role_claim=settings.oidc_role_claim,
        tenant_claim=settings.oidc_tenant_claim,
        roles=settings.oidc_roles,
        default_tenant_id=tenant_id,
    )
    return WithKeys(stores, logins=LoginProvider(rules))


def _tell_key(services: Services, town_folder: Path, port: int) -> None:
    path = (services.settings.town_folder or town_folder) / "api-key"
    if path.is_file():
        sys.stderr.write(
            f'Use the key in {path}:  curl -H "Authorization: Bearer $(cat {path})" http://127.0.0.1:{port}/v1/plans\n'
        )


def _end_well(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _connection_limit(wanted: int) -> int:
    """As many connections as wanted, if the system lets us have so many open files."""
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415 - exists on POSIX only

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if allowed == resource.RLIM_INFINITY else max(1, min(wanted, allowed - _RESERVED_DESCRIPTORS))
