"""A digest of a table's content that does not depend on the order of its rows, nor on the database that holds them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Boolean, Connection, inspect

from api.store.reading_partitions import partitions

_MODULUS = 2**256
_CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContent:
    """How many rows, and the sum of their digests."""

    rows: int
    digest: str


def digest_of_rows(rows: Iterable[object]) -> TableContent:
    """Rows are tuples of whole numbers, fractions, words, bytes and None; equal rows count as often as they occur."""
    total = 0
    count = 0
    for row in rows:
        total += int.from_bytes(hashlib.sha256(repr(row).encode()).digest(), "big")
        count += 1
    return TableContent(rows=count, digest=f"{total % _MODULUS:064x}")


def content_of(connection: Connection) -> dict[str, TableContent]:
    """The content of every table of ours that the connection sees."""
    return {name: digest_of_rows(_rows(connection, name)) for name in table_names(connection)}


def table_names(connection: Connection) -> list[str]:
    """Our tables, without Alembic's own and without the parts of a table."""
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if connection.dialect.name != "sqlite" and "readings" in names:
        names -= set(partitions(connection).values())
    return sorted(names)


def column_names(connection: Connection, table: str) -> list[str]:
    """A table's columns in the order of their names."""
    return sorted(column["name"] for column in inspect(connection).get_columns(table))


def _rows(connection: Connection, table: str) -> Iterator[tuple[object, ...]]:
    columns = {column["name"]: column["type"] for column in inspect(connection).get_columns(table)}
    is_sqlite = connection.dialect.name == "sqlite"
    wanted = ", ".join(
        f'"{name}"::int' if isinstance(columns[name], Boolean) and not is_sqlite else f'"{name}"'
        for name in sorted(columns)
    )
    raw = connection.connection
    # A named cursor of PostgreSQL hands the rows out in pieces, as SQLite's always does.
    cursor = raw.cursor() if is_sqlite else raw.driver_connection.cursor("digest")  # type: ignore[union-attr]  # it is open
    try:
        cursor.execute(f'SELECT {wanted} FROM "{table}"')  # noqa: S608 - names come from the database's own catalogue
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows
    finally:
        cursor.close()
