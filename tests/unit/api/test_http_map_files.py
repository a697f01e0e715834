"""The dates of map files: read once for each version of a file, and old where the clock says so."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.http.map_files import MapFiles, MapState
from tests.dated_map import write_dated_map

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_oldest_of_the_maps_is_told_and_what_is_gone(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.osm.pbf" for name in ("old", "young", "undated", "gone")}
    write_dated_map(paths["old"], NOW - timedelta(days=400))
    write_dated_map(paths["young"], NOW + timedelta(days=1))
    paths["undated"].write_bytes(b"no map at all")
    files = MapFiles(paths, max_age_days=180, now=lambda: NOW)
    assert files.look() == MapState(count=4, gone=1, oldest_at=NOW - timedelta(days=400), stale=1)
    assert MapFiles({}, max_age_days=180, now=lambda: NOW).look() == MapState(count=0, gone=0, oldest_at=None, stale=0)


def test_map_is_read_again_only_when_it_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "map.osm.pbf"
    write_dated_map(path, NOW)
    files = MapFiles({"lue": path}, max_age_days=180, now=lambda: NOW)
    assert files.look().oldest_at == NOW
    known = files._dates[path]
    files._dates[path] = (known[0], None)
    assert files.look().oldest_at is None, "an unchanged file was read again"
    write_dated_map(path, NOW - timedelta(days=1))
    later_ns = known[0] + 1_000_000_000  # some file systems tell the time by the hundredth of a second only
    os.utime(path, ns=(later_ns, later_ns))
    assert files.look().oldest_at == NOW - timedelta(days=1)


def test_age_counts_on_while_the_service_runs(tmp_path: Path) -> None:
    path = tmp_path / "map.osm.pbf"
    write_dated_map(path, NOW)
    clock = [NOW]
    files = MapFiles({"lue": path}, max_age_days=1, now=lambda: clock[0])
    assert files.look().stale == 0
    clock[0] += timedelta(days=2)
    assert files.look().stale == 1
