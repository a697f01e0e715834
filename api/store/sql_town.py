"""Master data in SQL tables."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from api.store.database import Database
from api.store.errors import StaleVersionError
from api.store.ports import StoredContainer
from api.store.schema import CONTAINERS, TOWN
from api.store.town_document import TownRecord, dump_container, dump_record, load_container, load_record
from optimizer.domain.container import Container


class SqlTownStore:
    """The town's document in one row, its containers in one row each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._order = CONTAINERS.c.container_id.collate(database.code_point_collation)

    def version(self) -> int:
        """Grows with every change; 0 before there is a town."""
        with self._database.read() as connection:
            return connection.scalar(select(TOWN.c.version)) or 0

    def load(self) -> TownRecord | None:
        """The town with all active containers in the order of their ids."""
        with self._database.read() as connection:
            document = connection.scalar(select(TOWN.c.document))
            rows = connection.scalars(self._active().with_only_columns(CONTAINERS.c.document)).all()
        return None if document is None else load_record(document, tuple(load_container(row) for row in rows))

    def replace(self, record: TownRecord) -> None:
        """Store a town; containers that it does not have become inactive, their readings stay."""
        rows = [_row_of(container) for container in record.town.containers]
        with self._database.write(alone_on=TOWN) as connection:
            version = (connection.scalar(select(TOWN.c.version)) or 0) + 1
            connection.execute(TOWN.delete())
            connection.execute(
                insert(TOWN).values(town_id=record.town.town_id, version=version, document=dump_record(record))
            )
            connection.execute(update(CONTAINERS).values(is_active=False))
            known = set(connection.scalars(select(CONTAINERS.c.container_id)))
            _insert(connection, [row for row in rows if row["container_id"] not in known])
            _update(connection, [row for row in rows if row["container_id"] in known])

    def put_container(self, container: Container, *, if_match: str | None) -> tuple[StoredContainer, bool]:
        """Store one container; the second value says whether it is new."""
        row = _row_of(container)
        with self._database.write(alone_on=TOWN) as connection:
            found = connection.execute(
                select(CONTAINERS.c.etag, CONTAINERS.c.is_active).where(
                    CONTAINERS.c.container_id == container.container_id
                )
            ).one_or_none()
            is_new = found is None or not found.is_active
            if not is_new and if_match is None:
                raise StaleVersionError(is_missing=True)
            if if_match is not None and (found is None or is_new or found.etag != if_match):
                raise StaleVersionError(is_missing=False)
            if found is None:
                _insert(connection, [row])
            else:
                _update(connection, [row])
            connection.execute(update(TOWN).values(version=TOWN.c.version + 1))
        return StoredContainer(container=container, etag=str(row["etag"])), is_new

    def container(self, container_id: str) -> StoredContainer | None:
        """One active container."""
        with self._database.read() as connection:
            row = connection.execute(self._active().where(CONTAINERS.c.container_id == container_id)).one_or_none()
        return None if row is None else StoredContainer(container=load_container(row.document), etag=row.etag)

    def containers(self, *, after: str = "", limit: int = 100, stream: str | None = None) -> list[StoredContainer]:
        """Active containers with ids greater than ``after``, rising."""
        query = self._active().where(self._order > after).limit(limit)
        if stream is not None:
            query = query.where(CONTAINERS.c.stream == stream)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [StoredContainer(container=load_container(row.document), etag=row.etag) for row in rows]

    def _active(self) -> Any:
        return select(CONTAINERS.c.document, CONTAINERS.c.etag).where(CONTAINERS.c.is_active).order_by(self._order)


def _row_of(container: Container) -> dict[str, object]:
    document = dump_container(container)
    return {
        "container_id": container.container_id,
        "stream": container.stream,
        "is_active": True,
        "etag": hashlib.sha256(document).hexdigest()[:32],
        "document": document,
    }


def _insert(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(CONTAINERS), rows)


def _update(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        values: Mapping[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "container_id"}
        connection.execute(
            update(CONTAINERS).where(CONTAINERS.c.container_id == bindparam("new_container_id")).values(**values),
            [{f"new_{name}": value for name, value in row.items()} for row in rows],
        )
