"""What a town's tables say about one person: told in full, or handed to a name that leads to nobody.

Guards that the history of tours stays whole: no row goes but messages that nobody could use, and every row that named
the person names the new one instead, so what one tablet reported stays what one tablet reported.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, RowMapping, Table, delete, or_, select, update

from api.jobs.job import JobKind
from api.store.database import Database
from api.store.free_room import give_room_back
from api.store.instants import instant
from api.store.schema import CLOSURES, INCIDENTS, JOBS, PLAN_VERSIONS, QUARANTINE, RELEASES, TOUR_EVENTS
from api.store.sql_tour_events import QUARANTINE_SOURCE
from api.tablet.incidents import Incident
from api.tablet.ports import EventStatus

ACTOR_COLUMNS: tuple[Column[str], ...] = (
    TOUR_EVENTS.c.actor,
    PLAN_VERSIONS.c.actor,
    RELEASES.c.actor,
    INCIDENTS.c.actor,
    INCIDENTS.c.decided_by,
    CLOSURES.c.added_by,
    CLOSURES.c.confirmed_by,
    CLOSURES.c.withdrawn_by,
)
"""Every column that names who did something, but the audit log's: its lines are chained, and kept for their days."""

_KINDS_WITH_ACTOR = (JobKind.PLAN_EDIT, JobKind.INCIDENT)
_NOT_ABOUT_PEOPLE = frozenset({"holds", "changes", "inputs", "content_sha256"})
_WITHOUT_WORDS = "reported as closed"
_INCIDENT = TypeAdapter(Incident)


class SqlSubjects:
    """The rows of one town."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def traces_of(self, actor: str) -> Mapping[str, list[dict[str, object]]]:
        """Every row that names somebody, by table, as JSON can hold it."""
        with self._database.read() as connection:
            found = {table.name: _rows_of(connection, table, actor) for table in _tables()}
            found[JOBS.name] = [_told(row) for row in _jobs_of(connection, actor)]
        return {name: rows for name, rows in found.items() if rows}

    def hand_over(self, actor: str, pseudonym: str) -> Mapping[str, int]:
        """Put the pseudonym in somebody's place, and forget their free words; how many rows changed, by table."""
        changed: Counter[str] = Counter()
        with self._database.write() as connection:
            changed[QUARANTINE.name] = _forget_messages(connection, actor)
            closure_ids = _forget_notes(connection, actor)
            changed[JOBS.name] = _rename_in_jobs(connection, actor, pseudonym)
            _rename_in_closures(connection, actor, pseudonym, closure_ids)
            for column in ACTOR_COLUMNS:
                renamed = update(column.table).where(column == actor).values({column.name: pseudonym})
                changed[column.table.name] += connection.execute(renamed).rowcount
        give_room_back(self._database)
        return {name: rows for name, rows in sorted(changed.items()) if rows}


def _tables() -> dict[Table, list[Column[str]]]:
    """The tables that name people, with the columns that do."""
    found: dict[Table, list[Column[str]]] = {}
    for column in ACTOR_COLUMNS:
        assert isinstance(column.table, Table)
        found.setdefault(column.table, []).append(column)
    return found


def _rows_of(connection: Connection, table: Table, actor: str) -> list[dict[str, object]]:
    wanted = select(table).where(or_(*(column == actor for column in _tables()[table])))
    return [_told(row) for row in connection.execute(wanted).mappings()]


def _told(row: RowMapping) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, value in row.items():
        if value is None or name in _NOT_ABOUT_PEOPLE:
            continue
        if name.endswith("_us"):
            told[name.removesuffix("_us")] = instant(value).isoformat()
        elif name.endswith("_ms"):
            told[name.removesuffix("_ms")] = datetime.fromtimestamp(value / 1000, UTC).isoformat()
        elif isinstance(value, bytes):
            told[name] = _parsed(value)
        else:
            told[name] = value
    return told


def _parsed(document: bytes) -> object:
    try:
        return json.loads(document)
    except ValueError:  # what a tablet sent and nobody could read
        return document.decode(errors="replace")


def _forget_messages(connection: Connection, actor: str) -> int:
    """Events that were refused are kept as they were sent, and whoever sent them may have written anything."""
    columns = TOUR_EVENTS.c
    refused = (columns.actor == actor, columns.status == EventStatus.REJECTED)
    batches = select(columns.vehicle_id, columns.received_at_us).where(columns.actor == actor).distinct()
    gone = 0
    for vehicle_id, received_at_us in connection.execute(batches).all():
        gone += connection.execute(
            delete(QUARANTINE).where(
                QUARANTINE.c.source == QUARANTINE_SOURCE,
                QUARANTINE.c.device_id == vehicle_id,
                QUARANTINE.c.received_at_us == received_at_us,
            )
        ).rowcount
    connection.execute(update(TOUR_EVENTS).where(*refused).values(document=b"{}"))
    return gone


def _forget_notes(connection: Connection, actor: str) -> set[str]:
    """Forget the words of somebody's incidents; the closures that they led to, which repeat them."""
    columns = INCIDENTS.c
    query = select(columns.incident_id, columns.closure_id, columns.document).where(columns.actor == actor)
    closure_ids = set()
    for row in connection.execute(query).all():
        wordless = replace(_INCIDENT.validate_json(row.document), note="")
        values = {"document": _INCIDENT.dump_json(wordless)}
        connection.execute(update(INCIDENTS).where(columns.incident_id == row.incident_id).values(**values))
        closure_ids |= {row.closure_id} - {None}
    return closure_ids


def _rename_in_jobs(connection: Connection, actor: str, pseudonym: str) -> int:
    found = _jobs_of(connection, actor)
    for row in found:
        document = json.dumps(json.loads(row["document"]) | {"actor": pseudonym}).encode()
        connection.execute(update(JOBS).where(JOBS.c.sequence == row["sequence"]).values(document=document))
    return len(found)


def _jobs_of(connection: Connection, actor: str) -> list[RowMapping]:
    columns = (JOBS.c.sequence, JOBS.c.job_id, JOBS.c.kind, JOBS.c.created_at_ms, JOBS.c.document)
    asks = connection.execute(select(*columns).where(JOBS.c.kind.in_(_KINDS_WITH_ACTOR))).mappings().all()
    return [row for row in asks if json.loads(row["document"]).get("actor") == actor]


def _rename_in_closures(connection: Connection, actor: str, pseudonym: str, wordless_ids: set[str]) -> None:
    for closure_id, raw in connection.execute(select(CLOSURES.c.closure_id, CLOSURES.c.document)).all():
        document = json.loads(raw)
        renamed = {name: pseudonym if value == actor else value for name, value in document.items()}
        if closure_id in wordless_ids:
            renamed["reason"] = _WITHOUT_WORDS
        if renamed != document:
            values = {"document": json.dumps(renamed).encode()}
            connection.execute(update(CLOSURES).where(CLOSURES.c.closure_id == closure_id).values(**values))
