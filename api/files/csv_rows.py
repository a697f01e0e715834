"""Rows of a CSV file with the line each stands in, and cells that turn into values or into issues."""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from api.files.csv_text import Header, field_count_issue, lines_of
from optimizer.domain.issues import Issue

_YES = frozenset({"yes", "true", "1", "ja", "wahr", "x", "y", "j"})
_NO = frozenset({"no", "false", "0", "nein", "falsch", "n"})
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
_GERMAN = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")


@dataclass(slots=True)
class Row:
    """One line of a file; reads its cells and notes what cannot be read."""

    source: str
    line: int
    header: Header
    fields: list[str]
    has_comma_decimals: bool
    issues: list[Issue] = field(default_factory=list)

    def text(self, column: str, default: str = "") -> str:
        """The cell without surrounding blanks, or the default where it is empty or absent."""
        index = self.header.index_of.get(column)
        return (self.fields[index].strip() if index is not None else "") or default

    def required_text(self, column: str) -> str:
        """The cell; an empty one is an issue."""
        cell = self.text(column)
        if not cell:
            self.add(column, "cell_empty", "The cell is empty. Fill it in.")
        return cell

    def number(self, column: str, default: float | None = None, *, low: float, high: float) -> float:
        """The cell as a finite number; NaN, with an issue noted, where it is none or lies outside the span."""
        cell = self.text(column)
        if not cell:
            if default is not None:
                return default
            self.add(column, "cell_empty", "The cell is empty. Give a number.")
            return math.nan
        value = self._parsed(column, cell)
        if math.isfinite(value) and not low <= value <= high:
            self.add(column, "number_out_of_range", f"'{cell}' is not between {low:g} and {high:g}. Correct it.")
            return math.nan
        return value

    def whole_number(self, column: str, default: int, *, low: int, high: int) -> int:
        """The cell as a whole number, or the default with an issue noted."""
        value = self.number(column, default, low=low, high=high)
        if math.isnan(value):
            return default
        if value != round(value):
            self.add(column, "not_whole", f"'{self.text(column)}' is no whole number. Round it.")
        return round(value)

    def yes_or_no(self, column: str, *, default: bool) -> bool:
        """The cell as a truth value."""
        cell = self.text(column).lower()
        if not cell:
            return default
        if cell not in _YES | _NO:
            self.add(column, "not_yes_or_no", f"'{cell}' is neither yes nor no. Write one of them.")
        return cell in _YES

    def add(self, column: str, code: str, message: str) -> None:
        """Note an issue of a cell."""
        name = self.header.heading_of.get(column, column)
        self.issues.append(Issue(where=f"{self.where}, column {name}", code=code, message=message))

    @property
    def where(self) -> str:
        """File and line, as an editor counts them."""
        return f"{self.source}, line {self.line}"

    def _parsed(self, column: str, cell: str) -> float:
        given = cell.replace("\u00a0", "").replace("\u2212", "-")
        if self.header.has_comma_decimals and _GERMAN.fullmatch(given):
            given = given.replace(".", "").replace(",", ".")
        elif self.has_comma_decimals and _THOUSANDS.fullmatch(given) and column not in {"lon", "lat"}:
            plain = given.replace(".", "")
            message = f"'{cell}' may mean {plain} or {given.replace('.', ',', 1)}. Write it without the point."
            self.add(column, "ambiguous_number", message)
            return math.nan
        try:
            value = float(given) if "_" not in given else math.nan
        except ValueError:
            hint = "use a point, as in 50.08" if "," in cell else "give a number, as in 50.08"
            self.add(column, "not_a_number", f"'{cell}' is no number; {hint}.")
            return math.nan
        if not math.isfinite(value):
            self.add(column, "not_a_number", f"'{cell}' is no number that can be used. Give a real one.")
            return math.nan
        return value


def read_rows(text: str, header: Header, *, source: str, issues: list[Issue]) -> Iterator[Row]:
    """The lines below the heading; blank ones are passed over, torn ones are noted in ``issues``."""
    lines = lines_of(text)
    below = "".join(lines[header.line :])
    last_line = len(lines)
    comma_decimals = header.has_comma_decimals and _has_comma_decimal(below, header.delimiter)
    reader = csv.reader(io.StringIO(below, newline=""), delimiter=header.delimiter, strict=True)
    line = header.line + 1
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            message = f"The line cannot be read ({error}). Close every double quote, or export the file again."
            issues.append(Issue(where=f"{source}, line {line}", code="broken_quotes", message=message))
            return
        if fields is None:
            return
        next_line = header.line + reader.line_num + 1
        if any(field.strip() for field in fields):
            if len(fields) == header.width:
                row = Row(source, line, header, fields, comma_decimals)
                yield row
                issues.extend(row.issues)
            else:
                where = f"{source}, line {line}"
                is_last = next_line > last_line
                issues.append(field_count_issue(where, found=len(fields), header=header, is_last=is_last))
        line = next_line


def _has_comma_decimal(text: str, delimiter: str) -> bool:
    pattern = rf"(?:^|{re.escape(delimiter)})\s*[+-]?[\d.]*\d,\d+\s*(?:$|{re.escape(delimiter)})"
    return re.search(pattern, text, flags=re.MULTILINE) is not None
