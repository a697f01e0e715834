"""Collections of the past as a table: levels before and after, and what the emptyings were.

The scale, the density's origin and the zone cannot be seen in such a table, so they are asked for. A column of weights
that is a fixed multiple of the volume was computed and never weighed; it is named as such.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from api.files.issue_summary import raise_if_any
from api.files.reading_instants import parse_instants
from api.ingest.history_cells import HistoryRow, read_cells
from optimizer.domain.issues import Issue
from optimizer.domain.reading import FillHistory, FillSeries, Quality

_YES = frozenset({"yes", "true", "1", "ja", "wahr", "x", "y", "j"})
_NO = frozenset({"", "no", "false", "0", "nein", "falsch", "n"})
_LEAST_CONFIDENCE_PERCENT = 50.0
_AFTER_S = 60
"""The level after a collection is put this much behind it."""

_FEWEST_FOR_DENSITY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryScale:
    """What the table's figures mean.

    Attributes
    ----------
    zone
        Zone of clock times without an offset.
    full_value
        The figure that stands for full: 100 for percent, 1 for fractions.
    full_fraction
        How full a container is in truth at that figure, e.g. 0.8 where 100 % means 80 % full.
    """

    zone: ZoneInfo
    full_value: float
    full_fraction: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryTable:
    """What was read.

    Attributes
    ----------
    notes
        What people should know about the table, in sentences.
    """

    history: FillHistory
    row_count: int
    notes: tuple[str, ...]


def read_history_table(path: Path, scale: HistoryScale, renamed: Mapping[str, str] | None = None) -> HistoryTable:
    """The table's levels and emptyings as series, or none of them.

    Raises
    ------
    InvalidInputError
        With every line that cannot be used, and what to do about it.
    """
    rows = read_cells(path, renamed)
    issues: list[Issue] = []
    names = sorted({row.cells["container_id"] for row in rows})
    position = {name: index for index, name in enumerate(names)}
    group = np.array([position[row.cells["container_id"]] for row in rows], dtype=np.int64)
    instants = parse_instants([row.cells["collected_at"] for row in rows], group, scale.zone)
    points: dict[str, dict[int, float]] = {}
    emptied: dict[str, set[int]] = {}
    doubted = 0
    for index, row in enumerate(rows):
        reader = _RowReader(path.name, row, issues)
        name = row.cells["container_id"]
        if not name:
            reader.note("container_id", "cell_empty", "The cell is empty. Fill in the container.")
        if instants.is_unreadable[index] or instants.never_was[index]:
            reader.note("collected_at", "not_an_instant", "This is no clock time of the zone. Write 2026-03-02 05:10.")
        before, after = reader.level("level_before", scale), reader.level("level_after", scale)
        is_whole = not (reader.flag("is_frozen") or reader.flag("is_partial"))
        confidence = reader.number("confidence")
        at_s = int(instants.at_s[index])
        if is_whole:
            emptied.setdefault(name, set()).add(at_s)
        if confidence is not None and confidence < _LEAST_CONFIDENCE_PERCENT:
            doubted += 1
            continue
        series = points.setdefault(name, {})
        if before is not None:
            series[at_s] = before
        if after is not None:
            series[at_s + _AFTER_S] = after
    raise_if_any(issues)
    notes = _notes(rows, doubted)
    history = {name: _series(name, points.get(name, {}), emptied.get(name, set())) for name in names}
    return HistoryTable(history=history, row_count=len(rows), notes=notes)


class _RowReader:
    """Reads the cells of one line and notes what is wrong with them."""

    def __init__(self, source: str, row: HistoryRow, issues: list[Issue]) -> None:
        self._where = f"{source}, line {row.line}"
        self._cells = row.cells
        self._issues = issues

    def note(self, column: str, code: str, message: str) -> None:
        """Report a cell."""
        self._issues.append(Issue(where=f"{self._where}, column {column}", code=code, message=message))

    def number(self, column: str) -> float | None:
        """A number, with a decimal comma or a percent sign if it must be; None where the cell is empty."""
        text = self._cells.get(column, "").removesuffix("%").strip()
        if not text:
            return None
        try:
            value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            self.note(column, "not_a_number", "This is no number. Write it as 62.5.")
            return None
        return value

    def level(self, column: str, scale: HistoryScale) -> float | None:
        """A level from 0 to 2, or None where the cell is empty."""
        value = self.number(column)
        if value is None:
            return None
        fraction = value / scale.full_value * scale.full_fraction
        if not 0 <= fraction <= 2:
            self.note(column, "absurd_level", "This is no fill level on the named scale. Correct it, or the scale.")
            return None
        return fraction

    def flag(self, column: str) -> bool:
        """Whether the cell says yes."""
        word = self._cells.get(column, "").lower()
        if word not in _YES | _NO:
            self.note(column, "not_yes_or_no", "This is neither yes nor no.")
        return word in _YES


def _notes(rows: Sequence[HistoryRow], doubted: int) -> tuple[str, ...]:
    notes = []
    if doubted:
        notes.append(f"{doubted} lines of low confidence count as emptyings only; their levels were left out.")
    ratios = []
    for row in rows:
        try:
            ratios.append(float(row.cells["weight_kg"]) / float(row.cells["volume_l"]))
        except (KeyError, ValueError, ZeroDivisionError):
            continue
    if len(ratios) >= _FEWEST_FOR_DENSITY and np.ptp(ratios) <= 0.002 * abs(float(np.median(ratios))) + 1e-9:
        notes.append(
            f"Every weight is the volume times {float(np.median(ratios)):.3g} kg/l: it was computed, not weighed, and "
            "tells nothing about densities."
        )
    return tuple(notes)


def _series(name: str, points: Mapping[int, float], emptied: set[int]) -> FillSeries:
    at_s = np.array(sorted(points), dtype=np.int64)
    return FillSeries(
        container_id=name,
        observed_at_s=at_s,
        fill_fraction=np.array([points[at] for at in at_s.tolist()], dtype=np.float32),
        quality=np.full(len(at_s), Quality.UNCHECKED, dtype=np.int8),
        emptied_at_s=np.array(sorted(emptied), dtype=np.int64),
    )
