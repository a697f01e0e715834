"""Dated archives: named by their instant, and only the oldest of them are ever removed."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.store.backup_folder import dated_archive, remove_oldest
from api.store.sql_tenants import open_tenant_stores

FOUR = datetime(2026, 3, 29, 4, 0, 5, tzinfo=UTC)


def test_names_are_of_the_same_clock_all_year_and_rise_with_time(tmp_path: Path) -> None:
    assert dated_archive(tmp_path, FOUR).name == "fuhre-20260329T040005Z.zip"
    summer = FOUR.astimezone(timezone(timedelta(hours=2)))
    assert dated_archive(tmp_path, summer) == dated_archive(tmp_path, FOUR)
    names = [dated_archive(tmp_path, FOUR + timedelta(hours=hours)).name for hours in (0, 1, 30, 9_000)]
    assert names == sorted(names)


def test_only_dated_archives_beyond_the_number_are_removed(tmp_path: Path) -> None:
    archives = [dated_archive(tmp_path, FOUR + timedelta(days=day)) for day in range(5)]
    others = [tmp_path / name for name in ("monday.zip", "fuhre-2026.zip", ".fuhre-20200101T000000Z.zip.7.unfinished")]
    for path in (*archives, *others):
        path.write_bytes(b"")
    assert remove_oldest(tmp_path, keep=3) == archives[:2]
    assert sorted(tmp_path.iterdir()) == sorted([*archives[2:], *others])
    assert remove_oldest(tmp_path, keep=3) == []


def test_command_dates_its_archive_and_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_tenant_stores(str(tmp_path / "data")).close()
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [dated_archive(folder, FOUR - timedelta(days=day)) for day in range(3)]
    for path in old:
        path.write_bytes(b"")
    monkeypatch.setenv("FUHRE_DATABASE_URL", str(tmp_path / "data"))
    done = CliRunner().invoke(app, ["backup", str(folder), "--keep", "2", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert sorted(map(Path, told["removed"])) == sorted(old[1:])
    assert sorted(folder.iterdir()) == [old[0], Path(told["archive"])]


def test_keep_without_a_folder_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    open_tenant_stores(str(tmp_path / "data")).close()
    target = tmp_path / "one.zip"
    words = ["backup", str(target), "--keep", "2", "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert not target.exists()
