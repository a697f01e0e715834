"""Takes the people out of what crews reported once they need no longer be asked about it.

Guards that a month's tours stay in the books while nobody can be followed through them: rows stay, and whoever's key
stands in them becomes the same nobody.
"""

import json

from sqlalchemy import Connection, select, update

from api.jobs.job import JobKind
from api.store.schema import CLOSURES, INCIDENTS, JOBS, TOUR_EVENTS

UNLINKED = "unlinked"
"""Stands where the key of a crew's tablet stood."""


def forget_driver_links(connection: Connection, *, first_day: str, begins_at_ms: int) -> int:
    """Unlink the reports of tours before a day, and the closures and re-plans that followed; how many reports changed.

    Parameters
    ----------
    first_day
        The first day of tours that keeps its links, as ISO 8601 has it.
    begins_at_ms
        When it begins, in milliseconds since 1970: jobs know instants only.
    """
    changed = 0
    for table in (TOUR_EVENTS, INCIDENTS):
        linked = (table.c.day < first_day, table.c.actor != UNLINKED)
        changed += connection.execute(update(table).where(*linked).values(actor=UNLINKED)).rowcount
    reported = select(INCIDENTS.c.closure_id).where(INCIDENTS.c.day < first_day)
    query = select(CLOSURES.c.closure_id, CLOSURES.c.document).where(
        CLOSURES.c.closure_id.in_(reported), CLOSURES.c.added_by != UNLINKED
    )
    for closure_id, document in connection.execute(query).all():
        unlinked = json.dumps(json.loads(document) | {"added_by": UNLINKED}).encode()
        row = update(CLOSURES).where(CLOSURES.c.closure_id == closure_id)
        connection.execute(row.values(added_by=UNLINKED, document=unlinked))
    _unlink_jobs(connection, begins_at_ms)
    return changed


def _unlink_jobs(connection: Connection, begins_at_ms: int) -> None:
    columns = JOBS.c
    query = select(columns.sequence, columns.document).where(
        columns.kind == JobKind.INCIDENT, columns.created_at_ms < begins_at_ms
    )
    for sequence, document in connection.execute(query).all():
        asked = json.loads(document)
        if asked.get("actor", UNLINKED) != UNLINKED:
            unlinked = json.dumps(asked | {"actor": UNLINKED}).encode()
            connection.execute(update(JOBS).where(columns.sequence == sequence).values(document=unlinked))
