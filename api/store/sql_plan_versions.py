"""Versions and releases of plans in SQL tables; a release is one transaction, so no tablet sees half of one."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, select, update

from api.store.database import Database
from api.store.errors import StaleVersionError
from api.store.plan_version_ports import (
    AnswerRecord,
    PlanVersion,
    Release,
    ReleasedTour,
    ReleaseMark,
    VersionRecord,
)
from api.store.ports import TourRecord
from api.store.schema import ANSWERS, PLAN_VERSIONS, PLANS, RELEASES, TOURS, TOWN

FIRST_VERSION = 1


class SqlPlanVersionStore:
    """Reads versions, which are written with their job's success, and releases them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, plan_id: str) -> PlanVersion | None:
        """The newest version of a finished plan that was not withdrawn."""
        return self._version(_newest(plan_id))

    def next_number(self, plan_id: str) -> int:
        """The number of the version to come: no number is given twice."""
        query = select(func.max(PLAN_VERSIONS.c.version)).where(PLAN_VERSIONS.c.plan_id == plan_id)
        with self._database.read() as connection:
            return (connection.scalar(query) or 0) + 1

    def withdraw(self, plan_id: str, version: int, *, at: datetime) -> bool:
        """Take a refused version out of the way; False for the first, and for one that tablets have."""
        is_this = and_(PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.version == version)
        is_released = and_(RELEASES.c.plan_id == plan_id, RELEASES.c.version == version, RELEASES.c.ended_by.is_(None))
        with self._database.write(alone_on=RELEASES) as connection:
            changed = connection.execute(
                update(PLAN_VERSIONS)
                .where(is_this, PLAN_VERSIONS.c.version > FIRST_VERSION, ~select(RELEASES).where(is_released).exists())
                .values(withdrawn_at_ms=_ms(at))
            )
            return changed.rowcount == 1

    def get(self, plan_id: str, version: int) -> PlanVersion | None:
        """One version."""
        return self._version(_versions().where(PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.version == version))

    def of_content(self, content_id: str) -> PlanVersion | None:
        """The version that a job made."""
        return self._version(_versions().where(PLAN_VERSIONS.c.content_id == content_id))

    def all(self, plan_id: str) -> list[PlanVersion]:
        """All versions, rising."""
        query = _versions().where(PLAN_VERSIONS.c.plan_id == plan_id).order_by(PLAN_VERSIONS.c.version)
        with self._database.read() as connection:
            return [_version(row) for row in connection.execute(query)]

    def release(
        self, plan_id: str, *, if_match: str, at: datetime, actor: str, version: int | None = None
    ) -> tuple[Release, Sequence[Release]]:
        """Give the latest version (or the one named) to the tablets, at once for all its tours; durable on return."""
        query = _newest(plan_id)
        if version is not None:
            query = _versions().where(PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.version == version)
        with self._database.write(alone_on=RELEASES) as connection:
            row = connection.execute(query).one_or_none()
            if row is None or row.etag != if_match:
                raise StaleVersionError(is_missing=False)
            wanted = _version(row)
            current = _current(connection, wanted.day)
            again = next((one for one in current if (one.plan_id, one.version) == (plan_id, wanted.version)), None)
            if again is not None:
                return again, ()
            ended = _in_the_way(connection, wanted, current)
            made = Release(
                sequence=_insert(connection, wanted, at=at, actor=actor),
                plan_id=plan_id,
                version=wanted.version,
                day=wanted.day,
                released_at=datetime.fromtimestamp(_ms(at) / 1000, UTC),
                actor=actor,
            )
            connection.execute(
                update(RELEASES)
                .where(RELEASES.c.sequence.in_([one.sequence for one in ended]))
                .values(ended_by=made.sequence)
            )
            return made, ended

    def current_release(self, plan_id: str) -> Release | None:
        """The release of this plan that tablets get."""
        query = select(RELEASES).where(RELEASES.c.plan_id == plan_id, RELEASES.c.ended_by.is_(None))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _release(row)

    def releases(self, plan_id: str) -> list[Release]:
        """All releases of a plan, rising."""
        query = select(RELEASES).where(RELEASES.c.plan_id == plan_id).order_by(RELEASES.c.sequence)
        with self._database.read() as connection:
            return [_release(row) for row in connection.execute(query)]

    def current_releases(self, day: date) -> list[Release]:
        """What tablets get on a day, rising."""
        with self._database.read() as connection:
            return _current(connection, day)

    def released_tour(self, vehicle_id: str, day: date) -> ReleasedTour | None:
        """A vehicle's tour of a day as tablets get it."""
        query = select(RELEASES, PLAN_VERSIONS.c.content_id, TOURS.c.etag, TOURS.c.document)
        # One statement: release and document are of one snapshot.
        with self._database.read() as connection:
            row = connection.execute(_of_released_tour(query, vehicle_id, day)).one_or_none()
        if row is None:
            return None
        tour = TourRecord(vehicle_id=vehicle_id, document=row.document, etag=row.etag)
        return ReleasedTour(release=_release(row), content_id=row.content_id, tour=tour)

    def released_mark(self, vehicle_id: str, day: date) -> ReleaseMark | None:
        """What tells whether a tablet has ``released_tour`` already; reads no document."""
        query = select(
            RELEASES.c.sequence, TOURS.c.etag, select(TOWN.c.version).scalar_subquery().label("town_version")
        )
        with self._database.read() as connection:
            row = connection.execute(_of_released_tour(query, vehicle_id, day)).one_or_none()
        if row is None:
            return None
        return ReleaseMark(release=row.sequence, tour_etag=row.etag, town_version=row.town_version or 0)

    def answer(self, answer_id: str) -> AnswerRecord | None:
        """What a worker found for one question."""
        with self._database.read() as connection:
            row = connection.execute(select(ANSWERS).where(ANSWERS.c.answer_id == answer_id)).one_or_none()
        return None if row is None else AnswerRecord(answer_id=row.answer_id, document=row.document, etag=row.etag)

    def _version(self, query: Select[tuple[object, ...]]) -> PlanVersion | None:
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _version(row)


def latest_version(connection: Connection, plan_id: str) -> int | None:
    """The number of a plan's newest version that was not withdrawn."""
    query = select(PLAN_VERSIONS.c.version).where(
        PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.withdrawn_at_ms.is_(None)
    )
    return connection.scalar(query.order_by(PLAN_VERSIONS.c.version.desc()).limit(1))


def has_version(connection: Connection, plan_id: str, version: int) -> bool:
    """Whether a number is taken."""
    query = select(PLAN_VERSIONS.c.version).where(
        PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.version == version
    )
    return connection.scalar(query) is not None


def insert_first_version(
    connection: Connection, *, plan_id: str, made_at: datetime, actor: str, inputs: bytes | None
) -> None:
    """Note a new plan as its own first version."""
    connection.execute(
        insert(PLAN_VERSIONS).values(
            plan_id=plan_id,
            version=FIRST_VERSION,
            content_id=plan_id,
            made_at_ms=_ms(made_at),
            actor=actor,
            edits=b"[]",
            holds=b"{}",
            inputs=inputs,
        )
    )


def insert_version(connection: Connection, record: VersionRecord) -> None:
    """Note the next version of a plan, whose content is stored already."""
    connection.execute(
        insert(PLAN_VERSIONS).values(
            plan_id=record.plan_id,
            version=record.number,
            content_id=record.content.plan_id,
            made_at_ms=_ms(record.content.generated_at),
            actor=record.actor,
            edits=record.edits,
            holds=record.holds,
            changes=record.changes,
            inputs=record.inputs,
        )
    )


def _newest(plan_id: str) -> Select[tuple[object, ...]]:
    return (
        _versions()
        .where(PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.withdrawn_at_ms.is_(None))
        .order_by(PLAN_VERSIONS.c.version.desc())
        .limit(1)
    )


def _versions() -> Select[tuple[object, ...]]:
    return select(PLAN_VERSIONS, PLANS.c.day, PLANS.c.etag).join(PLANS, PLANS.c.plan_id == PLAN_VERSIONS.c.content_id)


def _of_released_tour(query: Select[Any], vehicle_id: str, day: date) -> Select[Any]:
    """The query, of a release, on the one tour that a vehicle's tablet gets on a day."""
    is_its_version = (PLAN_VERSIONS.c.plan_id == RELEASES.c.plan_id) & (PLAN_VERSIONS.c.version == RELEASES.c.version)
    return (
        query.select_from(RELEASES)
        .join(PLAN_VERSIONS, is_its_version)
        .join(TOURS, TOURS.c.plan_id == PLAN_VERSIONS.c.content_id)
        .where(RELEASES.c.day == day.isoformat(), RELEASES.c.ended_by.is_(None), TOURS.c.vehicle_id == vehicle_id)
    )


def _insert(connection: Connection, wanted: PlanVersion, *, at: datetime, actor: str) -> int:
    made = connection.execute(
        insert(RELEASES)
        .values(
            plan_id=wanted.plan_id,
            version=wanted.version,
            day=wanted.day.isoformat(),
            released_at_ms=_ms(at),
            actor=actor,
        )
        .returning(RELEASES.c.sequence)
    )
    return int(made.scalar_one())


def _current(connection: Connection, day: date) -> list[Release]:
    query = select(RELEASES).where(RELEASES.c.day == day.isoformat(), RELEASES.c.ended_by.is_(None))
    return [_release(row) for row in connection.execute(query.order_by(RELEASES.c.sequence))]


def _in_the_way(connection: Connection, wanted: PlanVersion, current: Sequence[Release]) -> list[Release]:
    """Releases of the same plan, and of others that would send two vehicles to a container or one on two tours."""
    others = [one for one in current if one.plan_id != wanted.plan_id]
    ours = _what_it_uses(connection, wanted.plan_id, wanted.version) if others else frozenset()
    return [
        one
        for one in current
        if one.plan_id == wanted.plan_id or ours & _what_it_uses(connection, one.plan_id, one.version)
    ]


def _what_it_uses(connection: Connection, plan_id: str, version: int) -> frozenset[tuple[str, str]]:
    """Vehicles and containers of a version's tours."""
    query = (
        select(TOURS.c.vehicle_id, TOURS.c.document)
        .join(PLAN_VERSIONS, PLAN_VERSIONS.c.content_id == TOURS.c.plan_id)
        .where(PLAN_VERSIONS.c.plan_id == plan_id, PLAN_VERSIONS.c.version == version)
    )
    used = set()
    for row in connection.execute(query):
        used.add(("vehicle", row.vehicle_id))
        stops = json.loads(row.document)["tour"].get("stops", ())
        used |= {("container", one["container_id"]) for stop in stops for one in stop["collections"]}
    return frozenset(used)


def _version(row: Row[tuple[object, ...]]) -> PlanVersion:
    return PlanVersion(
        plan_id=row.plan_id,
        version=row.version,
        content_id=row.content_id,
        day=date.fromisoformat(row.day),
        etag=row.etag,
        made_at=datetime.fromtimestamp(row.made_at_ms / 1000, UTC),
        actor=row.actor,
        edits=row.edits,
        holds=row.holds,
        changes=row.changes,
        inputs=row.inputs,
        is_withdrawn=row.withdrawn_at_ms is not None,
    )


def _release(row: Row[tuple[object, ...]]) -> Release:
    return Release(
        sequence=row.sequence,
        plan_id=row.plan_id,
        version=row.version,
        day=date.fromisoformat(row.day),
        released_at=datetime.fromtimestamp(row.released_at_ms / 1000, UTC),
        actor=row.actor,
        ended_by=row.ended_by,
    )


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
