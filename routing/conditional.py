"""Conditional tags: ``no @ (Mo-Fr 07:00-09:00 AND weight>7.5)`` to values that hold for a vehicle at some time.

Follows OSM's scheme "Conditional restrictions": several clauses are separated by semicolons, and the last one that
holds decides. Times are written as opening hours; sizes are compared with the vehicle. Everything else (weather,
purpose, permits) is not guessed: the clause is left out and named by ``conditional_problems``.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from routing import tag_values
from routing.local_time import hours_problem
from routing.profile import VehicleProfile

SUFFIX = ":conditional"
"""Ends the key of a conditional tag."""

_MAX_LENGTH = 1000
_COMPARISON = re.compile(
    r"^(?:max)?(weight|weightrating|axleload|length|width|height)\s*(<=|>=|==|<|>|=)\s*(.+)$", re.IGNORECASE
)
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_SIZES: dict[str, tuple[str, Callable[[str], int | None]]] = {
    "weight": ("weight_kg", tag_values.weight_kg),
    "weightrating": ("weight_kg", tag_values.weight_kg),
    "axleload": ("axle_load_kg", tag_values.weight_kg),
    "length": ("length_cm", tag_values.length_cm),
    "width": ("width_cm", tag_values.length_cm),
    "height": ("height_cm", tag_values.length_cm),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A size of the vehicle compared with a limit: kilograms or centimetres."""

    attribute: str
    sign: str
    limit: int

    def holds(self, profile: VehicleProfile) -> bool:
        """Whether the vehicle is meant."""
        return _COMPARE[self.sign](getattr(profile, self.attribute), self.limit)


@dataclass(frozen=True, slots=True)
class Clause:
    """One value and all that must hold for it.

    Attributes
    ----------
    value
        What stands before the @.
    hours
        Opening hours that must all be running.
    comparisons
        Sizes that must all be met.
    problem
        Why the clause cannot be followed, empty when it can.
    """

    value: str
    hours: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    problem: str = ""

    def holds(self, profile: VehicleProfile, running: Collection[str]) -> bool:
        """Whether the clause holds for a vehicle while some of the hours are running."""
        return (
            not self.problem
            and all(hours in running for hours in self.hours)
            and all(comparison.holds(profile) for comparison in self.comparisons)
        )


def split_clauses(text: str) -> list[tuple[str, str]]:
    """Pairs of value and condition, without the brackets around the condition; hours may hold semicolons."""
    pairs: list[tuple[str, str]] = []
    for part in _split_outside_brackets(text):
        value, mark, condition = part.partition("@")
        if mark or not pairs:
            pairs.append((value.strip(), condition.strip()))
        else:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}; {part.strip()}")
    return [(value, _without_brackets(condition)) for value, condition in pairs]


@lru_cache(maxsize=4096)
def parse_conditional(text: str) -> tuple[Clause, ...]:
    """Clauses of the value of a conditional tag; those that cannot be followed say why."""
    if len(text) > _MAX_LENGTH:
        return (Clause("", problem=f"'{text[:40]}...' is longer than {_MAX_LENGTH} characters"),)
    return tuple(parse_condition(condition, value=value) for value, condition in split_clauses(text))


def parse_condition(condition: str, *, value: str = "") -> Clause:
    """The clause that gives a value under a condition such as ``Mo-Fr 07:00-09:00 AND weight>7.5``."""
    hours: list[str] = []
    comparisons: list[Comparison] = []
    if not condition:
        return Clause(value, problem="it has no condition")
    for part in _AND.split(condition):
        text = _without_brackets(part.strip())
        found = _COMPARISON.match(text)
        if found is None:
            problem = hours_problem(text)
            if problem:
                return Clause(
                    value, problem=f"'{text[:60]}' is no time and no size of a vehicle, so nothing follows it"
                )
            hours.append(text)
            continue
        attribute, read = _SIZES[found.group(1).lower()]
        try:
            limit = read(found.group(3))
        except ValueError as error:
            return Clause(value, problem=str(error))
        if limit is None:
            return Clause(value, problem=f"'{text[:60]}' compares with no number")
        comparisons.append(Comparison(attribute, found.group(2), limit))
    return Clause(value, tuple(hours), tuple(comparisons))


def tags_in_force(tags: Mapping[str, str], *, profile: VehicleProfile, running: Collection[str]) -> dict[str, str]:
    """Tags with the values of conditional ones that hold; the conditional tags themselves are gone."""
    in_force = {key: value for key, value in tags.items() if not key.endswith(SUFFIX)}
    for key, text in tags.items():
        if key.endswith(SUFFIX):
            holding = [clause.value for clause in parse_conditional(text) if clause.holds(profile, running)]
            if holding:
                in_force[key.removesuffix(SUFFIX)] = holding[-1]
    return in_force


def hours_in(tags: Mapping[str, str]) -> Iterator[str]:
    """Opening hours that the values of some tags depend on."""
    for key, text in tags.items():
        if key.endswith(SUFFIX):
            for clause in parse_conditional(text):
                yield from clause.hours


def conditional_problems(text: str) -> list[str]:
    """What cannot be followed in the value of a conditional tag."""
    return [clause.problem for clause in parse_conditional(text) if clause.problem]


def _split_outside_brackets(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth = max(0, depth + (character == "(") - (character == ")"))
        if character == ";" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def _without_brackets(text: str) -> str:
    """The text without brackets that enclose all of it: those of ``(a) AND (b)`` do not."""
    text = text.strip()
    while text.startswith("("):
        depth = 0
        closes_at = -1
        for index, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if depth == 0:
                closes_at = index
                break
        if closes_at != len(text) - 1:
            break
        text = text[1:-1].strip()
    return text
