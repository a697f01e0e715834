"""Looks a service's data over without changing it: pages, references, layouts, and the chains of the audit logs."""

from dataclasses import dataclass

from sqlalchemy import select

from api.store.database import Database
from api.store.errors import StoreError
from api.store.migrate import check_pages, known_layouts, layout_of
from api.store.parts import SERVICE_PART, Part, open_parts
from api.store.schema import CONTAINERS, READINGS
from api.store.sql_audit import SqlAuditStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    """What was found in one part; no faults means that it is sound."""

    name: str
    layout: str
    is_current: bool
    faults: tuple[str, ...]


def check_data(url_or_folder: str) -> list[PartReport]:
    """Check every part.

    Raises
    ------
    StoreError
        When there is no data at the place, or its list of tenants cannot be read.
    """
    with open_parts(url_or_folder) as parts:
        return [_check(part) for part in parts]


def _has_lost_readings(database: Database) -> bool:
    """Whether there are readings without a container, which no database is told to look for; see ``schema``."""
    lost = select(READINGS.c.container_key).where(READINGS.c.container_key.not_in(select(CONTAINERS.c.container_key)))
    with database.read() as connection:
        return connection.execute(lost.limit(1)).first() is not None


def _check(part: Part) -> PartReport:
    faults: list[str] = []
    layout = ""
    known = known_layouts(part.layouts)
    try:
        if part.database.is_sqlite:
            check_pages(part.database, is_thorough=True)
        with part.database.read() as connection:
            layout = layout_of(connection, part.database.source) or ""
            if part.database.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                faults.append("some rows name rows that are not there")
        if layout not in known:
            faults.append(f"its layout {layout or '(none)'} is unknown to this version, which knows {known[0]}")
        elif layout == known[0] and part.name != SERVICE_PART:
            if _has_lost_readings(part.database):
                faults.append("some readings name containers that are not there")
            broken = SqlAuditStore(part.database).first_broken()
            if broken is not None:
                faults.append(f"the audit log was changed: its line {broken} does not fit the one before")
    except StoreError as error:
        faults.append(str(error))
    return PartReport(name=part.name, layout=layout, is_current=layout == known[0], faults=tuple(faults))
