"""Readings and message keys as rows, in the quickest words that each database understands.

The first attempt hopes for what is nearly always so: that all rows are new, for SQLite says of a statement how many
rows it added, not which; and that PostgreSQL has a table for each month, for asking takes a message. Where that was
wrong, the caller begins the transaction anew, without hope.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection

from api.store.database import Database
from api.store.reading_partitions import provide_partitions

K = TypeVar("K")

ReadingKey = tuple[int, int, int, bool, int]
"""Container key, second observed, source, is emptying, fill in millionths."""

_MESSAGE_KEY_LENGTH = 200

_AT_ONCE = 100
"""Rows of a statement: beyond that it is no quicker, and some builds of SQLite take no more than 999 values."""

_SQLITE_CONTAINERS = (
    "SELECT container_id, container_key FROM containers "
    "WHERE is_active AND container_id IN (SELECT value FROM json_each(?))"
)
_POSTGRESQL_CONTAINERS = (
    "SELECT container_id, container_key FROM containers WHERE is_active AND container_id = ANY(%s::text[])"
)
# Whoever adds much adds nearly always new things: the new ones are sent back only where some were known already. The
# first column says how many there are.
_POSTGRESQL_READINGS = (
    "WITH fresh AS ("
    "INSERT INTO readings (container_key, observed_at_s, source, is_emptying, fill_ppm, received_at_s) "
    "SELECT * FROM unnest(%s::int[], %s::bigint[], %s::smallint[], %s::boolean[], %s::int[], %s::bigint[]) "
    "ON CONFLICT DO NOTHING RETURNING container_key, observed_at_s, source, is_emptying, fill_ppm"
    ") SELECT total.number, fresh.* FROM (SELECT count(*) AS number FROM fresh) AS total "
    "LEFT JOIN fresh ON total.number < %s"
)
_POSTGRESQL_MESSAGES = (
    "WITH fresh AS ("
    "INSERT INTO message_keys (message_key, received_at_s) SELECT * FROM unnest(%s::text[], %s::bigint[]) "
    "ON CONFLICT DO NOTHING RETURNING message_key"
    ") SELECT total.number, fresh.* FROM (SELECT count(*) AS number FROM fresh) AS total "
    "LEFT JOIN fresh ON total.number < %s"
)


def message_key(dedup_key: str) -> str:
    """The key as it is kept: as it is, or its digest where it is long or holds what PostgreSQL cannot."""
    if len(dedup_key) <= _MESSAGE_KEY_LENGTH and dedup_key.isprintable():
        return dedup_key
    return "sha256:" + hashlib.sha256(dedup_key.encode("utf-8", "surrogatepass")).hexdigest()


class VainHopeError(Exception):
    """Some rows were there already, or have no table yet: begin the transaction anew, without hope."""


def container_keys(connection: Connection, container_ids: Collection[str]) -> dict[str, int]:
    """The keys of active containers in the table, by id."""
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "sqlite":
            cursor.execute(_SQLITE_CONTAINERS, (json.dumps(sorted(container_ids)),))
        else:
            cursor.execute(_POSTGRESQL_CONTAINERS, [array_of_texts(sorted(container_ids))])
        return dict(cursor.fetchall())
    finally:
        cursor.close()


class ReadingRows:
    """Writes on a connection that the caller has begun."""

    def __init__(self, database: Database) -> None:
        self._is_sqlite = database.is_sqlite

    def insert(
        self, connection: Connection, rows: Mapping[ReadingKey, int], *, is_hopeful: bool = False
    ) -> set[ReadingKey]:
        """Store what is new, each with the second it was received; the keys of the new ones.

        Raises
        ------
        VainHopeError
            When it was hopeful, and in vain; then nothing may be committed.
        """
        if not rows:
            return set()
        cursor = connection.connection.cursor()
        try:
            if self._is_sqlite:
                values = [(*key, received_at_s) for key, received_at_s in rows.items()]
                return _new(rows, _insert(cursor, "readings", values, is_hopeful=is_hopeful))
            if not is_hopeful:
                provide_partitions(connection, {observed_at_s for _, observed_at_s, _, _, _ in rows})
            columns = [_numbers(column) for column in (*zip(*rows, strict=True), rows.values())]
            cursor.execute(_POSTGRESQL_READINGS, [*columns, len(rows)])
            told = cursor.fetchall()
            return set(rows) if told[0][0] == len(rows) else {tuple(key) for number, *key in told if number}
        except psycopg.errors.CheckViolation as error:  # how it says that a month has no table
            if is_hopeful:
                raise VainHopeError from error
            raise
        finally:
            cursor.close()

    def insert_message_keys(
        self, connection: Connection, rows: Mapping[str, int], *, is_hopeful: bool = False
    ) -> set[str]:
        """Store what is new, each with the second it was received; the new ones.

        Raises
        ------
        VainHopeError
            As ``insert``.
        """
        if not rows:
            return set()
        cursor = connection.connection.cursor()
        try:
            if self._is_sqlite:
                return _new(rows, _insert(cursor, "message_keys", list(rows.items()), is_hopeful=is_hopeful))
            cursor.execute(_POSTGRESQL_MESSAGES, [array_of_texts(rows), _numbers(rows.values()), len(rows)])
            told = cursor.fetchall()
            return set(rows) if told[0][0] == len(rows) else {key for number, key in told if number}
        finally:
            cursor.close()


def _insert(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]], *, is_hopeful: bool) -> list[bool]:
    """Whether each row of SQLite's was new."""
    at_once = _AT_ONCE if is_hopeful else 1
    one = f"({','.join('?' * len(rows[0]))})"
    full = f"INSERT OR IGNORE INTO {table} VALUES {','.join([one] * at_once)}"  # noqa: S608 - only our own tables
    is_new: list[bool] = []
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        statement = full if len(part) == at_once else f"{full.partition('(')[0]}{','.join([one] * len(part))}"
        cursor.execute(statement, list(chain.from_iterable(part)))
        if len(part) > 1 and cursor.rowcount != len(part):
            raise VainHopeError
        is_new += [cursor.rowcount > 0] * len(part)
    return is_new


def _new(rows: Collection[K], is_new: Sequence[bool]) -> set[K]:
    return set(rows) if all(is_new) else {key for key, is_one_new in zip(rows, is_new, strict=True) if is_one_new}


def _numbers(column: Iterable[int]) -> str:
    """An array of whole numbers or truths in PostgreSQL's own words, which the driver would say ten times slower."""
    return "{" + ",".join(map(str, column)) + "}"


def array_of_texts(column: Iterable[str]) -> str:
    """An array of texts in PostgreSQL's own words."""
    joined = "\0".join(column)
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\0", '","') + '"}'
