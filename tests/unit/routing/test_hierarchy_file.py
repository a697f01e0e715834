"""The hierarchy on disk: read back whole, and never believed when it should not be."""

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest

from routing import arrays_file, hierarchy_file, profile_engines
from routing.hierarchy_file import hierarchy_path, read_hierarchy, write_hierarchy
from routing.metric import build_metric
from routing.profile import load_profile
from routing.profile_engines import ProfileEngines
from routing.streets import StreetGraph
from routing.turn_hierarchy import TurnHierarchy, build_turn_hierarchy
from routing.turns import ARRAY_FIELDS, TurnGraph, build_turns
from tests.unit.routing.town_sketch import Sketch


@pytest.fixture
def town(sketch: Sketch) -> StreetGraph:
    sketch.nodes(a=(0, 0), b=(300, 0), c=(300, 300), d=(0, 300), e=(600, 0), f=(600, 300))
    sketch.way(1, "a b", name="South").way(2, "b c").way(3, "c d").way(4, "d a").way(5, "b e", maxweight="3.5")
    sketch.way(6, "e f", maxweight="3.5").way(7, "f c", maxweight="3.5").way(8, "a c", access="no")
    return sketch.restrict("no_left_turn", 1, "b", 2).restrict("no_straight_on", 4, [1], 5).streets()


def _assert_same(
    one: tuple[TurnGraph, TurnHierarchy], other: tuple[TurnGraph, TurnHierarchy], *, has_same_turns: bool = True
) -> None:
    for name in ARRAY_FIELDS if has_same_turns else ():
        assert np.array_equal(getattr(one[0], name), getattr(other[0], name))
        assert getattr(one[0], name).dtype == getattr(other[0], name).dtype
    assert one[0].rules == other[0].rules
    arrays = [item[1].hierarchy.arrays() | {"node_of": item[1].node_of, "key": item[1].key} for item in (one, other)]
    for name, array in arrays[0].items():
        assert np.array_equal(array, arrays[1][name])
        assert array.dtype == arrays[1][name].dtype


def _built(streets: StreetGraph, *profiles: str) -> tuple[TurnGraph, TurnHierarchy]:
    turns = build_turns(streets)
    metrics = [build_metric(streets, turns, load_profile(name)) for name in profiles]
    return turns, build_turn_hierarchy(streets, turns, metrics)


def _engines(streets: StreetGraph, cache_dir: Path) -> ProfileEngines:
    return ProfileEngines(streets, profiles_dir=None, cache_dir=cache_dir)


def test_written_hierarchy_is_read_back_whole(helsinki: StreetGraph, tmp_path: Path) -> None:
    built = _built(helsinki, "truck_26t", "van_3_5t")
    path = hierarchy_path(helsinki, tmp_path)
    write_hierarchy(path, helsinki, *built)
    found = read_hierarchy(path, helsinki)
    assert found is not None
    _assert_same(built, found)
    assert isinstance(found[1].hierarchy.up_head.base, np.ndarray)  # mapped, not copied
    assert not found[0].turn_to.flags.writeable
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_second_router_builds_nothing(town: StreetGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _engines(town, tmp_path).of("truck_26t").query
    for name in ("build_turns", "build_turn_hierarchy"):
        monkeypatch.setattr(profile_engines, name, lambda *_, **__: pytest.fail("the map was prepared again"))
    engines = _engines(town, tmp_path)
    second = engines.of("truck_26t").query
    assert np.array_equal(first.weights.slot_cost, second.weights.slot_cost)
    assert engines.of("van_3_5t").query.hierarchy is second.hierarchy


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "short", "other", "magic"])
def test_damaged_hierarchy_is_built_again(
    town: StreetGraph, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    good = _engines(town, tmp_path).of("truck_26t").query
    path = hierarchy_path(town, tmp_path)
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    bad = {
        "cut": content[:-10],
        "flip": bytes(flipped),
        "empty": b"",
        "short": content[:20],
        "other": b"x" * 500,
        "magic": b"x" + content[1:],
    }
    path.unlink()  # the first engine still looks at the old content
    path.write_bytes(bad[damage])
    with caplog.at_level(logging.WARNING):
        again = _engines(town, tmp_path).of("truck_26t").query
    assert "built again" in caplog.text
    _assert_same((good.turns, good.hierarchy), (again.turns, again.hierarchy))
    assert path.read_bytes() == content


def test_hierarchy_of_another_map_is_not_believed(
    town: StreetGraph, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _engines(town, tmp_path).of("truck_26t")
    other = dataclasses.replace(town, info=dataclasses.replace(town.info, digest="another"))
    hierarchy_path(town, tmp_path).rename(hierarchy_path(other, tmp_path))
    with caplog.at_level(logging.WARNING):
        assert read_hierarchy(hierarchy_path(other, tmp_path), other) is None
    assert "another map" in caplog.text


def test_hierarchy_of_another_format_is_not_used(
    town: StreetGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_dir = tmp_path / "cache"
    _engines(town, cache_dir).of("truck_26t")
    monkeypatch.setattr(hierarchy_file, "FORMAT_VERSION", hierarchy_file.FORMAT_VERSION + 1)
    assert read_hierarchy(hierarchy_path(town, cache_dir), town) is None
    _engines(town, cache_dir).of("truck_26t")
    assert len(list(cache_dir.iterdir())) == 2


def test_nothing_is_written_without_a_cache_folder(town: StreetGraph, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    ProfileEngines(town, profiles_dir=None, cache_dir=None).of("truck_26t")
    assert sorted(tmp_path.iterdir()) == before


def test_profile_that_opens_more_widens_the_hierarchy_on_disk(town: StreetGraph, tmp_path: Path) -> None:
    narrow = _built(town, "truck_26t")
    path = hierarchy_path(town, tmp_path)
    write_hierarchy(path, town, *narrow)
    engines = _engines(town, tmp_path)
    truck = engines.of("truck_26t").query
    assert truck.hierarchy.key.size == narrow[1].key.size
    van = engines.of("van_3_5t").query
    assert van.hierarchy.covers(van.metric)
    assert van.hierarchy.covers(truck.metric)
    assert engines.of("truck_26t").query is truck
    found = read_hierarchy(path, town)
    assert found is not None
    _assert_same((van.turns, van.hierarchy), found)


def test_replaced_metric_widens_the_hierarchy_where_it_opens_a_street(town: StreetGraph) -> None:
    engines = ProfileEngines(town, profiles_dir=None, cache_dir=None)
    before = engines.of("van_3_5t").query
    opened = dataclasses.replace(load_profile("van_3_5t"), denied_access=frozenset())
    metric = build_metric(town, before.turns, opened)
    assert not before.hierarchy.covers(metric)
    engines.replace_metric("van_3_5t", metric)
    after = engines.of("van_3_5t").query
    assert after.metric is metric
    assert after.hierarchy.covers(metric)
    engines.replace_metric("van_3_5t", before.metric)
    assert engines.of("van_3_5t").query.hierarchy is after.hierarchy


def test_full_disk_does_not_stop_the_router(
    town: StreetGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrays_file.os, "fsync", full_disk)
    with caplog.at_level(logging.WARNING):
        assert _engines(town, tmp_path / "cache").of("truck_26t").query.metric.is_main.any()
    assert "No space left" in caplog.text
    assert list((tmp_path / "cache").iterdir()) == []
