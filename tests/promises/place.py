"""Where a promise is measured: real services of their own on SQLite files or on a PostgreSQL, each on new databases."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from api.files.town_folder import LoadedTown
from api.simulate.own_service import KeyHolder, OwnService, own_service, served_folder
from api.store.tenant_ports import Role
from tests.load.towns import load_town
from tests.postgres import PostgresServer

Tells = Callable[[str], None]
"""Says what is being done, to whoever waits."""

CONTAINERS = tuple(f"LUE-P-{number:04d}" for number in range(24))
"""What a town has that was named with the prefix ``LUE``."""

OPEN_SETTINGS: Mapping[str, str] = {
    "FUHRE_KEY_REQUESTS_PER_S": "1000000",
    "FUHRE_TENANT_REQUESTS_PER_S": "1000000",
    "FUHRE_INGEST_REQUESTS_PER_S": "1000000",
    "FUHRE_EDIT_WORKER_COUNT": "0",
}
"""Rates are a promise of their own; here they would only hide what is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done; the promise is about the full size.

    Attributes
    ----------
    requests, bodies
        Fuzzed requests in all, and raw bodies for each operation that writes.
    stops
        Services that are told to end.
    is_quick
        True to see that a measurement works, in seconds: what only takes patience is left out.
    """

    requests: int = 100_000
    bodies: int = 200
    stops: int = 5
    is_quick: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedService:
    """A service, and where its data lie."""

    service: OwnService
    folder: Path
    stores_at: str

    def client(self, holder: KeyHolder, **more: float) -> httpx.Client:
        """Who holds this key."""
        headers = {"authorization": f"Bearer {self.service.keys[holder]}"}
        return httpx.Client(base_url=self.service.base_url, headers=headers, timeout=more.get("timeout", 60.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A kind of database, and a folder for everything that is made."""

    folder: Path
    server: PostgresServer | None
    size: Size
    tell: Tells

    @property
    def kind(self) -> str:
        """Its name."""
        return "SQLite" if self.server is None else "PostgreSQL"

    @contextmanager
    def service(
        self,
        towns: Mapping[str, LoadedTown],
        holders: list[KeyHolder],
        *,
        settings: Mapping[str, str] | None = None,
        starts_at: datetime | None = None,
        disk: Path | None = None,
    ) -> Iterator[StartedService]:
        """A service of these towns on new databases, which lie on a disk of their own where one is named."""
        folder = Path(tempfile.mkdtemp(dir=self.folder if self.server is not None else disk or self.folder)) / "data"
        url = None if self.server is None else self.server.make_database(disk)
        self.tell(f"a service of {len(towns)} towns starts")
        wanted = {**OPEN_SETTINGS, **(settings or {})}
        with own_service(folder, towns, holders, settings=wanted, database_url=url, starts_at=starts_at) as service:
            yield StartedService(service=service, folder=folder, stores_at=url or str(folder))

    @contextmanager
    def again(self, ended: StartedService) -> Iterator[StartedService]:
        """A service of what another one has left, at the same address."""
        url = ended.stores_at if "://" in ended.stores_at else None
        before = ended.service
        with served_folder(
            ended.folder,
            before.clock,
            before.keys,
            settings=OPEN_SETTINGS,
            database_url=url,
            port=urlsplit(before.base_url).port,
        ) as service:
            yield StartedService(service=service, folder=ended.folder, stores_at=ended.stores_at)


def everybody(*tenant_ids: str) -> list[KeyHolder]:
    """A key of each role in each town."""
    return [KeyHolder(tenant_id=tenant_id, role=role) for tenant_id in tenant_ids for role in Role]


def town_named(name: str, prefix: str, *, containers: int = 24, vehicles: int = 2, history_days: int = 4) -> LoadedTown:
    """A town whose containers, vehicles and disposal sites nobody else has."""
    loaded = load_town(containers, name=name, vehicle_count=vehicles, history_days=history_days)
    town = loaded.town
    own = replace(
        town,
        disposal_sites=tuple(
            replace(one, disposal_site_id=f"{prefix}-{one.disposal_site_id}") for one in town.disposal_sites
        ),
        vehicles=tuple(replace(one, vehicle_id=f"{prefix}-{number}") for number, one in enumerate(town.vehicles, 1)),
        containers=tuple(replace(one, container_id=f"{prefix}-{one.container_id}") for one in town.containers),
    )
    history = {
        f"{prefix}-{container_id}": replace(series, container_id=f"{prefix}-{container_id}")
        for container_id, series in loaded.history.items()
    }
    return replace(loaded, town=own, history=history)
