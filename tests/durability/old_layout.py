"""Stores as an earlier version left them, as large as wanted."""

from api.store.database import Database
from api.store.migrate import migrate
from api.store.table_digest import TableContent, content_of

_CONTAINERS = 200
_FIRST_S = 1_700_000_000
_COLUMNS = "container_key, observed_at_s, source, is_emptying, fill_ppm, received_at_s"


def make_old_store(url: str, *, readings: int, layout: str = "0001") -> None:
    """A town's store of an earlier layout, hourly readings of 200 containers in it."""
    database = Database(url)
    migrate(database, target=layout)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO containers (container_key, container_id, stream, is_active, etag, document) "
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {_CONTAINERS}) "
            f"SELECT i, 'P-' || i, 'paper', {'1' if database.is_sqlite else 'true'}, 'e', "
            f"{'x' if database.is_sqlite else ''}'{'7b7d' if database.is_sqlite else '{}'}' FROM n"
        )
        connection.exec_driver_sql(
            f"INSERT INTO readings ({_COLUMNS}) "
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {readings - 1}) "
            f"SELECT i - i / {_CONTAINERS} * {_CONTAINERS} + 1, {_FIRST_S} + i / {_CONTAINERS} * 3600, 0, "
            f"{'0' if database.is_sqlite else 'false'}, (i - i / 997 * 997) * 1003, {_FIRST_S} FROM n"
        )
    database.close()


def content(url: str) -> dict[str, TableContent]:
    """What is in the tables of the first layout."""
    database = Database(url)
    with database.read() as connection:
        found = content_of(connection)
    database.close()
    return {name: found[name] for name in ("containers", "jobs", "plans", "readings", "town")}
