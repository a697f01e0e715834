"""One short name for everything that a run's outcome depends on.

Guards resumed studies against results of other inputs: a changed container, travel time, setting or program gives
another name, and the run is computed anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

import numpy as np

LENGTH = 16


def digest_of(value: object) -> str:
    """The same for equal values, in every process: of dataclasses, containers, arrays, dates and plain values.

    Raises
    ------
    TypeError
        When the value holds something that has no canonical text.
    """
    return hashlib.sha256(json.dumps(_plain(value), allow_nan=True).encode()).hexdigest()[:LENGTH]


@lru_cache(maxsize=1)
def program_digest() -> str:
    """Of the source of everything that decides in a season."""
    lines = [f"{name} {hashlib.sha256(source).hexdigest()}" for name, source in _sources(resources.files("optimizer"))]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:LENGTH]


def _sources(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        if one.is_dir():
            found += _sources(one, f"{prefix}{one.name}/")
        elif one.name.endswith(".py"):
            found.append((prefix + one.name, one.read_bytes()))
    return found


def _plain(value: object) -> object:  # noqa: PLR0911 - one line for each kind of value
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, {one.name: _plain(getattr(value, one.name)) for one in fields(value)}]
    if isinstance(value, Mapping):
        return sorted(([_plain(key), _plain(one)] for key, one in value.items()), key=json.dumps)
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=json.dumps)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    raise TypeError(f"A {type(value).__name__} has no canonical text. Give its parts.")
