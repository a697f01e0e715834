import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from routing import arrays_file, streets_file
from routing.errors import BrokenMapError
from routing.streets import ARRAY_FIELDS, StreetGraph
from routing.streets_file import load_cached_streets, read_streets, write_streets
from tests.unit.routing.town_sketch import Sketch


def _assert_same(one: StreetGraph, other: StreetGraph) -> None:
    for name in ARRAY_FIELDS:
        assert np.array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype
    for name in ("info", "way_tags", "node_tags", "names", "restrictions", "issues"):
        assert getattr(one, name) == getattr(other, name)


def _cache_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def test_written_streets_are_read_back_whole(helsinki: StreetGraph, tmp_path: Path) -> None:
    write_streets(tmp_path / "map.bin", helsinki)
    again = read_streets(tmp_path / "map.bin")
    _assert_same(helsinki, again)
    assert again.content_digest() == helsinki.info.digest
    assert [path.name for path in tmp_path.iterdir()] == ["map.bin"]


def test_second_open_reads_the_cache_only(helsinki_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_cached_streets(helsinki_path, cache_dir=tmp_path / "cache")
    monkeypatch.setattr(streets_file, "load_streets", lambda _: pytest.fail("the map was imported again"))
    _assert_same(first, load_cached_streets(helsinki_path, cache_dir=tmp_path / "cache"))


def test_nothing_is_written_without_a_cache_folder(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b")
    path = sketch.write()
    load_cached_streets(path, cache_dir=None)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other", "incomplete"])
def test_damaged_cache_is_built_again(
    sketch: Sketch, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b", name="Street")
    path, cache = sketch.write(), tmp_path / "cache"
    good = load_cached_streets(path, cache_dir=cache)
    content = _cache_file(cache).read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    bad = {"cut": content[:-10], "flip": bytes(flipped), "empty": b"", "other": b"x" * 500, "incomplete": content[:20]}
    _cache_file(cache).write_bytes(bad[damage])
    with caplog.at_level(logging.WARNING):
        _assert_same(good, load_cached_streets(path, cache_dir=cache))
    assert "built again" in caplog.text
    assert _cache_file(cache).read_bytes() == content


def test_changed_map_gets_its_own_cache(sketch: Sketch, tmp_path: Path) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0)).way(1, "a b")
    load_cached_streets(sketch.write(), cache_dir=tmp_path / "cache")
    sketch.way(2, "b c")
    assert load_cached_streets(sketch.write(), cache_dir=tmp_path / "cache").n_segments == 2
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_other_format_version_is_not_believed(sketch: Sketch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b")
    path = sketch.write()
    load_cached_streets(path, cache_dir=tmp_path / "cache")
    monkeypatch.setattr(streets_file, "FORMAT_VERSION", streets_file.FORMAT_VERSION + 1)
    load_cached_streets(path, cache_dir=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_failed_write_leaves_nothing_behind(
    helsinki: StreetGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrays_file.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_streets(tmp_path / "map.bin", helsinki)
    assert list(tmp_path.iterdir()) == []


def test_broken_map_writes_no_cache(tmp_path: Path) -> None:
    (tmp_path / "bad.osm.pbf").write_bytes(b"no map")
    with pytest.raises(BrokenMapError):
        load_cached_streets(tmp_path / "bad.osm.pbf", cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_map_without_a_date_stays_without_one(helsinki: StreetGraph, tmp_path: Path) -> None:
    undated = replace(helsinki, info=replace(helsinki.info, data_at=None))
    write_streets(tmp_path / "map.bin", undated)
    assert read_streets(tmp_path / "map.bin").info.data_at is None
