"""What the HTTP application works with, handed in by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.http.errors import ProblemError
from api.jobs.queue import JobQueue
from api.settings import Settings
from api.store.ports import Store
from api.store.town_cache import TownCache
from api.store.town_document import TownRecord


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything behind the application.

    Attributes
    ----------
    policies, solvers
        Names that a plan request may use; the first of each is the default.
    now
        The clock.
    """

    settings: Settings
    store: Store
    queue: JobQueue
    policies: tuple[str, ...] = ("overflow_risk", "threshold", "all")
    solvers: tuple[str, ...] = ("sisr", "ortools", "greedy")
    now: Callable[[], datetime] = _utc_now
    town_cache: TownCache = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "town_cache", TownCache(self.store.town))

    def town(self) -> TownRecord:
        """The town as it is now.

        Raises
        ------
        ProblemError
            When there is none yet.
        """
        record = self.town_cache.load()
        if record is None:
            raise ProblemError("no_town", "No town has been imported into the database.")
        return record

    def start(self) -> None:
        """Claim the database and start the workers.

        Raises
        ------
        InUseError
            When another service works on the same database.
        """
        self.store.claim()
        self.queue.start()

    def stop(self) -> None:
        """Stop the workers; unfinished jobs wait for the next start."""
        self.queue.stop()
        self.store.close()
