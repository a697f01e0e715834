"""Passages of the many tag sets of a map: each rule is asked once for each distinct set of the tags that it reads.

Tag sets differ mostly in what one rule looks at and the others do not. Guards that a rule is never given less than it
reads: the keys stand beside the rules, and a test watches which ones are asked for.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from routing.permissions import Passage, driven_speed, one_way_reason, sign_reason
from routing.profile import VehicleProfile
from routing.rules import SPEED_KEYS, direction_keys, sign_keys
from routing.streets import Tags

DIRECTIONS = ("forward", "backward")
"""Of a way: the order in which both are told."""

T = TypeVar("T")


class PassageReader:
    """Says how one vehicle drives on ways."""

    def __init__(self, profile: VehicleProfile) -> None:
        self._one_way = _Reading(
            direction_keys(profile.access_keys[1:]),
            lambda tags, direction: one_way_reason(tags, profile, direction=direction),
        )
        self._signs = _Reading(
            sign_keys(profile.access_keys), lambda tags, direction: sign_reason(tags, profile, direction=direction)
        )
        self._speed = _Reading(SPEED_KEYS, lambda tags, direction: driven_speed(tags, profile, direction=direction))

    def both_ways(self, tags: Tags) -> tuple[Passage, Passage]:
        """What ``way_passage`` says forwards and backwards."""
        one_way, other_way = self._one_way(tags)
        sign, other_sign = self._signs(tags)
        forward, backward = self._speed(tags)
        reason, other_reason = one_way or sign, other_way or other_sign
        return (
            Passage(0.0, reason) if reason else forward,
            Passage(0.0, other_reason) if other_reason else backward,
        )


class _Reading(Generic[T]):
    """One rule and what it has said."""

    def __init__(self, keys: frozenset[str], rule: Callable[[Mapping[str, str], str], T]) -> None:
        self._keys = keys
        self._rule = rule
        self._known: dict[Tags, tuple[T, T]] = {}

    def __call__(self, tags: Tags) -> tuple[T, T]:
        """The rule's answers forwards and backwards."""
        keys = self._keys
        read = tuple([pair for pair in tags if pair[0] in keys])
        answers = self._known.get(read)
        if answers is None:
            forward, backward = (self._rule(dict(read), direction) for direction in DIRECTIONS)
            answers = self._known[read] = forward, backward
        return answers
