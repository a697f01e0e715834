"""CSV as people have it: from Excel in German or English, with a byte-order mark or in cp1252, with comments on top."""

import csv
import difflib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.files.columns import Column, heading
from optimizer.domain.issues import InvalidInputError, Issue

DELIMITERS = (",", ";", "\t", "|")

_FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive. In Excel choose 'Save as' and 'CSV UTF-8'"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook. In Excel choose 'Save as' and 'CSV UTF-8'"),
    (b"PAR1", "a Parquet file. Give it the ending .parquet if these are readings, else export it as CSV"),
    (b"%PDF", "a PDF document. Give a CSV file"),
    (b"\x1f\x8b", "a gzip archive. Unpack it first"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the heading stands and which column is what.

    Attributes
    ----------
    line
        Line of the heading, from 1.
    delimiter
        One of ``DELIMITERS``.
    width
        Number of fields that every line must have.
    index_of
        Position of each known column that the file has.
    heading_of
        What the file itself calls each of those columns.
    """

    line: int
    delimiter: str
    width: int
    index_of: Mapping[str, int]
    heading_of: Mapping[str, str]

    @property
    def has_comma_decimals(self) -> bool:
        """Whether a comma inside a number can only be a decimal comma."""
        return self.delimiter != ","


def read_text(path: Path) -> str:
    """The file's text, whatever the program that wrote it.

    Raises
    ------
    InvalidInputError
        When there is no such file, it is empty, or it is no text.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _refusal(path.name, "file_missing", f"There is no file {path}. Create it or correct the path.") from None
    except OSError as error:
        problem = error.strerror or "unknown error"
        raise _refusal(path.name, "file_unreadable", f"The file cannot be read ({problem}).") from error
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise _refusal(path.name, "file_empty", "The file is empty. Write a heading and at least one line.")
    for magic, meaning in _FOREIGN:
        if content.startswith(magic):
            raise _refusal(path.name, "file_type", f"This is {meaning}.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's "Unicode text"
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content:
        raise _refusal(path.name, "file_type", "This is no text file, or it is damaged. Export it again.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def find_header(
    text: str, *, source: str, columns: Sequence[Column], renamed: Mapping[str, str] | None = None
) -> Header:
    """The heading line, below comments and Excel's ``sep=`` line.

    Parameters
    ----------
    renamed
        The file's own heading for a column, where it is none of the known ones.

    Raises
    ------
    InvalidInputError
        When required columns are missing, a column stands twice, or a heading looks misspelt.
    """
    line, content = _first_line(text)
    names = _names(columns, renamed or {})
    fields, delimiter = max(
        ((_split(content, delimiter), delimiter) for delimiter in DELIMITERS),
        key=lambda split: sum(_key(field) in names for field in split[0]),
    )
    issues = []
    index_of: dict[str, int] = {}
    heading_of: dict[str, str] = {}
    where = f"{source}, line {line}"
    for index, field in enumerate(fields):
        name = names.get(_key(field))
        if name is None:
            continue
        if name in index_of:
            message = f"'{heading_of[name]}' and '{field}' are both the column {name}. Remove one of them."
            issues.append(Issue(where=where, code="duplicate_column", message=message))
        else:
            index_of[name] = index
            heading_of[name] = field.strip()
    unknown = [field.strip() for field in fields if _key(field) and _key(field) not in names]
    for field in unknown:
        close = difflib.get_close_matches(_key(field), [c.name for c in columns if c.name not in index_of], cutoff=0.8)
        if close:
            message = f"The column '{field}' is unknown. If it is meant to be '{close[0]}', correct the heading."
            issues.append(Issue(where=where, code="unknown_column", message=message))
    missing = [column.name for column in columns if column.is_required and column.name not in index_of]
    if missing:
        message = (
            f"The column {_listed(missing)} is missing. The heading has: {', '.join(f.strip() for f in fields)}. "
            f"Expected is (optional ones may be left out): {heading(tuple(columns))}"
        )
        issues.append(Issue(where=where, code="missing_column", message=message))
    if issues:
        raise InvalidInputError(issues)
    return Header(line=line, delimiter=delimiter, width=len(fields), index_of=index_of, heading_of=heading_of)


def field_count_issue(where: str, *, found: int, header: Header, is_last: bool) -> Issue:
    """The report on a line with too few or too many fields."""
    if found > header.width:
        hint = "Put text that contains the separator in double quotes"
        if header.delimiter == ",":
            hint += ", and write numbers with a point, as in 50.08"
    elif is_last:
        hint = "The file seems to be cut off here: export or copy it again"
    else:
        hint = "Complete the line; leave unknown values empty but keep the separators"
    message = f"The line has {found} fields, the heading has {header.width}. {hint}."
    return Issue(where=where, code="field_count", message=message)


def lines_of(text: str) -> list[str]:
    """The lines with their ends, as editors count them: no break at Unicode's rarer line separators."""
    return list(io.StringIO(text, newline=""))


def _first_line(text: str) -> tuple[int, str]:
    lines = lines_of(text)
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#") and not stripped.lower().startswith("sep="):
            return number, line.rstrip("\r\n")
    return max(len(lines), 1), ""


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _names(columns: Sequence[Column], renamed: Mapping[str, str]) -> dict[str, str]:
    names = {}
    for column in columns:
        if column.name in renamed:  # the caller knows better than the aliases
            names[_key(renamed[column.name])] = column.name
    taken = set(names)
    for column in columns:
        if column.name not in renamed:
            names |= {key: column.name for key in (column.name, *column.aliases) if key not in taken}
    return names


def _key(field: str) -> str:
    return field.strip().strip("\ufeff").lower().replace(" ", "_")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _refusal(source: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=source, code=code, message=message)])
