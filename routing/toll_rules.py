"""Which streets lorries pay toll on: a country's rule as data, and what single streets say themselves.

Guards that no rate is ever guessed: a rule knows streets and weights, money is the vehicle's.
"""

import importlib.resources
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from routing.streets import StreetGraph

_SHIPPED = importlib.resources.files("routing.tolls")


@dataclass(frozen=True, slots=True, kw_only=True)
class TollRule:
    """A country's toll for lorries.

    Attributes
    ----------
    title
        The law, in a word.
    zones
        Time zones of the places where it holds.
    above_kg
        Vehicles up to this permissible mass pay nothing.
    classes
        Values of ``highway`` that are tolled whatever their number.
    numbers
        Beginnings of tolled road numbers.
    """

    title: str
    zones: frozenset[str]
    above_kg: int
    classes: frozenset[str]
    numbers: frozenset[str]

    def covers(self, tags: Mapping[str, str], number: str) -> bool:
        """Whether a street is tolled: by its own ``toll:hgv`` if it has one, else by its class or number."""
        own = tags.get("toll:hgv", "")
        if own in {"yes", "no"}:
            return own == "yes"
        return tags.get("highway", "") in self.classes or any(
            re.match(rf"{re.escape(beginning)}\s*\d", part.strip())
            for part in number.split(";")
            for beginning in self.numbers
        )


ONLY_SIGNED = TollRule(title="", zones=frozenset(), above_kg=3_500, classes=frozenset(), numbers=frozenset())
"""Where no rule is known: streets that say of themselves that lorries pay."""


def toll_rule_of_zone(zone: str) -> TollRule:
    """The rule of the country around a time zone; ``ONLY_SIGNED`` where none is known."""
    return next((rule for rule in shipped_toll_rules() if zone in rule.zones), ONLY_SIGNED)


@lru_cache(maxsize=1)
def shipped_toll_rules() -> tuple[TollRule, ...]:
    """All rules that come with the software."""
    files = sorted((one for one in _SHIPPED.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    documents = [tomllib.loads(one.read_text(encoding="utf-8")) for one in files]
    return tuple(
        TollRule(
            title=one["title"],
            zones=frozenset(one["zones"]),
            above_kg=one["above_kg"],
            classes=frozenset(one["classes"]),
            numbers=frozenset(one["numbers"]),
        )
        for one in documents
    )


def toll_segments(streets: StreetGraph, rule: TollRule) -> NDArray[np.bool_]:
    """``(n_segments,)`` whether lorries pay for the segment's metres, each way of tags and number looked at once."""
    asked = np.column_stack((streets.way_tags_index, streets.way_number_index))
    kinds, kind_of_way = np.unique(asked, axis=0, return_inverse=True)
    is_tolled = np.array(
        [rule.covers(dict(streets.way_tags[tags]), streets.road_numbers[number]) for tags, number in kinds.tolist()],
        dtype=np.bool_,
    )
    return is_tolled[kind_of_way.ravel()][streets.segment_way]
