"""readings.csv and readings.parquet: what sensors, drivers and trucks observed.

Levels out of range and clocks gone wrong are passed on: sensors do that, and the cleaning of the series judges it.
What is refused is what the file got wrong: torn lines, numbers that are none, unknown containers.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.files.issue_summary import raise_if_any
from api.files.reading_columns import ReadingColumns
from api.files.reading_instants import Flags, Instants, from_timestamps, parse_instants
from api.files.readings_csv import read_csv_columns
from api.files.readings_parquet import is_parquet, read_parquet_columns
from optimizer.domain.issues import Issue
from optimizer.domain.reading import FillHistory, FillSeries, Quality, Source

_SHOWN = 10
"""Lines named one by one for each kind of issue."""

_YES = frozenset({"yes", "true", "1", "ja", "wahr", "x", "y", "j"})
_NO = frozenset({"", "no", "false", "0", "nein", "falsch", "n"})
_ABSURD_FRACTION = 10.0
_FEWEST_FOR_SCALE = 20


def read_readings(
    path: Path,
    *,
    container_ids: Collection[str],
    zone: ZoneInfo | None,
    columns: Mapping[str, str] | None = None,
) -> FillHistory:
    """All readings as series by container, or none.

    Of several readings of one container and second, the lowest level stays (echoes only ever raise a level). What
    drivers saw when they looked in is kept apart from what sensors measured.

    Parameters
    ----------
    container_ids
        The containers that the town has.
    zone
        Zone of clock times without an offset; None to refuse them.
    columns
        The file's own heading for a column, where it is none of the known ones.

    Raises
    ------
    InvalidInputError
        With every line that cannot be used, and what to do about it.
    """
    issues: list[Issue] = []
    if path.suffix == ".parquet" or is_parquet(path):
        raw = read_parquet_columns(path, columns)
    else:
        raw = read_csv_columns(path, columns, issues)
    report = _Report(path.name, raw, issues)
    codes, names = pd.factorize(np.asarray(raw.container_id, dtype=object))
    group = codes.astype(np.int64)
    _check_ids(report, group, [str(name) for name in names], container_ids)
    instants = _instants(report, group, zone)
    emptied = _emptied(report)
    level = _levels(report, emptied)
    is_glance = _check_sources(report)
    _check_scale(report, level)
    raise_if_any(issues)
    return _history([str(name) for name in names], group, instants.at_s, level, emptied, is_glance)


class _Report:
    """Turns flags over rows into issues with their lines."""

    def __init__(self, source: str, raw: ReadingColumns, issues: list[Issue]) -> None:
        self.source = source
        self.raw = raw
        self.issues = issues

    def note(self, flags: Flags, column: str, code: str, message: str, cells: Any = None) -> None:
        """Report the flagged rows: the first one by one, the rest as a count."""
        positions = np.flatnonzero(flags)
        for position in positions[:_SHOWN].tolist():
            cell = "" if cells is None else str(cells[position])
            self.add(int(self.raw.number[position]), column, code, message.replace("CELL", cell))
        hidden = len(positions) - _SHOWN
        if hidden > 0:
            last = self.raw.number[positions[-1]]
            place = self.raw.place
            where = f"{self.source}, column {self.raw.heading_of.get(column, column)}"
            message = f"{hidden} more like these, the last in {place} {last}. Correct them alike."
            self.issues.append(Issue(where=where, code=code, message=message))

    def add(self, number: int, column: str, code: str, message: str) -> None:
        """Report one row."""
        heading = self.raw.heading_of.get(column, column)
        where = f"{self.source}, {self.raw.place} {number}, column {heading}"
        self.issues.append(Issue(where=where, code=code, message=message))


def _check_ids(report: _Report, group: NDArray[np.int64], names: list[str], known: Collection[str]) -> None:
    counts = np.bincount(group, minlength=len(names))
    registered = frozenset(known)
    for index, name in enumerate(names):
        if name in registered:
            continue
        first = int(report.raw.number[np.argmax(group == index)])
        if not name:
            message = f"The cell is empty ({counts[index]} readings). Fill in the container."
        else:
            message = f"Container '{name}' ({counts[index]} readings) is not in the containers file. Add or correct it."
        report.add(first, "container_id", "unknown_container", message)


def _instants(report: _Report, group: NDArray[np.int64], zone: ZoneInfo | None) -> Instants:
    cells = report.raw.observed_at
    if isinstance(cells, pd.Series):
        instants = from_timestamps(cells, group, zone)
    else:
        instants = parse_instants(cells, group, zone)
        cells = np.asarray(cells, dtype=object)
    unreadable = "'CELL' is no instant. Write it as in 2026-03-02T05:30:00+01:00 or 2026-03-02T04:30:00Z."
    report.note(instants.is_unreadable, "observed_at", "not_an_instant", unreadable, cells)
    naive = "'CELL' has no offset from UTC. Add it, as in 2026-03-02T05:30:00+01:00, or name the time zone."
    report.note(instants.is_naive, "observed_at", "naive_instant", naive, cells)
    never = f"The clock time CELL never was in {zone}: the clocks went forward. Check the zone, or add the offset."
    report.note(instants.never_was, "observed_at", "skipped_clock_time", never, cells)
    return instants


def _emptied(report: _Report) -> Flags:
    cells = report.raw.is_emptying
    if cells is None:
        return np.zeros(len(report.raw.number), dtype=bool)
    text = pd.Series(cells, dtype="str").str.strip().str.lower()
    yes = text.isin(_YES).to_numpy()
    report.note(
        ~(yes | text.isin(_NO).to_numpy()), "is_emptying", "not_yes_or_no", "'CELL' is neither yes nor no.", cells
    )
    return np.asarray(yes, dtype=bool)


def _levels(report: _Report, emptied: Flags) -> NDArray[np.float64]:
    raw = report.raw
    cells = np.asarray(raw.level)
    if cells.dtype.kind == "f":
        value = cells.astype(np.float64)
        is_empty = np.isnan(value)  # how tables store "no value"
    else:
        text = pd.Series(cells, dtype="str").str.strip()
        is_empty = (text == "").to_numpy(dtype=bool)
        if raw.has_comma_decimals:
            text = text.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
        value = pd.to_numeric(text.where(~is_empty, "0"), errors="coerce").to_numpy(dtype=np.float64, copy=True)
        value[is_empty] = np.nan
    column = "fill_percent" if raw.is_percent else "fill_fraction"
    level = value / 100 if raw.is_percent else value
    hint = "use a point, as in 62.5" if not raw.has_comma_decimals else "give a number, as in 62,5"
    is_finite = np.isfinite(level)
    report.note(~is_finite & ~is_empty, column, "not_a_number", f"'CELL' is no number; {hint}.", cells)
    needless = "The level is empty. Fill it in, or remove the reading."
    report.note(is_empty & ~emptied, column, "cell_empty", needless)
    with np.errstate(invalid="ignore"):
        is_absurd = is_finite & (np.abs(level) > _ABSURD_FRACTION)
    limit = 100 * _ABSURD_FRACTION if raw.is_percent else _ABSURD_FRACTION
    absurd = f"CELL is no fill level (beyond {limit:g}). Correct or remove the reading."
    report.note(is_absurd, column, "absurd_level", absurd, cells)
    return np.asarray(level, dtype=np.float64)


def _check_scale(report: _Report, level: NDArray[np.float64]) -> None:
    """Percent that can only be fractions, and the other way round, reported once."""
    known = level[np.isfinite(level)]
    if len(known) < _FEWEST_FOR_SCALE:
        return
    message = ""
    if not report.raw.is_percent and np.mean(known > 2) > 0.1:
        message = "Many levels are far above 1: these are percent. Name the column fill_percent."
    elif report.raw.is_percent and known.max() <= 0.01 and np.any((known > 0) & (known < 0.01)):
        message = "All levels lie between 0 and 1: these are fractions. Name the column fill_fraction."
    if message:  # says more than the reports on single levels
        report.issues[:] = [issue for issue in report.issues if issue.code != "absurd_level"]
        report.issues.append(Issue(where=report.source, code="scale", message=message))


def _check_sources(report: _Report) -> Flags:
    """Which readings are what a driver saw."""
    cells = report.raw.source
    if cells is None:
        return np.zeros(len(report.raw.number), dtype=bool)
    text = pd.Series(cells, dtype="str").str.strip().str.lower()
    known = sorted(Source)
    is_wrong = ~text.isin(["", *known]).to_numpy(dtype=bool)
    report.note(is_wrong, "source", "unknown_source", f"'CELL' is none of {', '.join(known)}.", cells)
    return np.asarray(text == Source.DRIVER, dtype=bool)


def _history(
    names: list[str],
    group: NDArray[np.int64],
    at_s: NDArray[np.int64],
    level: NDArray[np.float64],
    emptied: Flags,
    is_glance: Flags,
) -> FillHistory:
    order = np.lexsort((level, at_s, group))  # NaN sorts last within its instant
    group, at_s, level = group[order], at_s[order], level[order]
    emptied, is_glance = emptied[order], is_glance[order]
    has_level = np.isfinite(level)
    bounds = np.searchsorted(group, np.arange(len(names) + 1))
    history = {}
    for index in sorted(range(len(names)), key=names.__getitem__):
        part = slice(int(bounds[index]), int(bounds[index + 1]))
        sensed, seen = has_level[part] & ~is_glance[part], has_level[part] & is_glance[part]
        observed_at_s, fill_fraction = _lowest(at_s[part][sensed], level[part][sensed])
        glanced_at_s, glance_fraction = _lowest(at_s[part][seen], level[part][seen])
        history[names[index]] = FillSeries(
            container_id=names[index],
            observed_at_s=observed_at_s,
            fill_fraction=fill_fraction,
            quality=np.full(len(observed_at_s), Quality.UNCHECKED, dtype=np.int8),
            emptied_at_s=np.unique(at_s[part][emptied[part]]),
            glanced_at_s=glanced_at_s,
            glance_fraction=glance_fraction,
        )
    return history


def _lowest(at_s: NDArray[np.int64], level: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The first level of each instant, of rising instants and rising levels within them."""
    is_first = np.diff(at_s, prepend=at_s[:1] - 1) > 0
    return at_s[is_first], level[is_first].astype(np.float32)
