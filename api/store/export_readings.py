"""A tenant's raw readings as a stream of CSV or Parquet, with a digest that does not depend on their order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray
from sqlalchemy import Integer, select, type_coerce

from api.store.database import Database
from api.store.schema import CONTAINERS, READINGS
from api.store.sql_readings import NO_LEVEL_PPM, SOURCES, arrays_of
from api.store.table_digest import digest_of_rows

_SCHEMA = pa.schema(
    [
        ("container_id", pa.string()),
        ("observed_at", pa.timestamp("s", tz="UTC")),
        ("fill_fraction", pa.float64()),
        ("source", pa.string()),
        ("is_emptying", pa.bool_()),
    ]
)
_FOREVER_S = 2**62


class ExportFormat(StrEnum):
    """How the readings are written."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsExport:
    """What was written.

    Attributes
    ----------
    digest
        The same for the same set of readings, in whatever order and how often they came.
    """

    count: int
    digest: str


def export_readings(
    database: Database,
    target: BinaryIO,
    *,
    format_name: ExportFormat = ExportFormat.CSV,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ReadingsExport:
    """Write the readings observed from ``since`` on and before ``until``, in pieces of bounded size."""
    digests: list[int] = []
    count = 0
    make_writer = pa.csv.CSVWriter if format_name is ExportFormat.CSV else pa.parquet.ParquetWriter
    with make_writer(target, _SCHEMA) as writer:
        for names, rows in _pieces(database, since, until):
            part = digest_of_rows(zip(names, *rows.T[1:].tolist(), strict=True))
            digests.append(int(part.digest, 16))
            count += part.rows
            writer.write_table(_table(names, rows))
    return ReadingsExport(count=count, digest=f"{sum(digests) % 2**256:064x}")


def _pieces(
    database: Database, since: datetime | None, until: datetime | None
) -> Iterator[tuple[list[str], NDArray[np.int64]]]:
    columns = READINGS.c
    first_s = -_FOREVER_S if since is None else int(since.timestamp())
    last_s = _FOREVER_S if until is None else int(until.timestamp()) - 1
    query = (
        select(
            columns.container_key,
            columns.observed_at_s,
            columns.source,
            type_coerce(columns.is_emptying, Integer),
            columns.fill_ppm,
        )
        .where(columns.observed_at_s.between(first_s, last_s))
        .order_by(columns.container_key, columns.observed_at_s)
    )
    with database.read() as connection:
        names = {
            row.container_key: row.container_id
            for row in connection.execute(select(CONTAINERS.c.container_key, CONTAINERS.c.container_id))
        }
        for rows in arrays_of(connection, query):
            yield [names[key] for key in rows[:, 0].tolist()], rows


def _table(names: list[str], rows: NDArray[np.int64]) -> pa.Table:
    _, observed_at_s, source, is_emptying, fill_ppm = rows.T
    words = np.array([SOURCES[code].value for code in sorted(SOURCES)])
    return pa.table(
        [
            pa.array(names, pa.string()),
            pa.array(observed_at_s, pa.timestamp("s", tz="UTC")),
            pa.array(fill_ppm / 1e6, pa.float64(), mask=fill_ppm == NO_LEVEL_PPM),
            pa.array(words[source], pa.string()),
            pa.array(is_emptying == 1, pa.bool_()),
        ],
        schema=_SCHEMA,
    )
