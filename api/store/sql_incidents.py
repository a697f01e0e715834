"""Incidents and closures in SQL tables."""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update

from api.store.database import Database
from api.store.instants import instant, instant_or_none, microseconds, microseconds_or_none
from api.store.schema import CLOSURES, INCIDENTS
from api.tablet.closures import Closure
from api.tablet.incidents import Incident, IncidentRecord, IncidentState

_INCIDENT = TypeAdapter(Incident)
_CLOSURE = TypeAdapter(Closure)


class SqlIncidentStore:
    """One row per incident."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: IncidentRecord) -> None:
        """Keep a new one; durable on return."""
        incident = record.incident
        with self._database.write() as connection:
            connection.execute(
                insert(INCIDENTS).values(
                    incident_id=incident.incident_id,
                    day=incident.day.isoformat(),
                    kind=incident.kind,
                    vehicle_id=incident.vehicle_id,
                    reported_at_us=microseconds(record.reported_at),
                    actor=record.actor,
                    document=_INCIDENT.dump_json(incident),
                    job_id=record.job_id,
                    closure_id=record.closure_id,
                    state=record.state,
                    decided_at_us=microseconds_or_none(record.decided_at),
                    decided_by=record.decided_by,
                )
            )

    def get(self, incident_id: str) -> IncidentRecord | None:
        """One."""
        with self._database.read() as connection:
            query = select(INCIDENTS).where(INCIDENTS.c.incident_id == incident_id)
            row = connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def of_day(self, day: date) -> list[IncidentRecord]:
        """All of a day, the oldest first."""
        query = select(INCIDENTS).where(INCIDENTS.c.day == day.isoformat())
        order = (INCIDENTS.c.reported_at_us, INCIDENTS.c.incident_id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query.order_by(*order))]

    def note_job(self, incident_id: str, job_id: str) -> None:
        """Note the job that proposes a new plan."""
        self._change(incident_id, {"job_id": job_id})

    def decide(self, incident_id: str, state: IncidentState, *, at: datetime, by: str) -> bool:
        """End an open one; False when it was decided before."""
        values = {"state": state, "decided_at_us": microseconds(at), "decided_by": by}
        return self._change(incident_id, values, only_open=True)

    def _change(self, incident_id: str, values: Mapping[str, object], *, only_open: bool = False) -> bool:
        query = update(INCIDENTS).where(INCIDENTS.c.incident_id == incident_id)
        if only_open:
            query = query.where(INCIDENTS.c.state == IncidentState.OPEN)
        with self._database.write() as connection:
            return connection.execute(query.values(**values)).rowcount == 1


class SqlClosureStore:
    """One row per closure; what changes of it has columns of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, closure: Closure) -> None:
        """Keep a new one; durable on return."""
        with self._database.write() as connection:
            connection.execute(
                insert(CLOSURES).values(
                    closure_id=closure.closure_id,
                    added_at_us=microseconds(closure.added_at),
                    added_by=closure.added_by,
                    document=_CLOSURE.dump_json(closure),
                    confirmed_at_us=microseconds_or_none(closure.confirmed_at),
                    confirmed_by=closure.confirmed_by,
                )
            )

    def all(self) -> list[Closure]:
        """All, the oldest first."""
        query = select(CLOSURES).order_by(CLOSURES.c.added_at_us, CLOSURES.c.closure_id)
        with self._database.read() as connection:
            return [_closure(row) for row in connection.execute(query)]

    def get(self, closure_id: str) -> Closure | None:
        """One, withdrawn ones too."""
        with self._database.read() as connection:
            row = connection.execute(select(CLOSURES).where(CLOSURES.c.closure_id == closure_id)).one_or_none()
        return None if row is None else _closure(row)

    def confirm(self, closure_id: str, *, at: datetime, by: str) -> bool:
        """Note a dispatcher's yes; False when there is no such closure that holds."""
        return self._change(closure_id, {"confirmed_at_us": microseconds(at), "confirmed_by": by})

    def withdraw(self, closure_id: str, *, at: datetime, by: str) -> bool:
        """End one; False when there is none, or it was withdrawn before."""
        return self._change(closure_id, {"withdrawn_at_us": microseconds(at), "withdrawn_by": by})

    def _change(self, closure_id: str, values: Mapping[str, object]) -> bool:
        holds = update(CLOSURES).where(CLOSURES.c.closure_id == closure_id, CLOSURES.c.withdrawn_at_us.is_(None))
        with self._database.write() as connection:
            return connection.execute(holds.values(**values)).rowcount == 1


def _record(row: Row[tuple[object, ...]]) -> IncidentRecord:
    return IncidentRecord(
        incident=_INCIDENT.validate_json(row.document),
        reported_at=instant(row.reported_at_us),
        actor=row.actor,
        state=IncidentState(row.state),
        job_id=row.job_id,
        closure_id=row.closure_id,
        decided_at=instant_or_none(row.decided_at_us),
        decided_by=row.decided_by,
    )


def _closure(row: Row[tuple[object, ...]]) -> Closure:
    made = _CLOSURE.validate_json(row.document)
    return Closure(
        closure_id=made.closure_id,
        line=made.line,
        reason=made.reason,
        valid_from_at=made.valid_from_at,
        valid_until_at=made.valid_until_at,
        added_at=made.added_at,
        added_by=made.added_by,
        confirmed_at=instant_or_none(row.confirmed_at_us),
        confirmed_by=row.confirmed_by,
        withdrawn_at=instant_or_none(row.withdrawn_at_us),
        withdrawn_by=row.withdrawn_by,
    )
