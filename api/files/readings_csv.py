"""Reads the columns of readings.csv fast, and notes torn lines."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from api.files.csv_text import field_count_issue, find_header, lines_of, read_text
from api.files.reading_columns import LEVEL_OPTIONAL, ReadingColumns, level_is_percent
from optimizer.domain.issues import InvalidInputError, Issue


def read_csv_columns(path: Path, renamed: Mapping[str, str] | None, issues: list[Issue]) -> ReadingColumns:
    """All lines with the right number of fields; the others are noted in ``issues``.

    Raises
    ------
    InvalidInputError
        When the file or its heading cannot be used at all.
    """
    text = read_text(path)
    header = find_header(text, source=path.name, columns=LEVEL_OPTIONAL, renamed=renamed)
    is_percent = level_is_percent(header.heading_of, where=f"{path.name}, line {header.line}")
    below = "".join(lines_of(text)[header.line :])
    n_lines = header.line + len(lines_of(below))
    torn: list[int] = []

    def note_torn(row: pa_csv.InvalidRow) -> str:
        line = header.line + (row.number or 0)
        torn.append(line)
        where = f"{path.name}, line {line}"
        is_last = line >= n_lines
        issues.append(field_count_issue(where, found=row.actual_columns, header=header, is_last=is_last))
        return "skip"

    names = [f"column {index}" for index in range(header.width)]
    try:
        # A heading alone is a town whose sensors have not spoken yet; pyarrow would take that for a damaged file.
        table = (
            pa.table({name: pa.array([], pa.string()) for name in names})
            if not below.strip()
            else pa_csv.read_csv(
                io.BytesIO(below.encode()),
                read_options=pa_csv.ReadOptions(use_threads=False, column_names=names),
                parse_options=pa_csv.ParseOptions(
                    delimiter=header.delimiter, ignore_empty_lines=False, invalid_row_handler=note_torn
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        )
    except pa.ArrowInvalid as error:
        message = f"The file cannot be read ({error}). Close every double quote, or export the file again."
        raise InvalidInputError([Issue(where=path.name, code="broken_csv", message=message)]) from error
    lines = np.arange(header.line + 1, header.line + 1 + table.num_rows + len(torn), dtype=np.int64)
    lines = np.setdiff1d(lines, np.array(torn, dtype=np.int64))
    filled = np.zeros(table.num_rows, dtype=bool)
    for cells in table.columns:
        filled |= pc.not_equal(pc.utf8_trim_whitespace(cells), "").to_numpy()
    table = table.filter(pa.array(filled))

    def column(name: str) -> Any:
        index = header.index_of.get(name)
        return None if index is None else pc.utf8_trim_whitespace(table.column(index)).to_numpy()

    return ReadingColumns(
        place="line",
        number=lines[filled],
        container_id=column("container_id"),
        observed_at=column("observed_at"),
        level=column("fill_percent" if is_percent else "fill_fraction"),
        is_percent=is_percent,
        source=column("source"),
        is_emptying=column("is_emptying"),
        has_comma_decimals=header.has_comma_decimals,
        heading_of=dict(header.heading_of),
    )
