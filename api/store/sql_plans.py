"""Finished plans, tours and scenarios in SQL tables, kept as the bytes that are sent."""

from datetime import UTC, date, datetime

from sqlalchemy import func, select

from api.jobs.job import JobKind
from api.store.database import Database
from api.store.ports import PlanListing, PlanRecord, ScenarioRecord, TourRecord
from api.store.schema import JOBS, PLAN_VERSIONS, PLANS, RELEASES, SCENARIOS, TOUR_EXPORTS, TOURS
from api.store.sql_jobs import job_of_row


class SqlPlanStore:
    """Reads results; they are written together with their job's success."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, plan_id: str) -> PlanRecord | None:
        """One plan, without its tours."""
        with self._database.read() as connection:
            row = connection.execute(select(PLANS).where(PLANS.c.plan_id == plan_id)).one_or_none()
        if row is None:
            return None
        return PlanRecord(
            plan_id=row.plan_id,
            day=date.fromisoformat(row.day),
            generated_at=datetime.fromtimestamp(row.generated_at_ms / 1000, UTC),
            document=row.document,
            summary=row.summary,
            etag=row.etag,
            tours=(),
        )

    def plans(self, *, limit: int, before: str | None = None, day: date | None = None) -> list[PlanListing]:
        """Plan jobs, newest first; ``before`` names the last plan of the page before."""
        newest = (
            select(PLAN_VERSIONS.c.plan_id, func.max(PLAN_VERSIONS.c.version).label("version"))
            .where(PLAN_VERSIONS.c.withdrawn_at_ms.is_(None))
            .group_by(PLAN_VERSIONS.c.plan_id)
            .subquery()
        )
        is_current = (RELEASES.c.plan_id == JOBS.c.job_id) & RELEASES.c.ended_by.is_(None)
        query = (
            select(JOBS, PLANS.c.summary, PLAN_VERSIONS.c.version, RELEASES.c.version.label("released_version"))
            .outerjoin(newest, newest.c.plan_id == JOBS.c.job_id)
            .outerjoin(
                PLAN_VERSIONS,
                (PLAN_VERSIONS.c.plan_id == newest.c.plan_id) & (PLAN_VERSIONS.c.version == newest.c.version),
            )
            .outerjoin(PLANS, PLANS.c.plan_id == PLAN_VERSIONS.c.content_id)
            .outerjoin(RELEASES, is_current)
            .where(JOBS.c.kind == JobKind.PLAN)
            .order_by(JOBS.c.sequence.desc())
            .limit(limit)
        )
        if day is not None:
            query = query.where(PLANS.c.day == day.isoformat())
        if before is not None:
            last = select(JOBS.c.sequence).where(JOBS.c.job_id == before).scalar_subquery()
            query = query.where(JOBS.c.sequence < last)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            PlanListing(
                job=job_of_row(row), summary=row.summary, version=row.version, released_version=row.released_version
            )
            for row in rows
        ]

    def tour(self, plan_id: str, vehicle_id: str) -> TourRecord | None:
        """One vehicle's tour, without its exports."""
        query = select(TOURS).where(TOURS.c.plan_id == plan_id, TOURS.c.vehicle_id == vehicle_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else TourRecord(vehicle_id=row.vehicle_id, document=row.document, etag=row.etag)

    def tour_export(self, plan_id: str, vehicle_id: str, format_name: str) -> bytes | None:
        """A tour in another format, where it was made."""
        columns = TOUR_EXPORTS.c
        query = select(columns.document).where(
            columns.plan_id == plan_id, columns.vehicle_id == vehicle_id, columns.format == format_name
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def tour_etag(self, plan_id: str, vehicle_id: str) -> str | None:
        """The version of a tour, without loading it."""
        query = select(TOURS.c.etag).where(TOURS.c.plan_id == plan_id, TOURS.c.vehicle_id == vehicle_id)
        with self._database.read() as connection:
            return connection.scalar(query)

    def scenario(self, scenario_id: str) -> ScenarioRecord | None:
        """One scenario's comparison."""
        with self._database.read() as connection:
            row = connection.execute(select(SCENARIOS).where(SCENARIOS.c.scenario_id == scenario_id)).one_or_none()
        if row is None:
            return None
        return ScenarioRecord(scenario_id=row.scenario_id, name=row.name, document=row.document, etag=row.etag)
