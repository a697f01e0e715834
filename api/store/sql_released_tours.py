"""Tours of releases that tablets had before, read from SQL tables."""

from sqlalchemy import select

from api.store.database import Database
from api.store.schema import PLAN_VERSIONS, RELEASES, TOURS


class SqlReleasedTours:
    """Reads what was released once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sheet(self, release: int, vehicle_id: str) -> bytes | None:
        """A vehicle's tour in a release, ended ones too; None where it had none."""
        query = (
            select(TOURS.c.document)
            .join(PLAN_VERSIONS, PLAN_VERSIONS.c.content_id == TOURS.c.plan_id)
            .join(
                RELEASES,
                (RELEASES.c.plan_id == PLAN_VERSIONS.c.plan_id) & (RELEASES.c.version == PLAN_VERSIONS.c.version),
            )
            .where(RELEASES.c.sequence == release, TOURS.c.vehicle_id == vehicle_id)
        )
        with self._database.read() as connection:
            return connection.scalar(query)
