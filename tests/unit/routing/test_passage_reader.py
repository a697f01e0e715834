"""Passages read once for equal tags against the rules read anew each time."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.osm.tag_keys import WAY_KEYS
from routing.passage_reader import DIRECTIONS, PassageReader
from routing.permissions import driven_speed, one_way_reason, sign_reason, way_passage
from routing.profile import VehicleProfile, load_profile, profile_names
from routing.rules import SPEED_KEYS, direction_keys, sign_keys

PROFILES = [load_profile(name) for name in profile_names()]
VALUES = (
    *("yes", "no", "private", "-1", "reversible", "service", "track", "motorway", "residential", "grade2", "walk"),
    *("roundabout", "gravel", "3", "7.5", "30", "2.2 m", "nonsense", "driveway", "destination"),
)
TAG_SETS = st.lists(
    st.dictionaries(st.sampled_from(sorted(WAY_KEYS)), st.sampled_from(VALUES), max_size=8).map(
        lambda tags: tuple(sorted(tags.items()))
    ),
    max_size=12,
)


class _Watched(Mapping[str, str]):
    """Tags that note which keys are asked for."""

    def __init__(self, tags: dict[str, str]) -> None:
        self._tags = tags
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self._tags[key]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("A rule reads all tags; no list of keys can then be complete.")

    def __len__(self) -> int:
        return len(self._tags)


@given(TAG_SETS)
@settings(deadline=None)
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_passages_equal_those_read_one_by_one(
    profile: VehicleProfile, tag_sets: list[tuple[tuple[str, str], ...]]
) -> None:
    reader = PassageReader(profile)
    for tags in tag_sets:
        expected = [way_passage(dict(tags), profile, direction=direction) for direction in DIRECTIONS]
        assert list(reader.both_ways(tags)) == expected


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("highway", ["residential", "service", "track", "motorway"])
def test_rules_ask_for_no_key_that_is_not_listed(profile: VehicleProfile, direction: str, highway: str) -> None:
    for rule, keys in (
        (one_way_reason, direction_keys(profile.access_keys[1:])),
        (sign_reason, sign_keys(profile.access_keys)),
        (driven_speed, SPEED_KEYS),
    ):
        for tags in ({"highway": highway}, {"highway": highway, **dict.fromkeys(WAY_KEYS - {"highway"}, "no")}):
            watched = _Watched(tags)
            rule(watched, profile, direction=direction)
            assert watched.asked <= keys
            assert watched.asked
