"""Takes the people out of what crews reported once they need no longer be asked about it.

Guards that a month's tours stay in the books while nobody can be followed through them: rows stay, and whoever's key
stands in them becomes the same nobody.
"""

import json
from datetime import datetime

from sqlalchemy import Connection, select, update

from api.jobs.job import JobKind
from api.store.instants import microseconds
from api.store.schema import CLOSURES, INCIDENTS, JOBS, TOUR_EVENTS

UNLINKED = "unlinked"
"""Stands where the key of a crew's tablet stood."""


def forget_driver_links(connection: Connection, *, before_at: datetime) -> None:
    """Unlink what came before an instant, and the closures and re-plans that followed."""
    before_us = microseconds(before_at)
    for told_at_us in (TOUR_EVENTS.c.received_at_us, INCIDENTS.c.reported_at_us):
        table = told_at_us.table
        linked = (told_at_us < before_us, table.c.actor != UNLINKED)
        connection.execute(update(table).where(*linked).values(actor=UNLINKED))
    reported = select(INCIDENTS.c.closure_id).where(INCIDENTS.c.reported_at_us < before_us)
    query = select(CLOSURES.c.closure_id, CLOSURES.c.document).where(
        CLOSURES.c.closure_id.in_(reported), CLOSURES.c.added_by != UNLINKED
    )
    for closure_id, document in connection.execute(query).all():
        unlinked = json.dumps(json.loads(document) | {"added_by": UNLINKED}).encode()
        row = update(CLOSURES).where(CLOSURES.c.closure_id == closure_id)
        connection.execute(row.values(added_by=UNLINKED, document=unlinked))
    _unlink_jobs(connection, before_us // 1_000)


def _unlink_jobs(connection: Connection, before_ms: int) -> None:
    columns = JOBS.c
    query = select(columns.sequence, columns.document).where(
        columns.kind == JobKind.INCIDENT, columns.created_at_ms < before_ms
    )
    for sequence, document in connection.execute(query).all():
        asked = json.loads(document)
        if asked.get("actor", UNLINKED) != UNLINKED:
            unlinked = json.dumps(asked | {"actor": UNLINKED}).encode()
            connection.execute(update(JOBS).where(columns.sequence == sequence).values(document=unlinked))
