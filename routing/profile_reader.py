"""Read typed values from the tables of a profile file and collect every problem instead of stopping at the first."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from routing.local_time import hours_problem
from routing.osm.tag_keys import HIGHWAY_CLASSES
from routing.time_slices import TimeSlice

T = TypeVar("T")


class ProfileReader:
    """Takes values out of nested tables; what is missing or wrong becomes an issue and a harmless stand-in value."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._issues: list[str] = []
        self._used: set[tuple[str, str]] = set()

    def text(self, table: str, key: str) -> str:
        """A text."""
        value = self._take(table, key)
        if value is None or (isinstance(value, str) and value):
            return value or ""
        return self._reject(table, key, "must be a text", "")

    def flag(self, table: str, key: str) -> bool:
        """True or false."""
        value = self._take(table, key)
        if value is None or isinstance(value, bool):
            return bool(value)
        return self._reject(table, key, "must be true or false", stand_in=False)

    def texts(self, table: str, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(table, key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        return self._reject(table, key, "must be a list of texts", ())

    def number(self, table: str, key: str, *, low: float, high: float) -> float:
        """A number within limits."""
        value = self._take(table, key)
        if value is None:
            return low
        if _is_number(value) and low <= value <= high:
            return float(value)
        return self._reject(table, key, f"must be a number from {low:g} to {high:g}", low)

    def whole(self, table: str, key: str, *, low: int, high: int) -> int:
        """A whole number within limits."""
        value = self._take(table, key)
        if value is None:
            return low
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        return self._reject(table, key, f"must be a whole number from {low} to {high}", low)

    def speeds(self, table: str) -> dict[str, float]:
        """A table of speeds in kilometres per hour; zero closes."""
        values = self._document.get(table)
        if not isinstance(values, Mapping):
            self._issues.append(f"the table [{table}] is missing")
            return {}
        self._used.update((table, key) for key in values)
        for key, value in values.items():
            if not _is_number(value) or not 0 <= value <= 200:
                self._issues.append(f"[{table}] {key} must be a speed from 0 to 200 km/h")
        return {key: float(value) for key, value in values.items() if _is_number(value)}

    def has(self, table: str) -> bool:
        """Whether the file has a table that it may leave out."""
        return table in self._document

    def choice(self, table: str, key: str, *, known: tuple[str, ...]) -> str:
        """One of some known texts."""
        value = self.text(table, key)
        if not value or value in known:
            return value
        return self._reject(table, key, f"must be one of {', '.join(known)}", known[0])

    def time_slices(self, key: str) -> tuple[TimeSlice, ...]:
        """Tables ``[[key]]``, none or several, each with name, hours and factors by class."""
        self._used.add(("", key))
        tables = self._document.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
            return self._reject("", key, f"must be written as tables [[{key}]]", ())
        slices: list[TimeSlice] = []
        for number, table in enumerate(tables, start=1):
            problems = list(_slice_problems(table, known=[item.name for item in slices]))
            self._issues += [f"[[{key}]] {number}: {problem}" for problem in problems]
            if not problems:
                factors = {str(name): float(factor) for name, factor in table["speed_factor"].items()}
                item = TimeSlice(name=table["name"], hours=table["hours"], speed_factor=tuple(sorted(factors.items())))
                slices.append(item)
        return tuple(slices)

    def all_issues(self) -> list[str]:
        """Everything that is wrong, unknown keys included."""
        unknown = []
        for table, content in self._document.items():
            keys = [(table, key) for key in content] if isinstance(content, Mapping) else [("", table)]
            unknown += [f"{_place(*key)} is unknown" for key in keys if key not in self._used]
        return self._issues + unknown

    def _take(self, table: str, key: str) -> Any:
        self._used.add((table, key))
        content = self._document.get(table, {}) if table else self._document
        value = content.get(key) if isinstance(content, Mapping) else None
        if value is None:
            self._issues.append(f"{_place(table, key)} is missing")
        return value

    def _reject(self, table: str, key: str, detail: str, stand_in: T) -> T:
        self._issues.append(f"{_place(table, key)} {detail}")
        return stand_in


def _slice_problems(table: Mapping[str, Any], *, known: list[str]) -> Iterator[str]:
    name, hours, factors = (table.get(key) for key in ("name", "hours", "speed_factor"))
    if not isinstance(name, str) or not name.strip():
        yield "name must be a text"
    elif name in known:
        yield f"the name '{name}' is taken"
    if not isinstance(hours, str):
        yield "hours must be a text in opening_hours syntax, as in 'Mo-Fr 07:00-09:00'"
    elif hours_problem(hours):
        yield hours_problem(hours)
    yield from _factor_problems(factors)
    yield from (f"{key} is unknown" for key in table if key not in {"name", "hours", "speed_factor"})


def _factor_problems(factors: object) -> Iterator[str]:
    if not isinstance(factors, Mapping) or not factors:
        yield "speed_factor must be a table of factors by highway class"
        return
    for highway, factor in factors.items():
        if highway not in HIGHWAY_CLASSES:
            yield f"speed_factor: '{highway}' is no highway class"
        if not _is_number(factor) or not 0.05 <= factor <= 2:
            yield f"speed_factor: {highway} must be a number from 0.05 to 2"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _place(table: str, key: str) -> str:
    return f"[{table}] {key}" if table else key
