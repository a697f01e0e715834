"""Versions of plans and their release, as the service asks a store for them.

A plan keeps its id; what people change makes a new version of it. A version's content (plan, tours, exports) lies in
the plan store under an id of its own, the *content id*; the first version's is the plan's. Tablets see released
versions only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the ports of the store name these values in turn
    from api.store.ports import PlanRecord, TourRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One version of a plan, without its content.

    Attributes
    ----------
    etag
        Digest of the version's document: what If-Match names.
    actor
        Who asked for it; empty for versions of before this was noted.
    edits
        JSON list of what was changed against the version before.
    holds
        JSON of what people hold on to from version to version: pins, and containers left out.
    changes
        JSON of the difference from the version before; None for the first.
    inputs
        JSON of what the plan rests on; None in plans of earlier layouts.
    is_withdrawn
        It was proposed and refused: nothing goes on from it.
    """

    plan_id: str
    version: int
    content_id: str
    day: date
    etag: str
    made_at: datetime
    actor: str
    edits: bytes
    holds: bytes
    changes: bytes | None
    inputs: bytes | None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A job's result: the next version of a plan; it is stored only while ``base_version`` is still the latest.

    Attributes
    ----------
    content
        Under the job's id as its plan id.
    version
        Its number; withdrawn versions keep theirs. 0 for the one after ``base_version``.
    """

    plan_id: str
    base_version: int
    content: "PlanRecord"
    actor: str
    edits: bytes
    holds: bytes
    changes: bytes
    inputs: bytes | None
    version: int = 0

    @property
    def number(self) -> int:
        """The version's number."""
        return self.version or self.base_version + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """A job's result that is no plan: the answer to one question about one."""

    answer_id: str
    document: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version that was given to the tablets.

    Attributes
    ----------
    sequence
        Rises with every release of the tenant.
    ended_by
        Sequence of the release that took its place; None while tablets get it.
    """

    sequence: int
    plan_id: str
    version: int
    day: date
    released_at: datetime
    actor: str
    ended_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTour:
    """A vehicle's tour as tablets get it: release and document from one snapshot of the database."""

    release: Release
    content_id: str
    tour: "TourRecord"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMark:
    """What a released tour is told by: whatever changes what its tablet gets changes one of these.

    Attributes
    ----------
    release
        Number of the release.
    tour_etag
        The tour's version.
    town_version
        The town's version, of the same snapshot.
    """

    release: int
    tour_etag: str
    town_version: int


class PlanVersionStore(Protocol):
    """A tenant's versions and releases."""

    def latest(self, plan_id: str) -> PlanVersion | None:
        """The newest version of a finished plan that was not withdrawn."""
        ...

    def next_number(self, plan_id: str) -> int:
        """The number of the version to come: no number is given twice."""
        ...

    def withdraw(self, plan_id: str, version: int, *, at: datetime) -> bool:
        """Take a refused version out of the way; False for the first, and for one that tablets have."""
        ...

    def get(self, plan_id: str, version: int) -> PlanVersion | None:
        """One version."""
        ...

    def of_content(self, content_id: str) -> PlanVersion | None:
        """The version that a job made."""
        ...

    def all(self, plan_id: str) -> Sequence[PlanVersion]:
        """All versions, rising."""
        ...

    def release(
        self, plan_id: str, *, if_match: str, at: datetime, actor: str, version: int | None = None
    ) -> tuple[Release, Sequence[Release]]:
        """Give the latest version (or the one named) to the tablets, at once for all its tours; durable on return.

        It takes the place of earlier releases of its plan, and of other plans of the day that share a vehicle or a
        container with it: those are the second value. A version that tablets have already is released no second time.

        Raises
        ------
        StaleVersionError
            When ``if_match`` is not that version's etag.
        """
        ...

    def current_release(self, plan_id: str) -> Release | None:
        """The release of this plan that tablets get."""
        ...

    def releases(self, plan_id: str) -> Sequence[Release]:
        """All releases of a plan, rising."""
        ...

    def current_releases(self, day: date) -> Sequence[Release]:
        """What tablets get on a day, rising."""
        ...

    def released_tour(self, vehicle_id: str, day: date) -> ReleasedTour | None:
        """A vehicle's tour of a day as tablets get it."""
        ...

    def released_mark(self, vehicle_id: str, day: date) -> ReleaseMark | None:
        """What tells whether a tablet has ``released_tour`` already; reads no document."""
        ...

    def answer(self, answer_id: str) -> AnswerRecord | None:
        """What a worker found for one question."""
        ...
