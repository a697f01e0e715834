"""PostgreSQL keeps readings in one partition per month: old months are dropped whole, and queries touch few of them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, text

FIRST_YEAR = 2015
"""Earlier readings share one partition, and so do those from ``LAST_YEAR`` on: a sensor's mad clock makes no tables."""

LAST_YEAR = 2060

_DAY_S = 86_400
_COLUMNS = "container_key, observed_at_s, source, is_emptying, fill_ppm, received_at_s"
_PARTITIONS = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'readings'::regclass")


def month_of(observed_at_s: int) -> tuple[int, int]:
    """Year and month of an instant; years outside the table's span are the years beside it."""
    at = datetime.fromtimestamp(min(max(observed_at_s, 0), 4_000_000_000), UTC)
    if at.year < FIRST_YEAR:
        return FIRST_YEAR - 1, 12
    return (LAST_YEAR, 1) if at.year >= LAST_YEAR else (at.year, at.month)


def partition_name(month: tuple[int, int]) -> str:
    """Name of a month's table."""
    return f"readings_{month[0]}_{month[1]:02d}"


def bounds_of(month: tuple[int, int]) -> tuple[int | None, int | None]:
    """First second of a month and of the next; None where it is open."""
    year, number = month
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    first_s = None if year < FIRST_YEAR else _seconds(month)
    return first_s, None if year >= LAST_YEAR else _seconds(following)


def partitions(connection: Connection) -> dict[tuple[int, int], str]:
    """The partitions that there are, by their months."""
    found = {}
    for name in connection.scalars(_PARTITIONS):
        plain = name.split(".")[-1].strip('"')
        _, year, month = plain.split("_")
        found[int(year), int(month)] = plain
    return found


def make_partitions(connection: Connection, months: Iterable[tuple[int, int]]) -> None:
    """Make a table for each month and attach it, which keeps no reader waiting."""
    for month in months:
        name = partition_name(month)
        first_s, end_s = bounds_of(month)
        begin = "MINVALUE" if first_s is None else str(first_s)
        end = "MAXVALUE" if end_s is None else str(end_s)
        connection.exec_driver_sql(
            f'CREATE TABLE "{name}" (LIKE readings INCLUDING DEFAULTS INCLUDING CONSTRAINTS);'
            f'ALTER TABLE readings ATTACH PARTITION "{name}" FOR VALUES FROM ({begin}) TO ({end})'
        )


def partition_by_month(connection: Connection) -> None:
    """Move the readings of a plain table into partitions; for the migration.

    The reference to the containers is not declared here: checking it row by row costs a quarter of the writing time,
    containers are never deleted, and every key is looked up in the transaction that writes it.
    """
    connection.exec_driver_sql(
        "ALTER TABLE readings RENAME TO plain_readings;"
        "ALTER TABLE plain_readings RENAME CONSTRAINT readings_pkey TO plain_readings_pkey;"
        "ALTER TABLE plain_readings RENAME CONSTRAINT readings_container_key_fkey TO plain_readings_key_fkey;"
        "CREATE TABLE readings ("
        "container_key integer NOT NULL,"
        "observed_at_s bigint NOT NULL, source smallint NOT NULL, is_emptying boolean NOT NULL,"
        "fill_ppm integer NOT NULL, received_at_s bigint NOT NULL,"
        "PRIMARY KEY (container_key, observed_at_s, source, is_emptying, fill_ppm)"
        ") PARTITION BY RANGE (observed_at_s)"
    )
    first_of_months = connection.scalars(
        text(
            "SELECT DISTINCT extract(epoch FROM date_trunc('month', to_timestamp(observed_at_s), 'UTC'))::bigint "
            "FROM plain_readings"
        )
    )
    make_partitions(connection, sorted({month_of(first_s) for first_s in first_of_months}))
    connection.exec_driver_sql(
        f"INSERT INTO readings ({_COLUMNS}) SELECT {_COLUMNS} FROM plain_readings; DROP TABLE plain_readings"  # noqa: S608 - only our own column names
    )


def provide_partitions(connection: Connection, observed_at_s: Iterable[int]) -> None:
    """Make the tables that these instants need, in the transaction of the connection."""
    days = {one // _DAY_S for one in observed_at_s}
    wanted = {month_of(day * _DAY_S) for day in days}
    # Asked anew each time: another process may have dropped an old month meanwhile.
    make_partitions(connection, sorted(wanted - partitions(connection).keys()))


def _seconds(month: tuple[int, int]) -> int:
    return int(datetime(month[0], month[1], 1, tzinfo=UTC).timestamp())
