"""Readings and message keys as rows, in the quickest words that each database understands."""

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from api.store.database import Database
from api.store.reading_partitions import provide_partitions

ReadingKey = tuple[int, int, int, bool, int]
"""Container key, second observed, source, is emptying, fill in millionths."""

_MESSAGE_KEY_LENGTH = 200

_SQLITE_READING = "INSERT OR IGNORE INTO readings VALUES (?, ?, ?, ?, ?, ?)"
_SQLITE_MESSAGE = "INSERT OR IGNORE INTO message_keys VALUES (?, ?)"
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


class ReadingRows:
    """Writes on a connection that the caller has begun."""

    def __init__(self, database: Database) -> None:
        self._is_sqlite = database.is_sqlite

    def insert(self, connection: Connection, rows: Mapping[ReadingKey, int]) -> set[ReadingKey]:
        """Store what is new, each with the second it was received; the keys of the new ones."""
        if not rows:
            return set()
        fresh: set[ReadingKey] = set()
        cursor = connection.connection.cursor()
        try:
            if self._is_sqlite:
                for key, received_at_s in rows.items():
                    cursor.execute(_SQLITE_READING, (*key, received_at_s))
                    if cursor.rowcount == 1:
                        fresh.add(key)
            else:
                provide_partitions(connection, {observed_at_s for _, observed_at_s, _, _, _ in rows})
                columns = [_numbers(column) for column in (*zip(*rows, strict=True), rows.values())]
                cursor.execute(_POSTGRESQL_READINGS, [*columns, len(rows)])
                told = cursor.fetchall()
                fresh = set(rows) if told[0][0] == len(rows) else {tuple(key) for number, *key in told if number}
        finally:
            cursor.close()
        return fresh

    def insert_message_keys(self, connection: Connection, rows: Mapping[str, int]) -> set[str]:
        """Store what is new, each with the second it was received; the new ones."""
        if not rows:
            return set()
        fresh: set[str] = set()
        cursor = connection.connection.cursor()
        try:
            if self._is_sqlite:
                for row in rows.items():
                    cursor.execute(_SQLITE_MESSAGE, row)
                    if cursor.rowcount == 1:
                        fresh.add(row[0])
            else:
                cursor.execute(_POSTGRESQL_MESSAGES, [_texts(rows), _numbers(rows.values()), len(rows)])
                told = cursor.fetchall()
                fresh = set(rows) if told[0][0] == len(rows) else {key for number, key in told if number}
        finally:
            cursor.close()
        return fresh


def _numbers(column: Iterable[int]) -> str:
    """An array of whole numbers or truths in PostgreSQL's own words, which the driver would say ten times slower."""
    return "{" + ",".join(map(str, column)) + "}"


def _texts(column: Iterable[str]) -> str:
    """An array of texts in PostgreSQL's own words."""
    joined = "\0".join(column)
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\0", '","') + '"}'
