"""The user's cache folder: where it lies, what is removed from it, and that it never costs a plan."""

import os
import sys
import time
from pathlib import Path

import pytest

from api.files.map_cache import tidy, usable, user_cache_folder
from api.wiring import open_with_shared_cache
from routing.errors import BrokenMapError
from tests.flow.town_samples import town_xml

DAY_S = 24 * 3600


def kept(folder: Path, name: str, *, unused_days: float, size: int = 100) -> Path:
    path = folder / name
    path.write_bytes(b"x" * size)
    used_at_s = time.time() - unused_days * DAY_S
    os.utime(path, (used_at_s, used_at_s))
    return path


def name_of(number: int, kind: str = "streets") -> str:
    return f"{kind}-{number:024x}-v4.bin"


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="the XDG specification is about other systems")
def test_folder_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_cache_folder() == tmp_path / "elsewhere" / "fuhre"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert user_cache_folder() == tmp_path / ".cache" / "fuhre"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache_folder() == tmp_path / ".cache" / "fuhre"


def test_files_unused_for_two_months_are_removed(tmp_path: Path) -> None:
    old = [kept(tmp_path, name_of(1), unused_days=61), kept(tmp_path, name_of(1, "hierarchy"), unused_days=61)]
    young = kept(tmp_path, name_of(2), unused_days=59)
    tidy(tmp_path)
    assert not any(path.exists() for path in old)
    assert young.exists()


def test_file_written_long_ago_but_read_lately_stays(tmp_path: Path) -> None:
    path = kept(tmp_path, name_of(1), unused_days=100)
    os.utime(path, (time.time() - DAY_S, path.stat().st_mtime))
    tidy(tmp_path)
    assert path.exists()


def test_beyond_a_size_the_longest_unused_go_first_and_those_in_use_never(tmp_path: Path) -> None:
    paths = [kept(tmp_path, name_of(days), unused_days=days) for days in (0, 1, 3, 4, 5)]
    tidy(tmp_path, max_bytes=350)
    assert [path.exists() for path in paths] == [True, True, True, False, False]
    tidy(tmp_path, max_bytes=0)
    assert [path.exists() for path in paths] == [True, True, False, False, False]


def test_half_written_files_are_removed_when_their_writer_must_be_gone(tmp_path: Path) -> None:
    left = kept(tmp_path, f"{name_of(1)}abc_12.part", unused_days=3)
    written_now = kept(tmp_path, f"{name_of(1)}abc_13.part", unused_days=0)
    tidy(tmp_path)
    assert not left.exists()
    assert written_now.exists()


def test_what_others_have_put_there_is_left_alone(tmp_path: Path) -> None:
    others = [kept(tmp_path, name, unused_days=900) for name in ("notes.txt", "map-1.bin", "streets-2026-05.csv")]
    (tmp_path / name_of(1)).mkdir()
    tidy(tmp_path, max_bytes=0)
    assert all(path.exists() for path in others)


def test_names_of_the_routers_files_are_known(tmp_path: Path) -> None:
    map_path, cache = tmp_path / "map.osm", tmp_path / "cache"
    map_path.write_text(town_xml(), encoding="utf-8")
    router = open_with_shared_cache(map_path, cache)
    assert router.travel([], profile="van_3_5t").row_of.size == 0
    written = sorted(cache.iterdir())
    assert len(written) >= 2
    for path in written:
        os.utime(path, (0, 0))
    tidy(cache)
    assert list(cache.iterdir()) == []


def test_folder_that_cannot_be_made_costs_a_warning_and_no_plan(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    map_path, blocked = tmp_path / "map.osm", tmp_path / "file"
    map_path.write_text(town_xml(), encoding="utf-8")
    blocked.write_text("no folder", encoding="utf-8")
    assert usable(blocked / "cache") is None
    assert open_with_shared_cache(map_path, blocked / "cache").profiles
    assert "cannot be used" in caplog.text


def test_full_disk_costs_a_warning_and_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    map_path = tmp_path / "map.osm"
    map_path.write_text(town_xml(), encoding="utf-8")

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    assert open_with_shared_cache(map_path, tmp_path / "cache").profiles
    assert "No space left on device" in caplog.text


def test_map_that_is_broken_is_still_told(tmp_path: Path) -> None:
    broken = tmp_path / "map.osm.pbf"
    broken.write_bytes(b"no map")
    with pytest.raises(BrokenMapError):
        open_with_shared_cache(broken, tmp_path / "cache")
