"""Copies a town from a SQLite file into a PostgreSQL schema, table by table."""

from sqlalchemy import Connection, insert, inspect, select

from api.store.reading_partitions import provide_partitions
from api.store.schema import METADATA, READINGS

_CHUNK = 5_000


def copy_tables(source: Connection, target: Connection) -> None:
    """Copy all rows of all tables of a town; both sides have the newest layout."""
    instants = source.scalars(select(READINGS.c.observed_at_s).distinct())
    provide_partitions(target, instants)
    for table in METADATA.sorted_tables:
        for rows in source.execute(select(table)).mappings().partitions(_CHUNK):
            target.execute(insert(table), [dict(row) for row in rows])
        advance_sequences(target, table.name)


def advance_sequences(connection: Connection, table: str) -> None:
    """Let the numbers that PostgreSQL gives out begin after those that a table holds."""
    for column in inspect(connection).get_columns(table):
        if "nextval" in (column["default"] or ""):
            name = column["name"]
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'), "  # noqa: S608 - names from the catalogue
                f'(SELECT COALESCE(MAX("{name}"), 0) + 1 FROM "{table}"), false)'
            )
