"""What the service asks of a store; every adapter passes ``tests/contract/test_store.py``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from api.jobs.job import Job, JobFailure, JobKind, JobRequest
from api.store.plan_version_ports import AnswerRecord, PlanVersionStore, VersionRecord
from api.store.town_document import TownRecord
from api.tablet.closures import ClosureStore
from api.tablet.incidents import IncidentStore
from api.tablet.ports import TourEventStore
from optimizer.domain.container import Container
from optimizer.domain.reading import FillHistory, Reading


class ReadingStatus(StrEnum):
    """What became of a reading."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UNKNOWN_CONTAINER = "unknown_container"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContainer:
    """A container with the version of its stored form."""

    container: Container
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TourRecord:
    """One vehicle's tour, ready to be sent.

    Attributes
    ----------
    etag
        Digest of ``document``.
    exports
        The same tour in other formats by name, e.g. ``"gpx"``.
    """

    vehicle_id: str
    document: bytes
    etag: str
    exports: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A plan and its tours, ready to be sent.

    Attributes
    ----------
    summary
        A short JSON for lists.
    inputs
        JSON of what the plan rests on, where it was noted.
    """

    plan_id: str
    day: date
    generated_at: datetime
    document: bytes
    summary: bytes
    etag: str
    tours: tuple[TourRecord, ...]
    inputs: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRecord:
    """A scenario's comparison, ready to be sent."""

    scenario_id: str
    name: str
    document: bytes
    etag: str


JobResult = PlanRecord | ScenarioRecord | VersionRecord | AnswerRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanListing:
    """A plan in a list: its job, and when it is done its latest version.

    Attributes
    ----------
    summary
        Of the latest version.
    released_version
        The version that tablets get.
    """

    job: Job
    summary: bytes | None
    version: int | None = None
    released_version: int | None = None


class TownStore(Protocol):
    """The town's master data."""

    def version(self) -> int:
        """Grows with every change; 0 before there is a town."""
        ...

    def load(self) -> TownRecord | None:
        """The town with all active containers in the order of their ids, or None before there is one."""
        ...

    def replace(self, record: TownRecord) -> None:
        """Store a town; containers that it does not have become inactive, their readings stay."""
        ...

    def put_container(self, container: Container, *, if_match: str | None) -> tuple[StoredContainer, bool]:
        """Store one container; the second value says whether it is new.

        Raises
        ------
        StaleVersionError
            When it exists and ``if_match`` is not its version.
        """
        ...

    def container(self, container_id: str) -> StoredContainer | None:
        """One active container."""
        ...

    def containers(self, *, after: str = "", limit: int = 100, stream: str | None = None) -> list[StoredContainer]:
        """Active containers with ids greater than ``after``, rising."""
        ...


class ReadingStore(Protocol):
    """Observations of fills; the state does not depend on the order in which they came."""

    def add(
        self, readings: Sequence[Reading], *, received_at: datetime, dedup_keys: Sequence[str | None] = ()
    ) -> list[ReadingStatus]:
        """Store what is new; durable on return, all or none of the accepted.

        Parameters
        ----------
        dedup_keys
            One per reading, or none at all: the network's own identity of the message, kept in the same transaction.
            A reading whose key was seen before is a duplicate, whatever it says.
        """
        ...

    async def add_awaited(
        self, readings: Sequence[Reading], *, received_at: datetime, dedup_keys: Sequence[str | None] = ()
    ) -> list[ReadingStatus]:
        """As ``add``, while the event loop serves others: no thread is held until the commit."""
        ...

    def add_history(self, history: FillHistory, *, received_at: datetime) -> int:
        """Store whole series, fast; the number of new readings. Unknown containers are left out."""
        ...

    def history(self, *, as_of: datetime, days: int) -> FillHistory:
        """Series of the ``days`` before ``as_of``, strictly rising in time, unchecked."""
        ...

    def latest(self, container_ids: Sequence[str]) -> Mapping[str, Reading]:
        """The last observed fill of each container that has one."""
        ...


class JobStore(Protocol):
    """Jobs; a final state never changes again."""

    def add(self, request: JobRequest, *, at: datetime) -> tuple[Job, bool]:
        """Store a job as queued; the second value is False when its idempotency key already had this job.

        Raises
        ------
        IdempotencyConflictError
            When the key belongs to a request with another digest.
        """
        ...

    def find_repeated(self, *, idempotency_key: str, request_digest: str) -> Job | None:
        """The job of an earlier request with this key.

        Raises
        ------
        IdempotencyConflictError
            When the key belongs to a request with another digest.
        """
        ...

    def get(self, job_id: str, kind: JobKind | None = None) -> Job | None:
        """One job."""
        ...

    def begin(self, job_id: str, *, at: datetime) -> Job | None:
        """Mark a queued job as running; None when it is not queued any more."""
        ...

    def report_progress(self, job_id: str, *, step: str, share: float, detail: str) -> None:
        """Note how far a running job is."""
        ...

    def request_cancel(self, job_id: str) -> None:
        """Note that the caller wants a running job to end."""
        ...

    def adopt(self, request: JobRequest, result: PlanRecord, *, at: datetime) -> bool:
        """Store a plan that another tenant's job has made, as a job that has succeeded; False when it is there."""
        ...

    def succeed(self, job_id: str, result: JobResult, *, at: datetime) -> bool:
        """Store the result and mark the job, both or neither; False when the job was not running any more.

        A new version of a plan that has a newer one meanwhile is not stored: its job has failed as ``stale_version``.
        """
        ...

    def fail(self, job_id: str, failure: JobFailure, *, at: datetime) -> bool:
        """Mark a queued or running job as failed."""
        ...

    def cancel(self, job_id: str, *, at: datetime) -> bool:
        """Mark a queued or running job as cancelled."""
        ...

    def requeue(self, job_id: str, *, counts_attempt: bool) -> bool:
        """Put a running job back into the queue."""
        ...

    def unfinished(self) -> list[Job]:
        """Queued and running jobs, oldest first."""
        ...


class PlanStore(Protocol):
    """Finished plans, tours and scenarios."""

    def plan(self, plan_id: str) -> PlanRecord | None:
        """One plan, without its tours."""
        ...

    def plans(self, *, limit: int, before: str | None = None, day: date | None = None) -> list[PlanListing]:
        """Plan jobs, newest first; ``before`` names the last plan of the page before."""
        ...

    def tour(self, plan_id: str, vehicle_id: str) -> TourRecord | None:
        """One vehicle's tour, without its exports."""
        ...

    def tour_export(self, plan_id: str, vehicle_id: str, format_name: str) -> bytes | None:
        """A tour in another format, where it was made."""
        ...

    def tour_etag(self, plan_id: str, vehicle_id: str) -> str | None:
        """The version of a tour, without loading it."""
        ...

    def scenario(self, scenario_id: str) -> ScenarioRecord | None:
        """One scenario's comparison."""
        ...


class Store(Protocol):
    """All of it on one database."""

    @property
    def town(self) -> TownStore:
        """Master data."""
        ...

    @property
    def readings(self) -> ReadingStore:
        """Observations."""
        ...

    @property
    def jobs(self) -> JobStore:
        """Jobs."""
        ...

    @property
    def plans(self) -> PlanStore:
        """Results."""
        ...

    @property
    def versions(self) -> PlanVersionStore:
        """Versions and releases of plans."""
        ...

    @property
    def tour_events(self) -> TourEventStore:
        """What tablets report."""
        ...

    @property
    def incidents(self) -> IncidentStore:
        """What tours may have to be planned anew for."""
        ...

    @property
    def closures(self) -> ClosureStore:
        """Streets that are closed."""
        ...

    def claim(self) -> None:
        """Make sure that no second service works on this database until ``close``.

        Raises
        ------
        InUseError
            When one does.
        """
        ...

    def ping(self) -> None:
        """Do nothing, if the database answers.

        Raises
        ------
        StoreError
            When it does not.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
