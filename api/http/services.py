"""What the HTTP application works with, handed in by the composition root."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from anyio.to_thread import run_sync

from api.http.errors import ProblemError
from api.http.forgetting import Forgetting
from api.http.health_watch import HealthWatch
from api.http.map_files import MapFiles
from api.identity.audit_trail import AuditTrail
from api.identity.doorkeeper import Doorkeeper
from api.identity.principal import Principal
from api.jobs.queue import JobQueue
from api.settings import Settings
from api.store.tenant_ports import TenantStore, TenantStores
from api.store.town_cache import TownCache
from api.store.town_document import TownRecord


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything behind the application.

    There is no way to a store but through the caller: an operation cannot forget whose data it works on.

    Attributes
    ----------
    policies, solvers
        Names that a plan request may use; the first of each is the default.
    now
        The clock.
    has_public_docs
        Whether the documentation may be read without a key.
    data_folder
        See ``HealthWatch``.
    maps
        See ``MapFiles``.
    folder_of
        A tenant's folder of files; None where there are none.
    forgetting
        Deletes what is too old; None where nothing is to be forgotten.
    """

    settings: Settings
    stores: TenantStores
    queue: JobQueue
    doorkeeper: Doorkeeper
    policies: tuple[str, ...] = ("overflow_risk", "rolling_prize", "threshold", "all")
    solvers: tuple[str, ...] = ("sisr", "ortools", "greedy")
    now: Callable[[], datetime] = _utc_now
    has_public_docs: bool = False
    data_folder: Path | None = None
    maps: Mapping[str, Path] = field(default_factory=dict)
    folder_of: Callable[[str], Path] | None = None
    forgetting: Forgetting | None = None
    trail: AuditTrail = field(init=False)
    health: HealthWatch = field(init=False)
    _opened: dict[str, TenantStore] = field(init=False, repr=False, default_factory=dict)
    _towns: dict[str, TownCache] = field(init=False, repr=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trail", AuditTrail(self.stores, now=self.now))
        watch = HealthWatch(
            self.stores,
            data_folder=self.data_folder,
            maps=MapFiles(self.maps, max_age_days=self.settings.map_max_age_days, now=self.now),
            chore=self.trail.write_counts,
        )
        object.__setattr__(self, "health", watch)

    def store_of(self, caller: Principal) -> TenantStore:
        """The store of the caller's tenant."""
        return self.stores.store(caller.tenant_id)

    async def opened_store_of(self, caller: Principal) -> TenantStore:
        """As ``store_of``, for the event loop: a store that must be opened first is opened beside it."""
        opened = self._opened.get(caller.tenant_id)
        if opened is None:
            opened = self._opened[caller.tenant_id] = await run_sync(self.store_of, caller)
        return opened

    def town_of(self, caller: Principal) -> TownRecord:
        """The caller's town as it is now.

        Raises
        ------
        ProblemError
            When there is none yet.
        """
        with self._lock:
            cache = self._towns.get(caller.tenant_id)
            if cache is None:
                cache = self._towns[caller.tenant_id] = TownCache(self.store_of(caller).town)
        record = cache.load()
        if record is None:
            raise ProblemError("no_town", "No town has been imported into the database.")
        return record

    def town_folder(self, caller: Principal) -> Path | None:
        """The caller's town's folder of files."""
        return None if self.folder_of is None else self.folder_of(caller.tenant_id)

    def start(self) -> None:
        """Claim the database and start the workers.

        Raises
        ------
        InUseError
            When another service works on the same database.
        """
        self.stores.claim()
        self.queue.start()
        self.health.start()
        if self.forgetting is not None:
            self.forgetting.start()

    def stop(self) -> None:
        """Stop the workers; unfinished jobs wait for the next start."""
        self.queue.stop()
        self.health.stop()
        if self.forgetting is not None:
            self.forgetting.stop()
        self.trail.write_counts(is_due_only=False)
        self.stores.close()
