"""Overrides in a TOML file, which a town keeps beside its map and edits by hand.

Guards that nothing is read halfway: every problem of a file is named at once, and what is written reads back the same.
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from routing.errors import BrokenOverridesError
from routing.override_book import OverrideBook, Withdrawal
from routing.overrides import (
    AllowAccess,
    AllowPrivate,
    AreaTarget,
    Change,
    CloseStreet,
    ForbidReversing,
    Override,
    SetDirection,
    SetLimit,
    SetSpeed,
    StreetTarget,
    Target,
    WayTarget,
)
from routing.overrides_text import overrides_text

T = TypeVar("T")

_CHANGES: dict[str, type[Change]] = {
    one.kind: one for one in (CloseStreet, SetLimit, SetSpeed, SetDirection, AllowPrivate, AllowAccess, ForbidReversing)
}
_STAND_IN = datetime(1970, 1, 1, tzinfo=UTC)
"""Where an instant is missing: the table has an issue by then."""


def read_overrides(path: Path, *, zone: ZoneInfo | None = None) -> OverrideBook:
    """The overrides of a file.

    Parameters
    ----------
    path
        A TOML file; ``OVERRIDES_TEMPLATE`` shows its form.
    zone
        What instants without an offset are local to; without a zone they are refused.

    Raises
    ------
    BrokenOverridesError
        When the file cannot be read or has missing, unknown or impossible values; the message names all of them.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BrokenOverridesError(source=path.name, issues=(f"It cannot be read: {error}.",)) from error
    return parse_overrides(document, source=path.name, zone=zone)


def write_overrides(path: Path, book: OverrideBook) -> None:
    """Write a book so that the file is complete or as it was before."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(overrides_text(book), encoding="utf-8")
    temporary.replace(path)


def parse_overrides(document: Mapping[str, Any], *, source: str, zone: ZoneInfo | None = None) -> OverrideBook:
    """The overrides of the tables of a TOML file.

    Raises
    ------
    BrokenOverridesError
        When values are missing, unknown or impossible; the message names all of them.
    """
    issues = [f"'{key}' is unknown; known are [[override]] and [[withdrawal]]." for key in _unknown_tables(document)]
    overrides: list[Override] = []
    withdrawals: list[Withdrawal] = []
    for table in _tables(document, "override", issues, zone):
        override = table.value(_override)
        if override is not None:
            overrides.append(override)
    for table in _tables(document, "withdrawal", issues, zone):
        withdrawal = table.value(_withdrawal)
        if withdrawal is not None:
            withdrawals.append(withdrawal)
    if not issues:
        try:
            return OverrideBook(overrides=tuple(overrides), withdrawals=tuple(withdrawals))
        except ValueError as error:
            issues.append(str(error))
    raise BrokenOverridesError(source=source, issues=tuple(issues))


class _Table:
    """One table: takes typed values out of it and collects what is wrong."""

    def __init__(self, values: Mapping[str, Any], *, label: str, issues: list[str], zone: ZoneInfo | None) -> None:
        name = values.get("id")
        self._values = values
        self._label = f"{label} '{name}'" if isinstance(name, str) and name else label
        self._issues = issues
        self._zone = zone
        self._asked: set[str] = set()

    def value(self, make: "Callable[[_Table], T]") -> T | None:
        """What the table says, ``None`` with issues noted where it says nothing possible."""
        n_before = len(self._issues)
        made: T | None = None
        try:
            made = make(self)
        except (ValueError, TypeError) as error:
            if len(self._issues) == n_before:  # otherwise a stand-in value was refused
                self.add(str(error))
        for key in self._values:
            if key not in self._asked:
                close = difflib.get_close_matches(key, sorted(self._asked), n=1)
                self.add(f"'{key}' is unknown here" + (f"; do you mean '{close[0]}'?" if close else "."))
        return made if len(self._issues) == n_before else None

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, *, is_required: bool = True) -> str:
        value = self._take(key, is_required=is_required)
        if value is None or isinstance(value, str):
            return value or ""
        self.add(f"{key} must be a text in double quotes.")
        return ""

    def instant(self, key: str, *, is_required: bool = False) -> datetime | None:
        value = self._take(key, is_required=is_required)
        if value is None:
            return None
        if not isinstance(value, datetime) or (value.tzinfo is None and self._zone is None):
            self.add(f"{key} must be an instant with its offset and without quotes, as in 2026-05-01T06:00:00+02:00.")
            return None
        return value if value.tzinfo is not None else value.replace(tzinfo=self._zone)

    def number(self, key: str) -> float:
        value = self._take(key, is_required=True)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if value is not None:
            self.add(f"{key} must be a number.")
        return 1.0

    def whole(self, key: str) -> int | None:
        value = self._take(key, is_required=False)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.add(f"{key} must be a whole number.")
        return None

    def listed(self, key: str, accepts: Callable[[Any], bool], what: str) -> tuple[Any, ...]:
        value = self._take(key, is_required=False)
        if value is None:
            return ()
        if isinstance(value, list) and value and all(accepts(item) for item in value):
            return tuple(value)
        self.add(f"{key} must be {what}.")
        return ()

    def add(self, detail: str) -> None:
        self._issues.append(f"{self._label}: {detail}")

    def _take(self, key: str, *, is_required: bool) -> Any:
        self._asked.add(key)
        value = self._values.get(key)
        if value is None and is_required:
            self.add(f"{key} is missing.")
        return value


def _override(table: _Table) -> Override:
    created_at = table.instant("created_at", is_required=True)
    return Override(
        override_id=table.text("id"),
        reason=table.text("reason"),
        created_by=table.text("created_by"),
        created_at=created_at or _STAND_IN,
        valid_from_at=table.instant("from"),
        valid_until_at=table.instant("until"),
        hours=table.text("hours", is_required=False),
        profiles=table.listed("profiles", _is_text, "a list of profile names"),
        change=_change(table),
        target=_target(table),
    )


def _withdrawal(table: _Table) -> Withdrawal:
    return Withdrawal(
        override_id=table.text("id"),
        withdrawn_by=table.text("by"),
        withdrawn_at=table.instant("at", is_required=True) or _STAND_IN,
    )


def _change(table: _Table) -> Change:
    name = table.text("change")
    match _CHANGES.get(name):
        case None:
            if name:
                table.add(f"change is '{name}'; it must be one of {', '.join(_CHANGES)}.")
            return CloseStreet()
        case kind if kind is SetLimit:
            return SetLimit(**{field.name: table.whole(field.name) for field in fields(SetLimit)})
        case kind if kind is SetSpeed:
            return SetSpeed(kph=table.number("kph"))
        case kind if kind is SetDirection:
            return SetDirection(open_to=table.text("open"))  # type: ignore[arg-type]  # checked by the value itself
        case kind:
            return kind()  # type: ignore[call-arg]  # those that are left have no values


def _target(table: _Table) -> Target:
    if sum(table.has(key) for key in ("ways", "polygon", "street")) != 1:
        table.add("say where with exactly one of ways, polygon or street.")
    ways = table.listed("ways", _is_whole, "a list of OSM way numbers")
    outline = table.listed("polygon", _is_corner, "a list of corners [longitude, latitude]")
    street = table.text("street", is_required=False)
    if table.has("street"):
        box = table.listed("box", _is_number, "[west, south, east, north]")
        if box and len(box) != 4:
            raise ValueError("box must be [west, south, east, north].")
        return StreetTarget(name=street, box_deg=tuple(float(side) for side in box) or None)  # type: ignore[arg-type]  # four
    if table.has("polygon"):
        return AreaTarget(outline_deg=tuple((float(lon), float(lat)) for lon, lat in outline))
    direction = table.text("direction", is_required=False) or None
    if direction not in {None, "forward", "backward"}:
        raise ValueError(f"direction is '{direction}'; it must be forward or backward, or be left out.")
    return WayTarget(way_ids=ways, direction=direction)  # type: ignore[arg-type]  # one of the three


def _tables(document: Mapping[str, Any], name: str, issues: list[str], zone: ZoneInfo | None) -> list[_Table]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        issues.append(f"'{name}' must be written as tables [[{name}]].")
        return []
    return [
        _Table(table, label=f"{name} {number}", issues=issues, zone=zone)
        for number, table in enumerate(tables, start=1)
    ]


def _unknown_tables(document: Mapping[str, Any]) -> list[str]:
    return [key for key in document if key not in {"override", "withdrawal"}]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_corner(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_number(item) for item in value)
