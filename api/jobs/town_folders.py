"""Where each tenant's files lie, and what a worker opens for it; values that can be sent to another process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from api.jobs.open_runners import OpenPlanningRunner, utc_now
from api.jobs.planning_parts import export_tours, open_planning_ports, warm_up_worker
from api.store.ports import Store
from api.store.sharing_ports import SharingStore
from api.store.sql_tenants import open_tenant_stores
from optimizer.domain.map_age import MAP_MAX_AGE_DAYS

TOWNS_NAME = "towns"


@dataclass(frozen=True, slots=True, kw_only=True)
class TownFolders:
    """The folders of all tenants.

    Attributes
    ----------
    data_folder
        Its ``towns/<tenant>`` is a tenant's folder, unless ``own`` names another.
    """

    data_folder: Path
    own: Mapping[str, Path] = field(default_factory=dict)

    def of(self, tenant_id: str) -> Path:
        """A tenant's folder, whether it is there or not."""
        return self.own.get(tenant_id, self.data_folder / TOWNS_NAME / tenant_id)

    def map_of(self, tenant_id: str) -> Path | None:
        """A tenant's map; None where it has none and is planned on straight lines.

        Raises
        ------
        InvalidInputError
            When the fleet file that names the map cannot be read.
        """
        # Imported here: the readers of files are slow to load and needed once.
        from api.files.fleet_file import read_fleet  # noqa: PLC0415
        from api.files.town_folder import FLEET_NAME, MAP_NAME  # noqa: PLC0415

        folder = self.of(tenant_id)
        fleet_path = folder / FLEET_NAME
        path = folder / ((read_fleet(fleet_path).map_name if fleet_path.is_file() else "") or MAP_NAME)
        return path if path.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTown:
    """Says how a tenant's runner is made: its store, its map, its tours' files.

    Attributes
    ----------
    stores_at
        Folder or URL of the databases.
    map_max_age_days
        Plans on an older map say so.
    now
        The clock.
    """

    stores_at: str
    folders: TownFolders
    history_days: int
    map_max_age_days: int = MAP_MAX_AGE_DAYS
    now: Callable[[], datetime] = utc_now

    def __call__(self, tenant_id: str) -> OpenPlanningRunner:
        """What opens the runner."""
        return OpenPlanningRunner(
            open_store=partial(open_tenant_store, self.stores_at, tenant_id),
            open_ports=partial(
                open_planning_ports,
                self.folders.map_of(tenant_id),
                self.folders.of(tenant_id) / "cache",
                map_max_age_days=self.map_max_age_days,
            ),
            history_days=self.history_days,
            export_tours=export_tours,
            warm_up=warm_up_worker,
            now=self.now,
        )


def open_tenant_store(stores_at: str, tenant_id: str) -> Store:
    """A tenant's store in a process that the service has started."""
    return open_tenant_stores(stores_at, may_migrate=False).store(tenant_id)


def open_sharing(stores_at: str) -> SharingStore:
    """What the tenants share, in a process that the service has started."""
    return open_tenant_stores(stores_at, may_migrate=False)
