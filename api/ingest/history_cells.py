"""The cells of a history table, from CSV or an Excel workbook, with Excel's day numbers turned into clock times."""

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from api.files.columns import Column
from api.files.csv_text import DELIMITERS, Header, lines_of, read_text
from optimizer.domain.issues import InvalidInputError, Issue

MAX_UNPACKED_BYTES = 200_000_000
MAX_ROWS = 1_048_576
"""As many as a sheet of a workbook can hold."""

_HEADING_WITHIN = 20
_SERIAL_DAYS = (20_000.0, 80_000.0)
"""Excel's day numbers of 1954 to 2119: nothing else in a column of dates looks like them."""

COLUMNS = (
    Column(name="container_id", unit="", meaning="Container.", example="217", is_required=True, aliases=("id", "bin")),
    Column(
        name="collected_at",
        unit="",
        meaning="When it was collected.",
        example="2026-03-02 05:10",
        is_required=True,
        aliases=("date & time of collection", "date and time of collection", "collection time", "leerung"),
    ),
    Column(
        name="level_before",
        unit="percent",
        meaning="Level before the collection.",
        example="72",
        is_required=True,
        aliases=("fill level before", "level before", "füllstand vorher"),
    ),
    Column(
        name="level_after",
        unit="percent",
        meaning="Level after it.",
        example="3",
        aliases=("fill level after", "level after", "füllstand nachher"),
    ),
    Column(name="volume_l", unit="l", meaning="Volume.", example="140", aliases=("volume (litres)", "volume")),
    Column(name="weight_kg", unit="kg", meaning="Weight.", example="9.8", aliases=("weight (kg)", "weight")),
    Column(name="is_frozen", unit="", meaning="Nothing came out.", example="no", aliases=("frozen", "gefroren")),
    Column(name="is_partial", unit="", meaning="Emptied in part.", example="no", aliases=("partial", "teilleerung")),
    Column(name="confidence", unit="percent", meaning="Trust in the levels.", example="90", aliases=("konfidenz",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One line; cells as text, an instant as ISO 8601 or as it stood there."""

    line: int
    cells: Mapping[str, str]


def read_cells(path: Path, renamed: Mapping[str, str] | None = None) -> list[HistoryRow]:
    """All lines that hold anything.

    Raises
    ------
    InvalidInputError
        When the file cannot be read, or a column is missing.
    """
    epoch = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no zones; the caller's zone comes later
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        text, epoch = _workbook_text(path)
    else:
        text = read_text(path)
    header = _find_header(path, text, renamed or {})
    below = "".join(lines_of(text)[header.line :])
    rows = []
    for line, fields in enumerate(csv.reader(io.StringIO(below), delimiter=header.delimiter), start=header.line + 1):
        if not any(field.strip() for field in fields):
            continue
        if len(fields) != header.width:
            message = (
                f"The line has {len(fields)} fields, the heading has {header.width}. Close quotes, or export again."
            )
            raise InvalidInputError([Issue(where=f"{path.name}, line {line}", code="field_count", message=message)])
        cells = {name: fields[index].strip() for name, index in header.index_of.items()}
        cells["collected_at"] = _clock_text(cells["collected_at"], epoch)
        rows.append(HistoryRow(line=line, cells=cells))
    return rows


def _find_header(path: Path, text: str, renamed: Mapping[str, str]) -> Header:
    """The first line that has the needed columns; such tables have many others, which are left alone."""
    names = {alias: column.name for column in COLUMNS for alias in (column.name, *column.aliases)}
    names |= {heading.strip().lower(): name for name, heading in renamed.items()}
    required = {column.name for column in COLUMNS if column.is_required}
    missing = required
    for line, content in enumerate(lines_of(text)[:_HEADING_WITHIN], start=1):
        for delimiter in DELIMITERS:
            fields = next(csv.reader([content], delimiter=delimiter), [])
            index_of: dict[str, int] = {}
            for index, field in enumerate(fields):
                name = names.get(field.strip().lower())
                if name is not None:
                    index_of.setdefault(name, index)
            missing = min(missing, required - set(index_of), key=len)
            if required <= set(index_of):
                heading_of = {name: fields[index] for name, index in index_of.items()}
                return Header(
                    line=line, delimiter=delimiter, width=len(fields), index_of=index_of, heading_of=heading_of
                )
    message = (
        f"No heading names {', '.join(sorted(missing))}. Say which column it is, as in --column level_before=Level."
    )
    raise _refusal(path, "missing_column", message)


def _clock_text(cell: str, epoch: datetime) -> str:
    """ISO 8601 of a day number; other cells as they are."""
    try:
        number = float(cell.replace(",", "."))
    except ValueError:
        return cell
    if not _SERIAL_DAYS[0] <= number <= _SERIAL_DAYS[1]:
        return cell
    at: Any = from_excel(number, epoch)
    return str(at.replace(microsecond=0).isoformat()) if isinstance(at, datetime) else cell


def _workbook_text(path: Path) -> tuple[str, datetime]:
    """The first sheet as CSV, and the day that the workbook counts from."""
    if not path.is_file():
        raise _refusal(path, "no_file", "There is no such file. Correct the path.")
    try:
        with zipfile.ZipFile(path) as archive:
            is_bomb = sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES
        workbook = None if is_bomb else load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError) as error:
        message = f"The workbook is damaged or of another kind ({type(error).__name__}). Save it again as .xlsx."
        raise _refusal(path, "broken_workbook", message) from error
    if workbook is None:
        raise _refusal(path, "too_large", "The workbook is larger than 200 MB when unpacked. Export it as CSV.")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    try:
        for row in islice(workbook.worksheets[0].iter_rows(values_only=True), MAX_ROWS):
            writer.writerow([_cell_text(value) for value in row])
        return out.getvalue(), workbook.epoch
    except (zipfile.BadZipFile, SyntaxError, KeyError, ValueError, IndexError) as error:
        message = f"The workbook's first sheet is damaged ({type(error).__name__}). Save it again as .xlsx."
        raise _refusal(path, "broken_workbook", message) from error
    finally:
        workbook.close()


def _cell_text(value: object) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else f"{value.isoformat()} 00:00"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _refusal(path: Path, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=path.name, code=code, message=message)])
