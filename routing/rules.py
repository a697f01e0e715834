"""What the tags of a way or node mean for vehicles: directions, access, limits.

Values that cannot be understood are left out here and listed by ``tag_issues``; they never stop an import.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from routing import tag_values
from routing.conditional import SUFFIX, parse_conditional
from routing.streets import MapIssue, StreetGraph

T = TypeVar("T")

LIMIT_READERS: dict[str, Callable[[str], int | None]] = {
    "maxweight": tag_values.weight_kg,
    "maxweightrating": tag_values.weight_kg,
    "maxaxleload": tag_values.weight_kg,
    "maxheight": tag_values.length_cm,
    "maxwidth": tag_values.length_cm,
    "maxlength": tag_values.length_cm,
}
"""How to read each limit; weights in kilograms, lengths in centimetres."""

_SPEED_KEYS = tuple(
    f"maxspeed{vehicle}{direction}" for vehicle in ("", ":hgv") for direction in ("", ":forward", ":backward")
)
_LIMIT_SUFFIXES = ("", ":forward", ":backward", ":hgv")
_ONEWAY_FORWARD = frozenset({"yes", "1", "true"})
_ONEWAY_BACKWARD = frozenset({"-1", "reverse"})
_ONEWAY_NEITHER = frozenset({"no", "0", "false"})
_ONEWAY_CHANGING = frozenset({"reversible", "alternating"})


@dataclass(frozen=True, slots=True)
class Directions:
    """In which directions of the way a vehicle may drive."""

    may_forward: bool
    may_backward: bool


def directions(tags: Mapping[str, str], *, vehicle_keys: tuple[str, ...]) -> Directions:
    """Directions open to a vehicle; ``vehicle_keys`` from general to particular, the last known one decides.

    A roundabout or motorway is one-way unless its tags say otherwise. A reversible street is closed, because nobody
    knows its direction at the time.
    """
    highway = tags.get("highway", "")
    value = tags.get("oneway", "")
    for key in vehicle_keys:
        value = tags.get(f"oneway:{key}", value)
    if value in _ONEWAY_CHANGING:
        return Directions(may_forward=False, may_backward=False)
    if value in _ONEWAY_BACKWARD:
        return Directions(may_forward=False, may_backward=True)
    is_implied = tags.get("junction") in {"roundabout", "circular"} or highway in {"motorway", "motorway_link"}
    if value in _ONEWAY_FORWARD or (is_implied and value not in _ONEWAY_NEITHER):
        return Directions(may_forward=True, may_backward=False)
    return Directions(may_forward=True, may_backward=True)


def access(tags: Mapping[str, str], *, vehicle_keys: tuple[str, ...], direction: str = "") -> tuple[str, str]:
    """The access value that holds for a vehicle and the tag it comes from; both empty when nothing is said."""
    value, source = "", ""
    for key in vehicle_keys:
        for full_key in (key, f"{key}:{direction}"):
            if full_key in tags:
                value, source = tags[full_key].split(";")[0].strip(), full_key
    return value, source


def limits(tags: Mapping[str, str], *, direction: str = "", is_heavy: bool = True) -> dict[str, int]:
    """Numeric limits of a way or node in kilograms and centimetres; unreadable ones are left out.

    A heavy vehicle also reads the variants for goods vehicles such as ``maxweight:hgv``; the strictest value counts.
    """
    suffixes = ["", f":{direction}"] + ([":hgv"] if is_heavy else [])
    found: dict[str, int] = {}
    for key, read in LIMIT_READERS.items():
        values = [_or_none(read, tags.get(key + suffix)) for suffix in suffixes]
        known = [value for value in values if value is not None]
        if known:
            found[key] = min(known)
    return found


def max_speed_kph(tags: Mapping[str, str], *, direction: str, is_heavy: bool) -> float | None:
    """The signed speed limit for one direction, if any."""
    speed: float | None = None
    for vehicle in ("", ":hgv") if is_heavy else ("",):
        for suffix in ("", f":{direction}"):
            known = _or_none(tag_values.speed_kph, tags.get(f"maxspeed{vehicle}{suffix}"))
            speed = known if known is not None else speed
    return speed


def strictest(key: str, values: list[str]) -> str | None:
    """Of several values of one limit the lowest, ``None`` when none of them states a limit."""
    known = [(reading, value) for value in values if (reading := _or_none(LIMIT_READERS[key], value)) is not None]
    return min(known)[1] if known else None


def direction_keys(vehicle_keys: tuple[str, ...]) -> frozenset[str]:
    """All keys of tags that ``directions`` reads."""
    return frozenset({"highway", "junction", "oneway", *(f"oneway:{key}" for key in vehicle_keys)})


def sign_keys(vehicle_keys: tuple[str, ...]) -> frozenset[str]:
    """All keys of tags that ``access`` and ``limits`` read."""
    of_access = {f"{key}{suffix}" for key in vehicle_keys for suffix in ("", ":forward", ":backward")}
    return frozenset(of_access | {f"{key}{suffix}" for key in LIMIT_READERS for suffix in _LIMIT_SUFFIXES})


SPEED_KEYS = frozenset({"highway", "service", "smoothness", "surface", "tracktype", *_SPEED_KEYS})
"""All keys of tags that decide how fast a way is driven."""


def tag_issues(streets: StreetGraph) -> Iterator[MapIssue]:
    """Values of limits, speeds, directions and conditions that cannot be understood, each named once."""
    for kind, tag_sets in (("way", streets.way_tags), ("node", streets.node_tags)):
        for tags in tag_sets:
            for key, value in tags:
                for detail in tag_problems(key, value):
                    yield MapIssue(element=f"{kind} tag {key}={value}", detail=detail)


def tag_problems(key: str, value: str) -> list[str]:
    """What cannot be understood in a tag; of a conditional one, in each of its clauses."""
    if not key.endswith(SUFFIX):
        problem = _value_problem(key, value)
        return [problem] if problem else []
    base = key.removesuffix(SUFFIX)
    clauses = parse_conditional(value)
    return [problem for clause in clauses if (problem := clause.problem or _value_problem(base, clause.value))]


def _value_problem(key: str, value: str) -> str:
    if key in _SPEED_KEYS:
        return _problem(tag_values.speed_kph, value)
    if key in LIMIT_READERS:
        return _problem(LIMIT_READERS[key], value)
    known = _ONEWAY_FORWARD | _ONEWAY_BACKWARD | _ONEWAY_NEITHER | _ONEWAY_CHANGING
    if key == "oneway" and value not in known:
        return f"the direction '{value}' cannot be understood; the street counts as open both ways"
    return ""


def _problem(read: Callable[[str], object], value: str) -> str:
    try:
        read(value)
    except ValueError as error:
        return str(error)
    return ""


def _or_none(read: Callable[[str], T | None], value: str | None) -> T | None:
    if value is None:
        return None
    try:
        return read(value)
    except ValueError:
        return None
