"""Tables of a TOML file that know the line they stand in, and note what is missing, misspelt or of a wrong kind."""

import difflib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.files.csv_text import read_text
from optimizer.domain.issues import InvalidInputError, Issue

_TABLE = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


@dataclass(slots=True)
class Section:
    """One table, e.g. the second ``[[vehicle]]``.

    Attributes
    ----------
    source, label, line
        File, what people call the table, and the line it begins in.
    line_of
        Line of each of its keys.
    issues
        Shared by all tables of a file.
    """

    source: str
    label: str
    line: int
    values: Mapping[str, Any]
    line_of: Mapping[str, int]
    issues: list[Issue]
    asked: set[str] = field(default_factory=set)

    def text(self, key: str, default: str | None = None) -> str:
        """The text under the key; None as default makes it required."""
        value = self._get(key, default)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.add(key, "wrong_kind", f"{key} is {value!r}; write text in double quotes.")
            return default or ""
        if not value.strip() and default is None:
            self.add(key, "empty", f"{key} is empty. Fill it in.")
        return value.strip()

    def number(self, key: str, default: float | None = None, *, why: str = "") -> float:
        """The number under the key, NaN with an issue noted where there is none."""
        value = self._get(key, default, why=why)
        if value is None:
            return math.nan
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.add(key, "not_a_number", f"{key} is {value!r}; write a plain number, as in 12.5 (no quotes, a point).")
            return math.nan
        return value

    def whole_number(self, key: str, default: int) -> int:
        """The whole number under the key."""
        value = self._whole(key, default)
        return default if value is None else value

    def whole_number_or_none(self, key: str) -> int | None:
        """The whole number under a key that may be absent."""
        self.asked.add(key)
        return self._whole(key, None) if key in self.values else None

    def _whole(self, key: str, default: int | None) -> int | None:
        """The whole number, None with an issue noted where it is none."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(key, "not_whole", f"{key} is {value!r}; write a whole number, as in 900.")
            return None
        return value

    def yes_or_no(self, key: str, *, default: bool) -> bool:
        """The truth value under the key."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            self.add(key, "not_yes_or_no", f"{key} is {value!r}; write true or false.")
            return default
        return value

    def texts(self, key: str, default: frozenset[str] | None = None) -> frozenset[str]:
        """The list of texts under the key."""
        value = self._get(key, default)
        if value is None:
            return frozenset()
        if isinstance(value, frozenset):
            return value
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.add(key, "wrong_kind", f'{key} is {value!r}; write a list of texts, as in ["glass", "paper"].')
            return default or frozenset()
        return frozenset(value)

    def table(self, key: str, *, is_required: bool = False, why: str = "") -> "Section":
        """The table below this one, e.g. ``[vehicle.shift]``; an empty one where it is absent."""
        value = self._get(key, None if is_required else {}, why=why)
        if value is not None and not isinstance(value, dict):
            self.add(key, "wrong_kind", f"{key} is {value!r}; write a table, as in [vehicle.{key}].")
        values = value if isinstance(value, dict) else {}
        prefix = f"{key}."
        lines = {name[len(prefix) :]: line for name, line in self.line_of.items() if name.startswith(prefix)}
        line = self.line_of.get(key, self.line)
        return Section(self.source, f"{self.label}, {key}", line, values, lines, self.issues)

    def raw(self, key: str, default: Any) -> Any:
        """Whatever stands under the key."""
        return self._get(key, default)

    def finish(self) -> None:
        """Note keys that nobody asked for: a misspelt one must not go unseen."""
        for key in self.values:
            if key not in self.asked:
                close = difflib.get_close_matches(key, sorted(self.asked), n=1, cutoff=0.6)
                hint = f"Do you mean '{close[0]}'?" if close else f"Known are: {', '.join(sorted(self.asked))}."
                self.add(key, "unknown_key", f"'{key}' is not known here. {hint}")

    def adopt(self, error: InvalidInputError | ValueError) -> None:
        """Note what a domain value found wrong, at the line of the key that it speaks of."""
        if not isinstance(error, InvalidInputError):
            self.add("", "invalid", str(error))
            return
        for issue in error.issues:
            key = issue.message.split(" ", maxsplit=1)[0]
            self.add(key, issue.code, issue.message)

    def add(self, key: str, code: str, message: str) -> None:
        """Note an issue at the line of a key."""
        line = self.line_of.get(key, self.line)
        self.issues.append(Issue(where=f"{self.source}, line {line}, {self.label}", code=code, message=message))

    def _get(self, key: str, default: Any, *, why: str = "") -> Any:
        self.asked.add(key)
        if key in self.values:
            return self.values[key]
        if default is None:
            self.add(key, "missing_key", f"{key} is missing. {why or 'Add it.'}")
        return default


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlFile:
    """A parsed file with the lines of its tables and keys."""

    source: str
    values: Mapping[str, Any]
    lines: Mapping[tuple[str, int], tuple[int, Mapping[str, int]]]
    issues: list[Issue] = field(default_factory=list)

    def one(self, name: str) -> Section:
        """The table ``[name]``; an empty one where it is absent."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            self._add(name, f"[{name}] stands once, with single brackets.")
            value = {}
        line, line_of = self.lines.get((name, 0), (1, {}))
        return Section(self.source, f"[{name}]", line, value, line_of, self.issues)

    def many(self, name: str) -> Iterator[Section]:
        """All tables ``[[name]]``."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._add(name, f"Write [[{name}]] with double brackets; it may stand several times.")
            value = []
        for index, one in enumerate(value):
            line, line_of = self.lines.get((name, index), (1, {}))
            called = one.get("id")
            label = f"{name} {called}" if isinstance(called, str) and called else f"{name} no. {index + 1}"
            yield Section(self.source, label, line, one, line_of, self.issues)

    def finish(self, known: frozenset[str]) -> None:
        """Note top-level names that nobody knows."""
        for name in self.values:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
                hint = f"Do you mean '{close[0]}'?" if close else f"Known are: {', '.join(sorted(known))}."
                self._add(name, f"'{name}' is not known. {hint}", code="unknown_table")

    def _add(self, name: str, message: str, code: str = "wrong_kind") -> None:
        line = self.lines.get((name, 0), (1, {}))[0]
        self.issues.append(Issue(where=f"{self.source}, line {line}", code=code, message=message))


def read_toml(path: Path) -> TomlFile:
    """The file with its lines.

    Raises
    ------
    InvalidInputError
        When there is no such file, it is no TOML, or it is cut off.
    """
    text = read_text(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError([_syntax_issue(path.name, str(error), text)]) from error
    return TomlFile(source=path.name, values=values, lines=_find_lines(text))


def _syntax_issue(source: str, detail: str, text: str) -> Issue:
    place = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", detail)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    reason = detail.split(" (at", maxsplit=1)[0]
    is_at_end = place is not None and place[1] is None
    hint = "The file seems to be cut off here" if is_at_end else "Look for a missing quote, bracket or '='"
    message = f"This is no valid TOML: {reason}. {hint}."
    return Issue(where=f"{source}, line {line}", code="toml_syntax", message=message)


def _find_lines(text: str) -> dict[tuple[str, int], tuple[int, dict[str, int]]]:
    """Lines of tables and keys by a plain scan; a multi-line text may mislead it, which costs only a line number."""
    found: dict[tuple[str, int], tuple[int, dict[str, int]]] = {}
    counts: dict[str, int] = {}
    keys: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), start=1):
        table = _TABLE.match(line)
        key = _KEY.match(line)
        if table:
            name, _, below = table[1].partition(".")
            if below:  # [vehicle.shift] belongs to the last [[vehicle]]
                prefix = f"{below}."
                keys.setdefault(below, number)
            else:
                prefix = ""
                index = counts.get(name, 0)
                counts[name] = index + 1
                keys = {}
                found[name, index] = (number, keys)
        elif key:
            keys.setdefault(prefix + key[1], number)
    return found
