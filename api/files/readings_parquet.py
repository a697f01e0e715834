"""Reads the columns of readings.parquet, and refuses files that are cut off or of other columns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.files.reading_columns import LEVEL_OPTIONAL, ReadingColumns, level_is_percent
from optimizer.domain.issues import InvalidInputError, Issue

_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether the file begins as Parquet files do."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False  # reported by whoever reads it


def read_parquet_columns(path: Path, renamed: Mapping[str, str] | None) -> ReadingColumns:
    """All rows.

    Raises
    ------
    InvalidInputError
        When the file is damaged, or columns are missing or of a kind that cannot be read.
    """
    if path.suffix == ".parquet" and not is_parquet(path):
        message = "This is no Parquet file, or it is damaged. Export it again, or name a CSV file .csv."
        raise InvalidInputError([Issue(where=path.name, code="file_type", message=message)])
    try:
        return _read(path, renamed or {})
    except InvalidInputError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        detail = (str(error) or type(error).__name__).splitlines()[0]
        message = f"The Parquet file is cut off or damaged ({detail}). Copy or export it again."
        raise InvalidInputError([Issue(where=path.name, code="file_damaged", message=message)]) from error


def _read(path: Path, renamed: Mapping[str, str]) -> ReadingColumns:
    file = pq.ParquetFile(path, page_checksum_verification=True)
    heading_of = _headings(file.schema_arrow.names, renamed, path.name)
    is_percent = level_is_percent(heading_of, where=path.name)
    table = file.read(columns=list(heading_of.values()))

    def column(name: str) -> pa.ChunkedArray | None:
        return table.column(heading_of[name]) if name in heading_of else None

    return ReadingColumns(
        place="row",
        number=np.arange(1, table.num_rows + 1, dtype=np.int64),
        container_id=_text(column("container_id")),
        observed_at=_instants(column("observed_at"), path.name),
        level=_levels(column("fill_percent" if is_percent else "fill_fraction")),
        is_percent=is_percent,
        source=_text(column("source")),
        is_emptying=_text(column("is_emptying")),
        has_comma_decimals=False,
        heading_of=heading_of,
    )


def _headings(names: list[str], renamed: Mapping[str, str], source: str) -> dict[str, str]:
    heading_of = {}
    for column in LEVEL_OPTIONAL:
        known = (renamed[column.name],) if column.name in renamed else (column.name, *column.aliases)
        found = next((name for alias in known for name in names if name == alias or name.lower() == alias), None)
        if found is not None:
            heading_of[column.name] = found
    missing = [column.name for column in LEVEL_OPTIONAL if column.is_required and column.name not in heading_of]
    if missing:
        message = f"The column {', '.join(missing)} is missing. The file has: {', '.join(names)}."
        raise InvalidInputError([Issue(where=source, code="missing_column", message=message)])
    return heading_of


def _text(column: pa.ChunkedArray | None) -> Any:
    if column is None:
        return None
    return column.cast(pa.string()).fill_null("").to_numpy()


def _instants(column: pa.ChunkedArray, source: str) -> Any:
    if pa.types.is_timestamp(column.type):
        return column.to_pandas()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _text(column)
    message = f"observed_at is of the kind {column.type}; store it as a timestamp, best with the zone UTC."
    raise InvalidInputError([Issue(where=source, code="wrong_kind", message=message)])


def _levels(column: pa.ChunkedArray) -> Any:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _text(column)
    return column.cast(pa.float64()).to_numpy()
